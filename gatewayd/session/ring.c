/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring - see ring.h. No libssh here.
 */
#include "session/ring.h"

#include <stdlib.h>
#include <string.h>

void
ring_done(struct ring *r)
{
	if (r->p != NULL)
		explicit_bzero(r->p, RING_SIZE);
	free(r->p);
	memset(r, 0, sizeof(*r));
}

size_t
ring_space(const struct ring *r)
{
	return RING_SIZE - r->len;
}

size_t
ring_put(struct ring *r, const void *p, size_t n)
{
	const uint8_t *from = p;
	size_t tail;
	size_t first;

	if (n > ring_space(r))
		n = ring_space(r);
	if (n == 0 || (r->p == NULL && (r->p = malloc(RING_SIZE)) == NULL))
		return 0;
	tail = (r->head + r->len) % RING_SIZE;
	first = RING_SIZE - tail < n ? RING_SIZE - tail : n;
	memcpy(r->p + tail, from, first);
	memcpy(r->p, from + first, n - first);
	r->len += n;
	return n;
}

const uint8_t *
ring_peek_at(const struct ring *r, size_t skip, size_t *retn)
{
	size_t at;

	*retn = 0;
	if (skip >= r->len)
		return NULL;
	at = (r->head + skip) % RING_SIZE;
	*retn = r->len - skip;
	if (*retn > RING_SIZE - at)
		*retn = RING_SIZE - at;
	return r->p + at;
}

const uint8_t *
ring_peek(const struct ring *r, size_t *retn)
{
	return ring_peek_at(r, 0, retn);
}

void
ring_drop(struct ring *r, size_t n)
{
	if (n > r->len)
		abort();
	r->len -= n;
	/* start over when empty: an idle shell touches one page, not all */
	r->head = r->len == 0 ? 0 : (r->head + n) % RING_SIZE;
}
