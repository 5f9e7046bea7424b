/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msg: every row of the table carries every field over and back, refuses
 * whatever the encoder cannot have written, and lets a message pass exactly
 * where its row says so. A new message is tested the day its row is written.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/err.h"
#include "tests/unit/support/rnd.h"
#include "wire/messages.h"

enum { ROUNDS = 8, BYTES_MAX = 300 };

struct fixture {
	struct msg_spec *table; /* a copy in which a list is so many fields */
	size_t rows;
	uint8_t *in;  /* a body to send */
	uint8_t *out; /* a body decoded */
	uint8_t heap[BYTES_MAX];
	uint8_t *big; /* LIMIT_BODY_MAX + 1 bytes */
	struct rnd rnd;
};

/* The fields of a row, those of a list one by one. */
static void
unroll(struct msg_spec *s)
{
	struct msg_field *all = NULL;
	size_t n = 0, at = 0;

	for (uint16_t i = 0; i < s->nfields; i++)
		n += s->fields[i].n;
	all = calloc(n, sizeof(*all));
	assert_non_null(all);
	for (uint16_t i = 0; i < s->nfields; i++)
		for (uint16_t k = 0; k < s->fields[i].n; k++) {
			all[at] = s->fields[i];
			all[at].n = 1;
			all[at++].offset += k * s->fields[i].stride;
		}
	s->fields = all;
	s->nfields = (uint16_t)n;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct msg_spec *table = NULL;

	if (f == NULL)
		return -1;
	table = msg_table(&f->rows);
	f->table = calloc(f->rows, sizeof(*f->table));
	assert_non_null(f->table);
	memcpy(f->table, table, f->rows * sizeof(*table));
	for (size_t i = 0; i < f->rows; i++)
		unroll(&f->table[i]);
	f->in = calloc(1, msg_size_max());
	f->out = calloc(1, msg_size_max());
	f->big = calloc(1, LIMIT_BODY_MAX + 1);
	f->rnd.s = 2026;
	rnd_fill(&f->rnd, f->heap, sizeof(f->heap));
	*state = f;
	return f->in == NULL || f->out == NULL || f->big == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->rows; i++)
		free((void *)(uintptr_t)f->table[i].fields);
	free(f->table);
	free(f->in);
	free(f->out);
	free(f->big);
	free(f);
	return 0;
}

static void
fill_addr(struct rnd *r, void *p)
{
	static const uint8_t families[] = {0, 4, 6};
	struct addr a = {.family = families[rnd_below(r, 3)]};

	rnd_fill(r, a.b, a.family == 0 ? 0 : a.family == 4 ? 4 : 16);
	memcpy(p, &a, sizeof(a));
}

/* A value the field may have; longest = the largest there is. */
static void
fill_field(struct fixture *f, const struct msg_field *mf, int longest)
{
	uint8_t *p = f->in + mf->offset;
	struct bytes v = {.p = f->heap};
	size_t n;

	switch (mf->kind) {
	case MF_U8:
		rnd_fill(&f->rnd, p, 1);
		break;
	case MF_U16:
		rnd_fill(&f->rnd, p, 2);
		break;
	case MF_U32:
		rnd_fill(&f->rnd, p, 4);
		break;
	case MF_U64:
	case MF_I64:
		rnd_fill(&f->rnd, p, 8);
		break;
	case MF_STR:
		n = longest ? mf->max - 1 : rnd_below(&f->rnd, mf->max);
		for (size_t i = 0; i < n; i++)
			p[i] = (uint8_t)(1 + rnd_below(&f->rnd, 255));
		break;
	case MF_RAW:
		rnd_fill(&f->rnd, p, mf->max);
		break;
	case MF_ADDR:
		fill_addr(&f->rnd, p);
		break;
	case MF_BYTES:
		v.len = (uint32_t)rnd_below(&f->rnd, BYTES_MAX + 1);
		memcpy(p, &v, sizeof(v));
		break;
	default:
		fail_msg("field kind %d is unknown to this test", mf->kind);
	}
}

static void
fill(struct fixture *f, const struct msg_spec *s, int longest)
{
	memset(f->in, 0, msg_size_max());
	for (uint16_t i = 0; i < s->nfields; i++)
		fill_field(f, &s->fields[i], longest);
}

/* Bytes of the struct a field takes. */
static size_t
field_size(const struct msg_field *mf)
{
	switch (mf->kind) {
	case MF_U8:
		return 1;
	case MF_U16:
		return 2;
	case MF_U32:
		return 4;
	case MF_U64:
	case MF_I64:
		return 8;
	case MF_ADDR:
		return sizeof(struct addr);
	case MF_BYTES:
		return sizeof(struct bytes);
	default:
		return mf->max;
	}
}

/* Bytes of the frame an all-zero field takes: the format, said a second time.
 */
static size_t
wire_size(const struct msg_field *mf)
{
	switch (mf->kind) {
	case MF_STR:
	case MF_BYTES:
		return 4;
	case MF_ADDR:
		return 17;
	default:
		return field_size(mf);
	}
}

static int
field_equal(const struct fixture *f, const struct msg_field *mf)
{
	const uint8_t *a = f->in + mf->offset;
	const uint8_t *b = f->out + mf->offset;
	struct bytes x, y;

	if (mf->kind != MF_BYTES)
		return memcmp(a, b, field_size(mf)) == 0;
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x.len == y.len && (x.len == 0 || memcmp(x.p, y.p, x.len) == 0);
}

static void
set_length(uint8_t *frame, size_t n)
{
	frame[0] = (uint8_t)(n >> 24);
	frame[1] = (uint8_t)(n >> 16);
	frame[2] = (uint8_t)(n >> 8);
	frame[3] = (uint8_t)n;
}

/* The decoder must say no; the frame stands alone in memory, so that a read
 * past its end is seen by the sanitizer. */
static void
refuse(struct fixture *f, const void *p, size_t n, const char *name)
{
	uint8_t *alone = malloc(n > 0 ? n : 1);
	unsigned type = 0;

	assert_non_null(alone);
	if (n > 0)
		memcpy(alone, p, n);
	CHECK_ROW(msg_decode(alone, n, &type, f->out) == GW_EPROTO, name);
	free(alone);
}

static void
test_round_trip(void **state)
{
	struct fixture *f = *state;

	for (size_t row = 0; row < f->rows; row++) {
		const struct msg_spec *s = &f->table[row];

		for (int round = 0; round < ROUNDS; round++) {
			struct buf b;
			unsigned type = 0;

			buf_init(&b, LIMIT_MSG_MAX);
			fill(f, s, round == 0);
			CHECK_ROW(msg_encode(&b, s->type, f->in) == 0, s->name);
			memset(f->out, 0xa5, msg_size_max());
			CHECK_ROW(msg_decode(b.p, b.len, &type, f->out) == 0,
			    s->name);
			CHECK_ROW(type == s->type, s->name);
			for (uint16_t i = 0; i < s->nfields; i++)
				if (!field_equal(f, &s->fields[i]))
					fail_msg("%s: field %u changed on the "
						 "way",
					    s->name, i);
			buf_done(&b);
		}
	}
}

static void
test_malformed(void **state)
{
	struct fixture *f = *state;

	for (size_t row = 0; row < f->rows; row++) {
		const struct msg_spec *s = &f->table[row];
		struct buf b;

		buf_init(&b, LIMIT_MSG_MAX);
		fill(f, s, 0);
		assert_int_equal(msg_encode(&b, s->type, f->in), 0);
		for (size_t n = 0; n < b.len; n++)
			refuse(f, b.p, n, s->name);
		/* and each with a length that claims to be right */
		for (size_t n = MSG_HEADER_SIZE; n < b.len; n++) {
			set_length(b.p, n);
			refuse(f, b.p, n, s->name);
		}
		set_length(b.p, b.len + 1);
		refuse(f, b.p, b.len, s->name);
		set_length(b.p, b.len - 1);
		refuse(f, b.p, b.len, s->name);
		set_length(b.p, b.len);
		b.p[7] ^= 3; /* version */
		refuse(f, b.p, b.len, s->name);
		b.p[7] ^= 3;
		b.p[4] = 0x7f; /* type */
		refuse(f, b.p, b.len, s->name);
		b.p[4] = 0;
		buf_u8(&b, 0); /* a trailing byte */
		refuse(f, b.p, b.len, s->name);
		set_length(b.p, b.len);
		refuse(f, b.p, b.len, s->name);
		buf_done(&b);
	}
}

static void
test_unknown_types(void **state)
{
	struct fixture *f = *state;

	for (unsigned type = 0; type <= 0xffff; type++) {
		uint8_t frame[9] = {0, 0, 0, 9, (uint8_t)(type >> 8),
		    (uint8_t)type, 0, MSG_VERSION, 0};
		unsigned got = 0;
		struct buf b;

		if (msg_spec(type) != NULL)
			continue;
		assert_int_equal(
		    msg_decode(frame, sizeof(frame), &got, f->out), GW_EPROTO);
		buf_init(&b, LIMIT_MSG_MAX);
		assert_int_equal(msg_encode(&b, type, f->in), GW_EINVAL);
		buf_done(&b);
	}
	assert_null(msg_spec(MSG_NONE));
	assert_null(msg_spec(0x10000 + MSG_SUP_CONFIG));
}

/* Over-long values never leave; the same on the wire never comes in. */
static void
test_too_long_to_send(void **state)
{
	struct fixture *f = *state;

	for (size_t row = 0; row < f->rows; row++) {
		const struct msg_spec *s = &f->table[row];

		for (uint16_t i = 0; i < s->nfields; i++) {
			const struct msg_field *mf = &s->fields[i];
			struct bytes v = {f->big, mf->max + 1};
			struct buf b;

			if (mf->kind != MF_STR && mf->kind != MF_BYTES)
				continue;
			fill(f, s, 0);
			if (mf->kind == MF_STR)
				memset(f->in + mf->offset, 'a', mf->max);
			else
				memcpy(f->in + mf->offset, &v, sizeof(v));
			buf_init(&b, LIMIT_MSG_MAX);
			CHECK_ROW(msg_encode(&b, s->type, f->in) == GW_EINVAL,
			    s->name);
			buf_done(&b);
		}
	}
}

/* An all-zero message whose field i is replaced by these bytes. */
static void
splice(struct fixture *f, struct buf *b, const struct msg_spec *s, uint16_t i,
    const void *p, size_t n)
{
	struct buf zero;
	size_t at = MSG_HEADER_SIZE;
	size_t after;

	memset(f->in, 0, msg_size_max());
	buf_init(&zero, LIMIT_MSG_MAX);
	assert_int_equal(msg_encode(&zero, s->type, f->in), 0);
	for (uint16_t k = 0; k < i; k++)
		at += wire_size(&s->fields[k]);
	after = at + wire_size(&s->fields[i]);
	CHECK_ROW(after <= zero.len, s->name);
	buf_reset(b);
	buf_put(b, zero.p, at);
	buf_put(b, p, n);
	buf_put(b, zero.p + after, zero.len - after);
	assert_int_equal(buf_err(b), 0);
	set_length(b->p, b->len);
	buf_done(&zero);
}

static void
check_string(
    struct fixture *f, struct buf *b, const struct msg_spec *s, uint16_t i)
{
	const struct msg_field *mf = &s->fields[i];
	struct buf v;
	unsigned type = 0;

	buf_init(&v, LIMIT_MSG_MAX);
	memset(f->big, 'a', mf->max);
	buf_string(&v, f->big, mf->max - 1);
	splice(f, b, s, i, v.p, v.len);
	CHECK_ROW(msg_decode(b->p, b->len, &type, f->out) == 0, s->name);
	CHECK_ROW(strlen((char *)f->out + mf->offset) == mf->max - 1, s->name);
	buf_reset(&v);
	buf_string(&v, f->big, mf->max); /* no room for the NUL */
	splice(f, b, s, i, v.p, v.len);
	refuse(f, b->p, b->len, s->name);
	buf_reset(&v);
	buf_string(&v, "a\0b", 3);
	if (mf->max > 3) {
		splice(f, b, s, i, v.p, v.len);
		refuse(f, b->p, b->len, s->name);
	}
	buf_done(&v);
}

static void
check_addr(
    struct fixture *f, struct buf *b, const struct msg_spec *s, uint16_t i)
{
	static const uint8_t bad[][17] = {{1}, {5}, {255}, {0, 1},
	    {0, [16] = 1}, {4, 192, 0, 2, 1, 1}, {4, [16] = 1}};
	static const uint8_t good[][17] = {
	    {0}, {4, 192, 0, 2, 1}, {6, 0x20, [16] = 1}};
	unsigned type = 0;

	for (size_t k = 0; k < ARRAY_LEN(bad); k++) {
		splice(f, b, s, i, bad[k], sizeof(bad[k]));
		refuse(f, b->p, b->len, s->name);
	}
	for (size_t k = 0; k < ARRAY_LEN(good); k++) {
		splice(f, b, s, i, good[k], sizeof(good[k]));
		CHECK_ROW(
		    msg_decode(b->p, b->len, &type, f->out) == 0, s->name);
	}
}

static void
test_bad_values(void **state)
{
	struct fixture *f = *state;
	struct buf b;

	buf_init(&b, LIMIT_MSG_MAX);
	for (size_t row = 0; row < f->rows; row++) {
		const struct msg_spec *s = &f->table[row];

		for (uint16_t i = 0; i < s->nfields; i++) {
			if (s->fields[i].kind == MF_STR)
				check_string(f, &b, s, i);
			else if (s->fields[i].kind == MF_ADDR)
				check_addr(f, &b, s, i);
		}
	}
	buf_done(&b);
}

static void
test_whole_too_large(void **state)
{
	struct fixture *f = *state;
	struct msg_nt_grant_open *m = (void *)f->in;
	struct buf b;

	memset(f->in, 0, msg_size_max());
	m->payload.p = m->signature.p = f->big;
	m->payload.len = m->signature.len = LIMIT_BODY_MAX;
	buf_init(&b, 2 * LIMIT_MSG_MAX);
	assert_int_equal(msg_encode(&b, MSG_NT_GRANT_OPEN, f->in), GW_ELIMIT);
	buf_done(&b);
	m->signature.len = 0;
	buf_init(&b, LIMIT_MSG_MAX);
	assert_int_equal(msg_encode(&b, MSG_NT_GRANT_OPEN, f->in), 0);
	buf_done(&b);
}

/* Each field lies inside its struct, none overlaps another, and what no field
 * covers is padding: a member without a row would be lost silently. */
static void
test_rows_cover_structs(void **state)
{
	struct fixture *f = *state;

	for (size_t row = 0; row < f->rows; row++) {
		const struct msg_spec *s = &f->table[row];
		size_t gap = 0;

		memset(f->out, 0, msg_size_max());
		for (uint16_t i = 0; i < s->nfields; i++) {
			const struct msg_field *mf = &s->fields[i];

			for (size_t k = 0; k < field_size(mf); k++) {
				CHECK_ROW(mf->offset + k < s->size, s->name);
				CHECK_ROW(
				    f->out[mf->offset + k]++ == 0, s->name);
			}
		}
		for (size_t k = 0; k < s->size; k++) {
			gap = f->out[k] != 0 ? 0 : gap + 1;
			CHECK_ROW(gap < 8, s->name);
		}
		for (size_t k = 0; k < row; k++) {
			CHECK_ROW(f->table[k].type != s->type, s->name);
			CHECK_ROW(
			    strcmp(f->table[k].name, s->name) != 0, s->name);
		}
		CHECK_ROW(s->fds <= MSG_FDS_MAX, s->name);
		CHECK_ROW((s->from & PROC_BIT(PROC_NONE)) == 0, s->name);
		CHECK_ROW((s->to & PROC_BIT(PROC_NONE)) == 0, s->name);
	}
}

static struct addr
some_addr(unsigned i)
{
	struct addr a = {.family = 4};

	a.b[0] = 192;
	a.b[3] = (uint8_t)(1 + i);
	return a;
}

/* The configuration with each of its lists full, filled here by hand and not
 * from the table: what is at a list's end arrives too, however long the list
 * may be. */
static void
test_whole_configuration(void **state)
{
	struct msg_sup_config *in = calloc(1, sizeof(*in));
	struct fixture *f = *state;
	struct conf *c = NULL;
	struct buf b;
	unsigned type = 0;

	assert_non_null(in);
	c = &in->conf;
	(void)snprintf(c->server_id, sizeof(c->server_id), "gw-1");
	for (unsigned i = 0; i < ARRAY_LEN(c->ssh); i++) {
		c->ssh[i].addr = some_addr(i);
		c->ssh[i].port = (uint16_t)(2200 + i);
	}
	for (unsigned i = 0; i < ARRAY_LEN(c->api); i++) {
		c->api[i].addr = some_addr(100 + i);
		c->api[i].port = (uint16_t)(8400 + i);
	}
	for (unsigned i = 0; i < ARRAY_LEN(c->networks); i++)
		(void)snprintf(
		    c->networks[i], sizeof(c->networks[i]), "10.%u.0.0/16", i);
	for (unsigned i = 0; i < ARRAY_LEN(c->sinks); i++) {
		struct conf_sink *k = &c->sinks[i];

		(void)snprintf(k->name, sizeof(k->name), "sink-%u", i);
		(void)snprintf(k->host, sizeof(k->host), "host-%u", i);
		(void)snprintf(k->ca_file, sizeof(k->ca_file), "/ca-%u", i);
		k->port = (uint16_t)(6500 + i);
	}
	(void)snprintf(in->instance, sizeof(in->instance), "https");
	buf_init(&b, LIMIT_MSG_MAX);
	assert_int_equal(msg_encode(&b, MSG_SUP_CONFIG, in), 0);
	assert_int_equal(msg_decode(b.p, b.len, &type, f->out), 0);
	assert_memory_equal(f->out, in, sizeof(*in));
	buf_done(&b);
	free(in);
}

static int
row_says(
    unsigned type, unsigned from, unsigned to, unsigned state, unsigned nfds)
{
	const struct msg_spec *s = msg_spec(type);

	return s != NULL && (s->from >> from & 1) != 0 &&
	       (s->to >> to & 1) != 0 && (s->states & state) != 0 &&
	       s->fds == nfds;
}

static void
test_allowed_matrix(void **state)
{
	static const unsigned states[] = {0, MST_NEW, MST_READY, MST_LIVE};

	(void)state;
	for (unsigned type = 0; type < 256; type++)
		for (unsigned from = 0; from < PROC_COUNT; from++)
			for (unsigned to = 0; to < PROC_COUNT; to++)
				for (unsigned i = 0; i < 16; i++) {
					unsigned st = states[i % 4];
					int r =
					    msg_allowed(type, (enum proc)from,
						(enum proc)to, st, i / 4);

					assert_int_equal(
					    r == 0, row_says(type, from, to, st,
							i / 4));
				}
}

/* The lines of the picture in ARCHITECTURE.md, said here again by hand: who
 * may speak to whom at all. */
static void
test_who_may_speak(void **state)
{
	static const struct {
		enum proc a, b;
	} lines[] = {{PROC_NOTARY, PROC_BROKER}, {PROC_NOTARY, PROC_FIREWALL},
	    {PROC_NOTARY, PROC_API}, {PROC_NOTARY, PROC_ADMIN},
	    {PROC_NOTARY, PROC_SESSION}, {PROC_NOTARY, PROC_ZYGOTE},
	    {PROC_NOTARY, PROC_RECORDER}, {PROC_NOTARY, PROC_SHIPPER},
	    {PROC_BROKER, PROC_FIREWALL}, {PROC_BROKER, PROC_SESSION},
	    {PROC_BROKER, PROC_RECORDER}, {PROC_BROKER, PROC_API},
	    {PROC_BROKER, PROC_ADMIN}, {PROC_BROKER, PROC_SHIPPER},
	    {PROC_SESSION, PROC_RECORDER}};
	struct fixture *f = *state;

	for (size_t row = 0; row < f->rows; row++) {
		const struct msg_spec *s = &f->table[row];

		for (unsigned a = 0; a < PROC_COUNT; a++)
			for (unsigned b = 0; b < PROC_COUNT; b++) {
				int known = a == PROC_SUPERVISOR ||
					    b == PROC_SUPERVISOR;

				/* broker to supervisor, supervisor to zygote:
				 * as one row it also names a pair without a
				 * line */
				known |= s->type == MSG_SUP_KILL;
				if ((s->from >> a & 1) == 0 ||
				    (s->to >> b & 1) == 0 || a == b)
					continue;
				for (size_t i = 0; i < ARRAY_LEN(lines); i++)
					known |= (lines[i].a == a &&
						     lines[i].b == b) ||
						 (lines[i].a == b &&
						     lines[i].b == a);
				if (!known)
					fail_msg("%s from %s to %s", s->name,
					    proc_name((enum proc)a),
					    proc_name((enum proc)b));
			}
	}
}

static void
test_order_of_a_session(void **state)
{
	static const struct {
		unsigned type;
		enum proc from, to;
		unsigned ok; /* states in which it may come */
	} rows[] = {{MSG_SES_AUTH, PROC_SESSION, PROC_BROKER, MST_NEW},
	    {MSG_SES_DIAL, PROC_SESSION, PROC_BROKER, MST_READY},
	    {MSG_NT_CERT, PROC_SESSION, PROC_NOTARY, MST_READY | MST_LIVE},
	    {MSG_REC_DATA, PROC_SESSION, PROC_RECORDER, MST_READY}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (unsigned st = 1; st <= MST_LIVE; st <<= 1)
			assert_int_equal(msg_allowed(rows[i].type, rows[i].from,
					     rows[i].to, st, 0) == 0,
			    (rows[i].ok & st) != 0);
	/* nobody but the broker opens, nobody but the notary hands keys */
	for (unsigned p = 0; p < PROC_COUNT; p++) {
		assert_int_equal(msg_allowed(MSG_FW_OPEN, (enum proc)p,
				     PROC_FIREWALL, MST_READY, 0) == 0,
		    p == PROC_BROKER);
		assert_int_equal(msg_allowed(MSG_NT_GRANT_OPEN, (enum proc)p,
				     PROC_NOTARY, MST_READY, 0) == 0,
		    p == PROC_BROKER);
		assert_int_equal(msg_allowed(MSG_NT_KEY, (enum proc)p,
				     PROC_FIREWALL, MST_READY, 0) == 0,
		    p == PROC_NOTARY);
	}
}

/* The result of an answer is the error, there and back; what is none is never
 * "done". */
static void
test_result(void **state)
{
	(void)state;
	assert_int_equal(msg_result(0), 0);
	assert_int_equal(msg_error(0), 0);
	for (int e = -1; e >= -UINT8_MAX; e--)
		assert_int_equal(msg_error(msg_result(e)), e);
	assert_int_equal(msg_error(msg_result(1)), GW_ESYS);
	assert_int_equal(msg_error(msg_result(-256)), GW_ESYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_result),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_malformed),
	    cmocka_unit_test(test_unknown_types),
	    cmocka_unit_test(test_too_long_to_send),
	    cmocka_unit_test(test_bad_values),
	    cmocka_unit_test(test_whole_too_large),
	    cmocka_unit_test(test_rows_cover_structs),
	    cmocka_unit_test(test_whole_configuration),
	    cmocka_unit_test(test_allowed_matrix),
	    cmocka_unit_test(test_who_may_speak),
	    cmocka_unit_test(test_order_of_a_session),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
