/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gap - what who names one role has beyond what all that apply give together.
 * A request is judged under the role it names, or under the strictest of all
 * (core/policy.h): where these differ, whoever may name one has the more. Pure.
 */
#ifndef CORE_GAP_H
#define CORE_GAP_H

#include "core/policy.h"

enum { GAP_TEXT_SIZE = 256 };

/* "no approval, up to 3h, sftp": in what the role alone gives more than all
 * together; "" in nothing. */
void gap_text(char ret[static GAP_TEXT_SIZE], const struct policy_result *all,
    const struct policy_result *alone);
/* The same of two roles as they are: what alone gives beyond what both do. */
void gap_role_text(char ret[static GAP_TEXT_SIZE],
    const struct policy_role *other, const struct policy_role *alone);

#endif
