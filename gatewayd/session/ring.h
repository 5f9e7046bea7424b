/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring - bytes of one channel in one direction between the two legs. The
 * memory comes with the first byte and is RING_SIZE: more than libssh's window
 * (1,280,000) and headroom, so that a stalled direction can always be drained
 * whole, never in pieces (draining in pieces makes libssh open its window
 * again and finally drop data without a word).
 */
#ifndef SESSION_RING_H
#define SESSION_RING_H

#include <stddef.h>
#include <stdint.h>

enum { RING_SIZE = 2 * 1024 * 1024, RING_HEADROOM = 64 * 1024 };

struct ring {
	uint8_t *p;
	size_t head; /* of the first byte */
	size_t len;
};

void ring_done(struct ring *r);
size_t ring_space(const struct ring *r);
/* How many bytes fitted; fewer than n when full or out of memory. */
size_t ring_put(struct ring *r, const void *p, size_t n);
/* The first contiguous run; NULL and 0 when empty. */
const uint8_t *ring_peek(const struct ring *r, size_t *retn);
/* The run that starts at offset `skip`. */
const uint8_t *ring_peek_at(const struct ring *r, size_t skip, size_t *retn);
void ring_drop(struct ring *r, size_t n);

#endif
