/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own - what a change of roles, of who is in them, or of targets gives its own
 * author more of. Whoever may write the policy could else write themselves in.
 * Pure.
 */
#ifndef CORE_OWN_H
#define CORE_OWN_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "core/policy.h"

/* One user's roles at some moment, those that deny too. */
struct own_role {
	struct policy_role r;
	int64_t until_ms; /* they are in it; MEMBER_ALWAYS */
};
struct own {
	struct own_role *role;
	size_t n;
};

/* Those of all that are for that user then, copied. GW_ENOMEM. */
MUST_CHECK int own_pick(struct own *ret, const struct policy_role *roles,
    size_t n, const char *user, const struct name_list *groups, int64_t at_ms);
void own_done(struct own *o); /* safe twice */
/* A line for each way in which that user has more by the roles of after than by
 * those of before; none where they do not. */
void own_widening(struct buf *ret, const char *user, const struct own *before,
    const struct own *after);
/* The same of a target that was so (NULL: there was none) and is to be so, by
 * the roles that the user has: it comes under one of them, or one of those has
 * more there; one that denies it does so no more. A new one counts if it takes
 * the place of another, whose host knows the gateway (store_target_known()). */
void own_target_widening(struct buf *ret, const char *user,
    const struct own *roles, const struct target *was,
    const struct target *now);

#endif
