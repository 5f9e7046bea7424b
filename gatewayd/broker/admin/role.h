/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role - role.list, role.add, role.set, role.remove.
 */
#ifndef BROKER_ADMIN_ROLE_H
#define BROKER_ADMIN_ROLE_H

#include "broker/call/call.h"
#include "core/gap.h"

void verb_roles(struct call *c);
void verb_role_add(struct call *c);
void verb_role_set(struct call *c);
void verb_role_remove(struct call *c);

/* The one of that name, or NULL; borrowed until the next change of roles. */
const struct policy_role *role_find(const struct broker *b, const char *name);
/* The id of the one whose name r has, or a fresh one. */
void role_set_id(const struct broker *b, struct policy_role *r);

/* What it gives more by now than it did; "" for nothing. */
void role_wider(char ret[static GAP_TEXT_SIZE], const struct policy_role *old,
    const struct policy_role *now);
/* Adds sentences to a text, cut where it is too long. */
void role_add_texts(char ret[static LIMIT_TEXT_SIZE], const json_t *list);
/* The same of users, groups, targets, labels and logins that the store has none
 * of, a sentence each. */
void role_add_unmatched(char ret[static LIMIT_TEXT_SIZE], struct broker *b,
    const struct policy_role *r);

#endif
