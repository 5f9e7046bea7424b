/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditlog - verification of the log; see the header. Files are read here
 * because both jitctl and tests want the same few lines for it.
 */
#include "audit/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/merkle.h"
#include "audit/record.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "wire/json.h"

enum { CHUNK = 64 * 1024 };
enum { FILE_NAME_MAX = 64 }; /* internal: we named it */

/* The leaf hashes of one segment, as the notary noted them. */
struct stretch {
	uint64_t first;
	size_t n; /* hashes */
	uint8_t *p;
};

/* What is kept of a record until a checkpoint signs for it. */
struct recent {
	uint8_t leaf[MERKLE_HASH_SIZE];
	int64_t time_ms;
	enum event_code event;
};

struct auditlog {
	struct note_key key;
	struct merkle tree; /* over the lines */
	uint64_t next;      /* number the next line must have */
	struct stretch *st;
	size_t nst;
	struct recent *recent; /* records covered .. next-1 */
	size_t nrecent, crecent;
	bool failed, last_is_checkpoint;
	struct auditlog_result res;
};

static unsigned long long
u(uint64_t v)
{
	return v;
}

int
auditlog_new(struct auditlog **ret, const char *vkey)
{
	struct auditlog *a = calloc(1, sizeof(*a));
	int r;

	if (a == NULL)
		return GW_ENOMEM;
	merkle_init(&a->tree);
	if ((r = note_vkey_parse(&a->key, vkey)) < 0) {
		auditlog_free(a);
		return r;
	}
	*ret = a;
	return 0;
}

void
auditlog_free(struct auditlog *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->nst; i++)
		free(a->st[i].p);
	free(a->st);
	free(a->recent);
	free(a);
}

/* Takes leaf hashes (32 bytes each) of the records from `first` on, before
 * those lines; once per segment. */
static int
take_leaves(struct auditlog *a, uint64_t first, const void *p, size_t n)
{
	struct stretch *grown;
	uint8_t *copy;

	if (n % MERKLE_HASH_SIZE != 0)
		n -= n % MERKLE_HASH_SIZE; /* a hash half written */
	if (n == 0)
		return 0;
	grown = reallocarray(a->st, a->nst + 1, sizeof(*grown));
	if (grown == NULL)
		return GW_ENOMEM;
	a->st = grown;
	if ((copy = malloc(n)) == NULL)
		return GW_ENOMEM;
	memcpy(copy, p, n);
	a->st[a->nst].first = first;
	a->st[a->nst].n = n / MERKLE_HASH_SIZE;
	a->st[a->nst++].p = copy;
	return 0;
}

/* The noted hash of a record, or NULL. */
static const uint8_t *
noted(const struct auditlog *a, uint64_t seq)
{
	static const uint8_t hole[MERKLE_HASH_SIZE];

	for (size_t i = 0; i < a->nst; i++) {
		const struct stretch *s = &a->st[i];
		const uint8_t *p;

		if (seq < s->first || seq - s->first >= s->n)
			continue;
		p = s->p + (seq - s->first) * MERKLE_HASH_SIZE;
		return memcmp(p, hole, sizeof(hole)) == 0 ? NULL : p;
	}
	return NULL;
}

/* The tree over the first n noted hashes; false when one is missing. */
static bool
noted_tree(const struct auditlog *a, uint64_t n, struct merkle *ret)
{
	merkle_init(ret);
	for (uint64_t i = 0; i < n; i++) {
		const uint8_t *leaf = noted(a, i);

		if (leaf == NULL || merkle_append_hash(ret, leaf) < 0)
			return false;
	}
	return true;
}

/* ---- saying what is wrong */

static bool PRINTF_LIKE(4, 5)
    bad(struct auditlog *a, uint64_t first, uint64_t last, const char *fmt, ...)
{
	va_list ap;

	a->failed = true;
	a->res.verdict = AUDITLOG_BAD;
	a->res.bad_first = first;
	a->res.bad_last = last;
	a->res.named = first == last;
	va_start(ap, fmt);
	(void)vsnprintf(a->res.text, sizeof(a->res.text), fmt, ap);
	va_end(ap);
	return false;
}

static void
describe(const struct recent *k, char *ret, size_t size)
{
	char when[32];

	str_time(when, sizeof(when), k->time_ms);
	(void)snprintf(ret, size, "%s, %s", when, event_spec(k->event)->name);
}

/* The root differs at the checkpoint of record seq: which record is it? */
static bool
blame(struct auditlog *a, uint64_t seq, const uint8_t root[static 32])
{
	uint64_t from = a->next - a->nrecent;
	uint8_t have[NOTE_ROOT_SIZE];
	struct merkle m;
	char what[96];

	if (noted_tree(a, seq, &m) && merkle_root(have, &m) == 0 &&
	    memcmp(have, root, sizeof(have)) == 0)
		for (size_t i = 0; i < a->nrecent; i++) {
			const uint8_t *leaf = noted(a, from + i);

			if (leaf == NULL ||
			    memcmp(leaf, a->recent[i].leaf, 32) == 0)
				continue;
			describe(&a->recent[i], what, sizeof(what));
			return bad(a, from + i, from + i,
			    "Record %llu (%s) differs from the tree signed at "
			    "the checkpoint of record %llu. The %llu records "
			    "before it are intact.",
			    u(from + i), what, u(seq), u(from + i));
		}
	return bad(a, from, seq == 0 ? 0 : seq - 1,
	    "Something in records %llu to %llu differs from the tree signed "
	    "at the checkpoint of record %llu; without the gateway's leaf "
	    "hashes the one record cannot be named. The %llu records before "
	    "are intact.",
	    u(from), u(seq == 0 ? 0 : seq - 1), u(seq), u(a->res.covered));
}

/* ---- lines */

int
auditlog_note(struct buf *ret, const void *line, size_t n)
{
	json_t *o = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
	const json_t *note = json_object_get(o, "note");
	int r = GW_EPROTO;

	if (json_is_string(note)) {
		buf_put(ret, json_string_value(note), json_string_length(note));
		r = buf_err(ret);
	}
	json_decref(o);
	return r;
}

/* The record's own root and size must be the note's: people read those. */
static bool
fields_agree(const json_t *o, const struct note_checkpoint *c)
{
	char hex[2 * NOTE_ROOT_SIZE + 1];
	const json_t *size = json_object_get(o, "size");
	const char *root = json_string_value(json_object_get(o, "root"));

	str_hex(hex, c->root, sizeof(c->root));
	return json_is_integer(size) && json_integer_value(size) >= 0 &&
	       (uint64_t)json_integer_value(size) == c->size && root != NULL &&
	       strcmp(root, hex) == 0;
}

static bool
checkpoint(struct auditlog *a, uint64_t seq, const json_t *o)
{
	const json_t *note = json_object_get(o, "note");
	uint8_t root[NOTE_ROOT_SIZE];
	struct note_checkpoint c;
	size_t n = 0;

	if (!json_is_string(note) ||
	    note_check(json_string_value(note), json_string_length(note),
		&a->key, 1, &n) != NOTE_OK)
		return bad(a, seq, seq,
		    "Record %llu is a checkpoint without a good signature of "
		    "%s: it was changed, or signed by another key. %llu "
		    "records are covered by the checkpoint before it.",
		    u(seq), a->key.name, u(a->res.covered));
	if (note_checkpoint_parse(&c, json_string_value(note), n) < 0 ||
	    strcmp(c.origin, a->key.name) != 0 || c.size != seq ||
	    !fields_agree(o, &c))
		return bad(a, seq, seq,
		    "Record %llu carries the checkpoint of another place in "
		    "the log, or of another log.",
		    u(seq));
	if (merkle_root(root, &a->tree) < 0)
		return bad(a, seq, seq, "The tree cannot be computed.");
	if (memcmp(root, c.root, sizeof(root)) != 0 && !FAULT(audit_root))
		return blame(a, seq, c.root);
	a->res.covered = seq;
	a->res.checkpoints++;
	a->nrecent = 0;
	return true;
}

static bool
remember(struct auditlog *a, const struct record *rec,
    const uint8_t leaf[static MERKLE_HASH_SIZE])
{
	struct recent *k;

	if (a->nrecent == a->crecent) {
		size_t cap = a->crecent == 0 ? 1024 : a->crecent * 2;
		struct recent *grown =
		    reallocarray(a->recent, cap, sizeof(*grown));

		if (grown == NULL)
			return bad(a, rec->seq, rec->seq,
			    "Not enough memory to go on at record %llu.",
			    u(rec->seq));
		a->recent = grown;
		a->crecent = cap;
	}
	k = &a->recent[a->nrecent++];
	memcpy(k->leaf, leaf, sizeof(k->leaf));
	k->time_ms = rec->time_ms;
	k->event = rec->event;
	return true;
}

static bool
number_ok(struct auditlog *a, uint64_t seq)
{
	if (seq == a->next)
		return true;
	if (seq > a->next && a->next == 0 && a->res.records == 0)
		return bad(a, 0, seq - 1,
		    "The first record given is %llu: without the records "
		    "before it, or their leaf hashes, no signed tree can be "
		    "compared.",
		    u(seq));
	if (seq > a->next)
		return bad(a, a->next, a->next,
		    "Record %llu is missing: record %llu stands in its place. "
		    "%llu records before it are covered by a checkpoint.",
		    u(a->next), u(seq), u(a->res.covered));
	return bad(a, a->next, a->next,
	    "Where record %llu belongs stands record %llu, a second time.",
	    u(a->next), u(seq));
}

bool
auditlog_line(struct auditlog *a, const void *line, size_t n)
{
	uint8_t leaf[MERKLE_HASH_SIZE];
	struct record rec;
	json_t *o = NULL;
	bool ok = false;

	if (a->failed)
		return false;
	if (record_parse(&rec, line, n) == 0)
		o = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
	if (o == NULL) {
		(void)bad(a, a->next, a->next,
		    "What stands where record %llu belongs is no record of "
		    "this log: it was changed. %llu records before it are "
		    "covered by a checkpoint.",
		    u(a->next), u(a->res.covered));
		goto out;
	}
	if (!number_ok(a, rec.seq))
		goto out;
	a->last_is_checkpoint = rec.event == EV_AUDIT_CHECKPOINT;
	if (a->last_is_checkpoint && !checkpoint(a, rec.seq, o))
		goto out;
	if (merkle_leaf(leaf, line, n) < 0 ||
	    merkle_append_hash(&a->tree, leaf) < 0) {
		(void)bad(a, rec.seq, rec.seq, "The tree cannot be computed.");
		goto out;
	}
	if (!remember(a, &rec, leaf))
		goto out;
	a->next = rec.seq + 1;
	a->res.records++;
	a->res.last_ms = rec.time_ms;
	ok = true;
out:
	json_decref(o);
	return ok;
}

/* ---- the end */

/* No checkpoint signs for the tail: the noted hashes are all there is. */
static bool
tail_ok(struct auditlog *a)
{
	uint64_t from = a->next - a->nrecent;
	char what[96];

	for (size_t i = 0; i < a->nrecent; i++) {
		const uint8_t *leaf = noted(a, from + i);

		if (leaf == NULL || memcmp(leaf, a->recent[i].leaf, 32) == 0)
			continue;
		describe(&a->recent[i], what, sizeof(what));
		return bad(a, from + i, from + i,
		    "Record %llu (%s) differs from its leaf hash, and no "
		    "checkpoint signs for it yet. %llu records before are "
		    "covered by a checkpoint.",
		    u(from + i), what, u(a->res.covered));
	}
	if (noted(a, a->next) != NULL)
		return bad(a, a->next, a->next,
		    "Record %llu is missing at the end: its leaf hash is "
		    "still there.",
		    u(a->next));
	return true;
}

const struct auditlog_result *
auditlog_result(struct auditlog *a)
{
	if (a->failed || !tail_ok(a))
		return &a->res;
	if (a->res.checkpoints == 0) {
		a->res.verdict = AUDITLOG_BAD;
		(void)snprintf(a->res.text, sizeof(a->res.text),
		    "There is no checkpoint: nothing is proven.");
		return &a->res;
	}
	a->res.verdict = a->last_is_checkpoint ? AUDITLOG_OK : AUDITLOG_OPEN;
	/* a checkpoint's own line is signed for by the next one */
	if (a->last_is_checkpoint)
		(void)snprintf(a->res.text, sizeof(a->res.text),
		    "%llu records verified against %llu signed checkpoints, "
		    "the last of them record %llu.",
		    u(a->res.records - (a->next - a->res.covered)),
		    u(a->res.checkpoints), u(a->res.covered));
	else
		(void)snprintf(a->res.text, sizeof(a->res.text),
		    "%llu records verified against %llu signed checkpoints; "
		    "the last %llu are not covered by one yet.",
		    u(a->res.records - (a->next - a->res.covered)),
		    u(a->res.checkpoints), u(a->next - a->res.covered));
	return &a->res;
}

/* ---- files */

static int
feed(struct auditlog *a, int fd)
{
	struct buf b;
	uint8_t *p = malloc(CHUNK);
	int r = p == NULL ? GW_ENOMEM : 0;

	buf_init(&b, 2 * LIMIT_RECORD_MAX + CHUNK);
	while (r == 0) {
		ssize_t n = read(fd, p, CHUNK);
		size_t at = 0;
		const uint8_t *lf;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = GW_ESYS;
		if (n <= 0)
			break;
		buf_put(&b, p, (size_t)n);
		if ((r = buf_err(&b)) < 0)
			break;
		while ((lf = memchr(b.p + at, '\n', b.len - at)) != NULL) {
			size_t len = (size_t)(lf - b.p) - at;

			if (!auditlog_line(a, b.p + at, len))
				goto out;
			at += len + 1;
		}
		buf_shift(&b, at);
		if (b.len > LIMIT_RECORD_MAX)
			break; /* no record is that long */
	}
	if (r == 0 && b.len > 0 && !a->failed)
		(void)bad(a, a->next, a->next,
		    "The line where record %llu belongs is not complete.",
		    u(a->next));
out:
	buf_done(&b);
	free(p);
	return r;
}

int
auditlog_fd(struct auditlog_result *ret, const char *vkey, int fd)
{
	struct auditlog *a = NULL;
	int r = auditlog_new(&a, vkey);

	if (r == 0 && (r = feed(a, fd)) == 0)
		*ret = *auditlog_result(a);
	auditlog_free(a);
	return r;
}

/* -1 with errno also for what is no file: a fifo would be waited for. */
static int
open_file(int dirfd, const char *file)
{
	int fd =
	    openat(dirfd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	(void)close(fd);
	errno = EINVAL;
	return -1;
}

static int
read_leaves(struct auditlog *a, int dirfd, const char *file)
{
	int fd = open_file(dirfd, file);
	struct stat st;
	uint8_t *p = NULL;
	uint64_t first = 0;
	char digits[21];
	ssize_t n;
	int r = GW_ESYS;

	if (fd < 0 || fstat(fd, &st) != 0)
		goto out;
	memcpy(digits, file + strlen("leaves-"), 20);
	digits[20] = '\0';
	first = strtoull(digits, NULL, 10);
	r = GW_ENOMEM;
	if ((p = malloc((size_t)st.st_size + 1)) == NULL)
		goto out;
	r = GW_ESYS;
	if ((n = read(fd, p, (size_t)st.st_size)) < 0)
		goto out;
	r = take_leaves(a, first, p, (size_t)n);
out:
	free(p);
	if (fd >= 0)
		(void)close(fd);
	return r;
}

static bool
named(const char *s, const char *head, const char *tail)
{
	size_t n = strlen(s), nh = strlen(head), nt = strlen(tail);

	return n == nh + 20 + nt && strncmp(s, head, nh) == 0 &&
	       strspn(s + nh, "0123456789") >= 20 &&
	       strcmp(s + nh + 20, tail) == 0;
}

static int
is_leaves(const struct dirent *e)
{
	return named(e->d_name, "leaves-", ".bin");
}

static int
is_log(const struct dirent *e)
{
	return named(e->d_name, "audit-", ".ndjson");
}

static int
each(struct auditlog *a, const char *dir, int dirfd, bool leaves)
{
	struct dirent **list = NULL;
	int n = scandir(dir, &list, leaves ? is_leaves : is_log, alphasort);
	int r = n < 0 ? GW_ESYS : 0;

	if (n == 0 && !leaves) {
		errno = ENOENT;
		r = GW_ESYS;
	}
	for (int i = 0; i < n; i++) {
		if (r == 0 && leaves) {
			r = read_leaves(a, dirfd, list[i]->d_name);
		} else if (r == 0 && !a->failed) {
			int fd = open_file(dirfd, list[i]->d_name);

			r = fd < 0 ? GW_ESYS : feed(a, fd);
			if (fd >= 0)
				(void)close(fd);
		}
		free(list[i]);
	}
	free(list);
	return r;
}

int
auditlog_dir(struct auditlog_result *ret, const char *vkey, const char *dir)
{
	struct auditlog *a = NULL;
	int fd = open(dir, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int r = GW_ESYS;

	if (fd < 0 || fstat(fd, &st) != 0)
		goto out;
	if (!S_ISDIR(st.st_mode)) {
		r = auditlog_fd(ret, vkey, fd);
		goto out;
	}
	/* hashes first: the log may grow meanwhile, they must not be ahead */
	if ((r = auditlog_new(&a, vkey)) < 0 ||
	    (r = each(a, dir, fd, true)) < 0 ||
	    (r = each(a, dir, fd, false)) < 0)
		goto out;
	*ret = *auditlog_result(a);
out:
	auditlog_free(a);
	if (fd >= 0)
		(void)close(fd);
	return r;
}
