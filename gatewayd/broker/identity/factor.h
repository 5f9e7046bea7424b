/* SPDX-License-Identifier: Apache-2.0 */
/*
 * factor - what users do about their own second factor: another in its place,
 * in two signed steps, and new recovery codes.
 */
#ifndef BROKER_IDENTITY_FACTOR_H
#define BROKER_IDENTITY_FACTOR_H

#include "broker/call/call.h"

void verb_mfa_reset(struct call *c);
void verb_mfa_confirm(struct call *c);
void verb_mfa_codes(struct call *c);

#endif
