/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delegation - what an owner lends their agent, and until when: an act of
 * theirs, signed, and no part of the policy. An agent has one at a time. Pure.
 */
#ifndef CORE_DELEGATION_H
#define CORE_DELEGATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "core/selector.h"
#include "core/target.h"

struct delegation {
	char id[LIMIT_ID_SIZE]; /* "d-7Q2MXK4P"; "" = there is none */
	char agent[LIMIT_NAME_SIZE], agent_id[LIMIT_ID_SIZE];
	char owner[LIMIT_NAME_SIZE], owner_id[LIMIT_ID_SIZE];
	char key_fp[64];             /* by which it was signed */
	struct name_list roles;      /* of the owner's; none: any */
	struct name_list targets;    /* by name, */
	struct selector_list select; /* or by label; neither: any, by the roles
				      */
	struct name_list logins;
	uint32_t caps;
	uint32_t max_s;
	int64_t created_ms, until_ms;
	char reason[LIMIT_REASON_SIZE];
	uint64_t seq;
};

/* It lends something, for so long as it may. */
bool delegation_ok(const struct delegation *d);
/* It is for that target. */
bool delegation_covers(const struct delegation *d, const struct target *t);

#endif
