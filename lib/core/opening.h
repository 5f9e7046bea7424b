/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opening - when does what is refused now for its hours pass? Those of roles
 * that allow, of their alternatives, and of roles that deny. Pure.
 */
#ifndef CORE_OPENING_H
#define CORE_OPENING_H

#include "core/policy.h"

/* The next moment, as far ahead as a request can be made for it, at which the
 * same passes, or passes with what it lacks then; *ret is the answer to that.
 * 0: no hours stand in the way, or they will for longer, or so often that it is
 * not looked for. */
int64_t opening_find(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t nroles);

#endif
