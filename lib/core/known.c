/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known - see the header. A sorted list: it is asked far more often than it
 * changes, and no one outside can choose what makes it slow.
 */
#include "core/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"

/* Where a is, or would be. */
static size_t
place_of(const struct known *k, const struct addr *a, bool *rethit)
{
	size_t from = 0, to = k->n;

	*rethit = false;
	while (from < to) {
		const size_t mid = from + (to - from) / 2;
		const int c = memcmp(a, &k->sources[mid].addr, sizeof(*a));

		*rethit = c == 0;
		if (c == 0)
			return mid;
		if (c < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return from;
}

static int
grow(struct known *k)
{
	const size_t size = k->size == 0 ? 16 : k->size * 2;
	struct known_source *p;

	if (k->n < k->size)
		return 0;
	if (k->n >= LIMIT_KNOWN_SOURCES)
		return GW_ELIMIT;
	if ((p = reallocarray(k->sources, size, sizeof(*p))) == NULL)
		return GW_ENOMEM;
	k->sources = p;
	k->size = size;
	return 0;
}

int
known_add(struct known *k, const struct addr *a)
{
	const struct addr source = addr_network(a);
	bool hit;
	const size_t i = place_of(k, &source, &hit);
	int r;

	if (hit)
		return (int)++k->sources[i].n;
	if ((r = grow(k)) != 0)
		return r;
	memmove(&k->sources[i + 1], &k->sources[i],
	    (k->n - i) * sizeof(k->sources[0]));
	k->sources[i] = (struct known_source){.addr = source, .n = 1};
	k->n++;
	return 1;
}

unsigned
known_drop(struct known *k, const struct addr *a)
{
	const struct addr source = addr_network(a);
	bool hit;
	const size_t i = place_of(k, &source, &hit);

	if (!hit)
		return 0;
	if (--k->sources[i].n > 0)
		return k->sources[i].n;
	k->n--;
	memmove(&k->sources[i], &k->sources[i + 1],
	    (k->n - i) * sizeof(k->sources[0]));
	return 0;
}

bool
known_has(const struct known *k, const struct addr *a)
{
	const struct addr source = addr_network(a);
	bool hit;

	(void)place_of(k, &source, &hit);
	return hit;
}

void
known_clear(struct known *k)
{
	free(k->sources);
	*k = (struct known){0};
}
