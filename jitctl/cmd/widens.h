/* SPDX-License-Identifier: Apache-2.0 */
/*
 * widens - how a policy would make power over the gateway wider than another
 * does, as far as the two say: what the gateway wants a second admin for.
 */
#ifndef JITCTL_CMD_WIDENS_H
#define JITCTL_CMD_WIDENS_H

#include <stddef.h>

#include "base/attr.h"
#include "core/policy.h"
#include "jitctl/jitctl.h"

struct widens_side {
	const json_t *users;       /* by name, as policy.apply takes them, */
	const json_t *targets;     /* and these */
	struct policy_role *roles; /* whose ids are numbered here */
	size_t nroles;
};

/* Says each way on stderr, with what it means; author: who would apply it, "" =
 * root, for whom nothing waits. */
void widens_tell(const struct ctx *c, const char *author,
    struct widens_side *before, struct widens_side *after);

#endif
