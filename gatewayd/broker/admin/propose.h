/* SPDX-License-Identifier: Apache-2.0 */
/*
 * propose - a change that widens power is not made: the call that asks for it
 * is stored, bytes and signature, until a second admin has signed for it
 * (proposals.h), and is carried out then as its author's.
 */
#ifndef BROKER_ADMIN_PROPOSE_H
#define BROKER_ADMIN_PROPOSE_H

#include "broker/call/call.h"

/* Stores c's call, that widens power so, a line each: ends c. */
void propose(struct call *c, const char *widens);
/* Does c, which carries a proposal out, widen power as was signed for? */
bool propose_same(const struct call *c, const char *widens);
/* Within the transaction that makes the change of such a call: its row is used
 * up. GW_ESTATE: it is decided otherwise by now, or who signed for it may not
 * any more. */
MUST_CHECK int propose_used(struct call *c);
/* Root did so: a row for admins to see. Within the transaction as well. */
MUST_CHECK int propose_root(struct call *c, const char *widens);
/* ["...", "..."] of these lines. */
json_t *propose_lines(const char *widens);

#endif
