/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - see the header.
 */
#include "core/request.h"

#include "base/fault.h"

const char *
request_state_str(enum request_state s)
{
	static const char *const words[REQUEST_STATE_COUNT] = {
	    [REQUEST_NONE] = "",
	    [REQUEST_PENDING] = "pending",
	    [REQUEST_APPROVED] = "approved",
	    [REQUEST_ACTIVE] = "active",
	    [REQUEST_DENIED] = "denied",
	    [REQUEST_WITHDRAWN] = "withdrawn",
	    [REQUEST_LAPSED] = "lapsed"};

	return s < REQUEST_STATE_COUNT ? words[s] : "";
}

bool
request_waits(const struct request *r)
{
	return r->state == REQUEST_PENDING || r->state == REQUEST_APPROVED;
}

enum request_state
request_state_at(const struct request *r, int64_t utc_ms)
{
	if (request_waits(r) && utc_ms >= r->until_ms && !FAULT(never_lapses))
		return REQUEST_LAPSED;
	return (enum request_state)r->state;
}
