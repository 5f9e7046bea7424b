/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial - what roles that are report only (policy.h) would refuse of what is
 * allowed: each by itself beside those that hold, as if it held. It changes no
 * verdict: it is asked once there is one. Pure.
 */
#ifndef CORE_TRIAL_H
#define CORE_TRIAL_H

#include <stdint.h>

#include "core/policy.h"

enum { TRIAL_MAX = 4 }; /* internal: the first by name are listed */

struct trial_role {
	char role[LIMIT_NAME_SIZE];
	char role_id[LIMIT_ID_SIZE];
	const char *field; /* JSON name, static */
	char text[POLICY_TEXT_SIZE];
};

struct trial {
	unsigned n;
	unsigned more; /* that are not listed */
	struct trial_role item[TRIAL_MAX];
};

/* Of the verdict v on the same facts and roles; of one that denies, nothing. */
void trial_judge(struct trial *ret, const struct policy_facts *f,
    const struct policy_result *v, const struct policy_role *roles, size_t n);

#endif
