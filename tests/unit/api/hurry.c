/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hurry - linked into hurried_api, which has the real one's objects: what waits
 * for ten seconds to half a minute waits a hundredth of that.
 */
#include "process/process.h"

enum { LEAST_MS = 10 * 1000, MOST_MS = 30 * 1000, FASTER = 100 };

void __real_timer_set(struct timer *t, int64_t in_ms);
void __wrap_timer_set(struct timer *t, int64_t in_ms);

void
__wrap_timer_set(struct timer *t, int64_t in_ms)
{
	__real_timer_set(
	    t, in_ms >= LEAST_MS && in_ms <= MOST_MS ? in_ms / FASTER : in_ms);
}
