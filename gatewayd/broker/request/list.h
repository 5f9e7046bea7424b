/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list - requests as they are told: request.list, request.show.
 */
#ifndef BROKER_REQUEST_LIST_H
#define BROKER_REQUEST_LIST_H

#include "broker/call/call.h"
#include "broker/request/waiting.h"

/* All there is to say of one; c is who reads it. */
json_t *request_json(const struct call *c, const struct waiting *w);

call_fn verb_requests;
call_fn verb_request_show;

/* The same with what one look at it alone tells: that it lacks people who could
 * approve it, and its user's history (habit.h). NULL: memory, or the store. */
json_t *request_whole_json(const struct call *c, const struct waiting *w);

#endif
