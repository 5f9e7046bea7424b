/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proposals - changes that wait for a second admin: listed, shown, signed for,
 * refused, given up. What is signed for is carried out at once, as its author's
 * call, judged by what is true then.
 */
#ifndef BROKER_ADMIN_PROPOSALS_H
#define BROKER_ADMIN_PROPOSALS_H

#include "broker/call/call.h"

void verb_changes(struct call *c);
void verb_change_show(struct call *c);
void verb_change_approve(struct call *c);
void verb_change_deny(struct call *c);
void verb_change_cancel(struct call *c);

#endif
