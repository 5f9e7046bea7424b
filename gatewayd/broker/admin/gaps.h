/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gaps - of a role that is made or changed: which others give the same people
 * the same target on other terms. Whoever is in both may name the one that
 * wants less (core/gap.h), so it is told; and so is what the others give more
 * once a role goes that made it less.
 */
#ifndef BROKER_ADMIN_GAPS_H
#define BROKER_ADMIN_GAPS_H

#include "broker/broker.h"
#include "wire/json.h"

enum { GAPS_EFFORT = 50000 }; /* internal: comparisons, users and targets */

/* Adds a sentence for each to a list: r as it will be, beside the others there
 * are; a few, and that there are more. *effort is what it may cost, and goes
 * down: with 0 the rest is not looked for. */
void gaps_tell(json_t *list, struct broker *b, const struct policy_role *r,
    unsigned *effort);

/* Of a target as it will be: the roles that reach it, and did not before (old,
 * NULL: it is new), beside the others that do. */
void gaps_target(json_t *list, struct broker *b, const struct target *old,
    const struct target *t, unsigned *effort);

/* The same of one that goes, beside the others as they stay: where people have
 * more of a target by the rest than with it. */
void gaps_removed(json_t *list, struct broker *b, const struct policy_role *r,
    unsigned *effort);

#endif
