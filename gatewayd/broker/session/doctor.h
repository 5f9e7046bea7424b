/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor - target.scan and target.doctor.
 */
#ifndef BROKER_SESSION_DOCTOR_H
#define BROKER_SESSION_DOCTOR_H

#include "broker/call/call.h"

void verb_target_scan(struct call *c);
void verb_doctor(struct call *c);

#endif
