/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask - one request for access: one target, as one login.
 */
#ifndef BROKER_REQUEST_ASK_H
#define BROKER_REQUEST_ASK_H

#include "broker/call/call.h"

/* What would come of it now. */
struct ask_view {
	bool gives; /* it opens, or waits: a code that came is burned for it */
	bool code;  /* and it wants one that did not come; by this role */
	char role[LIMIT_NAME_SIZE];
};

/* Of that body, by who calls. Nothing is written and nobody is answered. Fails
 * with *p set. */
MUST_CHECK int ask_look(const struct call *c, const json_t *body,
    struct ask_view *ret, struct problem *p);
/* Decides it, to the end of the call. */
call_fn ask_one;

#endif
