/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - see the header.
 */
#include "core/request.h"

#include <string.h>

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

bool
request_is_due(
    const struct request *r, const struct now *now, const char *boot_id)
{
	if (r->at_ms <= 0 ||
	    request_state_at(r, now->utc_ms) != REQUEST_APPROVED ||
	    now->utc_ms < r->at_ms)
		return false;
	return strcmp(r->boot_id, boot_id) != 0 ||
	       now->boot_ms >= r->at_boot_ms || FAULT(early_by_clock);
}

int64_t
request_usable_ms(const struct request *r, int64_t utc_ms)
{
	return (r->at_ms > utc_ms ? r->at_ms : utc_ms) +
	       (int64_t)r->use_within_s * 1000;
}
