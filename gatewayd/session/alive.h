/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alive - is there still somebody at the other end of each leg? Two questions,
 * since a host that is there and a program that answers are not the same:
 *
 * - Ours, to both ends: a leg on which nothing was heard for LIMIT_ALIVE_ASK_S
 *   is asked by SSH, and by the kernel. When after LIMIT_ALIVE_S not even the
 *   peer's kernel has said anything, the leg is dead and the session ends. A
 *   client that was stopped, or does not read, is not dead.
 * - The client's own (ServerAliveInterval): it asks for the target, and is
 *   answered when the target has said something since. Until then nothing goes
 *   to the client, as if it were connected to the target itself. While the
 *   session stands still for our sake, or there is no target yet, we answer.
 */
#ifndef SESSION_ALIVE_H
#define SESSION_ALIVE_H

#include <stdbool.h>

struct session;

/* Around the reading of the user's leg: what libssh answers by itself between
 * the two is on its way only after the second, which keeps it back where the
 * target has to be asked first. */
void alive_before(struct session *s);
void alive_after(struct session *s);
/* Once a turn, after both legs were read. */
void alive_step(struct session *s);

#endif
