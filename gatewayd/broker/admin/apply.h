/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply - policy.apply.
 */
#ifndef BROKER_ADMIN_APPLY_H
#define BROKER_ADMIN_APPLY_H

#include "broker/call/call.h"

void verb_apply(struct call *c);

#endif
