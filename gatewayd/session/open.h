/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open - where a channel is opened: the user's open waits until the broker has
 * given the channel and the target has opened its side, so that a refusal is
 * the target's own. After that request.c and relay.c serve it.
 */
#ifndef SESSION_OPEN_H
#define SESSION_OPEN_H

#include "session/ssh.h"

struct chan;
struct msg_ses_channel_ok;
struct session;

/* The user opens a channel of any kind. Takes m. */
void open_asked(struct session *s, ssh_message m);
/* The broker's answer. */
void open_answered(struct session *s, const struct msg_ses_channel_ok *m);
/* Once per turn for a channel that is not open yet. May free c. */
void open_step(struct session *s, struct chan *c);

#endif
