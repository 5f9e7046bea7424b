/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask - one request for access: request.create.
 */
#ifndef BROKER_REQUEST_ASK_H
#define BROKER_REQUEST_ASK_H

#include "broker/call/call.h"

void verb_request(struct call *c);

#endif
