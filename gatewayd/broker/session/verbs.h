/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verbs - session.list and session.kill.
 */
#ifndef BROKER_SESSION_VERBS_H
#define BROKER_SESSION_VERBS_H

#include "broker/call/call.h"

void verb_sessions(struct call *c);
void verb_session_kill(struct call *c);

#endif
