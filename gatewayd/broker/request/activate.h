/* SPDX-License-Identifier: Apache-2.0 */
/*
 * activate - the user's own last word on a request: request.activate opens what
 * was approved, for the address that it comes from, and the clock starts there;
 * request.cancel gives it up.
 */
#ifndef BROKER_REQUEST_ACTIVATE_H
#define BROKER_REQUEST_ACTIVATE_H

#include "broker/call/call.h"

call_fn verb_request_activate;
call_fn verb_request_cancel;

struct request;
/* The same by itself: c is the gateway's own in the name of who asked, from the
 * addresses that they signed. */
void activate_timed(struct call *c, const struct request *of);

#endif
