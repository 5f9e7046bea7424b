/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share - how much of the recordings' disk one session, one user and all may
 * take, and how fast. LIMIT_RECORDING_SESSION bytes of a session, of all of a
 * user's within a day a fourth of the file system; what all of them leave free
 * is disk.h's. Of that fourth LIMIT_RECORDING_HELD are held for each session
 * before it may relay a byte: what is on its way when the rest is used up has
 * its room. LIMIT_RECORD_BURST bytes at once, then LIMIT_RECORD_RATE a
 * second, more of a user's sessions and of all: what is faster is held up,
 * since a session sends no more than LIMIT_REC_UNACKED before it is answered.
 * Counts what this process has seen.
 */
#ifndef RECORDER_SHARE_H
#define RECORDER_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "core/pace.h"

struct shares;

/* Of one session; all zero: nothing yet. */
struct share {
	uint64_t bytes;
	uint64_t held;  /* of the day that began then, */
	uint64_t spent; /* and what of it has been written */
	int64_t held_since_ms;
	bool over;      /* what is used up: its own share */
	bool disk_full; /* or the disk (room.h), */
	bool no_part;   /* or what is held for it cannot be, */
	bool too_small; /* on this disk never */
	struct pace pace;
	unsigned waiting;
};

MUST_CHECK int shares_new(struct shares **ret);
void shares_free(struct shares *s); /* NULL is a no-op */
/* Before a session begins, again is a no-op; GW_EFULL as below. */
MUST_CHECK int share_hold(struct shares *s, const char *user, struct share *own,
    uint64_t total, int64_t boot_ms);
/* So many more bytes of what was on its way when the share was used up:
 * GW_EFULL past what was held. */
MUST_CHECK int share_take_held(struct share *own, uint64_t n);
/* The session is over: what is still held is its user's again. */
void share_release(
    struct shares *s, const char *user, struct share *own, int64_t boot_ms);
/* Which share is used up, and when there is room again, after GW_EFULL. */
void share_text(const struct shares *s, const char *user,
    const struct share *own, struct now now, char *ret, size_t size);
/* So many more bytes in the files of a session; total is the size of the file
 * system. GW_EFULL: they are too many; GW_ENOMEM. */
MUST_CHECK int share_take(struct shares *s, const char *user, struct share *own,
    uint64_t n, uint64_t total, int64_t boot_ms);
/* How many of n bytes that were written to files may be answered for now; they
 * are spent. Where several channels wait each gets its part of what there is.
 */
uint64_t share_answer(struct shares *s, const char *user, struct share *own,
    uint64_t n, int64_t boot_ms);
/* Output is n bytes, and cost in the files (escaped, up to six times as much):
 * for how much of it may be answered when so much of that is paid? */
uint64_t share_part(uint64_t n, uint64_t paid, uint64_t cost);
/* Before a round of answers to all that wait: none does; one more does. */
void share_round(struct shares *s);
void share_waits(
    struct shares *s, const char *user, struct share *own, int64_t boot_ms);

#endif
