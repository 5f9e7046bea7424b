/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logtime - see the header.
 */
#include "core/logtime.h"

#include "base/fault.h"
#include "base/limits.h"

void
logtime_read(struct logtime *t, const struct now *host)
{
	int64_t passed = host->boot_ms - t->boot_ms;
	int64_t floor;

	if (passed < 0 || FAULT(floor_stands))
		passed = 0;
	floor = t->utc_ms + passed;
	if (floor - host->utc_ms <= (int64_t)LIMIT_CLOCK_EASE_S * 1000)
		floor = t->utc_ms + passed / 2;
	t->utc_ms = host->utc_ms;
	t->boot_ms = host->boot_ms;
	t->behind_ms = 0;
	logtime_floor(t, floor);
}

void
logtime_floor(struct logtime *t, int64_t utc_ms)
{
	if (t->utc_ms >= utc_ms || FAULT(no_floor))
		return;
	t->behind_ms += utc_ms - t->utc_ms;
	t->utc_ms = utc_ms;
}

int64_t
logtime_offset_ms(const struct logtime *t)
{
	return t->utc_ms - t->behind_ms - t->boot_ms;
}
