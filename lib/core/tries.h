/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tries - the wrong codes of one key, and how long no code of it is looked at.
 * A pure value: callers pass "now", and keep it where a restart does not wipe
 * it. Each LIMIT_CODE_TRIES wrong codes begin a pause, each longer than the one
 * before; after the last of them only an admin helps.
 */
#ifndef CORE_TRIES_H
#define CORE_TRIES_H

#include <stdint.h>

#include "base/clock.h"
#include "base/limits.h"

struct tries {
	uint32_t wrong;      /* since the last good one; all zero = none */
	int64_t end_ms;      /* of the last pause, UTC */
	int64_t end_boot_ms; /* boottime, counts on the same boot only */
	char boot_id[CLOCK_BOOT_ID_SIZE];
};

enum tries_verdict {
	TRIES_CLOSED = 0, /* until an admin says otherwise */
	TRIES_PAUSED,
	TRIES_OPEN,
};

/* May a code be looked at? of_user is the sum of wrong over all keys of the
 * user, this one's too. *retleft_ms is what is left of a pause, else 0. Never
 * more than the pause had at its beginning, whatever the clock says. */
enum tries_verdict tries_judge(const struct tries *t, uint64_t of_user,
    const struct now *now, const char *boot_id, int64_t *retleft_ms);
/* One more was wrong; begins the pause that is due. */
void tries_wrong(struct tries *t, const struct now *now, const char *boot_id);
/* After it: how many more may be wrong until one begins; 0 = one has begun. */
unsigned tries_left(const struct tries *t);

#endif
