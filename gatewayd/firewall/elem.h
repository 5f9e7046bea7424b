/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elem - one set element in the kernel: set it to end in so many
 * milliseconds, remove it, read it back. Knows how to do each on kernels with
 * and without update in place and DESTROYSETELEM. Keeps no state: who holds
 * an element and for how long is known to holds.h.
 */
#ifndef FIREWALL_ELEM_H
#define FIREWALL_ELEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "firewall/ability.h"
#include "firewall/nl.h"
#include "firewall/sets.h"

enum {
	/* Shorter lives are over: rounded down to a kernel tick they could
	 * become 0, which the kernel takes for "for ever". */
	ELEM_LIFE_MIN_MS = 20,
	/* Nothing this process opens lives longer, whatever it is asked for. */
	ELEM_LIFE_MAX_MS = (LIMIT_GRANT_MAX_S + LIMIT_CLIENT_TAIL_S) * 1000,
};

/* Message bodies, for batches of more than one element. life_ms 0 only for
 * sets without timeout; comment may be NULL. */
void elem_put(struct nlb *b, uint16_t msg, uint16_t flags,
    const struct set_key *k, int64_t life_ms, const char *comment);
/* Removes every element of a set. */
void elem_flush(struct nlb *b, enum set_id set);

/* Makes k live exactly life_ms from now, new or not, never with a moment
 * without it. GW_EINVAL for a life outside ELEM_LIFE_*, GW_ELIMIT when the
 * set is full. */
MUST_CHECK int elem_set(struct nl *nl, const struct ability *can,
    const struct set_key *k, int64_t life_ms, const char *comment);
/* The same by a new element in place of the old one: an update in place keeps
 * the comment that was there. No packet meets the moment between. */
MUST_CHECK int elem_replace(struct nl *nl, const struct set_key *k,
    int64_t life_ms, const char *comment);
/* Gone afterwards; not there is fine. */
MUST_CHECK int elem_remove(
    struct nl *nl, const struct ability *can, const struct set_key *k);

struct elem {
	struct set_key key;
	int64_t left_ms;                 /* 0 = permanent */
	char comment[LIMIT_ID_SIZE * 2]; /* "" when none or not ours */
};

/* GW_ENOENT when the kernel has no live element of that key. */
MUST_CHECK int elem_get(
    struct nl *nl, struct elem *ret, const struct set_key *k);
/* Not the truth (a dump misses and repeats): confirm by elem_get. */
MUST_CHECK int elem_dump(struct nl *nl, enum set_id set,
    int (*cb)(void *arg, const struct elem *e), void *arg);

#endif
