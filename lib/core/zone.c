/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone - see the header. The offset at a time; the table of names.
 */
#include "core/zone.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum {
	DAY_S = 86400,
	ZONES_MAX = 1024, /* internal: there are 600 names, and */
	NAMES_MAX = 4096, /* internal: one zone for six of them */
};

/* ---- the calendar */

static bool
is_leap(int64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

/* From 1970-01-01 to the first of January of y. */
static int64_t
year_begins(int64_t y)
{
	const int64_t p = y - 1; /* leap days are at the end of February */

	return 365 * (y - 1970) + (p / 4 - p / 100 + p / 400) - 477;
}

static int64_t
year_of(int64_t days)
{
	int64_t y = 1970 + days / 366;

	while (y > 1 && year_begins(y) > days)
		y--;
	while (year_begins(y + 1) <= days)
		y++;
	return y;
}

static int64_t
month_begins(int64_t y, unsigned month)
{
	static const uint16_t before[] = {
	    0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

	return year_begins(y) + before[month - 1] +
	       (month > 2 && is_leap(y) ? 1 : 0);
}

/* The week-th such day of a month, or its last. */
static int64_t
nth_weekday(int64_t y, const struct zone_day *d)
{
	const int64_t next = d->month == 12 ? year_begins(y + 1)
					    : month_begins(y, d->month + 1U);
	const int64_t first = month_begins(y, d->month);
	const int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 0 = Sunday */
	int64_t day = first + ((int64_t)d->day - weekday + 7) % 7;

	day += 7 * (int64_t)(d->week - 1);
	while (day >= next)
		day -= 7;
	return day;
}

/* As if UTC were the zone's time. */
static int64_t
day_in_year(int64_t y, const struct zone_day *d)
{
	int64_t day = year_begins(y) + d->day;

	if (d->kind == 'M')
		day = nth_weekday(y, d);
	else if (d->kind == 'J') /* which does not count 29 February */
		day += d->day >= 60 && is_leap(y) ? 0 : -1;
	return day * DAY_S + d->time_s;
}

/* ---- the offset at a time */

static int32_t
by_rule(const struct zone_rule *r, int64_t utc_s, int64_t *ret_until_s)
{
	const int64_t days = (utc_s + r->std_s) / DAY_S;
	const int64_t y = year_of(days);
	int64_t last = INT64_MIN;
	int32_t off = r->std_s;

	*ret_until_s = INT64_MAX;
	if (r->begins.kind == 0)
		return off;
	for (int64_t i = y - 1; i <= y + 1; i++) {
		const struct zone_shift s[] = {
		    {day_in_year(i, &r->ends) - r->dst_s, r->std_s},
		    {day_in_year(i, &r->begins) - r->std_s, r->dst_s}};

		for (unsigned k = 0; k < 2; k++) {
			/* where it ends as it begins, it is never over */
			if (s[k].at_s <= utc_s &&
			    (s[k].at_s > last ||
				(s[k].at_s == last && k == 1))) {
				last = s[k].at_s;
				off = s[k].off_s;
			}
			if (s[k].at_s > utc_s && s[k].at_s < *ret_until_s)
				*ret_until_s = s[k].at_s;
		}
	}
	return off;
}

int32_t
zone_offset(const struct zone *z, int64_t utc_s, int64_t *ret_until_s)
{
	int32_t off = z->first_s;

	if (z->ruled &&
	    (z->nshifts == 0 || utc_s >= z->shifts[z->nshifts - 1].at_s))
		return by_rule(&z->rule, utc_s, ret_until_s);
	*ret_until_s = INT64_MAX;
	for (unsigned i = 0; i < z->nshifts; i++) {
		if (z->shifts[i].at_s > utc_s) {
			*ret_until_s = z->shifts[i].at_s;
			break;
		}
		off = z->shifts[i].off_s;
	}
	return off;
}

void
zone_done(struct zone *z)
{
	free(z->shifts);
	memset(z, 0, sizeof(*z));
}

/* ---- the table: names in order, each with the place of its zone */

struct entry {
	uint32_t name; /* in text */
	uint32_t zone;
};

struct zone_table {
	struct zone *zones;
	struct entry *names;
	char *text;
	size_t nzones, nnames, ntext;
};

bool
zone_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > ZONE_NAME_MAX || name[n - 1] == '/')
		return false;
	for (const char *p = name; *p != '\0'; p++) {
		const bool first = p == name || p[-1] == '/';

		if (isalnum((unsigned char)*p) == 0 &&
		    (first || strchr("/_+-", *p) == NULL))
			return false;
	}
	return true;
}

struct zone_table *
zone_table_new(void)
{
	return calloc(1, sizeof(struct zone_table));
}

void
zone_table_free(struct zone_table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->nzones; i++)
		zone_done(&t->zones[i]);
	free(t->zones);
	free(t->names);
	free(t->text);
	free(t);
}

/* Where the name is, or would be. */
static size_t
place_of(const struct zone_table *t, const char *name, bool *rethit)
{
	size_t from = 0, to = t->nnames;

	*rethit = false;
	while (from < to) {
		const size_t mid = from + (to - from) / 2;
		const int c = strcmp(name, t->text + t->names[mid].name);

		*rethit = c == 0;
		if (c == 0)
			return mid;
		if (c < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return from;
}

static bool
day_equal(const struct zone_day *a, const struct zone_day *b)
{
	return a->kind == b->kind && a->month == b->month &&
	       a->week == b->week && a->day == b->day && a->time_s == b->time_s;
}

static bool
zone_equal(const struct zone *a, const struct zone *b)
{
	if (a->ruled != b->ruled || a->first_s != b->first_s ||
	    a->nshifts != b->nshifts || a->rule.std_s != b->rule.std_s ||
	    a->rule.dst_s != b->rule.dst_s ||
	    !day_equal(&a->rule.begins, &b->rule.begins) ||
	    !day_equal(&a->rule.ends, &b->rule.ends))
		return false;
	for (unsigned i = 0; i < a->nshifts; i++)
		if (a->shifts[i].at_s != b->shifts[i].at_s ||
		    a->shifts[i].off_s != b->shifts[i].off_s)
			return false;
	return true;
}

/* One more at the end, or the one that is like it. */
static int
share_zone(struct zone_table *t, struct zone *z, uint32_t *ret)
{
	struct zone *more = NULL;

	for (*ret = 0; *ret < t->nzones; ++*ret)
		if (zone_equal(&t->zones[*ret], z))
			return 0;
	if (t->nzones == ZONES_MAX)
		return GW_ELIMIT;
	more = reallocarray(t->zones, t->nzones + 1, sizeof(*more));
	if (more == NULL)
		return GW_ENOMEM;
	t->zones = more;
	t->zones[t->nzones++] = *z;
	memset(z, 0, sizeof(*z));
	return 0;
}

static int
add_name(struct zone_table *t, const char *name, size_t at, uint32_t zone)
{
	const size_t n = strlen(name) + 1;
	struct entry *names = NULL;
	char *text = NULL;

	if (t->nnames == NAMES_MAX)
		return GW_ELIMIT;
	if ((text = realloc(t->text, t->ntext + n)) == NULL)
		return GW_ENOMEM;
	t->text = text;
	names = reallocarray(t->names, t->nnames + 1, sizeof(*names));
	if (names == NULL)
		return GW_ENOMEM;
	t->names = names;
	memmove(&names[at + 1], &names[at], (t->nnames - at) * sizeof(*names));
	names[at] = (struct entry){.name = (uint32_t)t->ntext, .zone = zone};
	memcpy(t->text + t->ntext, name, n);
	t->ntext += n;
	t->nnames++;
	return 0;
}

int
zone_table_add(struct zone_table *t, const char *name, struct zone *z)
{
	uint32_t zone = 0;
	bool hit = false;
	int r = GW_EINVAL;

	if (zone_name_ok(name)) {
		const size_t at = place_of(t, name, &hit);

		r = hit ? GW_EEXIST : share_zone(t, z, &zone);
		if (r == 0)
			r = add_name(t, name, at, zone);
	}
	zone_done(z);
	return r;
}

const struct zone *
zone_find(const struct zone_table *t, const char *name)
{
	bool hit = false;
	size_t at;

	if (t == NULL)
		return NULL;
	at = place_of(t, name, &hit);
	return hit ? &t->zones[t->names[at].zone] : NULL;
}

size_t
zone_table_count(const struct zone_table *t)
{
	return t != NULL ? t->nnames : 0;
}

size_t
zone_table_bytes(const struct zone_table *t)
{
	size_t n = sizeof(*t) + t->ntext + t->nnames * sizeof(t->names[0]) +
		   t->nzones * sizeof(t->zones[0]);

	for (size_t i = 0; i < t->nzones; i++)
		n += t->zones[i].nshifts * sizeof(struct zone_shift);
	return n;
}
