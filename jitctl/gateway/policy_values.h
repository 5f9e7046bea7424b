/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_values - a policy as the values that it is judged by, from the body of
 * policy.apply: for what is found out about a policy without the gateway.
 */
#ifndef JITCTL_GATEWAY_POLICY_VALUES_H
#define JITCTL_GATEWAY_POLICY_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "core/policy.h"
#include "wire/json.h"

/* The roles of a policy; free(). False after saying what is wrong. */
MUST_CHECK bool policy_roles(
    const json_t *policy, struct policy_role **ret, size_t *retn);
/* What decides of a target: host keys do not. False after saying what is wrong.
 */
MUST_CHECK bool policy_target(const json_t *o, struct target *ret);
struct policy_user {
	struct name_list groups;
	enum user_kind kind;
	struct prefix_list from;
	bool in; /* they are not shut out */
};

/* Likewise. */
MUST_CHECK bool policy_user(const json_t *o, struct policy_user *ret);

#endif
