/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf - a growable byte buffer with a hard maximum, and a reader over borrowed
 * bytes. Integers are big-endian, "string" is the SSH wire string (RFC 4251
 * section 5): u32 length, then bytes.
 *
 * Writers are sticky: after the first failure every later put is a no-op and
 * buf_err() says why, so a body of puts needs one check at its end. Readers
 * likewise: after running off the end every get yields 0/empty and
 * rd_done() fails.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct buf {
	uint8_t *p;
	size_t len;
	size_t cap;
	size_t max; /* never grows past this */
	int err;
};

void buf_init(struct buf *b, size_t max);
void buf_done(struct buf *b);  /* wipes and frees; safe twice */
void buf_reset(struct buf *b); /* len = 0, err = 0, memory kept and wiped */
MUST_CHECK int buf_err(const struct buf *b);

void buf_put(struct buf *b, const void *p, size_t n);
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_string(struct buf *b, const void *p, size_t n); /* u32 + bytes */
void buf_cstring(struct buf *b, const char *s);          /* u32 + strlen */
void buf_b64(struct buf *b, const void *p, size_t n);    /* as str_b64 */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Drops n bytes from the front; n > len is a bug (abort). */
void buf_shift(struct buf *b, size_t n);

struct rd {
	const uint8_t *p;
	size_t left;
	bool bad;
};

void rd_init(struct rd *r, const void *p, size_t n);
uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);
/* Borrowed from the reader's bytes; NULL and 0 on failure. */
const uint8_t *rd_bytes(struct rd *r, size_t n);
const uint8_t *rd_string(struct rd *r, size_t *retn);
/* A string that is a positive mpint (RFC 4251 section 5) in its one encoding:
 * without the sign's zero byte. NULL if it is not. */
const uint8_t *rd_mpint(struct rd *r, size_t *retn);
/* Copies an SSH string of at most size-1 bytes without NUL inside, ends it. */
void rd_cstring(struct rd *r, char *ret, size_t size);
/* 0 only if nothing failed and no byte is left; else GW_EPROTO. */
MUST_CHECK int rd_done(const struct rd *r);

#endif
