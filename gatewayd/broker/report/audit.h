/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit - audit.read and recording.get.
 */
#ifndef BROKER_REPORT_AUDIT_H
#define BROKER_REPORT_AUDIT_H

#include "broker/call/call.h"

MUST_CHECK int views_new(struct views **ret);
void verb_audit(struct call *c);
void verb_recording(struct call *c);

#endif
