/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - one request for access.
 */
#ifndef BROKER_GRANT_REQUEST_H
#define BROKER_GRANT_REQUEST_H

#include "broker/call/call.h"

void verb_request(struct call *c);

#endif
