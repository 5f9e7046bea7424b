/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pace - how fast something may go on: a burst at once, then so much a second.
 * Of what: bytes of recordings, channels. A pure value: callers pass the time.
 */
#ifndef CORE_PACE_H
#define CORE_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	uint64_t spent; /* of the burst; all zero: nothing yet */
	int64_t at_ms;  /* boottime of the last look */
};

struct pace_limit {
	uint64_t burst, rate; /* rate: a second */
};

/* How much may pass now. */
uint64_t pace_room(struct pace *p, const struct pace_limit *l, int64_t boot_ms);
void pace_spend(struct pace *p, const struct pace_limit *l, uint64_t n);

#endif
