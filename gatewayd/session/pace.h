/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pace - how fast one session's recording may grow: a burst of
 * LIMIT_RECORD_BURST, then LIMIT_RECORD_RATE bytes a second; the program behind
 * it is held up by that much. A pure value: callers pass the time.
 */
#ifndef SESSION_PACE_H
#define SESSION_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pace {
	uint64_t spent; /* of the burst; all zero: nothing yet */
	int64_t at_ms;  /* boottime of the last look */
	bool waits;     /* something was held up at that look */
};

/* How many of n bytes may pass now. */
size_t pace_allow(struct pace *p, size_t n, int64_t boot_ms);
void pace_spend(struct pace *p, size_t n); /* so many have */

#endif
