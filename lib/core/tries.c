/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tries - see the header.
 */
#include "core/tries.h"

#include <string.h>

#include "base/attr.h"
#include "base/fault.h"
#include "base/str.h"

static const int64_t pause_s[] = {
    LIMIT_CODE_PAUSE_1_S, LIMIT_CODE_PAUSE_2_S, LIMIT_CODE_PAUSE_3_S};

/* Pauses that have begun; the last number has no end. */
static uint32_t
pauses(const struct tries *t)
{
	return t->wrong / LIMIT_CODE_TRIES;
}

/* By boottime on the boot it began on; on another by UTC, which may be anything
 * by then: so not more than the whole. */
static int64_t
pause_left_ms(const struct tries *t, const struct now *now, const char *boot_id)
{
	const uint32_t n = pauses(t);
	int64_t whole, left;

	if (n == 0)
		return 0;
	whole = pause_s[n - 1] * 1000;
	if (boot_id[0] != '\0' && strcmp(t->boot_id, boot_id) == 0)
		left = t->end_boot_ms - now->boot_ms;
	else
		left = t->end_ms - now->utc_ms;
	if (left <= 0)
		return 0;
	return left < whole ? left : whole;
}

enum tries_verdict
tries_judge(const struct tries *t, uint64_t of_user, const struct now *now,
    const char *boot_id, int64_t *retleft_ms)
{
	*retleft_ms = 0;
	if (FAULT(no_lock))
		return TRIES_OPEN;
	if (pauses(t) > ARRAY_LEN(pause_s) || of_user >= LIMIT_CODE_TRIES_USER)
		return TRIES_CLOSED;
	*retleft_ms = pause_left_ms(t, now, boot_id);
	return *retleft_ms > 0 ? TRIES_PAUSED : TRIES_OPEN;
}

void
tries_wrong(struct tries *t, const struct now *now, const char *boot_id)
{
	if (t->wrong < UINT32_MAX)
		t->wrong++;
	if (t->wrong % LIMIT_CODE_TRIES != 0 || pauses(t) > ARRAY_LEN(pause_s))
		return;
	t->end_ms = now->utc_ms + pause_s[pauses(t) - 1] * 1000;
	t->end_boot_ms = now->boot_ms + pause_s[pauses(t) - 1] * 1000;
	if (str_copy(t->boot_id, sizeof(t->boot_id), boot_id) < 0)
		t->boot_id[0] = '\0'; /* then UTC counts */
}

unsigned
tries_left(const struct tries *t)
{
	return (LIMIT_CODE_TRIES - t->wrong % LIMIT_CODE_TRIES) %
	       LIMIT_CODE_TRIES;
}
