/* SPDX-License-Identifier: Apache-2.0 */
/*
 * beat - the heartbeat: every process is asked whether it lives, and one that
 * does not answer is killed and started again. pulse.c has the clock of it.
 *
 * Turns are counted, not time: in a turn that we ourselves missed nobody else
 * was late.
 */
#ifndef SUPERVISOR_BEAT_H
#define SUPERVISOR_BEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "supervisor/supervisor.h"

enum {
	BEAT_MS = 400,     /* a turn; from one that hangs to its end 2 s */
	BEAT_FIREWALL = 4, /* turns without an answer: what is revoked waits */
	BEAT_SLOW = 5,     /* others are asked in every such turn ... */
	BEAT_OTHERS = 4,   /* ... and killed after so many: disks may stall */
	BEAT_SESSION = 4,  /* of the same */
	BEAT_START = 75,   /* of the same: before the first answer, 150 s */
	BEAT_FIREWALL_START = 13, /* turns: 5 s; with much to read it says that
				   * it lives */
};

/* A new process behind p. b lives as long as p. */
void beat_begin(struct beat *b, struct peer *p);
/* p has said that it lives. */
void beat_answered(struct peer *p);
/* One turn: asks p (NULL: its link is lost), or counts. True, once: for "most"
 * turns no answer came. */
bool beat_turn(struct beat *b, struct peer *p, unsigned most);
/* Log and record: a process hangs and is killed. conn: a session's, else 0. */
void beat_report(struct supervisor *s, enum proc proc, uint64_t conn);

#endif
