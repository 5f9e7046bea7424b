/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approvers - who there is that can approve what roles want approved, as the
 * store and the locks have them now (core/approver.h).
 */
#ifndef BROKER_IDENTITY_APPROVERS_H
#define BROKER_IDENTITY_APPROVERS_H

#include "broker/broker.h"
#include "core/approver.h"

/* Are they locked, by name, group, or each of their keys? */
bool approver_is_locked(const struct broker *b, const struct user *u);
/* All who are in groups that l names, NULL: that any role names. Free it. */
MUST_CHECK int approvers_read(
    struct broker *b, const struct quorum_list *l, struct approvers **ret);

#endif
