/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - the requests on a channel, strictly in order: what the grant
 * permits is recorded, then passed to the target, and the target's answer is
 * the user's. What it does not permit is refused and recorded.
 */
#ifndef SESSION_REQUEST_H
#define SESSION_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "session/ssh.h"

struct chan;
struct session;

/* The user asks for something on a channel. Takes m. */
void request_asked(struct session *s, ssh_message m);
/* No more messages have come: of requests that were broken the name is left. */
void request_broken(struct session *s);
/* Does one wait that had a NUL? What nul.h knows is needed for its refusal. */
bool request_had_nul(const struct session *s);
/* Once per turn for an open channel. */
void request_step(struct session *s, struct chan *c);
/* The notary has made the evidence durable (0), or refused it. */
void request_durable(struct session *s, uint32_t rid, int result);
/* Gives a new notary what waited for the one before. */
void request_notary_relinked(struct session *s);
/* Does a request wait for notary or recorder since before that boot time? */
bool request_late(const struct session *s, int64_t before_ms);

#endif
