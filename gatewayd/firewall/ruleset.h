/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ruleset - the static part of table inet sallyport: sets, chains, rules and
 * the lists of what is protected. Loaded in one transaction, which leaves the
 * live elements of the dynamic sets as they are; between old and new there is
 * no moment without a rule. It opens nothing by itself.
 *
 * The rules judge every packet by its conntrack tuple, in both directions:
 * no blanket accept of established flows, no pick-up in mid-stream.
 */
#ifndef FIREWALL_RULESET_H
#define FIREWALL_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/addr.h"
#include "base/attr.h"
#include "firewall/ability.h"
#include "firewall/nl.h"

struct triple {
	struct addr addr;
	uint8_t proto;
	uint16_t port;
};

struct ruleset {
	struct triple *protected_; /* owned */
	size_t nprotected, cap;
	uint32_t *index; /* owned: hash of their places; ruleset.c's own */
	size_t nindex;
	uint16_t own[16];
	size_t nown;
	struct prefix networks[16]; /* may always come to own ports */
	size_t nnetworks;
	uid_t poke_uid; /* whose empty ACKs may leave (cut.h) */
	uid_t leg_uid;  /* who alone may dial over a leg */
};

void ruleset_done(struct ruleset *rs); /* safe twice */
/* True in *retnew when it was not there. GW_EINVAL, GW_ELIMIT, GW_ENOMEM. */
MUST_CHECK int ruleset_protect(
    struct ruleset *rs, const struct triple *t, bool *retnew);
/* It is not protected any more. GW_ENOENT, GW_ENOMEM. */
MUST_CHECK int ruleset_unprotect(struct ruleset *rs, const struct triple *t);
/* Forgets what was added since there were n of them: it is not shut. */
void ruleset_cut(struct ruleset *rs, size_t n);
/* A copy of the protected alone, for another's ruleset. GW_ENOMEM. */
MUST_CHECK int ruleset_copy_protected(
    struct ruleset *ret, const struct ruleset *rs);

enum load_result {
	LOAD_FAILED = 0,
	LOAD_NEW,     /* there was no table */
	LOAD_ADOPTED, /* there was one; its live elements are still live */
	LOAD_REBUILT, /* there was one that could not be adopted */
};

/* GW_EDENIED: the table belongs to another living process, or we lack
 * CAP_NET_ADMIN. */
MUST_CHECK int ruleset_load(struct nl *nl, const struct ability *can,
    const struct ruleset *rs, enum load_result *ret);
/* Adds protected triples to a loaded table, all or none. */
MUST_CHECK int ruleset_add(struct nl *nl, const struct triple *t, size_t n);

/* Removes one from a loaded table. */
MUST_CHECK int ruleset_remove(
    struct nl *nl, const struct ability *can, const struct triple *t);

/* What the kernel has, as one number over flags, chains and rules; changes
 * whenever somebody changes them. GW_ENOENT without a table. */
MUST_CHECK int ruleset_print(struct nl *nl, uint64_t *ret);
/* GW_ENOENT if a protected triple, or own port is not in the kernel. */
MUST_CHECK int ruleset_lists_check(struct nl *nl, const struct ruleset *rs);
/* The generation: one more with every commit in this network namespace. */
MUST_CHECK int ruleset_generation(struct nl *nl, uint32_t *ret);
/* Does anybody's rule lead packets round the hooks we judge at? */
MUST_CHECK int ruleset_bypassed(struct nl *nl, bool *ret);

#endif
