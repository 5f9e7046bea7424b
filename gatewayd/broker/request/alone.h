/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alone - what who names one role gets beyond what all of theirs give together:
 * told wherever it is told what somebody may have.
 */
#ifndef BROKER_REQUEST_ALONE_H
#define BROKER_REQUEST_ALONE_H

#include <stddef.h>

#include "core/policy.h"
#include "wire/json.h"

/* Adds [{"role","logins","max","approval","more"}] of one login: f as it was
 * judged without a role, v what it came to. So many at most, and no login
 * twice. */
void alone_add(json_t *list, const struct policy_facts *f,
    const struct policy_result *v, const struct policy_role *roles, size_t n);

#endif
