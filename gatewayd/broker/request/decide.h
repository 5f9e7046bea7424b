/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide - others say yes or no to a request: request.approve, request.deny.
 */
#ifndef BROKER_REQUEST_DECIDE_H
#define BROKER_REQUEST_DECIDE_H

#include "broker/call/call.h"

call_fn verb_request_approve;
call_fn verb_request_deny;

#endif
