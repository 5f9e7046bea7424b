/* SPDX-License-Identifier: Apache-2.0 */
/*
 * behalf - on whose behalf an agent asks. What it may is what its own roles
 * give, what its owner's roles would give the owner for the same request, and
 * what the owner has lent it (core/delegation.h): all of them have to say yes,
 * and of each of their limits the strictest holds. Somebody has to approve it:
 * whoever the roles of either say, or the owner. Part of the decision
 * (core/policy.h), and as pure.
 */
#ifndef CORE_BEHALF_H
#define CORE_BEHALF_H

#include <stdbool.h>

#include "core/delegation.h"
#include "core/policy.h"

struct behalf {
	char owner[LIMIT_NAME_SIZE];
	char owner_id[LIMIT_ID_SIZE];
	bool stands;             /* the owner is active */
	struct name_list groups; /* of the owner */
	struct delegation d;     /* of theirs; id "" = nothing is lent */
};

/* Of what b lends: is it no more than its owner has at the target of f as its
 * login? If not, policy_refuse()d in *ret, which is all written. */
bool behalf_lends(struct policy_result *ret, const struct behalf *b,
    const struct policy_facts *f, const struct policy_role *roles, size_t n);
/* The same of a role that it names. */
bool behalf_lends_role(struct policy_result *ret, const struct behalf *b,
    const char *role, const struct policy_role *roles, size_t n, int64_t at_ms);

#endif
