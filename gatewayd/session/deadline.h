/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadline - what ends a session by time: its grant, silence, a login that
 * does not come, a target that does not answer, evidence that is not accepted.
 */
#ifndef SESSION_DEADLINE_H
#define SESSION_DEADLINE_H

struct session;

/* Ends the session if one of its times is over. */
void deadline_check(struct session *s);
/* How long this turn may wait for something to happen, in ms. */
int deadline_wait_ms(const struct session *s);

#endif
