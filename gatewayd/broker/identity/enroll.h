/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enroll - from an invitation to a second factor, in two signed steps.
 */
#ifndef BROKER_IDENTITY_ENROLL_H
#define BROKER_IDENTITY_ENROLL_H

#include "broker/call/call.h"

void verb_enroll(struct call *c);
void verb_enroll_confirm(struct call *c);

#endif
