/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hours - see the header.
 */
#include "core/hours.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/str.h"

enum {
	DAY_M = 24 * 60,
	DAY_S = 86400,
	AHEAD_S = 10 * DAY_S, /* how far is looked for a change */
	ALL_DAYS = 0x7f,
};

/* Years have four digits. */
#define YEARS_END_MS INT64_C(253402300800000)

static const char *const day_words[] = {
    "mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* ---- text in */

/* 0 is Monday. */
static bool
take_day(const char **p, unsigned *ret)
{
	for (*ret = 0; *ret < 7; ++*ret)
		if (strncasecmp(*p, day_words[*ret], 3) == 0) {
			*p += 3;
			return true;
		}
	return false;
}

/* "mon-fri,sun"; a range may pass the end of the week. */
static bool
take_days(const char **p, uint8_t *ret)
{
	unsigned from = 0, to = 0;

	*ret = 0;
	for (;;) {
		if (!take_day(p, &from))
			return false;
		to = from;
		if (**p == '-') {
			++*p;
			if (!take_day(p, &to))
				return false;
		}
		for (unsigned d = from;; d = (d + 1) % 7) {
			*ret = (uint8_t)(*ret | 1U << d);
			if (d == to)
				break;
		}
		if (**p != ',')
			return true;
		++*p;
	}
}

/* "08:00", and as an end "24:00". */
static bool
take_time(const char **p, unsigned max, uint16_t *ret)
{
	const char *s = *p;
	unsigned v;

	for (unsigned i = 0; i < 5; i++)
		if (i == 2 ? s[i] != ':' : s[i] < '0' || s[i] > '9')
			return false;
	if (s[3] > '5')
		return false;
	v = (unsigned)((s[0] - '0') * 10 + (s[1] - '0')) * 60 +
	    (unsigned)((s[3] - '0') * 10 + (s[4] - '0'));
	*ret = (uint16_t)v;
	*p += 5;
	return v <= max;
}

static bool
take_space(const char **p)
{
	const size_t n = strspn(*p, " ");

	*p += n;
	return n > 0;
}

static int
parse(struct hours *ret, const char *text)
{
	const char *p = text;

	memset(ret, 0, sizeof(*ret));
	if (!take_days(&p, &ret->days) || !take_space(&p) ||
	    !take_time(&p, DAY_M - 1, &ret->from) || *p++ != '-' ||
	    !take_time(&p, DAY_M, &ret->to) || !take_space(&p) ||
	    !zone_name_ok(p) || ret->from == ret->to)
		return GW_EINVAL;
	if (ret->to < ret->from)
		ret->to = (uint16_t)(ret->to + DAY_M);
	return str_copy(ret->zone, sizeof(ret->zone), p);
}

static bool
same(const struct hours *a, const struct hours *b)
{
	return a->days == b->days && a->from == b->from && a->to == b->to &&
	       strcmp(a->zone, b->zone) == 0;
}

static bool
has(const struct hours_list *l, const struct hours *h)
{
	for (unsigned i = 0; i < l->n; i++)
		if (same(&l->hours[i], h))
			return true;
	return false;
}

int
hours_add(struct hours_list *l, const char *text)
{
	struct hours h;
	int r = parse(&h, text);

	if (r != 0)
		return r;
	if (has(l, &h))
		return GW_EEXIST;
	if (l->n == LIMIT_HOURS)
		return GW_ELIMIT;
	l->hours[l->n++] = h;
	return 0;
}

bool
hours_equal(const struct hours_list *a, const struct hours_list *b)
{
	for (unsigned i = 0; i < a->n; i++)
		if (!has(b, &a->hours[i]))
			return false;
	return a->n == b->n;
}

/* ---- text out */

/* Three days in a row and more are a range. */
static void
days_text(char *ret, size_t size, uint8_t days)
{
	size_t n = 0;

	ret[0] = '\0';
	for (unsigned d = 0; d < 7; d++) {
		unsigned last = d;

		if (((unsigned)days >> d & 1U) == 0)
			continue;
		while (last < 6 && ((unsigned)days >> (last + 1) & 1U) != 0)
			last++;
		if (last < d + 2)
			last = d;
		(void)snprintf(ret + n, size - n, "%s%s%s%s", n > 0 ? "," : "",
		    day_words[d], last > d ? "-" : "",
		    last > d ? day_words[last] : "");
		n = strlen(ret);
		d = last;
	}
}

void
hours_text(char ret[static HOURS_TEXT_SIZE], const struct hours *h)
{
	const unsigned to = h->to > DAY_M ? h->to - DAY_M : h->to;
	char days[32];

	days_text(days, sizeof(days), h->days);
	(void)snprintf(ret, HOURS_TEXT_SIZE, "%s %02u:%02u-%02u:%02u %s", days,
	    h->from / 60U, h->from % 60U, to / 60U, to % 60U, h->zone);
}

void
hours_list_text(char *ret, size_t size, const struct hours_list *l)
{
	char one[HOURS_TEXT_SIZE];
	size_t n = 0;

	ret[0] = '\0';
	for (unsigned i = 0; i < l->n; i++) {
		hours_text(one, &l->hours[i]);
		if (n + strlen(one) + sizeof(" or ...") > size) {
			text_set(ret + n, size - n, n > 0 ? " ..." : "...");
			return;
		}
		(void)snprintf(
		    ret + n, size - n, "%s%s", n > 0 ? " or " : "", one);
		n = strlen(ret);
	}
}

/* ---- what the clocks show */

struct shown {
	int64_t day;   /* since 1970-01-01 */
	int64_t day_s; /* since its midnight */
	unsigned weekday;
	int64_t same_until_s; /* UTC, until when they run on */
};

static void
look(struct shown *ret, const struct zone *z, int64_t utc_s)
{
	const int64_t wall = utc_s + zone_offset(z, utc_s, &ret->same_until_s);

	ret->day = wall / DAY_S - (wall % DAY_S < 0 ? 1 : 0);
	ret->day_s = wall - ret->day * DAY_S;
	ret->weekday = (unsigned)(((ret->day + 3) % 7 + 7) % 7);
}

static bool
on_day(const struct hours *h, int64_t weekday)
{
	return (h->days >> ((weekday + 7) % 7) & 1) != 0;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Inside it: until when for sure. Else 0. */
static int64_t
open_until(const struct hours *h, const struct zone *z, int64_t utc_s)
{
	struct shown now;
	int64_t left = 0;

	look(&now, z, utc_s);
	if (on_day(h, (int64_t)now.weekday - 1))
		left = (h->to - DAY_M) * 60 - now.day_s;
	if (on_day(h, now.weekday) && now.day_s >= h->from * 60 &&
	    h->to * 60 - now.day_s > left)
		left = h->to * 60 - now.day_s;
	return left > 0 ? sooner(utc_s + left, now.same_until_s) : 0;
}

/* Outside of it: until when for sure. */
static int64_t
shut_until(const struct hours *h, const struct zone *z, int64_t utc_s)
{
	struct shown now;

	look(&now, z, utc_s);
	for (int64_t k = 0; k <= 7; k++) {
		const int64_t left = k * DAY_S + h->from * 60 - now.day_s;

		if (on_day(h, now.weekday + k) && left > 0)
			return sooner(utc_s + left, now.same_until_s);
	}
	return now.same_until_s;
}

/* As far as it is one step. 0: it is not open. */
static int64_t
any_open_until(
    const struct hours_list *l, const struct zone_table *t, int64_t utc_s)
{
	int64_t until = 0;

	for (unsigned i = 0; i < l->n; i++) {
		const int64_t x = open_until(
		    &l->hours[i], zone_find(t, l->hours[i].zone), utc_s);

		if (x > until)
			until = x;
	}
	return until;
}

static int64_t
all_shut_until(
    const struct hours_list *l, const struct zone_table *t, int64_t utc_s)
{
	int64_t until = HOURS_NEVER;

	for (unsigned i = 0; i < l->n; i++)
		until =
		    sooner(until, shut_until(&l->hours[i],
				      zone_find(t, l->hours[i].zone), utc_s));
	return until;
}

const char *
hours_unknown(const struct hours_list *l, const struct zone_table *t)
{
	for (unsigned i = 0; i < l->n; i++)
		if (zone_find(t, l->hours[i].zone) == NULL)
			return l->hours[i].zone;
	return NULL;
}

enum hours_verdict
hours_judge(const struct hours_list *l, const struct zone_table *t,
    int64_t utc_ms, int64_t *ret_until_ms)
{
	const int64_t now_s = utc_ms / 1000;
	int64_t at = now_s;
	bool in;

	*ret_until_ms = HOURS_NEVER;
	if (l->n == 0)
		return HOURS_IN;
	if (utc_ms < 0 || utc_ms >= YEARS_END_MS || hours_unknown(l, t) != NULL)
		return HOURS_UNKNOWN;
	in = any_open_until(l, t, at) != 0;
	while (at < now_s + AHEAD_S) {
		const int64_t open = any_open_until(l, t, at);

		if ((open != 0) != in) {
			*ret_until_ms = at * 1000;
			break;
		}
		at = in ? open : all_shut_until(l, t, at);
	}
	return in ? HOURS_IN : HOURS_OUT;
}

void
hours_clock(char ret[static HOURS_TEXT_SIZE], const struct hours_list *l,
    const struct zone_table *t, int64_t utc_ms)
{
	const struct zone *z = l->n > 0 ? zone_find(t, l->hours[0].zone) : NULL;
	struct shown now;
	char day[4];

	ret[0] = '\0';
	if (z == NULL || utc_ms < 0 || utc_ms >= YEARS_END_MS)
		return;
	look(&now, z, utc_ms / 1000);
	text_set(day, sizeof(day), day_words[now.weekday]);
	day[0] = (char)(day[0] - 'a' + 'A');
	(void)snprintf(ret, HOURS_TEXT_SIZE, "%s %02d:%02d", day,
	    (int)(now.day_s / 3600), (int)(now.day_s / 60 % 60));
}
