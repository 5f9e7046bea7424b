/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codes - recovery codes are made: shown once, kept as hashes. Each hash takes
 * the broker's only thread some 20 ms (sys/scrypt.h): one a turn of the loop,
 * whoever wants codes at the same time, so that others come in between.
 */
#ifndef BROKER_IDENTITY_CODES_H
#define BROKER_IDENTITY_CODES_H

#include "base/secret.h"
#include "broker/call/call.h"

struct codes { /* within the state of a call; zeroed at first */
	struct call *c;
	call_fn *then;
	struct codes *next;  /* in turn: the broker's list */
	struct timer *timer; /* set while it is the first */
	struct secret text;  /* RECOVERY_TEXT_SIZE bytes each */
	struct recovery_set set;
};

/* Then then(c), with set to be stored; or the call is answered. */
void codes_make(struct call *c, struct codes *k, call_fn *then);
/* Stores u and, in place of the codes before, these. As store_user_put(). */
MUST_CHECK int codes_put(
    const struct codes *k, const struct user *u, uint64_t seq);
/* How they are shown; a new reference, NULL: out of memory. */
json_t *codes_json(const struct codes *k);
void codes_done(struct codes *k);

#endif
