/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - the recorder's tap (tap.h): hands the output of channels with a
 * terminal, and of shells without one, to the recorder, before the user gets
 * it. Time, framing, digests and files are the recorder's own.
 */
#ifndef SESSION_RECORD_H
#define SESSION_RECORD_H

#include <stdbool.h>
#include <stdint.h>

struct chan;
struct msg_rec_state;
struct session;

struct record {
	uint32_t opens;        /* REC_OPENs sent on this link */
	bool full;             /* this turn the recorder's socket was full */
	int64_t full_since_ms; /* boot time; 0 = it was not */
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
/* The recorder is back: its recordings begin again. */
void record_relinked(struct session *s);

/* Once per turn, before anything is offered. */
void record_turn(struct session *s);
/* Does output wait for space in the recorder's socket? */
bool record_waits(const struct session *s);
/* And since before that boot time? */
bool record_late(const struct session *s, int64_t before_ms);

#endif
