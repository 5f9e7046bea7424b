/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiting - a request that others have to approve, as its user sees it.
 */
#ifndef JITCTL_CMD_WAITING_H
#define JITCTL_CMD_WAITING_H

#include <stdbool.h>

#include "base/attr.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/jitctl.h"

/* Of a reply: does this request wait, or has it to be activated yet? */
bool waiting_is(const json_t *o);
/* Waits (by the flags --wait, --no-wait, --timeout; without them on a terminal
 * alone) until it is approved, activates it from here, and leaves the answer in
 * *ret, which holds the request's own at first. EXIT_PENDING: it waits on,
 * which was said; EXIT_OK and still waiting_is(): approved, for a time at which
 * it opens by itself, said as well; EXIT_REFUSED, EXIT_CONFLICT: it never
 * opens, said as well. Other codes with ret->status: the refusal of what was
 * asked last. */
MUST_CHECK int waiting_open(struct ctx *c, struct reply *ret);
/* At the end of any other command, at a terminal: what waits for this user. Of
 * theirs, what is approved is opened, if that takes no code. */
void waiting_tell_aside(struct ctx *c);
/* A line on stdout of a request of a list: whose turn it is, and with what. */
void waiting_print(const struct ctx *c, const json_t *o);
/* The flags are right, or a complaint. */
bool waiting_flags_ok(const struct ctx *c);

#endif
