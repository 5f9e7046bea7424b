/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msg_refused - what no encoder can have written is refused, and what is too
 * long is not sent.
 */
#include "tests/unit/wire/msgscene.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

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

void
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

void
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
void
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

void
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

void
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
