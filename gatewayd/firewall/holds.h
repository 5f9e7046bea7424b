/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holds - who holds which opening until when. The kernel keeps one element
 * per key and counts no owners; here every grant (or session) that wants the
 * key open has its own hold, and the element lives as long as the longest of
 * them. Pure bookkeeping: no netlink, no clock.
 */
#ifndef FIREWALL_HOLDS_H
#define FIREWALL_HOLDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "core/element.h"
#include "firewall/sets.h"

struct holds_key;

struct hold {
	struct set_key key;
	struct element element;
	char id[LIMIT_ID_SIZE];    /* what the receipt named */
	char grant[LIMIT_ID_SIZE]; /* == id unless id is a session */
	int64_t end_ms;            /* boottime */
	uint32_t round;            /* of the sync that last asserted it */
	bool closing;              /* ended; open a little longer for a word */
	/* holds.c's own */
	struct holds_key *at;
	struct hold *next_key, *next_id, *next_grant, *next_all, **prev_all;
};

enum { HOLDS_MAX = 2 * LIMIT_GRANTS * LIMIT_SOURCES };

struct holds;

MUST_CHECK int holds_new(struct holds **ret);
void holds_free(struct holds *l); /* NULL is a no-op */

/* One hold per key and id: a second put replaces end, element and round. The
 * hold stays l's. GW_EINVAL when the id was another grant's, GW_ELIMIT,
 * GW_ENOMEM. */
MUST_CHECK int holds_put(struct holds *l, struct hold **ret,
    const struct set_key *k, const struct element *e, const char *id,
    const char *grant, uint32_t round);
void holds_drop(struct holds *l, struct hold *h);
/* The hold that ends last, or NULL. */
const struct hold *holds_longest(
    const struct holds *l, const struct set_key *k);
/* Whom does the kernel's element name? As holds_name said last; nobody, for a
 * key that is new here. */
bool holds_is_named(const struct hold *h);
void holds_name(const struct hold *h);
struct hold *holds_find(
    const struct holds *l, const struct set_key *k, const char *id);
/* Every hold of a session id, or of a grant with its sessions: the first
 * after `after` (NULL to start). Drop only what is not `after`. */
struct hold *holds_of(
    const struct holds *l, const char *id, const struct hold *after);
/* Every hold. */
struct hold *holds_all(const struct holds *l, const struct hold *after);
size_t holds_count(const struct holds *l);
/* The earliest end of all, INT64_MAX when empty. Scans. */
int64_t holds_first_end(const struct holds *l);

#endif
