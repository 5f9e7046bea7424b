/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session - one SSH connection, or one probe. This header has only what the
 * files of this program share; what an object is and does stands in its own
 * header:
 *
 *	user_leg target_leg	the two SSH connections, coming up and read
 *	auth			the user's login
 *	open request relay	a channel opens; its requests; its bytes
 *	record			the recorder's tap on a channel (tap.h)
 *	alive			is there somebody at each end
 *	deadline end		what ends a session by time; how it ends
 *	probe			a session without a user
 *	inbox			every message of the other processes
 *
 * Calls lead one way: inbox, user_leg and session.c call those above; those
 * call chan, links, leg, ring, screen and the rest, which call none of them.
 *
 * MUST: nothing is read from the client before the sandbox is on.
 * MUST: no channel is touched before logged_in, which only the broker's
 *	 SES_AUTH_OK to a signature sets.
 * MUST: libssh's callbacks only enqueue (into struct chan); they never write,
 *	 reply, open or free.
 * MUST: the record of a shell, command or subsystem is durable before the
 *	 request is sent to the target.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "session/leg.h"
#include "session/links.h"
#include "session/ssh.h"
#include "wire/messages.h"

enum phase {
	PH_LINKS = 0, /* waits for notary, broker, recorder */
	PH_KEX,       /* the user's key exchange */
	PH_AUTH,      /* the user's signature */
	PH_RELAY,     /* logged in; the target's leg comes up meanwhile */
	PH_ENDING,    /* over; the user is being sent the reason */
	PH_DONE,
};

struct denials;

struct session {
	struct msg_sup_spawn spawn; /* spawn.probe: there is no user */
	uint8_t algorithms;         /* enum conf_algorithms */
	struct now now;             /* of this turn */
	enum phase phase;
	bool busy; /* the next turn begins without waiting */
	struct link ctl, notary, broker, recorder;
	struct leg user;
	ssh_bind bind;     /* what the user's leg was accepted with */
	bool no_algorithm; /* the user's key exchange found none */
	bool logged_in;
	bool dialed; /* the broker has answered: whose session it is, the
		      * notary knows */
	struct msg_ses_auth_ok grant; /* once logged in */
	struct chan *chans;           /* oldest first; chan.h */
	unsigned nchans;
	uint32_t last_chan; /* id; 0 = there was none */
	/* boot times */
	int64_t start_ms;
	int64_t kex_ms;    /* the user's leg is listened to */
	int64_t active_ms; /* bytes passed last */
	int64_t frozen_ms; /* since when the relay stands still; 0 = not */
	bool holding;      /* alive.h: the client waits for the target */
	/* totals, for the broker */
	uint64_t bytes_in, bytes_out;
	int64_t exit; /* the last exit status; -1 = none */
	/* each is open to those who include its header */
	struct target_leg *target;
	struct auth *auth;
	struct record *record;
	struct probe *probe;
	struct ending *ending;
	struct denials *denials;
	struct inbox *inbox;
};

/* Confines this process to what a session needs; irrevocable. */
MUST_CHECK int session_confine(void);

/* Runs the session in the forked child: the exit status. Both descriptors are
 * taken; host_key is borrowed. */
int session_main(const struct msg_sup_spawn *spawn, int client_fd, int ctl_fd,
    ssh_key host_key, uint8_t algorithms);

#endif
