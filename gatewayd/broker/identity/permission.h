/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permission - what the one who asks may, as the store says now.
 */
#ifndef BROKER_IDENTITY_PERMISSION_H
#define BROKER_IDENTITY_PERMISSION_H

#include "broker/call/call.h"

/* The store's user of that name into c; c->user stays "" where there is none.
 */
void permission_load(struct call *c, const char *name);
/* The key that the call came with is one of that user's. */
bool permission_has_key(const struct call *c);
/* By rank: the verb's row against the user's. */
bool permission_rank(const struct call *c);
/* A machine is in its own networks, and so are all addresses that it asks for.
 */
bool permission_from(const struct call *c);
/* A machine asks for itself and ends what it has: it gives no code, and has no
 * say in what others ask. */
bool permission_kind(const struct call *c);
/* By state: an invited user may do nothing but enrol. */
bool permission_state(const struct call *c);
/* The lock by which this verb is refused to them; NULL: none is. Any that
 * covers them, and one on everything, refuses what gives access; one on the
 * user, on a group of theirs or on the key, what a right is needed for. */
const struct lock *permission_lock(const struct call *c);
/* Some role may give them that target: they may know that there is one. */
bool permission_reaches(const struct call *c, const struct target *t);
/* Asked again after a wait: user, rank, key and locks, as the store says now.
 */
bool permission_still(struct call *c);
/* The same, and where it is not so the answer: 403, after a second record if
 * there is a first. nothing: "nothing was done". */
MUST_CHECK bool permission_kept(struct call *c, const char *nothing);

#endif
