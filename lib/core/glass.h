/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glass - break-glass: a way in for when nobody is there to approve, or no role
 * gives it. Who has a key of theirs and a code from paper gets a login of a
 * target through the gateway, for a short time and recorded to the last byte;
 * and nobody gets another until somebody else has reviewed it. Pure.
 *
 * What it passes over: that a role gives it, its hours, its approvals, the
 * second factor. What it does not: a lock, a role that denies, a reason.
 */
#ifndef CORE_GLASS_H
#define CORE_GLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "core/policy.h"

/* In the place of a grant's role. */
#define GLASS_ROLE "break-glass"

/* Is it, or could it be taken for, the above? A grant by a role of that name
 * would read as the loudest event there is. */
bool glass_role_alike(const char *name);

/* The numbers are in stores: none changes its meaning. */
enum glass_state {
	GLASS_NONE = 0,
	GLASS_USED = 1, /* its review is owed, from before it opened on */
	GLASS_REVIEWED = 2,
	GLASS_UNOPENED = 3, /* nothing opened: no review is owed */
	GLASS_STATE_COUNT
};

struct glass_use {
	char id[LIMIT_ID_SIZE]; /* "b-7Q2MXK4P" */
	char user[LIMIT_NAME_SIZE];
	char user_id[LIMIT_ID_SIZE];
	char target[LIMIT_NAME_SIZE];
	char target_id[LIMIT_ID_SIZE];
	char login[LIMIT_NAME_SIZE];
	char grant[LIMIT_ID_SIZE];
	char reason[LIMIT_REASON_SIZE];
	int64_t used_ms;
	uint8_t state;                /* enum glass_state */
	char by[LIMIT_NAME_SIZE];     /* who reviewed it, */
	char note[LIMIT_REASON_SIZE]; /* what they say of it, */
	int64_t reviewed_ms;          /* and when; 0 = not yet */
	uint64_t seq;
};

/* "used"; "" for what is none. */
const char *glass_state_str(enum glass_state s);
/* Fills all of *ret: POLICY_ALLOW or POLICY_DENY. owed is a use that nobody has
 * reviewed; NULL: there is none, or it is no new one that is judged. */
void glass_decide(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t nroles,
    const struct glass_use *owed);

#endif
