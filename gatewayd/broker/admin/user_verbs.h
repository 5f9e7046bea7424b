/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user_verbs - user.add makes a user, the others change, lock out or remove one
 * who is there. Each says what it changed and what it ended.
 */
#ifndef BROKER_ADMIN_USER_VERBS_H
#define BROKER_ADMIN_USER_VERBS_H

#include "broker/call/call.h"

void verb_user_add(struct call *c);
void verb_user_set(struct call *c);
void verb_user_lock(struct call *c);
void verb_user_unlock(struct call *c);
void verb_user_remove(struct call *c);

#endif
