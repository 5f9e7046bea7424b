/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share - see the header.
 */
#include "recorder/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"

enum { DAY_MS = 24 * 3600 * 1000, PART = 4 };

struct day {
	struct day *next;
	char user[LIMIT_NAME_SIZE];
	int64_t since_ms; /* boottime */
	uint64_t bytes;
	uint64_t held; /* of those, for sessions that run */
	struct pace pace;
	unsigned waiting;
};

struct shares {
	struct day *days;
	struct pace pace;
	unsigned waiting;
};

int
shares_new(struct shares **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret == NULL ? GW_ENOMEM : 0;
}

void
shares_free(struct shares *s)
{
	while (s != NULL && s->days != NULL) {
		struct day *d = s->days;

		s->days = d->next;
		free(d);
	}
	free(s);
}

/* Finds it or makes it; days that are past go. */
static struct day *
day_of(struct shares *s, const char *user, int64_t boot_ms)
{
	struct day **dp = &s->days;
	struct day *d;

	while ((d = *dp) != NULL) {
		if (boot_ms - d->since_ms >= DAY_MS) {
			*dp = d->next;
			free(d);
			continue;
		}
		if (strcmp(d->user, user) == 0)
			return d;
		dp = &d->next;
	}
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	if (str_copy(d->user, sizeof(d->user), user) < 0) {
		free(d);
		return NULL;
	}
	d->since_ms = boot_ms;
	d->next = s->days;
	s->days = d;
	return d;
}

int
share_take(struct shares *s, const char *user, struct share *own, uint64_t n,
    uint64_t total, int64_t boot_ms)
{
	struct day *d = day_of(s, user, boot_ms);

	if (d == NULL)
		return GW_ENOMEM;
	own->over = own->bytes + n > LIMIT_RECORDING_SESSION;
	if (!FAULT(no_share) && (own->over || d->bytes + n > total / PART))
		return GW_EFULL;
	own->bytes += n;
	d->bytes += n;
	return 0;
}

int
share_hold(struct shares *s, const char *user, struct share *own,
    uint64_t total, int64_t boot_ms)
{
	struct day *d = day_of(s, user, boot_ms);

	if (d == NULL)
		return GW_ENOMEM;
	if (own->held > 0)
		return 0;
	own->too_small = total / PART < LIMIT_RECORDING_HELD;
	own->no_part = true;
	if (d->bytes + LIMIT_RECORDING_HELD > total / PART && !FAULT(no_hold))
		return GW_EFULL;
	own->no_part = false;
	d->bytes += LIMIT_RECORDING_HELD;
	d->held += LIMIT_RECORDING_HELD;
	own->held = LIMIT_RECORDING_HELD;
	own->held_since_ms = d->since_ms;
	return 0;
}

int
share_take_held(struct share *own, uint64_t n)
{
	if (n > own->held)
		return GW_EFULL;
	own->held -= n;
	own->spent += n;
	own->bytes += n;
	return 0;
}

void
share_release(
    struct shares *s, const char *user, struct share *own, int64_t boot_ms)
{
	const uint64_t held = own->held + own->spent;
	struct day *d = held > 0 ? day_of(s, user, boot_ms) : NULL;

	if (d != NULL && d->since_ms == own->held_since_ms) {
		d->bytes -= own->held < d->bytes ? own->held : d->bytes;
		d->held -= held < d->held ? held : d->held;
	}
	own->held = own->spent = 0;
}

/* What is held for other sessions counts as well, and comes back sooner. */
static void
text_day(const struct day *d, const struct share *own, struct now now,
    char *ret, size_t size)
{
	const uint64_t mine =
	    d->since_ms == own->held_since_ms ? own->held + own->spent : 0;
	const uint64_t others = d->held > mine ? d->held - mine : 0;
	char time[32], sooner[128] = "";

	str_time(time, sizeof(time),
	    now.utc_ms + d->since_ms + DAY_MS - now.boot_ms);
	if (others > 0)
		(void)snprintf(sooner, sizeof(sooner),
		    "; %llu MiB are kept for sessions of theirs that run, and "
		    "come back when those end",
		    (unsigned long long)(others + (1 << 20) - 1) >> 20);
	if (own->no_part)
		(void)snprintf(ret, size,
		    "of the user's share of the disk for a day of recordings "
		    "less is left than the %d MiB that a session needs%s; a "
		    "new day of it begins %.19sZ",
		    (int)(LIMIT_RECORDING_HELD >> 20), sooner, time);
	else
		(void)snprintf(ret, size,
		    "the user's share of the disk for a day of recordings is "
		    "used up%s; a new day of it begins %.19sZ",
		    sooner, time);
}

void
share_text(const struct shares *s, const char *user, const struct share *own,
    struct now now, char *ret, size_t size)
{
	const struct day *d = s->days;

	if (own->disk_full) {
		(void)snprintf(ret, size,
		    "the gateway has no room left for its recording");
		return;
	}
	while (d != NULL && strcmp(d->user, user) != 0)
		d = d->next;
	if (own->over || d == NULL) {
		(void)snprintf(ret, size,
		    "one session's recording may have %d MiB: begin another",
		    (int)(LIMIT_RECORDING_SESSION >> 20));
		return;
	}
	if (own->too_small) {
		(void)snprintf(ret, size,
		    "the gateway's disk is too small for its recording: a "
		    "session needs %d MiB of a user's share of it",
		    (int)(LIMIT_RECORDING_HELD >> 20));
		return;
	}
	text_day(d, own, now, ret, size);
}

/* ---- how fast */

#define PACE_LIMIT(times)                                                      \
	{                                                                      \
		.burst = (uint64_t)(times)*LIMIT_RECORD_BURST,                 \
		.rate = (uint64_t)(times)*LIMIT_RECORD_RATE                    \
	}
static const struct pace_limit limit_own = PACE_LIMIT(1);
static const struct pace_limit limit_user = PACE_LIMIT(LIMIT_RECORD_USER);
static const struct pace_limit limit_all = PACE_LIMIT(LIMIT_RECORD_ALL);

static uint64_t
part_of(struct pace *p, const struct pace_limit *l, unsigned waiting,
    uint64_t n, int64_t boot_ms)
{
	const uint64_t room =
	    pace_room(p, l, boot_ms) / (waiting == 0 ? 1 : waiting);

	return n < room ? n : room;
}

uint64_t
share_answer(struct shares *s, const char *user, struct share *own, uint64_t n,
    int64_t boot_ms)
{
	struct day *d = day_of(s, user, boot_ms);

	if (d == NULL)
		return 0;
	n = part_of(&own->pace, &limit_own, own->waiting, n, boot_ms);
	n = part_of(&d->pace, &limit_user, d->waiting, n, boot_ms);
	n = part_of(&s->pace, &limit_all, s->waiting, n, boot_ms);
	pace_spend(&own->pace, &limit_own, n);
	pace_spend(&d->pace, &limit_user, n);
	pace_spend(&s->pace, &limit_all, n);
	return n;
}

uint64_t
share_part(uint64_t n, uint64_t paid, uint64_t cost)
{
	return paid >= cost ? n : n * paid / cost;
}

void
share_round(struct shares *s)
{
	s->waiting = 0;
	for (struct day *d = s->days; d != NULL; d = d->next)
		d->waiting = 0;
}

void
share_waits(
    struct shares *s, const char *user, struct share *own, int64_t boot_ms)
{
	struct day *d = day_of(s, user, boot_ms);

	s->waiting++;
	own->waiting++;
	if (d != NULL)
		d->waiting++;
}
