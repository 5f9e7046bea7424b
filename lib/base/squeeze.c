/* SPDX-License-Identifier: Apache-2.0 */
/*
 * squeeze - see the header. Runs, each of a head and the bytes that follow it.
 */
#include "base/squeeze.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { GAP = 8 }; /* internal: so many zeros end a run; less is not worth it */

struct head {
	uint32_t zeros; /* before them */
	uint32_t bytes;
};

/* How many zeros there are at p. */
static size_t
zeros(const uint8_t *p, size_t n)
{
	static const uint8_t none[64];
	size_t k = 0;

	while (n - k >= sizeof(none) && memcmp(p + k, none, sizeof(none)) == 0)
		k += sizeof(none);
	while (k < n && p[k] == 0)
		k++;
	return k;
}

/* How many bytes there are at p until enough zeros, or the end. */
static size_t
bytes(const uint8_t *p, size_t n)
{
	size_t k = 0, run = 0;

	for (; k < n && run < GAP; k++)
		run = p[k] == 0 ? run + 1 : 0;
	return k - run;
}

/* Into to, NULL = nowhere: how many bytes it takes. */
static size_t
write_runs(uint8_t *to, const uint8_t *p, size_t n)
{
	size_t at = 0, len = 0;

	while (at < n) {
		struct head h = {.zeros = (uint32_t)zeros(p + at, n - at)};

		at += h.zeros;
		h.bytes = (uint32_t)bytes(p + at, n - at);
		if (to != NULL) {
			memcpy(to + len, &h, sizeof(h));
			memcpy(to + len + sizeof(h), p + at, h.bytes);
		}
		len += sizeof(h) + h.bytes;
		at += h.bytes;
	}
	return len;
}

int
squeeze(struct squeezed *s, const void *p, size_t n)
{
	const size_t len = n <= UINT32_MAX ? write_runs(NULL, p, n) : 0;
	uint8_t *to = len > 0 ? malloc(len) : NULL;

	squeezed_done(s);
	if (to == NULL)
		return GW_ENOMEM;
	(void)write_runs(to, p, n);
	s->p = to;
	s->n = len;
	return 0;
}

bool
unsqueeze(void *ret, size_t n, const struct squeezed *s)
{
	uint8_t *to = ret;
	size_t at = 0, from = 0;
	struct head h;
	bool good = s->p != NULL;

	memset(ret, 0, n);
	while (good && from < s->n) {
		good = s->n - from >= sizeof(h);
		if (!good)
			break;
		memcpy(&h, s->p + from, sizeof(h));
		from += sizeof(h);
		good = h.zeros <= n - at && h.bytes <= n - at - h.zeros &&
		       h.bytes <= s->n - from;
		if (!good)
			break;
		at += h.zeros;
		memcpy(to + at, s->p + from, h.bytes);
		at += h.bytes;
		from += h.bytes;
	}
	if (good && at == n)
		return true;
	explicit_bzero(ret, n);
	return false;
}

void
squeezed_done(struct squeezed *s)
{
	if (s->p != NULL)
		explicit_bzero(s->p, s->n);
	free(s->p);
	*s = (struct squeezed){.p = NULL};
}
