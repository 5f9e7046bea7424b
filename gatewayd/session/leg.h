/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leg - one libssh session and its descriptor, to the user or to the target:
 * gives libssh what arrived, sends what it wrote. Each leg has its own
 * ssh_event; two sessions in one event reorder data during a key re-exchange.
 */
#ifndef SESSION_LEG_H
#define SESSION_LEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "session/ssh.h"
#include "wire/messages.h"

enum { LEG_ASKED = 2 }; /* times, unanswered: nobody is there */

/* In order of preference, with commas between. */
struct leg_algs {
	const char *ciphers, *macs, *kex;
};
/* Those of ssh.algorithms (enum conf_algorithms): what users may choose from,
 * and what a target is asked for. */
const struct leg_algs *leg_algs(uint8_t algorithms, bool user);
/* What a user without one of them reads, by libssh's word of it: a setting only
 * where it would help. */
const char *leg_no_common(uint8_t algorithms, const char *failure);

/* What of it target and gateway have none of in common, by libssh's word of the
 * failure, into ret: what each has, the target's harmless. */
enum no_common leg_target_lacks(
    char *ret, size_t size, uint8_t algorithms, const char *failure);

struct leg {
	ssh_session ssh;
	ssh_event event;  /* only after the key exchange */
	int fd;           /* -1 = none */
	bool dead;        /* gone; nothing is read any more */
	bool silent;      /* its peer is not there any more: no goodbye */
	int64_t heard_ms; /* boot time something came last */
	int64_t asked_ms; /* and its peer was asked whether it is there */
	bool heard;       /* since then */
	char broken[128]; /* dead because SSH broke: how; "" = in order */
};

/* Takes fd (closed on failure too): non-blocking, no delay, through the shim.
 */
MUST_CHECK int leg_init(struct leg *l, int fd);
void leg_done(struct leg *l);
/* Call once the key exchange is through. */
MUST_CHECK int leg_evented(struct leg *l);
/* Reads the socket; true if something came or the stream ended. now_ms is boot
 * time. */
bool leg_fill(struct leg *l, int64_t now_ms);
/* Gives libssh everything that was read; notices the end, and an SSH that is
 * broken: what a packet damaged on its way leaves behind is neither. */
void leg_feed(struct leg *l);
/* Repeats fn, which is one step of a key exchange, while it says SSH_AGAIN and
 * reads more of what has arrived. SSH_ERROR when the peer is gone. */
int leg_exchange(struct leg *l, int (*fn)(ssh_session ssh));
void leg_flush(struct leg *l);
bool leg_busy(const struct leg *l); /* much unsent: write no more */
/* How often our kernel has asked the peer's, or said again what was not
 * acknowledged, without an answer; 0 also if it answered within the last ms. A
 * kernel that answers is there, whatever its program does. */
unsigned leg_unanswered(const struct leg *l, unsigned ms);
/* Asks the peer's program whether it is there. */
void leg_ask(struct leg *l, int64_t now_ms);
/* Says goodbye to the peer, also over a leg whose SSH has broken; then
 * leg_done, as after a dead leg. A silent one is reset. Frees the leg's
 * channels, as ssh_disconnect does: forget every pointer to them first. */
void leg_disconnect(struct leg *l);
/* leg_done with a reset instead of an orderly end. Frees the leg's channels:
 * forget every pointer to them first. */
void leg_reset(struct leg *l);

#endif
