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
		explicit_bzero(r->p, r->size);
	free(r->p);
	memset(r, 0, sizeof(*r));
}

size_t
ring_space(const struct ring *r)
{
	return r->size - r->len;
}

bool
ring_reserve(struct ring *r, size_t n)
{
	struct ring wider = {.p = NULL};
	const uint8_t *p;
	size_t run;

	if (n <= ring_space(r))
		return true;
	if (n > RING_MAX - r->len)
		return false;
	wider.size = (r->len + n + RING_MIN - 1) / RING_MIN * RING_MIN;
	if (wider.size < 2 * r->size && 2 * r->size <= RING_MAX)
		wider.size = 2 * r->size;
	if ((wider.p = malloc(wider.size)) == NULL)
		return false;
	while ((p = ring_peek_at(r, wider.len, &run)) != NULL) {
		memcpy(wider.p + wider.len, p, run);
		wider.len += run;
	}
	ring_done(r);
	*r = wider;
	return true;
}

size_t
ring_put(struct ring *r, const void *p, size_t n)
{
	const uint8_t *from = p;
	size_t tail;
	size_t first;

	if (n > ring_space(r))
		n = ring_space(r);
	if (n == 0)
		return 0;
	tail = (r->head + r->len) % r->size;
	first = r->size - tail < n ? r->size - tail : n;
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
	at = (r->head + skip) % r->size;
	*retn = r->len - skip;
	if (*retn > r->size - at)
		*retn = r->size - at;
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
	r->head = r->len == 0 ? 0 : (r->head + n) % r->size;
}
