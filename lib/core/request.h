/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - what somebody asked for that others have to approve first. It
 * outlives the call, the client and the gateway's restart:
 *
 *	PENDING -> APPROVED -> ACTIVE	a grant of its own, and then its end
 *	   |          |
 *	   +----------+-> DENIED, WITHDRAWN, LAPSED
 *
 * What is approved is its revision: a text that says all that will be granted,
 * by the SHA-256 of which it is approved. Pure.
 */
#ifndef CORE_REQUEST_H
#define CORE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/limits.h"

/* The numbers are in stores: none changes its meaning. */
enum request_state {
	REQUEST_NONE = 0,
	REQUEST_PENDING = 1,
	REQUEST_APPROVED = 2, /* by all who had to; nothing is open */
	REQUEST_ACTIVE = 3,   /* it became its grant, which may have ended */
	REQUEST_DENIED = 4,
	REQUEST_WITHDRAWN = 5, /* by its user */
	REQUEST_LAPSED = 6,    /* not approved, or not activated, in time */
	REQUEST_STATE_COUNT
};

enum { REQUEST_DIGEST_SIZE = 65 }; /* SHA-256 in hex */
enum { REQUEST_KEY_SIZE = 64 };    /* a key's fingerprint */

struct request {
	char id[LIMIT_ID_SIZE];
	char user[LIMIT_NAME_SIZE];
	char user_id[LIMIT_ID_SIZE];
	char owner[LIMIT_NAME_SIZE]; /* of an agent that asks; else "" */
	char target[LIMIT_NAME_SIZE];
	char target_id[LIMIT_ID_SIZE];
	char login[LIMIT_NAME_SIZE];
	char role[LIMIT_NAME_SIZE]; /* the deciding rule, */
	bool role_named;            /* which its user named, */
	/* and all that were merged for it: policy_roles_text() */
	char roles[LIMIT_ROLES_SIZE];
	uint16_t port;
	uint32_t seconds;
	uint32_t use_within_s; /* once it is approved, and at_ms is there */
	/* It opens by itself then, for the addresses below, as asked for by
	 * this key; 0 = by its user's own act. By either clock, while the boot
	 * lasts that it was asked in. */
	int64_t at_ms;
	int64_t at_boot_ms;
	char boot_id[CLOCK_BOOT_ID_SIZE];
	char key_fp[REQUEST_KEY_SIZE];
	char reason[LIMIT_REASON_SIZE];
	char ticket[LIMIT_TICKET_SIZE];
	struct addr source4, source6; /* it was asked from; family 0 = absent */
	uint8_t state;                /* enum request_state */
	int64_t created_ms;
	int64_t until_ms;             /* PENDING and APPROVED last no longer */
	char grant[LIMIT_ID_SIZE];    /* ACTIVE: that it became */
	char by[LIMIT_NAME_SIZE];     /* who brought it to its state */
	char note[LIMIT_REASON_SIZE]; /* and their words */
	/* ACTIVE: whose yes counted then, with spaces between */
	char approved_by[LIMIT_APPROVED_SIZE];
	char revision[LIMIT_REVISION_SIZE];
	char digest[REQUEST_DIGEST_SIZE];
	uint64_t seq;
};

/* "pending"; "" for what is none. */
const char *request_state_str(enum request_state s);
/* It waits, for others or for its user: as it is kept, whatever the time is. */
bool request_waits(const struct request *r);
/* As of now: one that waited for too long has lapsed. */
enum request_state request_state_at(const struct request *r, int64_t utc_ms);

/* Its time is there, and it was approved: by a clock that was set ahead it is
 * not. */
bool request_is_due(
    const struct request *r, const struct now *now, const char *boot_id);
/* How long it can be used, from when it is approved at utc_ms. */
int64_t request_usable_ms(const struct request *r, int64_t utc_ms);

#endif
