/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tzif - zones as they are written (zone.h): a TZif file's bytes, and the POSIX
 * TZ string at its end.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "core/zone.h"

enum {
	HOUR_S = 3600,
	OFFSET_MAX_S = 26 * HOUR_S, /* internal: RFC 9636, 3.2 has less */
	TIME_MAX_S = 167 * HOUR_S,  /* internal: RFC 9636, 3.3.1 */
	RULE_MAX = 128,             /* internal: the longest has 45 */
	HEAD = 44,
	SHIFTS_MAX = 4096, /* internal: some have 240 */
};

/* ---- the rule */

/* "CET" or "<+0330>": it is not kept. */
static bool
skip_name(const char **p)
{
	const bool quoted = **p == '<';
	size_t n = 0;

	*p += quoted ? 1 : 0;
	while (isalpha((unsigned char)**p) != 0 ||
	       (quoted && (isdigit((unsigned char)**p) != 0 || **p == '+' ||
			      **p == '-'))) {
		++*p;
		n++;
	}
	if (quoted && *(*p)++ != '>')
		return false;
	return n >= 3;
}

static bool
take_number(const char **p, unsigned min, unsigned max, unsigned *ret)
{
	unsigned v = 0, digits = 0;

	for (; isdigit((unsigned char)**p) != 0 && digits < 4; digits++)
		v = v * 10 + (unsigned)(*(*p)++ - '0');
	*ret = v;
	return digits > 0 && v >= min && v <= max;
}

/* [+-]hh[:mm[:ss]] */
static bool
take_time(const char **p, int32_t *ret)
{
	const bool minus = **p == '-';
	unsigned h = 0, m = 0, s = 0;

	if (**p == '-' || **p == '+')
		++*p;
	if (!take_number(p, 0, TIME_MAX_S / HOUR_S, &h))
		return false;
	if (**p == ':') {
		++*p;
		if (!take_number(p, 0, 59, &m))
			return false;
	}
	if (**p == ':') {
		++*p;
		if (!take_number(p, 0, 59, &s))
			return false;
	}
	*ret = (int32_t)(h * HOUR_S + m * 60 + s);
	if (minus)
		*ret = -*ret;
	return true;
}

/* POSIX counts west of Greenwich. */
static bool
take_offset(const char **p, int32_t *ret)
{
	if (!take_time(p, ret) || *ret >= OFFSET_MAX_S || *ret <= -OFFSET_MAX_S)
		return false;
	*ret = -*ret;
	return true;
}

static bool
take_month(const char **p, struct zone_day *ret)
{
	unsigned month = 0, week = 0, day = 0;

	++*p;
	if (!take_number(p, 1, 12, &month) || *(*p)++ != '.' ||
	    !take_number(p, 1, 5, &week) || *(*p)++ != '.' ||
	    !take_number(p, 0, 6, &day))
		return false;
	ret->month = (uint8_t)month;
	ret->week = (uint8_t)week;
	ret->day = (uint16_t)day;
	return true;
}

/* ,date[/time] */
static bool
take_day(const char **p, struct zone_day *ret)
{
	unsigned day = 0;

	if (**p != ',')
		return false;
	++*p;
	ret->kind = **p == 'M' || **p == 'J' ? **p : 'N';
	if (ret->kind == 'M') {
		if (!take_month(p, ret))
			return false;
	} else {
		*p += ret->kind == 'J' ? 1 : 0;
		if (!take_number(p, ret->kind == 'J' ? 1 : 0, 365, &day))
			return false;
		ret->day = (uint16_t)day;
	}
	ret->time_s = 2 * HOUR_S;
	if (**p != '/')
		return true;
	++*p;
	return take_time(p, &ret->time_s);
}

int
zone_rule_parse(struct zone_rule *ret, const char *text)
{
	struct zone_rule r = {0};
	const char *p = text;

	if (!skip_name(&p) || !take_offset(&p, &r.std_s))
		return GW_EINVAL;
	if (*p != '\0') {
		if (!skip_name(&p))
			return GW_EINVAL;
		r.dst_s = r.std_s + HOUR_S;
		if (*p != ',' && !take_offset(&p, &r.dst_s))
			return GW_EINVAL;
		if (!take_day(&p, &r.begins) || !take_day(&p, &r.ends) ||
		    *p != '\0')
			return GW_EINVAL;
	}
	*ret = r;
	return 0;
}

/* ---- the file */

static uint64_t
number(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | *p++;
	return v;
}

/* A block's counts, in the order of its header, and where its data begin. */
struct block {
	uint32_t isut, isstd, leap, time, type, chars;
	const uint8_t *data;
	size_t size; /* of its data */
};

/* The block at p, whose times have so many bytes. */
static bool
read_block(struct block *ret, const uint8_t *p, size_t n, unsigned width)
{
	uint32_t *const count[] = {&ret->isut, &ret->isstd, &ret->leap,
	    &ret->time, &ret->type, &ret->chars};

	if (n < HEAD || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(count); i++) {
		*count[i] = (uint32_t)number(p + 20 + 4 * i, 4);
		if (*count[i] > SHIFTS_MAX)
			return false;
	}
	ret->data = p + HEAD;
	ret->size = (size_t)ret->time * (width + 1) + (size_t)ret->type * 6 +
		    ret->chars + (size_t)ret->leap * (width + 4) + ret->isstd +
		    ret->isut;
	return ret->size <= n - HEAD;
}

/* "\n...\n" */
static int
read_rule(struct zone *z, const uint8_t *p, size_t n)
{
	char text[RULE_MAX];

	if (n < 2 || n - 2 >= sizeof(text) || p[0] != '\n' || p[n - 1] != '\n')
		return GW_EINVAL;
	memcpy(text, p + 1, n - 2);
	text[n - 2] = '\0';
	if (strlen(text) != n - 2)
		return GW_EINVAL;
	z->ruled = text[0] != '\0';
	return z->ruled ? zone_rule_parse(&z->rule, text) : 0;
}

static bool
read_type(const struct block *b, unsigned type, int32_t *ret)
{
	const uint8_t *p = b->data + (size_t)b->time * 9;

	if (type >= b->type)
		return false;
	*ret = (int32_t)(uint32_t)number(p + (size_t)type * 6, 4);
	return *ret<OFFSET_MAX_S && * ret> - OFFSET_MAX_S;
}

/* Those from since_s on; the last before it is how it begins. */
static int
read_shifts(struct zone *z, const struct block *b, int64_t since_s)
{
	int64_t before = INT64_MIN;

	if (!read_type(b, 0, &z->first_s))
		return GW_EINVAL;
	if (b->time == 0)
		return 0;
	if ((z->shifts = calloc(b->time, sizeof(z->shifts[0]))) == NULL)
		return GW_ENOMEM;
	for (uint32_t i = 0; i < b->time; i++) {
		struct zone_shift s = {
		    .at_s = (int64_t)number(b->data + (size_t)i * 8, 8)};

		if ((i > 0 && s.at_s <= before) ||
		    !read_type(b, b->data[(size_t)b->time * 8 + i], &s.off_s))
			return GW_EINVAL;
		before = s.at_s;
		if (s.at_s < since_s)
			z->first_s = s.off_s;
		else
			z->shifts[z->nshifts++] = s;
	}
	return 0;
}

/* The rule tells it by itself: what was before, that it comes, and what is
 * after. */
static bool
is_told(const struct zone *z, unsigned i)
{
	const struct zone_shift *s = &z->shifts[i];
	const int32_t old = i > 0 ? s[-1].off_s : z->first_s;
	const struct zone rule = {.ruled = true, .rule = z->rule};
	int64_t until = 0;

	return z->ruled && zone_offset(&rule, s->at_s, &until) == s->off_s &&
	       zone_offset(&rule, s->at_s - 1, &until) == old;
}

/* And nothing else, since the shift before it. */
static bool
is_quiet(const struct zone *z, unsigned i, int64_t since_s)
{
	const struct zone rule = {.ruled = true, .rule = z->rule};
	int64_t t = i > 0 ? z->shifts[i - 1].at_s : since_s, until = 0;
	const int32_t off = zone_offset(&rule, t, &until);

	while (until < z->shifts[i].at_s) {
		t = until;
		if (zone_offset(&rule, t, &until) != off)
			return false;
	}
	return true;
}

/* From the end, as far as the rule goes back; and no more memory than that. */
static int
drop_told(struct zone *z, int64_t since_s)
{
	struct zone_shift *less = NULL;

	while (z->nshifts > 0 && is_told(z, z->nshifts - 1U) &&
	       is_quiet(z, z->nshifts - 1U, since_s))
		z->nshifts--;
	if (z->nshifts == 0) {
		free(z->shifts);
		z->shifts = NULL;
		return 0;
	}
	less = reallocarray(z->shifts, z->nshifts, sizeof(*less));
	if (less == NULL)
		return GW_ENOMEM;
	z->shifts = less;
	return 0;
}

/* Without shifts the rule holds from the start, if it is what was there. */
static void
settle_first(struct zone *z, int64_t since_s)
{
	const struct zone rule = {.ruled = true, .rule = z->rule};
	int64_t until = 0;

	if (z->ruled && z->nshifts == 0)
		z->first_s = zone_offset(&rule, since_s, &until);
}

int
zone_parse(struct zone *ret, const uint8_t *p, size_t n, int64_t since_s)
{
	struct block old, b;
	size_t at;
	int r = GW_EINVAL;

	memset(ret, 0, sizeof(*ret));
	if (n >= HEAD && memcmp(p, "TZif", 4) == 0 && p[4] == '\0')
		return GW_EUNSUPPORTED; /* of before 2005: without a rule */
	if (!read_block(&old, p, n, 4))
		return GW_EINVAL;
	at = HEAD + old.size;
	if (!read_block(&b, p + at, n - at, 8))
		return GW_EINVAL;
	if (b.leap != 0)
		return GW_EUNSUPPORTED; /* its times are not those of POSIX */
	at += HEAD + b.size;
	if ((r = read_rule(ret, p + at, n - at)) == 0 &&
	    (r = read_shifts(ret, &b, since_s)) == 0)
		r = drop_told(ret, since_s);
	if (r == 0)
		settle_first(ret, since_s);
	else
		zone_done(ret);
	return r;
}
