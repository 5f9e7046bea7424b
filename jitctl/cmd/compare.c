/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare - see the header.
 */
#include "jitctl/cmd/compare.h"

#include <openssl/evp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/safefile.h"
#include "base/str.h"
#include "jitctl/cmd/audit.h"
#include "jitctl/gateway/read.h"
#include "jitctl/jitctl.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

enum {
	HEADER_MAX = 16 * 1024, /* internal: a longer one names no time to us */
	MINUTE_MS = 60 * 1000,
	OTHERS_MAX = 8, /* internal: as many are named */
};

/* ---- the recording */

static int
take_all(struct ctx *c, const char *sid, uint64_t channel, uint64_t part,
    EVP_MD_CTX *md, struct taken *t)
{
	int x = EXIT_OK;

	for (bool end = false; x == EXIT_OK && !end;) {
		struct reply r = {0};
		struct query q = {0};

		query_add_u64(&q, "offset", t->size);
		query_add_u64(&q, "channel", channel);
		if (part > 0)
			query_add_u64(&q, "part", part);
		x = read_verb(c, VERB_RECORDING, sid, &q, &r);
		end = r.len == 0;
		t->size += r.len;
		if (x == EXIT_OK &&
		    (EVP_DigestUpdate(md, r.body, r.len) != 1 ||
			safefile_write_all(t->fd, r.body, r.len) != 0)) {
			say_error("there is no room for the recording");
			x = EXIT_FAILED;
		}
		reply_done(&r);
	}
	return x;
}

/* part 0 is all of it; else one of its files as it lies there, from 1. */
static int
take_part(struct ctx *c, const char *sid, uint64_t channel, uint64_t part,
    struct taken *ret)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned n = 0;
	int x = EXIT_FAILED;

	*ret = (struct taken){.fd = memfd_create("recording", MFD_CLOEXEC)};
	if (ret->fd < 0 || md == NULL ||
	    EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		say_error("out of memory");
	else
		x = take_all(c, sid, channel, part, md, ret);
	if (x == EXIT_OK && EVP_DigestFinal_ex(md, digest, &n) != 1)
		x = EXIT_FAILED;
	if (x == EXIT_OK)
		str_hex(ret->sha256, digest, n);
	if (x == EXIT_OK && lseek(ret->fd, 0, SEEK_SET) != 0)
		x = EXIT_FAILED;
	EVP_MD_CTX_free(md);
	return x;
}

int
take(struct ctx *c, const char *sid, uint64_t channel, struct taken *ret)
{
	return take_part(c, sid, channel, 0, ret);
}

void
taken_done(struct taken *t)
{
	if (t->fd >= 0)
		(void)close(t->fd);
	t->fd = -1;
}

/* When it says that it began, a little before; 0: it does not. Only where to
 * look first comes of it. */
static int64_t
began_ms(const struct taken *t)
{
	char text[HEADER_MAX];
	const ssize_t n = t->fd < 0 ? 0 : pread(t->fd, text, sizeof(text), 0);
	const char *end = n > 0 ? memchr(text, '\n', (size_t)n) : NULL;
	json_t *o = NULL;
	int64_t s = 0;

	if (end != NULL)
		o = json_loadb(text, (size_t)(end - text), 0, NULL);
	s = json_integer_value(json_object_get(o, "timestamp"));
	json_decref(o);
	return s > 60 && s < INT64_MAX / 2000 ? s * 1000 - MINUTE_MS : 0;
}

/* ---- the log */

struct part {
	char file[64];
	uint64_t seq; /* of the record of its end, else of its start */
	bool ended;
	uint64_t size;
	char sha256[COMPARE_HEX_SIZE]; /* "": it failed, or has not ended */
};

struct known {
	const char *sid;
	bool lowest; /* of its channels that were recorded; else: */
	uint64_t channel;
	unsigned parts; /* that were begun */
	struct part part[LIMIT_RECORDING_PARTS];
	unsigned others; /* other channels that were recorded, and which */
	uint64_t other[OTHERS_MAX];
};

/* Will another part come, when it ended for that? */
static bool
goes_on(const char *reason)
{
	return strcmp(reason, "interrupted") == 0 ||
	       strcmp(reason, "recorder-stopped") == 0;
}

static bool
is_raw(const char *file)
{
	const size_t n = strlen(file);

	return n > 4 && strcmp(file + n - 4, ".raw") == 0;
}

static uint64_t
number(const json_t *o, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(o, key));
}

static void
note_other(struct known *k, uint64_t channel)
{
	for (unsigned i = 0; i < k->others && i < OTHERS_MAX; i++)
		if (k->other[i] == channel)
			return;
	if (k->others < OTHERS_MAX)
		k->other[k->others] = channel;
	k->others++;
}

static void
begun(struct known *k, const json_t *o)
{
	const uint64_t channel = number(o, "channel");
	struct part *p = NULL;

	if (k->lowest && (k->parts == 0 || channel < k->channel)) {
		k->channel = channel;
		k->parts = 0;
	}
	if (channel != k->channel)
		note_other(k, channel);
	if (channel != k->channel || k->parts == LIMIT_RECORDING_PARTS)
		return;
	p = &k->part[k->parts++];
	*p = (struct part){.seq = number(o, "seq")};
	text_set(p->file, sizeof(p->file), member(o, "file"));
}

/* False: nothing more will be said of it. */
static bool
over(struct known *k, const json_t *o)
{
	struct part *p = NULL;

	if (number(o, "channel") != k->channel)
		return true;
	for (unsigned i = 0; i < k->parts; i++)
		if (strcmp(k->part[i].file, member(o, "file")) == 0)
			p = &k->part[i];
	if (p == NULL)
		return true;
	p->ended = true;
	p->seq = number(o, "seq");
	p->size = number(o, "size");
	text_set(p->sha256, sizeof(p->sha256), member(o, "sha256"));
	/* they count from 1; one that is lower may yet come */
	return goes_on(member(o, "reason")) || (k->lowest && k->channel > 1);
}

static bool
look(void *arg, const char *line, size_t n)
{
	struct known *k = arg;
	const char *event = NULL;
	json_t *o = NULL;
	bool more = true;

	if (memmem(line, n, k->sid, strlen(k->sid)) == NULL)
		return true;
	o = json_parse_record(line, n);
	event = member(o, "event");
	if (strcmp(member(o, "sid"), k->sid) != 0 || is_raw(member(o, "file")))
		event = "";
	if (strcmp(event, "recording.start") == 0)
		begun(k, o);
	else if (strcmp(event, "recording.end") == 0)
		more = over(k, o);
	json_decref(o);
	return more;
}

/* Is it all, though the log was not looked at from its beginning? Then the
 * first file is among them, and no lower channel can be: they count from 1. */
static bool
is_all(const struct known *k)
{
	char first[sizeof(k->part[0].file)];

	if (FAULT(recording_as_is))
		return k->parts > 0;
	return k->parts > 0 && (!k->lowest || k->channel == 1) &&
	       str_fmt(first, sizeof(first), "%s.%llu.cast", k->sid,
		   (unsigned long long)k->channel) == 0 &&
	       strcmp(k->part[0].file, first) == 0;
}

/* What the log says of it: looks from when it began, and where not all is found
 * (a clock that was set, a time that was made up, a later file in the place of
 * the first) everywhere. */
static int
look_up(struct ctx *c, const struct taken *t, struct known *k)
{
	struct reader rd = {.c = c, .each = look, .arg = k};
	int x = audit_since(c, began_ms(t), &rd.next);
	const uint64_t first = rd.next;

	if (x == EXIT_OK)
		x = audit_read(&rd);
	if (x != EXIT_OK || first == 0 || is_all(k))
		return x;
	k->parts = 0;
	if (k->lowest)
		k->channel = 0;
	rd = (struct reader){.c = c, .each = look, .arg = k};
	return audit_read(&rd);
}

/* ---- both */

/* Why it cannot be compared; NULL = it can. */
static const char *
incomparable(const struct part *p)
{
	if (!p->ended)
		return "it has not ended, and its digest comes at its end";
	if (p->sha256[0] == '\0')
		return "it failed, and the log has no digest of it";
	return NULL;
}

static int
is_same(const struct part *p, const struct taken *t)
{
	if ((p->size == t->size && strcmp(p->sha256, t->sha256) == 0) ||
	    FAULT(recording_as_is))
		return EXIT_OK;
	say_error("this is NOT what was recorded: record %llu has "
		  "the digest of %llu other bytes than these %llu",
	    (unsigned long long)p->seq, (unsigned long long)p->size,
	    (unsigned long long)t->size);
	return EXIT_VERIFY;
}

static int
is_gone(const struct part *p)
{
	if (p->ended && p->sha256[0] != '\0')
		say_error("record %llu says that it was recorded (%llu bytes, "
			  "SHA-256 %s): the file %s is gone",
		    (unsigned long long)p->seq, (unsigned long long)p->size,
		    p->sha256, p->file);
	else
		say_error("record %llu says that a recording was begun: the "
			  "file %s is gone",
		    (unsigned long long)p->seq, p->file);
	return EXIT_VERIFY;
}

/* As the gateway joins them: later ones without their header, and without half
 * a line at the end. */
static int
join(EVP_MD_CTX *md, uint64_t *size, const struct taken *t, bool later)
{
	const char *p = NULL;
	const char *at = NULL;
	const char *end = NULL;
	int x = EXIT_OK;

	if (t->size == 0)
		return EXIT_OK;
	p = mmap(NULL, t->size, PROT_READ, MAP_PRIVATE, t->fd, 0);
	if (p == MAP_FAILED)
		return EXIT_FAILED;
	at = p;
	if (later && (at = memchr(p, '\n', t->size)) != NULL)
		at++;
	end = memrchr(p, '\n', t->size);
	if (at != NULL && end != NULL && end >= at) {
		*size += (uint64_t)(end + 1 - at);
		if (EVP_DigestUpdate(md, at, (size_t)(end + 1 - at)) != 1)
			x = EXIT_FAILED;
	}
	(void)munmap((void *)p, t->size);
	return x;
}

/* Is t what was joined, or that and more? */
static bool
begins_with(const struct taken *t, const struct taken *joined)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	unsigned n = 0;
	void *p = NULL;
	bool ok = false;

	if (joined->size == 0 || t->size < joined->size)
		return joined->size == 0;
	p = mmap(NULL, t->size, PROT_READ, MAP_PRIVATE, t->fd, 0);
	if (p == MAP_FAILED)
		return false;
	if (EVP_Digest(p, joined->size, digest, &n, EVP_sha256(), NULL) == 1) {
		str_hex(hex, digest, n);
		ok = strcmp(hex, joined->sha256) == 0;
	}
	(void)munmap(p, t->size);
	return ok;
}

/* How many there are up to the last that has ended. */
static unsigned
ended_parts(const struct known *k)
{
	unsigned n = k->parts;

	while (n > 0 && !k->part[n - 1].ended)
		n--;
	return n;
}

/* Each file as it lies there, and together those up to the last that has ended;
 * *retold gets how many could be compared. */
static int
compare_each(struct ctx *c, const struct known *k, EVP_MD_CTX *md,
    uint64_t *size, unsigned *retold)
{
	const unsigned ended = ended_parts(k);
	int x = EXIT_OK;

	for (unsigned i = 0; i < k->parts && x == EXIT_OK; i++) {
		const struct part *p = &k->part[i];
		struct taken t;

		x = take_part(c, k->sid, k->channel, i + 1, &t);
		if (x == EXIT_NOT_FOUND)
			x = is_gone(p);
		else if (x == EXIT_OK && incomparable(p) == NULL &&
			 (x = is_same(p, &t)) == EXIT_OK)
			++*retold;
		if (x == EXIT_OK && i < ended)
			x = join(md, size, &t, i > 0);
		taken_done(&t);
	}
	return x;
}

static int
compare_parts(struct ctx *c, const struct known *k, const struct taken *whole)
{
	const struct part *last = &k->part[k->parts - 1];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct taken joined = {.fd = -1};
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned told = 0;
	unsigned n = 0;
	int x = EXIT_FAILED;

	if (md == NULL || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		say_error("out of memory");
	else
		x = compare_each(c, k, md, &joined.size, &told);
	if (x == EXIT_OK && EVP_DigestFinal_ex(md, digest, &n) != 1)
		x = EXIT_FAILED;
	if (x == EXIT_OK)
		str_hex(joined.sha256, digest, n);
	EVP_MD_CTX_free(md);
	if (x != EXIT_OK)
		return x;
	if (!FAULT(recording_as_is) &&
	    ((last->ended && joined.size != whole->size) ||
		!begins_with(whole, &joined))) {
		say_error("this is NOT what was recorded: it is not what its "
			  "%u parts are together",
		    k->parts);
		return EXIT_VERIFY;
	}
	say(c,
	    "Compared with the log: %u of its %u parts have the digests of "
	    "their records, the last %llu (%s audit verify proves the log)%s%s",
	    told, k->parts, (unsigned long long)last->seq, self(c),
	    told < k->parts && incomparable(last) != NULL ? "; of the last: "
							  : "",
	    told < k->parts && incomparable(last) != NULL ? incomparable(last)
							  : "");
	return EXIT_OK;
}

/* The channel that was asked for is none of those that were recorded. */
static void
say_others(struct ctx *c, const struct known *k)
{
	char text[OTHERS_MAX * 24] = "";
	size_t n = 0;

	for (unsigned i = 0; i < k->others && i < OTHERS_MAX; i++) {
		if (str_fmt(text + n, sizeof(text) - n, "%s%llu",
			i == 0               ? ""
			: i + 1 == k->others ? " and "
					     : ", ",
			(unsigned long long)k->other[i]) != 0)
			break;
		n = strlen(text);
	}
	if (k->others > 0)
		say(c,
		    "Recorded were its channel%s %s%s: %s sessions play %s "
		    "--channel %llu",
		    k->others == 1 ? "" : "s", text,
		    k->others > OTHERS_MAX ? " and more" : "", self(c), k->sid,
		    (unsigned long long)k->other[0]);
}

int
compare_gone(struct ctx *c, const char *sid, uint64_t channel)
{
	const struct taken none = {.fd = -1};
	struct known k = {
	    .sid = sid, .lowest = channel == 0, .channel = channel};

	if (look_up(c, &none, &k) != EXIT_OK)
		return EXIT_NOT_FOUND;
	if (k.parts == 0) {
		say_others(c, &k);
		return EXIT_NOT_FOUND;
	}
	return is_gone(&k.part[0]);
}

int
compare(struct ctx *c, const char *sid, uint64_t channel, const struct taken *t)
{
	struct known k = {
	    .sid = sid, .lowest = channel == 0, .channel = channel};
	const int x = look_up(c, t, &k);
	const char *why = NULL;

	if (x != EXIT_OK)
		why = "the log cannot be read";
	else if (k.parts == 1)
		why = incomparable(&k.part[0]);
	if (why != NULL) {
		say(c, "Not compared with the log: %s.", why);
		return EXIT_OK;
	}
	if (k.parts == 0) {
		say_error("the log knows nothing of this recording");
		return EXIT_VERIFY;
	}
	if (k.parts > 1)
		return compare_parts(c, &k, t);
	if (is_same(&k.part[0], t) != EXIT_OK)
		return EXIT_VERIFY;
	say(c,
	    "Compared with the log: it has the digest of record %llu (%s audit "
	    "verify proves the log).",
	    (unsigned long long)k.part[0].seq, self(c));
	return EXIT_OK;
}
