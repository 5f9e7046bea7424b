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
};

/* ---- the recording */

static int
take_all(struct ctx *c, const char *sid, uint64_t channel, EVP_MD_CTX *md,
    struct taken *t)
{
	int x = EXIT_OK;

	for (bool end = false; x == EXIT_OK && !end;) {
		struct reply r = {0};
		struct query q = {0};

		query_add_u64(&q, "offset", t->size);
		query_add_u64(&q, "channel", channel);
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

int
take(struct ctx *c, const char *sid, uint64_t channel, struct taken *ret)
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
		x = take_all(c, sid, channel, md, ret);
	if (x == EXIT_OK && EVP_DigestFinal_ex(md, digest, &n) != 1)
		x = EXIT_FAILED;
	if (x == EXIT_OK)
		str_hex(ret->sha256, digest, n);
	if (x == EXIT_OK && lseek(ret->fd, 0, SEEK_SET) != 0)
		x = EXIT_FAILED;
	EVP_MD_CTX_free(md);
	return x;
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
	const ssize_t n = pread(t->fd, text, sizeof(text), 0);
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

struct known {
	const char *sid;
	bool lowest; /* of its channels that were recorded; else: */
	uint64_t channel;
	unsigned parts; /* that were begun */
	bool ended;     /* the last of them: */
	uint64_t seq, size;
	char sha256[COMPARE_HEX_SIZE];
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
begun(struct known *k, const json_t *o)
{
	const uint64_t channel = number(o, "channel");

	if (k->lowest && (k->parts == 0 || channel < k->channel)) {
		k->channel = channel;
		k->parts = 0;
	}
	if (channel != k->channel)
		return;
	k->parts++;
	k->ended = false;
}

/* False: nothing more will be said of it. */
static bool
over(struct known *k, const json_t *o)
{
	if (number(o, "channel") != k->channel)
		return true;
	k->ended = true;
	k->seq = number(o, "seq");
	k->size = number(o, "size");
	text_set(k->sha256, sizeof(k->sha256), member(o, "sha256"));
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

/* What the log says of it: looks from when it began, and where nothing is found
 * (a clock that was set, a time that was made up) everywhere. */
static int
look_up(struct ctx *c, const struct taken *t, struct known *k)
{
	struct reader rd = {.c = c, .each = look, .arg = k};
	int x = audit_since(c, began_ms(t), &rd.next);
	const uint64_t first = rd.next;

	if (x == EXIT_OK)
		x = audit_read(&rd);
	if (x != EXIT_OK || k->parts > 0 || first == 0)
		return x;
	rd.next = 0;
	return audit_read(&rd);
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
	else if (k.parts > 0 && !k.ended)
		why = "it has not ended, and its digest comes at its end";
	else if (k.parts > 1)
		why = "it has several parts, for the recorder was started "
		      "again meanwhile, and the log has a digest of each";
	else if (k.parts == 1 && k.sha256[0] == '\0')
		why = "it failed, and the log has no digest of it";
	if (why != NULL) {
		say(c, "Not compared with the log: %s.", why);
		return EXIT_OK;
	}
	if (k.parts == 0) {
		say_error("the log knows nothing of this recording");
		return EXIT_VERIFY;
	}
	if ((k.size != t->size || strcmp(k.sha256, t->sha256) != 0) &&
	    !FAULT(recording_as_is)) {
		say_error("this is NOT what was recorded: record %llu has "
			  "the digest of %llu other bytes than these %llu",
		    (unsigned long long)k.seq, (unsigned long long)k.size,
		    (unsigned long long)t->size);
		return EXIT_VERIFY;
	}
	say(c,
	    "Compared with the log: it has the digest of record %llu (%s audit "
	    "verify proves the log).",
	    (unsigned long long)k.seq, self(c));
	return EXIT_OK;
}
