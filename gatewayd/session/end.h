/* SPDX-License-Identifier: Apache-2.0 */
/*
 * end - how a session ends: the target's leg first and at once, then the user
 * is sent the reason, on the channel's standard error (on a terminal: in its
 * output), with exit status 255. The user's leg outlives the end by at most
 * LIMIT_CLIENT_TAIL_S. The kernel cuts the target's leg on time also without
 * any of this. How one channel ends while its session lives is in relay.c.
 */
#ifndef SESSION_END_H
#define SESSION_END_H

#include <stdbool.h>
#include <stdint.h>

#include "core/grant.h"

struct leg;
struct session;
struct msg_ses_stop;

struct ending {
	enum end_reason reason;
	char text[LIMIT_TEXT_SIZE]; /* what the user reads */
	int64_t until_ms;           /* boot time */
	int64_t word_ms; /* boot time until which the broker's is awaited */
	int64_t sent_ms; /* boot time all channels had the reason; 0 = not */
	bool asked;      /* nothing was to be sent: is the client there? */
};

/* The first reason wins; but the broker's word on the end of the grant's time
 * is awaited for a moment. text: what the user reads; NULL = made from why. */
void end_begin(struct session *s, enum end_reason why, const char *text);
/* The SSH of that leg has ended or broken. */
void end_leg(struct session *s, const struct leg *l);
/* Nobody is at the other end of that leg any more. */
void end_silent(struct session *s, const struct leg *l);
/* The recorder gave up; text: what the user reads of why, or "". */
void end_unrecorded(struct session *s, const char *text);
/* The broker ends the session. */
void end_stop(struct session *s, const struct msg_ses_stop *m);
/* Once per turn, after everything else. */
void end_step(struct session *s);
/* Sends the broker reason and totals of a session whose user logged in. */
void end_report(struct session *s);

#endif
