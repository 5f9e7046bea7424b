/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf - growable bytes and a reader. Memory is always wiped before it is given
 * back, because passwords, codes and seeds travel through here. Does no I/O.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

enum { BUF_FIRST = 64 };

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void
buf_done(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	free(b->p);
	*b = (struct buf){.max = b->max};
}

void
buf_reset(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	b->len = 0;
	b->err = 0;
}

int
buf_err(const struct buf *b)
{
	return b->err;
}

/* Room for n more bytes, or the sticky error. One spare byte beyond cap is
 * always allocated: vsnprintf wants to write its NUL there. */
static bool
buf_room(struct buf *b, size_t n)
{
	size_t cap = b->cap;
	uint8_t *p = NULL;

	if (b->err != 0)
		return false;
	if (n > b->max - b->len) {
		b->err = GW_ELIMIT;
		return false;
	}
	if (b->p != NULL && n <= b->cap - b->len)
		return true;

	if (cap < BUF_FIRST)
		cap = BUF_FIRST;
	while (cap < b->len + n && cap <= b->max / 2)
		cap *= 2;
	if (cap < b->len + n || cap > b->max)
		cap = b->max;
	/* Not realloc: it may leave a copy of the old bytes behind. */
	if (cap == SIZE_MAX || (p = malloc(cap + 1)) == NULL) {
		b->err = GW_ENOMEM;
		return false;
	}
	if (b->p != NULL) {
		memcpy(p, b->p, b->len);
		explicit_bzero(b->p, b->cap);
		free(b->p);
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || !buf_room(b, n))
		return;
	memcpy(b->p + b->len, p, n);
	b->len += n;
}

static void
buf_be(struct buf *b, uint64_t v, unsigned bytes)
{
	uint8_t be[8];

	for (unsigned i = 0; i < bytes; i++)
		be[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)) & 0xff);
	buf_put(b, be, bytes);
}

void
buf_u8(struct buf *b, uint8_t v)
{
	buf_be(b, v, 1);
}

void
buf_u16(struct buf *b, uint16_t v)
{
	buf_be(b, v, 2);
}

void
buf_u32(struct buf *b, uint32_t v)
{
	buf_be(b, v, 4);
}

void
buf_u64(struct buf *b, uint64_t v)
{
	buf_be(b, v, 8);
}

void
buf_string(struct buf *b, const void *p, size_t n)
{
	if (b->err == 0 && n > UINT32_MAX - 4)
		b->err = GW_ELIMIT;
	/* Both or neither: no length without its bytes. */
	if (!buf_room(b, n + 4))
		return;
	buf_u32(b, (uint32_t)n);
	buf_put(b, p, n);
}

void
buf_cstring(struct buf *b, const char *s)
{
	buf_string(b, s, strlen(s));
}

void
buf_b64(struct buf *b, const void *p, size_t n)
{
	const size_t size = str_b64_size(n) - 1;

	if (size == 0 || !buf_room(b, size))
		return;
	str_b64((char *)b->p + b->len, p, n); /* its NUL on the spare byte */
	b->len += size;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n = 0;

	if (b->err != 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->err = GW_EINVAL;
		return;
	}
	if (n == 0 || !buf_room(b, (size_t)n))
		return;
	va_start(ap, fmt);
	n = vsnprintf((char *)b->p + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		b->err = GW_EINVAL;
	else
		b->len += (size_t)n;
}

void
buf_shift(struct buf *b, size_t n)
{
	if (n > b->len)
		abort();
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->len - n);
	explicit_bzero(b->p + b->len - n, n);
	b->len -= n;
}

void
rd_init(struct rd *r, const void *p, size_t n)
{
	*r = (struct rd){.p = p, .left = n};
}

static void
rd_fail(struct rd *r)
{
	r->bad = true;
	r->left = 0;
}

/* NULL when fewer than n bytes are left. Never NULL for success, also for n
 * of 0 on an empty input, so that callers need not tell those apart. */
const uint8_t *
rd_bytes(struct rd *r, size_t n)
{
	static const uint8_t none[1];
	const uint8_t *p = r->p;

	if (r->bad || n > r->left) {
		rd_fail(r);
		return NULL;
	}
	if (n == 0)
		return p != NULL ? p : none;
	r->p += n;
	r->left -= n;
	return p;
}

static uint64_t
rd_be(struct rd *r, unsigned bytes)
{
	const uint8_t *p = rd_bytes(r, bytes);
	uint64_t v = 0;

	if (p == NULL)
		return 0;
	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t
rd_u8(struct rd *r)
{
	return (uint8_t)rd_be(r, 1);
}

uint16_t
rd_u16(struct rd *r)
{
	return (uint16_t)rd_be(r, 2);
}

uint32_t
rd_u32(struct rd *r)
{
	return (uint32_t)rd_be(r, 4);
}

uint64_t
rd_u64(struct rd *r)
{
	return rd_be(r, 8);
}

const uint8_t *
rd_string(struct rd *r, size_t *retn)
{
	const uint32_t n = rd_u32(r);
	const uint8_t *p = rd_bytes(r, n);

	*retn = p != NULL ? n : 0;
	return p;
}

const uint8_t *
rd_mpint(struct rd *r, size_t *retn)
{
	size_t n = 0;
	const uint8_t *p = rd_string(r, &n);
	/* one zero byte, and only where the sign needs it */
	const size_t zero = n > 1 && p[0] == 0 && (p[1] & 0x80) != 0;

	*retn = 0;
	if (n == 0 || (zero == 0 && (p[0] == 0 || (p[0] & 0x80) != 0))) {
		r->bad = true;
		return NULL;
	}
	*retn = n - zero;
	return p + zero;
}

void
rd_cstring(struct rd *r, char *ret, size_t size)
{
	size_t n = 0;
	const uint8_t *p = rd_string(r, &n);

	if (size == 0) {
		rd_fail(r);
		return;
	}
	ret[0] = '\0';
	if (p == NULL)
		return;
	if (n > size - 1 || memchr(p, 0, n) != NULL) {
		rd_fail(r);
		return;
	}
	memcpy(ret, p, n);
	ret[n] = '\0';
}

int
rd_done(const struct rd *r)
{
	return !r->bad && r->left == 0 ? 0 : GW_EPROTO;
}
