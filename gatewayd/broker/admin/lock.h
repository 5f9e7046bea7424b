/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock - lock.list, lock.add, lock.remove; and those that run out.
 */
#ifndef BROKER_ADMIN_LOCK_H
#define BROKER_ADMIN_LOCK_H

#include "broker/call/call.h"

call_fn verb_locks;
call_fn verb_lock_add;
call_fn verb_lock_remove;

/* lock.add for who is no caller: the user l->value locks themself with one of
 * their recovery codes, which is used up. Answers c. */
void lock_themself(struct call *c, const struct lock *l,
    const uint8_t recovery[static RECOVERY_HASH_SIZE]);

/* Puts on record, and forgets, what has run out. Until that is done it locks
 * nothing all the same. */
MUST_CHECK int lock_ends_new(struct broker *b);
void lock_ends_free(struct broker *b);

#endif
