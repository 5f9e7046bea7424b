/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock_me - lock.me: somebody whose key and phone are in other hands locks
 * themself, with a recovery code and nothing else.
 *
 * The one verb that changes something and is not signed. MUST: a lock on the
 * user whose code it is is all that it can do, it tells nobody which names
 * there are, and it costs the broker no more than LIMIT_LOCK_ME_ALL hashes a
 * minute.
 */
#ifndef BROKER_ADMIN_LOCK_ME_H
#define BROKER_ADMIN_LOCK_ME_H

#include "broker/call/call.h"

/* Beside LIMIT_LOCK_ME: tries a minute from one IPv4 /24 or IPv6 /48, so that
 * who has many addresses leaves others theirs. */
enum { LOCK_ME_WIDE = 10 };

call_fn verb_lock_me;

MUST_CHECK int lock_me_new(struct broker *b);
void lock_me_free(struct broker *b);

#endif
