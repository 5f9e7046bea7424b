/* SPDX-License-Identifier: Apache-2.0 */
/*
 * longer - an open grant lasts longer. In this order, each step confirmed
 * before the next: grant.extend is durable, with the code burned; what its
 * sessions have open lasts longer in the kernel; so does the door; the
 * firewall's record of that is durable, which is what moves the end in the
 * log; ours and the sessions' follow. Whatever fails on the way, the log says
 * the old end, and everybody is put in step with it.
 */
#ifndef BROKER_GRANT_LONGER_H
#define BROKER_GRANT_LONGER_H

#include "broker/call/call.h"
#include "broker/grant/live.h"

enum longer_result {
	LONGER_FAILED = 0, /* nothing is longer: error says why */
	LONGER_CODE_USED,  /* its step was burned before */
	LONGER_OVER,       /* it ended meanwhile */
	LONGER_TAKEN_AWAY, /* the right to it, while it waited */
	LONGER_LATE,       /* who asked waits no more */
	LONGER_UNSURE,     /* not confirmed: the log is being asked */
	LONGER_DONE,
};

struct longer {
	struct call *c; /* who asks: key, code, payload */
	char grant[LIMIT_ID_SIZE];
	uint32_t seconds; /* more than it has */
	bool (*still)(struct call *c, struct live_grant *lg);
	void (*done)(struct call *c, enum longer_result result, int error,
	    struct live_grant *lg);
	/* longer.c's own */
	struct broker *b;
	uint64_t seq; /* of grant.extend; 0 = not written */
	int64_t end_ms, end_boot_ms;
	uint8_t mac[RECEIPT_MAC_SIZE];
	uint8_t elements[ELEMENTS_MAX];
	uint32_t nelements;
	unsigned syncs;
};

/* lg is active and not being extended. x lives until done() is called, once,
 * perhaps before this returns. still(): is it still right, after a wait? */
void longer_start(struct longer *x, struct live_grant *lg);

#endif
