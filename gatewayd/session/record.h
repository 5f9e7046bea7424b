/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - the recorder's tap (tap.h): hands the output of channels with a
 * terminal, and of shells without one, to the recorder, before the user gets
 * it. Time, framing, digests and files are the recorder's own.
 *
 * What the recorder has not answered for is kept, at most LIMIT_REC_UNACKED of
 * a session: should it be killed, the next one gets it again, from where its
 * files end. By that, too, it holds up who writes too much (recorder/share.h).
 * Should the session be killed, it is in the recorder's socket.
 */
#ifndef SESSION_RECORD_H
#define SESSION_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chan;
struct msg_rec_state;
struct session;

struct recording;

struct record {
	struct recording *all;  /* in no order */
	size_t kept;            /* bytes of them not answered for */
	bool full;              /* this turn the recorder's socket was full */
	bool waits;             /* or there was no place to keep more */
	bool failed;            /* the recorder gave up */
	bool lost;              /* and what it was given may be nowhere */
	int64_t waits_since_ms; /* boot time; 0 = it did not */
};

/* Begins to record c, if the grant wants its program recorded. What fails ends
 * the session. */
void record_start(struct session *s, struct chan *c);
bool record_on(const struct chan *c);
/* False while the recorder has not said that it is ready for this channel. */
bool record_ready(const struct session *s, const struct chan *c);
/* c->cols and rows have changed. */
void record_resize(struct session *s, struct chan *c);

void record_state(struct session *s, const struct msg_rec_state *m);
/* There is another recorder: it is told of all recordings, and sent what it
 * does not have when it has answered. */
void record_relinked(struct session *s);

/* Once per turn, before anything is offered: also sends again. */
void record_turn(struct session *s);
/* Does output wait for space in the recorder's socket? */
bool record_waits(const struct session *s);
/* And since before that boot time? */
bool record_late(const struct session *s, int64_t before_ms);
/* At the end of the session: is there something the recorder has not answered
 * for, and may yet? */
bool record_unwritten(const struct session *s);
void record_done(struct session *s);

#endif
