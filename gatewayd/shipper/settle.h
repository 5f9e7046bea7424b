/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle - the account of what one receiver has: which records were given to
 * the transport, which of them are written, which the receiver has read, and
 * which have therefore arrived. Pure: time comes in.
 *
 * A record has arrived when the receiver has read it and so much time has
 * passed since it was written that it is no longer in the receiver's memory
 * only. Nothing else counts: what TCP acknowledged may lie unread in the
 * receiver's kernel for as long as the receiver is stuck, and die with it.
 */
#ifndef SHIPPER_SETTLE_H
#define SHIPPER_SETTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SETTLE_SAMPLES = 128 }; /* writes remembered: one a second */

/* At t_ms everything below next had been written. */
struct sample {
	int64_t t_ms;
	uint64_t next;
	bool read; /* by the receiver */
};

struct settle {
	uint64_t arrived; /* the first record not known to be there */
	uint64_t sent;    /* the first record not written whole */
	uint64_t given;   /* the first record not given to the transport */
	struct sample samples[SETTLE_SAMPLES]; /* oldest first */
	unsigned n;
};

/* Everything below next is there, nothing else. */
void settle_init(struct settle *s, uint64_t next);
/* A receiver that answers for each has those below next. */
void settle_reached(struct settle *s, uint64_t next);
/* The records below next were given to the transport; */
void settle_given(struct settle *s, uint64_t next);
/* all of them are written; */
void settle_sent(struct settle *s, int64_t now_ms);
/* the receiver has read those below next. */
void settle_read(struct settle *s, uint64_t next);
/* Moves arrived on to what was read and written at least kept_ms ago; whether
 * it moved. */
bool settle_arrived(struct settle *s, int64_t now_ms, int64_t kept_ms);
/* The first write not known to be read is at least so old. */
bool settle_unread(const struct settle *s, int64_t now_ms, int64_t age_ms);
/* The connection broke: what has not arrived is to be sent again. */
void settle_forget(struct settle *s);

#endif
