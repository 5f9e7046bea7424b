/* SPDX-License-Identifier: Apache-2.0 */
/*
 * challenge - nonces: 60 s, one use, bound to the address they were given to.
 */
#ifndef BROKER_IDENTITY_CHALLENGE_H
#define BROKER_IDENTITY_CHALLENGE_H

#include "broker/call/call.h"

MUST_CHECK int challenges_new(struct challenges **ret);
void verb_challenge(struct call *c);
/* All nonces of the request are ours, unused, for their address, and one is
 * for the peer's: c->serial. 0 or GW_EDENIED. */
MUST_CHECK int challenge_check(struct call *c);
/* They are used. GW_ENOMEM, GW_ELIMIT: then the call must not go on. */
MUST_CHECK int challenge_spend(struct call *c);

#endif
