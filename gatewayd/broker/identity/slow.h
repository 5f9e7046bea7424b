/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slow - a code that was given is hashed: some 20 ms of the broker's only
 * thread (sys/scrypt.h), far more on a machine that is busy. One at a time, and
 * after it the thread is everybody else's for as long as it took; so whoever
 * sends many holds up no closing by more than one.
 *
 * Who has signed comes first, then whose network has tried least.
 */
#ifndef BROKER_IDENTITY_SLOW_H
#define BROKER_IDENTITY_SLOW_H

#include "broker/call/call.h"
#include "core/recovery.h"

struct slow;
typedef void slow_fn(struct call *c, struct slow *s);

struct slow { /* within the state of a call; zeroed at first */
	struct call *c;
	slow_fn *then;
	struct slow *next; /* in turn: the broker's list */
	unsigned after;    /* 0: of who has signed; else the tries before it */
	uint8_t salt[RECOVERY_SALT_SIZE];
	char plain[RECOVERY_SIZE];
	uint8_t hash[RECOVERY_HASH_SIZE];
	int result;
};

/* then(c, s) with hash of salt and plain, which are filled in; result: 0, or
 * why there is none. */
void slow_hash(struct call *c, struct slow *s, slow_fn *then);
void slow_done(struct slow *s);

#endif
