/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known - the sources (an IPv4 address, an IPv6 /64) that have a live grant or
 * token, and how many of these. Bookkeeping for core/places.h: it decides
 * nothing.
 */
#ifndef CORE_KNOWN_H
#define CORE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/attr.h"

struct known_source {
	struct addr addr;
	unsigned n;
};

struct known {                        /* all zero: none */
	struct known_source *sources; /* in order; the struct's own */
	size_t n, size;               /* size: that there is memory for */
};

/* How often a's source is known now. GW_ENOMEM; GW_ELIMIT beyond
 * LIMIT_KNOWN_SOURCES: then it is as if it were not. */
int known_add(struct known *k, const struct addr *a);
/* How often it still is; 0 also for one that never was. */
unsigned known_drop(struct known *k, const struct addr *a);
bool known_has(const struct known *k, const struct addr *a);
/* Forgets all, and frees. */
void known_clear(struct known *k);

#endif
