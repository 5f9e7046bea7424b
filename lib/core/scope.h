/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope - is a role for less than it was? By its own fields alone: who is in a
 * group and which labels a target bears are not looked at. Pure.
 */
#ifndef CORE_SCOPE_H
#define CORE_SCOPE_H

#include "core/rolefield.h"

/* The first field by which now may be for fewer users, targets, logins, ports,
 * addresses or moments than was; NULL: there is none. In doubt there is: a
 * member with another end counts as gone. Borrowed. */
const struct rolefield *scope_lost(
    const struct policy_role *was, const struct policy_role *now);

#endif
