/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approvals - who approved a request, as facts for policy_decide().
 */
#ifndef BROKER_GRANT_APPROVALS_H
#define BROKER_GRANT_APPROVALS_H

#include "base/attr.h"
#include "broker/broker.h"
#include "core/quorum.h"

struct approvals {
	size_t n;
	struct approval fact[LIMIT_APPROVALS]; /* into row */
	struct approval_row row[LIMIT_APPROVALS];
};

/* As they were given, with the groups of then: what was opened by them stays
 * open. free(). GW_ENOMEM, GW_ELIMIT, errors of the store. */
MUST_CHECK int approvals_load(
    struct broker *b, const char *request, struct approvals **ret);
/* As their givers are now: one who is not active, is locked or gone approves
 * nothing, and in a group they have left they count no more. */
MUST_CHECK int approvals_now(struct broker *b, struct approvals *a);
bool approvals_by(const struct approvals *a, const char *user_id);

#endif
