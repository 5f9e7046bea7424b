/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msg - the generic encoder and decoder over the table of messages.c. Knows no
 * message by name and no socket.
 */
#include "wire/msg.h"

#include <string.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"

uint8_t
msg_result(int error)
{
	if (error > 0 || error < -UINT8_MAX)
		error = GW_ESYS;
	return (uint8_t)-error;
}

int
msg_error(uint8_t result)
{
	return -(int)result;
}

const struct msg_spec *
msg_spec(unsigned type)
{
	size_t n = 0;
	const struct msg_spec *t = msg_table(&n);

	for (size_t i = 0; i < n; i++)
		if (t[i].type == type)
			return &t[i];
	return NULL;
}

size_t
msg_size_max(void)
{
	size_t n = 0;
	size_t max = 0;
	const struct msg_spec *t = msg_table(&n);

	for (size_t i = 0; i < n; i++)
		if (t[i].size > max)
			max = t[i].size;
	return max;
}

static int
put_bytes(struct buf *b, const struct msg_field *f, const void *p)
{
	struct bytes v;

	memcpy(&v, p, sizeof(v));
	if (v.len > f->max || (v.len > 0 && v.p == NULL))
		return GW_EINVAL;
	buf_string(b, v.p, v.len);
	return 0;
}

static int
put_str(struct buf *b, const struct msg_field *f, const char *s)
{
	size_t n = strnlen(s, f->max);

	if (n == f->max)
		return GW_EINVAL;
	buf_string(b, s, n);
	return 0;
}

static int
put_one(struct buf *b, const struct msg_field *f, const uint8_t *p)
{
	struct addr a;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (f->kind) {
	case MF_U8:
		buf_u8(b, *p);
		return 0;
	case MF_U16:
		memcpy(&u16, p, sizeof(u16));
		buf_u16(b, u16);
		return 0;
	case MF_U32:
		memcpy(&u32, p, sizeof(u32));
		buf_u32(b, u32);
		return 0;
	case MF_U64:
	case MF_I64:
		memcpy(&u64, p, sizeof(u64));
		buf_u64(b, u64);
		return 0;
	case MF_STR:
		return put_str(b, f, (const char *)p);
	case MF_RAW:
		buf_put(b, p, f->max);
		return 0;
	case MF_ADDR:
		memcpy(&a, p, sizeof(a));
		buf_u8(b, a.family);
		buf_put(b, a.b, sizeof(a.b));
		return 0;
	case MF_BYTES:
		return put_bytes(b, f, p);
	default:
		return GW_EINVAL;
	}
}

static int
put_field(struct buf *b, const struct msg_field *f, const uint8_t *body)
{
	int r = 0;

	for (size_t i = 0; i < f->n && r == 0; i++)
		r = put_one(b, f, body + f->offset + i * f->stride);
	return r;
}

int
msg_encode(struct buf *b, unsigned type, const void *body)
{
	const struct msg_spec *spec = msg_spec(type);
	size_t start = b->len;
	size_t len;
	int r;

	if (spec == NULL)
		return GW_EINVAL;
	buf_u32(b, 0); /* filled in below */
	buf_u16(b, (uint16_t)type);
	buf_u16(b, MSG_VERSION);
	for (uint16_t i = 0; i < spec->nfields; i++)
		if ((r = put_field(b, &spec->fields[i], body)) != 0)
			return r;
	if ((r = buf_err(b)) != 0)
		return r;
	len = b->len - start;
	if (len > LIMIT_MSG_MAX)
		return GW_ELIMIT;
	b->p[start] = (uint8_t)(len >> 24);
	b->p[start + 1] = (uint8_t)(len >> 16);
	b->p[start + 2] = (uint8_t)(len >> 8);
	b->p[start + 3] = (uint8_t)len;
	return 0;
}

static int
get_addr(struct rd *r, uint8_t *p)
{
	static const struct addr none;
	struct addr a = {0};
	const uint8_t *raw;

	a.family = rd_u8(r);
	raw = rd_bytes(r, sizeof(a.b));
	if (raw == NULL)
		return GW_EPROTO;
	memcpy(a.b, raw, sizeof(a.b));
	/* one value, one encoding, also of none */
	if (!addr_valid(&a) && memcmp(&a, &none, sizeof(a)) != 0)
		return GW_EPROTO;
	memcpy(p, &a, sizeof(a));
	return 0;
}

static int
get_one(struct rd *r, const struct msg_field *f, uint8_t *p)
{
	const uint8_t *raw;
	struct bytes v = {0};
	size_t n = 0;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (f->kind) {
	case MF_U8:
		*p = rd_u8(r);
		break;
	case MF_U16:
		u16 = rd_u16(r);
		memcpy(p, &u16, sizeof(u16));
		break;
	case MF_U32:
		u32 = rd_u32(r);
		memcpy(p, &u32, sizeof(u32));
		break;
	case MF_U64:
	case MF_I64:
		u64 = rd_u64(r);
		memcpy(p, &u64, sizeof(u64));
		break;
	case MF_STR:
		rd_cstring(r, (char *)p, f->max);
		break;
	case MF_RAW:
		if ((raw = rd_bytes(r, f->max)) != NULL)
			memcpy(p, raw, f->max);
		break;
	case MF_ADDR:
		return get_addr(r, p);
	case MF_BYTES:
		v.p = rd_string(r, &n);
		if (n > f->max)
			return GW_EPROTO;
		v.len = (uint32_t)n;
		memcpy(p, &v, sizeof(v));
		break;
	default:
		return GW_EPROTO;
	}
	return r->bad ? GW_EPROTO : 0;
}

static int
get_field(struct rd *r, const struct msg_field *f, uint8_t *body)
{
	int e = 0;

	for (size_t i = 0; i < f->n && e == 0; i++)
		e = get_one(r, f, body + f->offset + i * f->stride);
	return e;
}

int
msg_decode(const void *frame, size_t n, unsigned *rettype, void *ret)
{
	const struct msg_spec *spec;
	struct rd r;
	unsigned type;
	int e;

	rd_init(&r, frame, n);
	if (n > LIMIT_MSG_MAX || rd_u32(&r) != n)
		return GW_EPROTO;
	type = rd_u16(&r);
	if (rd_u16(&r) != MSG_VERSION || r.bad)
		return GW_EPROTO;
	if ((spec = msg_spec(type)) == NULL)
		return GW_EPROTO;
	memset(ret, 0, spec->size);
	for (uint16_t i = 0; i < spec->nfields; i++)
		if ((e = get_field(&r, &spec->fields[i], ret)) != 0)
			return e;
	if ((e = rd_done(&r)) != 0)
		return e;
	*rettype = type;
	return 0;
}

int
msg_allowed(
    unsigned type, enum proc from, enum proc to, unsigned state, unsigned nfds)
{
	const struct msg_spec *spec = msg_spec(type);

	if (spec != NULL && FAULT(msg_table))
		return 0;
	if (spec == NULL || (spec->from & PROC_BIT(from)) == 0 ||
	    (spec->to & PROC_BIT(to)) == 0 || (spec->states & state) == 0 ||
	    spec->fds != nfds)
		return GW_EPROTO;
	return 0;
}
