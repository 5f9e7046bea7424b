/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring - bytes of one channel in one direction between the two legs. Its
 * memory comes when it is asked for, in steps of RING_MIN, and is wiped when it
 * goes. How much a direction may have is in stream.h.
 */
#ifndef SESSION_RING_H
#define SESSION_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"

enum {
	RING_MIN = 64 * 1024,
	RING_MAX = 2 * LIMIT_SSH_UNREAD, /* what libssh keeps, and more */
};

struct ring {
	uint8_t *p;
	size_t size; /* of p; 0 = none */
	size_t head; /* of the first byte */
	size_t len;
};

void ring_done(struct ring *r);
size_t ring_space(const struct ring *r);
/* Makes space for n more bytes; false, and nothing has changed, when memory is
 * out or it would be larger than RING_MAX. */
MUST_CHECK bool ring_reserve(struct ring *r, size_t n);
/* How many bytes fitted into the space there is. */
size_t ring_put(struct ring *r, const void *p, size_t n);
/* The first contiguous run; NULL and 0 when empty. */
const uint8_t *ring_peek(const struct ring *r, size_t *retn);
/* The run that starts at offset `skip`. */
const uint8_t *ring_peek_at(const struct ring *r, size_t skip, size_t *retn);
void ring_drop(struct ring *r, size_t n);

#endif
