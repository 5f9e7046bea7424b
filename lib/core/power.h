/* SPDX-License-Identifier: Apache-2.0 */
/*
 * power - who has a say over the gateway, and what a change would make of that.
 * Holders are all who have a right of administration or are in a group that a
 * role's approvals name. A change that widens power wants a second admin, whose
 * word is for the text that says how. Pure.
 */
#ifndef CORE_POWER_H
#define CORE_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/limits.h"
#include "core/right.h"
#include "core/rolefield.h"
#include "core/target.h"

enum { POWER_MARK_SIZE = 17 };

struct holder {
	char id[LIMIT_ID_SIZE];
	char name[LIMIT_NAME_SIZE];
	uint8_t rights;
	bool disabled;
	bool enrolled; /* as struct approver has it */
	bool locked;
	struct name_list groups; /* of those that approvals name */
	unsigned nkeys;
	char key[LIMIT_KEYS_PER_USER][64];
	/* What tells one from another; "" = there is none. */
	char factor[POWER_MARK_SIZE];
	char invite[POWER_MARK_SIZE];
};

struct power {
	struct holder *holders;
	size_t nholders;
	struct policy_role *roles; /* those that want approvals */
	size_t nroles;
};

/* How power is wider after than before: a line for each way, none where it is
 * not. Buffers of their own say when that is too much. */
void power_widening(
    struct buf *ret, const struct power *before, const struct power *after);
/* Who of those that have a right a change touches: it gives them one or takes
 * it, or their keys, factor, invitation, or lets them in again, or removes
 * them. That is for admins alone. NULL: nobody. Borrowed. */
const char *power_touched(
    const struct power *before, const struct power *after);
/* Is there an admin who has enrolled, beside the author ("" = root)? One who is
 * locked out counts: else whoever locks the others out needed them no more. */
bool power_has_second(const struct power *p, const char *author_id);

#endif
