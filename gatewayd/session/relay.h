/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay - bytes and ends of open channels between the legs. libssh's callbacks
 * put bytes into rings and note events; everything else happens in relay_step,
 * outside of libssh. Who else reads the bytes is in tap.h.
 *
 * MUST: a user's CLOSE is not answered before the target's came: OpenSSH sends
 *	 it often before the exit status.
 * MUST: no byte passes that a tap of the channel has not accepted.
 */
#ifndef SESSION_RELAY_H
#define SESSION_RELAY_H

#include "session/ssh.h"

struct chan;
struct session;

/* What a channel's callbacks note; userdata is its struct chan. */
extern const struct ssh_channel_callbacks_struct relay_user_cb;
extern const struct ssh_channel_callbacks_struct relay_target_cb;

/* Passes on what it can; frees channels that both sides have closed. Stands
 * still while notary, or the recorder of a recorded session, is missing. */
void relay_step(struct session *s);
/* The user made a request whose name libssh does not give. */
void relay_unknown(struct session *s, struct chan *c);

#endif
