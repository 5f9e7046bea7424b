/* SPDX-License-Identifier: Apache-2.0 */
/*
 * when - see the header.
 */
#include "jitctl/term/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "base/str.h"
#include "jitctl/term/say.h"

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60000,
	WORD_SIZE = 32,
	WORDS_MAX = 3, /* internal: day, clock, zone */
};

/* ---------------------------------------------------------------- words */

/* A text in its parts; what it does not say is absent. */
struct parts {
	bool has_day, has_clock, has_offset;
	int year, month, day; /* year 0: days_back */
	int days_back;
	int weekday; /* 0 = Sunday; -1 = none */
	int hour, minute, second, ms;
	int64_t span_ms;
	int offset_s;         /* east of UTC */
	char zone[WORD_SIZE]; /* a name; "" = none */
};

/* n digits, exactly. */
static bool
digits(const char *s, size_t n, int *ret)
{
	*ret = 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*ret = *ret * 10 + (s[i] - '0');
	}
	return true;
}

static bool
read_day(struct parts *p, const char *s)
{
	static const char *const names[] = {"sunday", "monday", "tuesday",
	    "wednesday", "thursday", "friday", "saturday"};
	const size_t n = strlen(s);

	if (n == 10 && digits(s, 4, &p->year) && s[4] == '-' &&
	    digits(s + 5, 2, &p->month) && s[7] == '-' &&
	    digits(s + 8, 2, &p->day))
		return p->year >= 1970;
	if (strcasecmp(s, "today") == 0)
		return true;
	if (strcasecmp(s, "yesterday") == 0) {
		p->days_back = 1;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if ((n == 3 || n == strlen(names[i])) &&
		    strncasecmp(s, names[i], n) == 0) {
			p->weekday = (int)i;
			return true;
		}
	return false;
}

/* ".123", and finer, which is cut. */
static bool
read_fraction(struct parts *p, const char *s)
{
	const size_t n = strlen(s + 1);
	char ms[4] = "000";

	if (s[0] != '.' || n < 1 || n > 9 || strspn(s + 1, "0123456789") != n)
		return false;
	memcpy(ms, s + 1, n < 3 ? n : 3);
	p->span_ms = 1;
	return digits(ms, 3, &p->ms);
}

static bool
read_clock(struct parts *p, const char *s)
{
	const size_t n = strlen(s);

	if (n < 5 || !digits(s, 2, &p->hour) || s[2] != ':' ||
	    !digits(s + 3, 2, &p->minute) || p->hour > 23 || p->minute > 59)
		return false;
	p->span_ms = MINUTE_MS;
	if (n == 5)
		return true;
	if (n < 8 || s[5] != ':' || !digits(s + 6, 2, &p->second) ||
	    p->second > 59)
		return false;
	p->span_ms = SECOND_MS;
	return n == 8 || read_fraction(p, s + 8);
}

static bool
read_zone(struct parts *p, const char *s)
{
	const size_t n = strlen(s);
	int hours = 0;
	int minutes = 0;

	if (strcasecmp(s, "Z") == 0 || strcmp(s, "UTC") == 0 ||
	    strcmp(s, "GMT") == 0) {
		p->has_offset = true;
		return true;
	}
	if (s[0] != '+' && s[0] != '-')
		return str_copy(p->zone, sizeof(p->zone), s) == 0;
	if (n < 3 || !digits(s + 1, 2, &hours) ||
	    (n == 5 && !digits(s + 3, 2, &minutes)) ||
	    (n == 6 && (s[3] != ':' || !digits(s + 4, 2, &minutes))) ||
	    (n != 3 && n != 5 && n != 6) || hours > 14 || minutes > 59)
		return false;
	p->has_offset = true;
	p->offset_s = (hours * 60 + minutes) * 60 * (s[0] == '-' ? -1 : 1);
	return true;
}

/* Day, clock and zone, each at most once, in this order; "14:30+01:00" is two
 * of them. */
static bool
read_word(struct parts *p, char *s)
{
	char *zone = NULL;

	if (!p->has_day && !p->has_clock && read_day(p, s)) {
		p->has_day = true;
		return true;
	}
	if (strchr(s, ':') != NULL && !p->has_clock && s[0] != '+' &&
	    s[0] != '-') {
		char text[WORD_SIZE];

		zone = s + strcspn(s, "+-Zz");
		if (str_fmt(text, sizeof(text), "%.*s", (int)(zone - s), s) !=
			0 ||
		    !read_clock(p, text))
			return false;
		p->has_clock = true;
		return *zone == '\0' || read_zone(p, zone);
	}
	return (p->has_day || p->has_clock) && !p->has_offset &&
	       p->zone[0] == '\0' && read_zone(p, s);
}

static bool
read_parts(struct parts *p, const char *s)
{
	char text[WORD_SIZE * WORDS_MAX];
	char *save = NULL;
	unsigned n = 0;

	*p = (struct parts){.weekday = -1};
	if (str_copy(text, sizeof(text), s) != 0)
		return false;
	if (strlen(text) > 11 && (text[10] == 'T' || text[10] == 't') &&
	    text[9] >= '0' && text[9] <= '9')
		text[10] = ' ';
	for (char *w = strtok_r(text, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		if (++n > WORDS_MAX || !read_word(p, w))
			return false;
	return p->has_day || p->has_clock;
}

/* --------------------------------------------------------------- moments */

/* The calendar of where the text is. */
static void
calendar(const struct parts *p, int64_t utc_s, struct tm *ret)
{
	time_t t = (time_t)(utc_s + (p->has_offset ? p->offset_s : 0));

	memset(ret, 0, sizeof(*ret));
	if (p->has_offset || FAULT(utc_clock))
		(void)gmtime_r(&t, ret);
	else
		(void)localtime_r(&t, ret);
}

/* The day, at its clock; plus: a day later. */
static struct tm
moment(const struct parts *p, int64_t now_ms, int plus)
{
	struct tm tm;

	calendar(p, now_ms / 1000, &tm);
	if (p->year > 0) {
		tm.tm_year = p->year - 1900;
		tm.tm_mon = p->month - 1;
		tm.tm_mday = p->day;
	} else if (p->weekday >= 0) {
		tm.tm_mday -= (tm.tm_wday - p->weekday + 7) % 7;
	}
	tm.tm_mday += plus - p->days_back;
	tm.tm_hour = p->hour;
	tm.tm_min = p->minute;
	tm.tm_sec = p->second;
	return tm;
}

/* One reading of it: summer time or not (-1: whichever). */
static bool
local_moment(const struct parts *p, const struct tm *tm, int isdst, time_t *ret)
{
	struct tm t = *tm;
	struct tm back = {0};

	t.tm_isdst = isdst;
	*ret = mktime(&t);
	if (*ret == (time_t)-1 || localtime_r(ret, &back) == NULL)
		return false;
	return (isdst < 0 ||
		   (back.tm_isdst == isdst && back.tm_hour == tm->tm_hour &&
		       back.tm_min == tm->tm_min)) &&
	       (p->zone[0] == '\0' || strcmp(p->zone, back.tm_zone) == 0);
}

/* First and last second that the clock of the text shows it. */
static bool
seconds_of(const struct parts *p, const struct tm *tm, int64_t ret[2])
{
	struct tm t = *tm;
	time_t at = 0;
	bool found = false;

	if (p->has_offset || FAULT(utc_clock)) {
		ret[0] = ret[1] = (int64_t)timegm(&t) - p->offset_s;
		return true;
	}
	for (int isdst = 0; isdst <= 1; isdst++) {
		if (!local_moment(p, tm, isdst, &at))
			continue;
		if (!found || at < ret[0])
			ret[0] = at;
		if (!found || at > ret[1])
			ret[1] = at;
		found = true;
	}
	/* a clock that the day leaves out; of a zone's it is another moment */
	if (!found && p->zone[0] == '\0' && local_moment(p, tm, -1, &at)) {
		ret[0] = ret[1] = at;
		found = true;
	}
	return found;
}

/* The zone's name is that of another season (CET in July): its clock is as far
 * from UTC as where TZ last had it, or next will. */
static bool
other_season(struct parts *p, const struct tm *tm)
{
	enum { DAY_S = 86400, YEAR_DAYS = 366 };
	struct tm t = *tm;
	const time_t at = timegm(&t);

	for (int days = 0; p->zone[0] != '\0' && days <= YEAR_DAYS; days++)
		for (int sign = -1; sign <= 1; sign += 2) {
			const time_t probe = at + (time_t)sign * days * DAY_S;
			struct tm there = {0};

			if (localtime_r(&probe, &there) == NULL ||
			    strcmp(p->zone, there.tm_zone) != 0)
				continue;
			p->has_offset = true;
			p->offset_s = (int)there.tm_gmtoff;
			return true;
		}
	return false;
}

/* A thirtieth of February would be the second of March. */
static bool
is_date(const struct parts *p)
{
	struct tm tm = {.tm_year = p->year - 1900,
	    .tm_mon = p->month - 1,
	    .tm_mday = p->day,
	    .tm_hour = 12};

	if (p->year == 0)
		return true;
	(void)timegm(&tm);
	return tm.tm_mon == p->month - 1 && tm.tm_mday == p->day;
}

bool
when_parse(struct when *ret, const char *s, int64_t now_ms)
{
	struct parts p;
	struct tm tm;
	int64_t at[2] = {0, 0};
	int64_t next[2] = {0, 0};
	uint32_t back = 0;

	if (str_duration(s, &back) == 0) {
		ret->first_ms = ret->last_ms = now_ms - (int64_t)back * 1000;
		return true;
	}
	if (!read_parts(&p, s) || !is_date(&p))
		return false;
	tm = moment(&p, now_ms, 0);
	if (!seconds_of(&p, &tm, at)) {
		if (!other_season(&p, &tm))
			return false;
		tm = moment(&p, now_ms, 0);
		if (!seconds_of(&p, &tm, at))
			return false;
	}
	ret->first_ms = at[0] * 1000 + p.ms;
	ret->last_ms = at[1] * 1000 + p.ms + p.span_ms - 1;
	if (p.has_clock)
		return true;
	tm = moment(&p, now_ms, 1);
	if (!seconds_of(&p, &tm, next))
		return false;
	ret->last_ms = next[0] * 1000 - 1;
	return true;
}

bool
when_until(char *ret, size_t size, const char *s)
{
	char text[32];
	struct when w;
	int64_t at_ms;

	if (s[0] < '0' || s[0] > '9' || strcspn(s, "-") != 4 ||
	    !when_parse(&w, s, 0))
		return false;
	/* of a clock that the day has twice the first: that is less */
	at_ms = strchr(s, ':') == NULL ? w.last_ms + 1 : w.first_ms;
	str_time(text, sizeof(text), at_ms);
	return str_copy(ret, size, text) == 0;
}

/* ------------------------------------------------------------------ shown */

/* The local time; false when utc is no time: text then shows what it is. */
static bool
local_time(
    struct tm *ret, int64_t *retms, char *text, size_t size, const char *utc)
{
	time_t t = 0;

	if (str_time_parse(utc, retms) != 0) {
		say_text(text, size, utc, strlen(utc));
		return false;
	}
	t = (time_t)(*retms / 1000);
	(void)localtime_r(&t, ret);
	return true;
}

void
when_text(char *ret, size_t size, const char *utc)
{
	struct tm tm = {0};
	int64_t ms = 0;

	if (local_time(&tm, &ms, ret, size, utc) &&
	    strftime(ret, size, "%Y-%m-%d %H:%M:%S %Z", &tm) == 0)
		ret[0] = '\0';
}

void
when_text_ms(char *ret, size_t size, const char *utc)
{
	struct tm tm = {0};
	int64_t ms = 0;
	char day[64];
	char zone[WORD_SIZE];

	if (!local_time(&tm, &ms, ret, size, utc))
		return;
	if (strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", &tm) == 0 ||
	    strftime(zone, sizeof(zone), "%Z", &tm) == 0 ||
	    str_fmt(ret, size, "%s.%03d %s", day, (int)(ms % 1000), zone) != 0)
		ret[0] = '\0';
}

/* Of the time that text begins with, its bytes, and it as people read it; 0:
 * it begins with none. */
static size_t
time_at(char *ret, size_t size, const char *text)
{
	/* as str_time() writes it, and without its milliseconds */
	static const size_t lengths[] = {sizeof("2026-11-22T13:02:10.123Z") - 1,
	    sizeof("2026-11-22T13:02:10Z") - 1};
	char utc[32];
	int64_t ms = 0;

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		const size_t n = strnlen(text, lengths[i]);

		memcpy(utc, text, n);
		utc[n] = '\0';
		if (n < lengths[i] || utc[n - 1] != 'Z' ||
		    str_time_parse(utc, &ms) != 0)
			continue;
		when_text(ret, size, utc);
		return n;
	}
	return 0;
}

void
when_in_text(char *ret, size_t size, const char *text)
{
	size_t at = 0;

	ret[0] = '\0';
	while (*text != '\0' && at + 1 < size) {
		char local[64] = "";
		const size_t n = FAULT(utc_in_text)
				     ? 0
				     : time_at(local, sizeof(local), text);

		if (n > 0) {
			text_set(ret + at, size - at, local);
			at += strlen(ret + at);
			text += n;
		} else {
			ret[at++] = *text++;
			ret[at] = '\0';
		}
	}
}

void
when_text_short(char *ret, size_t size, const char *utc, int64_t now_ms)
{
	const time_t now = (time_t)(now_ms / 1000);
	struct tm today = {0};
	struct tm tm = {0};
	int64_t ms = 0;

	if (!local_time(&tm, &ms, ret, size, utc))
		return;
	(void)localtime_r(&now, &today);
	if (strftime(ret, size,
		tm.tm_yday == today.tm_yday && tm.tm_year == today.tm_year
		    ? "%H:%M:%S %Z"
		    : "%Y-%m-%d %H:%M",
		&tm) == 0)
		ret[0] = '\0';
}
