/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doubt - see the header.
 */
#include "broker/identity/doubt.h"

#include "base/fault.h"
#include "base/log.h"
#include "broker/broker.h"

int64_t
doubt_latest_ms(int64_t now_ms)
{
	return now_ms +
	       (int64_t)(LIMIT_INVITE_LIFE_S + LIMIT_CLOCK_EASE_S) * 1000;
}

static int
settle(struct broker *b, uint64_t *retn)
{
	const int r = store_invites_void(
	    b->store, b->doubt_seq, b->doubt_latest_ms, retn);

	if (r != 0) {
		log_err("invitations could not be made void, and none is taken "
			"until they can: %s",
		    store_error(b->store));
		return r;
	}
	b->doubted = false;
	if (*retn > 0)
		log_warn("%llu invitations are void: the clock was not right "
			 "when they were made, or is not now",
		    (unsigned long long)*retn);
	return 0;
}

/* Of several that are not settled yet: what any of them says. */
int
doubt_invitations(struct broker *b, uint64_t before_seq, uint64_t *retn)
{
	const int64_t latest = doubt_latest_ms(broker_now(b).utc_ms);

	if (!b->doubted || b->doubt_seq < before_seq)
		b->doubt_seq = before_seq;
	if (!b->doubted || b->doubt_latest_ms > latest)
		b->doubt_latest_ms = latest;
	b->doubted = true;
	return settle(b, retn);
}

int
doubt_settle(struct broker *b, struct problem *p)
{
	uint64_t n = 0;
	int r;

	if (!b->doubted || FAULT(doubt_forgotten) || (r = settle(b, &n)) == 0)
		return 0;
	problem_set(p, 503, "unavailable", NULL,
	    "no invitation is made or taken until the gateway's store can be "
	    "written: some were made while its clock was wrong, and are void");
	return r;
}
