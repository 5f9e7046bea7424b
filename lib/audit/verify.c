/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify - see the header. Files are read by verify_files.c.
 */
#include "audit/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/alike.h"
#include "audit/merkle.h"
#include "audit/record.h"
#include "audit/verify_impl.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "wire/json.h"

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

struct verify {
	struct note_key key;
	struct merkle tree; /* over the lines */
	uint64_t next;      /* number the next line must have */
	struct stretch *st;
	size_t nst;
	struct recent *recent; /* records covered .. next-1 */
	size_t nrecent, crecent;
	struct note_checkpoint expect;
	bool has_expect, expect_all;
	bool failed, last_is_checkpoint;
	bool copy;      /* a receiver's, and: */
	bool odd;       /* after the last record a line looked like one */
	uint8_t *known; /* the leaf hashes of its records so far */
	size_t cknown;
	struct alike part; /* of a line that is longer than any record */
	struct verify_result res;
};

/* For "%llu". */
static unsigned long long
llu(uint64_t v)
{
	return v;
}

int
verify_new(struct verify **ret, const char *vkey)
{
	struct verify *v = calloc(1, sizeof(*v));
	int r;

	if (v == NULL)
		return GW_ENOMEM;
	merkle_init(&v->tree);
	if ((r = note_vkey_parse(&v->key, vkey)) < 0) {
		verify_free(v);
		return r;
	}
	*ret = v;
	return 0;
}

void
verify_free(struct verify *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < v->nst; i++)
		free(v->st[i].p);
	free(v->st);
	free(v->recent);
	free(v->known);
	free(v);
}

void
verify_expect(struct verify *v, const struct note_checkpoint *c, bool all)
{
	v->expect_all = all;
	v->expect = *c;
	v->has_expect = true;
	v->res.expected = c->size;
}

void
verify_copy(struct verify *v)
{
	v->copy = v->nst == 0;
}

bool
verify_is_copy(const struct verify *v)
{
	return v->copy;
}

int
verify_leaves(struct verify *v, uint64_t first, const void *p, size_t n)
{
	struct stretch *grown;
	uint8_t *copy;

	if (n % MERKLE_HASH_SIZE != 0)
		n -= n % MERKLE_HASH_SIZE; /* a hash half written */
	if (n == 0)
		return 0;
	grown = reallocarray(v->st, v->nst + 1, sizeof(*grown));
	if (grown == NULL)
		return GW_ENOMEM;
	v->st = grown;
	if ((copy = malloc(n)) == NULL)
		return GW_ENOMEM;
	memcpy(copy, p, n);
	v->st[v->nst].first = first;
	v->st[v->nst].n = n / MERKLE_HASH_SIZE;
	v->st[v->nst++].p = copy;
	return 0;
}

/* The noted hash of a record, or NULL. */
static const uint8_t *
noted_leaf(const struct verify *v, uint64_t seq)
{
	static const uint8_t hole[MERKLE_HASH_SIZE];

	for (size_t i = 0; i < v->nst; i++) {
		const struct stretch *s = &v->st[i];
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
noted_tree(const struct verify *v, uint64_t n, struct merkle *ret)
{
	merkle_init(ret);
	for (uint64_t i = 0; i < n; i++) {
		const uint8_t *leaf = noted_leaf(v, i);

		if (leaf == NULL || merkle_append_hash(ret, leaf) < 0)
			return false;
	}
	return true;
}

/* ---- saying what is wrong */

static bool PRINTF_LIKE(4, 5)
    bad(struct verify *v, uint64_t first, uint64_t last, const char *fmt, ...)
{
	va_list ap;

	v->failed = true;
	v->res.verdict = VERIFY_BAD;
	v->res.bad_first = first;
	v->res.bad_last = last;
	v->res.named = first == last;
	va_start(ap, fmt);
	(void)vsnprintf(v->res.text, sizeof(v->res.text), fmt, ap);
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
bad_root(struct verify *v, uint64_t seq, const uint8_t root[static 32])
{
	uint64_t from = v->next - v->nrecent;
	uint8_t have[NOTE_ROOT_SIZE];
	struct merkle m;
	char what[96];

	if (noted_tree(v, seq, &m) && merkle_root(have, &m) == 0 &&
	    memcmp(have, root, sizeof(have)) == 0)
		for (size_t i = 0; i < v->nrecent; i++) {
			const uint8_t *leaf = noted_leaf(v, from + i);

			if (leaf == NULL ||
			    memcmp(leaf, v->recent[i].leaf, 32) == 0)
				continue;
			describe(&v->recent[i], what, sizeof(what));
			return bad(v, from + i, from + i,
			    "Record %llu (%s) differs from the tree signed at "
			    "the checkpoint of record %llu. The %llu records "
			    "before it are intact.",
			    llu(from + i), what, llu(seq), llu(from + i));
		}
	return bad(v, from, seq == 0 ? 0 : seq - 1,
	    "Something in records %llu to %llu differs from the tree signed "
	    "at the checkpoint of record %llu; without the gateway's leaf "
	    "hashes the one record cannot be named. The %llu records before "
	    "are intact.",
	    llu(from), llu(seq == 0 ? 0 : seq - 1), llu(seq),
	    llu(v->res.covered));
}

/* ---- lines */

int
verify_note(struct buf *ret, const void *line, size_t n)
{
	json_t *o = json_parse_record(line, n);
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
checkpoint(struct verify *v, uint64_t seq, const json_t *o)
{
	const json_t *note = json_object_get(o, "note");
	uint8_t root[NOTE_ROOT_SIZE];
	struct note_checkpoint c;
	size_t n = 0;

	if (!json_is_string(note) ||
	    note_check(json_string_value(note), json_string_length(note),
		&v->key, 1, &n) != NOTE_OK)
		return bad(v, seq, seq,
		    "Record %llu is a checkpoint without a good signature of "
		    "%s: it was changed, or signed by another key. %llu "
		    "records are covered by the checkpoint before it.",
		    llu(seq), v->key.name, llu(v->res.covered));
	if (note_checkpoint_parse(&c, json_string_value(note), n) < 0 ||
	    strcmp(c.origin, v->key.name) != 0 || c.size != seq ||
	    !fields_agree(o, &c))
		return bad(v, seq, seq,
		    "Record %llu carries the checkpoint of another place in "
		    "the log, or of another log.",
		    llu(seq));
	if (merkle_root(root, &v->tree) < 0)
		return bad(v, seq, seq, "The tree cannot be computed.");
	if (memcmp(root, c.root, sizeof(root)) != 0 && !FAULT(audit_root))
		return bad_root(v, seq, c.root);
	v->res.covered = seq;
	/* its own line is signed for by the next one only */
	v->res.covered_ms = v->res.last_ms;
	v->res.checkpoints++;
	v->nrecent = 0;
	return true;
}

static bool
remember(struct verify *v, const struct record *rec,
    const uint8_t leaf[static MERKLE_HASH_SIZE])
{
	struct recent *k;

	if (v->nrecent == v->crecent) {
		size_t cap = v->crecent == 0 ? 1024 : v->crecent * 2;
		struct recent *grown =
		    reallocarray(v->recent, cap, sizeof(*grown));

		if (grown == NULL)
			return bad(v, rec->seq, rec->seq,
			    "Not enough memory to go on at record %llu.",
			    llu(rec->seq));
		v->recent = grown;
		v->crecent = cap;
	}
	if (v->copy && v->next == v->cknown) {
		const size_t cap = v->cknown == 0 ? 1024 : v->cknown * 2;
		uint8_t *grown = reallocarray(v->known, cap, MERKLE_HASH_SIZE);

		if (grown == NULL)
			return bad(v, rec->seq, rec->seq,
			    "Not enough memory to go on at record %llu.",
			    llu(rec->seq));
		v->known = grown;
		v->cknown = cap;
	}
	if (v->copy)
		memcpy(v->known + v->next * MERKLE_HASH_SIZE, leaf,
		    MERKLE_HASH_SIZE);
	k = &v->recent[v->nrecent++];
	memcpy(k->leaf, leaf, sizeof(k->leaf));
	k->time_ms = rec->time_ms;
	k->event = rec->event;
	return true;
}

static bool
number_ok(struct verify *v, uint64_t seq)
{
	if (seq == v->next)
		return true;
	if (seq > v->next && v->next == 0 && v->res.records == 0)
		return bad(v, 0, seq - 1,
		    "The first record given is %llu: without the records "
		    "before it, or their leaf hashes, no signed tree can be "
		    "compared.",
		    llu(seq));
	if (seq > v->next)
		return bad(v, v->next, v->next,
		    "Record %llu is missing: record %llu stands in its "
		    "place%s. "
		    "%llu records before it are covered by a checkpoint.",
		    llu(v->next), llu(seq),
		    v->odd ? ", after a line that is no record of this log: it "
			     "was changed, or the receiver cut it to its "
			     "longest message, or it is another program's"
			   : "",
		    llu(v->res.covered));
	return bad(v, v->next, v->next,
	    "Where record %llu belongs stands record %llu, a second time.",
	    llu(v->next), llu(seq));
}

/* Where the expected checkpoint stands, the tree is its tree. */
static bool
as_expected(struct verify *v)
{
	uint8_t root[NOTE_ROOT_SIZE];

	if (!v->has_expect || v->tree.size != v->expect.size ||
	    FAULT(expect_any))
		return true;
	if (merkle_root(root, &v->tree) == 0 &&
	    memcmp(root, v->expect.root, sizeof(root)) == 0)
		return true;
	return bad(v, 0, v->next - 1,
	    "These are not the %llu records that the expected checkpoint "
	    "signs for: the log was written anew, or it is another one.",
	    llu(v->expect.size));
}

/* Good as it is, but a checkpoint kept elsewhere signs for more. */
static void
too_short(struct verify *v)
{
	char when[32];

	str_time(when, sizeof(when), v->res.last_ms);
	v->res.verdict = VERIFY_SHORT;
	(void)snprintf(v->res.text, sizeof(v->res.text),
	    "The log was cut off: it ends with record %llu of %s, but a "
	    "checkpoint signs for %llu records. The last %llu are missing.",
	    llu(v->next - 1), when, llu(v->expect.size),
	    llu(v->expect.size - v->tree.size));
}

/* After a reconnection what may not have arrived is sent again. */
static bool
came_again(const struct verify *v, uint64_t seq, const void *line, size_t n)
{
	uint8_t leaf[MERKLE_HASH_SIZE];

	return v->copy && seq < v->next && merkle_leaf(leaf, line, n) == 0 &&
	       memcmp(leaf, v->known + seq * MERKLE_HASH_SIZE, sizeof(leaf)) ==
		   0;
}

/* Is there something like a record in it? */
static bool
is_alike(struct verify *v, const void *line, size_t n, bool frame)
{
	struct alike a = v->part;

	alike_look(&a, line, n, frame);
	v->part = alike_is(&a) ? a : (struct alike){0};
	return alike_is(&a);
}

/* Not one of the log's. Of a copy it is another program's, or the number of
 * what it was will be missing. */
static bool
other_line(struct verify *v, const void *line, size_t n)
{
	if (v->copy && !is_alike(v, line, n, false)) {
		v->odd = true;
		v->res.others++;
		return true;
	}
	return bad(v, v->next, v->next,
	    "What stands where record %llu belongs is no record of this log: "
	    "it was changed%s. %llu records before it are covered by a "
	    "checkpoint.",
	    llu(v->next), v->copy ? ", or somebody put it there" : "",
	    llu(v->res.covered));
}

static bool
record_line(struct verify *v, const void *line, size_t n)
{
	uint8_t leaf[MERKLE_HASH_SIZE];
	struct record rec;
	json_t *o = NULL;
	bool ok = false;

	if (record_parse(&rec, line, n) == 0)
		o = json_parse_record(line, n);
	if (o == NULL) {
		ok = other_line(v, line, n);
		goto out;
	}
	if ((ok = came_again(v, rec.seq, line, n)) || !number_ok(v, rec.seq))
		goto out;
	v->last_is_checkpoint = rec.event == EV_AUDIT_CHECKPOINT;
	if (v->last_is_checkpoint && !checkpoint(v, rec.seq, o))
		goto out;
	if (merkle_leaf(leaf, line, n) < 0 ||
	    merkle_append_hash(&v->tree, leaf) < 0) {
		(void)bad(v, rec.seq, rec.seq, "The tree cannot be computed.");
		goto out;
	}
	if (!remember(v, &rec, leaf))
		goto out;
	v->next = rec.seq + 1;
	v->odd = false;
	v->res.records++;
	v->res.last_ms = rec.time_ms;
	ok = as_expected(v);
out:
	json_decref(o);
	return ok;
}

bool
verify_line(struct verify *v, const void *line, size_t n)
{
	const size_t whole = n;
	const char *p = line;
	const char *framed = v->copy ? record_framed(line, n, &n) : NULL;

	if (v->failed)
		return false;
	if (v->copy &&
	    (framed == NULL ? n == 0 || p[0] != '{'
			    : is_alike(v, p, (size_t)(framed - p), true)))
		return other_line(v, line, whole);
	return record_line(v, framed != NULL ? framed : p, n);
}

void
verify_part(struct verify *v, const void *part, size_t n)
{
	alike_look(&v->part, part, n, false);
}

void
verify_half_line(struct verify *v)
{
	if (!v->failed)
		(void)bad(v, v->next, v->next,
		    "The line where record %llu belongs is not complete.",
		    llu(v->next));
}

/* ---- the end */

bool
verify_failed(const struct verify *v)
{
	return v->failed;
}

/* No checkpoint signs for the tail: the noted hashes are all there is. */
static bool
tail_ok(struct verify *v)
{
	uint64_t from = v->next - v->nrecent;
	char what[96];

	for (size_t i = 0; i < v->nrecent; i++) {
		const uint8_t *leaf = noted_leaf(v, from + i);

		if (leaf == NULL || memcmp(leaf, v->recent[i].leaf, 32) == 0)
			continue;
		describe(&v->recent[i], what, sizeof(what));
		return bad(v, from + i, from + i,
		    "Record %llu (%s) differs from its leaf hash, and no "
		    "checkpoint signs for it yet. %llu records before are "
		    "covered by a checkpoint.",
		    llu(from + i), what, llu(v->res.covered));
	}
	if (noted_leaf(v, v->next) != NULL)
		return bad(v, v->next, v->next,
		    "Record %llu is missing at the end: its leaf hash is "
		    "still there.",
		    llu(v->next));
	return true;
}

const struct verify_result *
verify_result(struct verify *v)
{
	char when[32];

	if (v->failed || !tail_ok(v))
		return &v->res;
	if (v->res.checkpoints == 0) {
		v->res.verdict = VERIFY_BAD;
		(void)snprintf(v->res.text, sizeof(v->res.text),
		    "There is no checkpoint: nothing is proven.");
		return &v->res;
	}
	if (v->has_expect && v->expect_all && v->tree.size < v->expect.size &&
	    !FAULT(expect_any)) {
		too_short(v);
		return &v->res;
	}
	str_time(when, sizeof(when), v->res.covered_ms);
	v->res.verdict = v->last_is_checkpoint ? VERIFY_OK : VERIFY_OPEN;
	/* a checkpoint's own line is signed for by the next one */
	if (v->res.covered == 0)
		(void)snprintf(v->res.text, sizeof(v->res.text),
		    "%llu signed checkpoints, of no record before them: "
		    "nothing more is proven yet.",
		    llu(v->res.checkpoints));
	else if (v->last_is_checkpoint)
		(void)snprintf(v->res.text, sizeof(v->res.text),
		    "%llu records verified against %llu signed checkpoints, "
		    "the last of them record %llu. Up to record %llu, of %s, "
		    "nothing was changed and nothing is missing.",
		    llu(v->res.records - (v->next - v->res.covered)),
		    llu(v->res.checkpoints), llu(v->res.covered),
		    llu(v->res.covered - 1), when);
	else
		(void)snprintf(v->res.text, sizeof(v->res.text),
		    "%llu records verified against %llu signed checkpoints; "
		    "the last %llu are not covered by one yet. Up to record "
		    "%llu, of %s, nothing was changed and nothing is missing.",
		    llu(v->res.records - (v->next - v->res.covered)),
		    llu(v->res.checkpoints), llu(v->next - v->res.covered),
		    llu(v->res.covered - 1), when);
	return &v->res;
}
