/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logtime - the time of the log: the host's clock, but never back. What a clock
 * that was set back leaves is a floor that goes on with the boottime: at half
 * its pace while the host is no more than LIMIT_CLOCK_EASE_S behind, so that it
 * is caught up with soon; at its pace beyond that, until the host catches up or
 * an admin accepts its clock. A pure value.
 */
#ifndef CORE_LOGTIME_H
#define CORE_LOGTIME_H

#include <stdint.h>

#include "base/clock.h"

struct logtime {
	int64_t utc_ms;    /* the log's, as last read; all zero: not yet */
	int64_t boot_ms;   /* boottime then */
	int64_t behind_ms; /* how far the host's clock was behind it then */
};

/* The time now, by what the host's clocks say. */
void logtime_read(struct logtime *t, const struct now *host);
/* Not before this: the time of a record that is there. */
void logtime_floor(struct logtime *t, int64_t utc_ms);
/* The host's UTC less its boottime, as last read: only setting its clock
 * changes that. */
int64_t logtime_offset_ms(const struct logtime *t);

#endif
