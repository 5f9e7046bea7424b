/* SPDX-License-Identifier: Apache-2.0 */
/* Times as people read and write them: in Berlin, New York and elsewhere, and
 * that what is shown can be typed back. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "jitctl/term/when.h"
#include "jitctl/term/words.h"

static int64_t
utc(const char *text)
{
	int64_t ms = 0;

	if (str_time_parse(text, &ms) != 0)
		fail_msg("%s is no time", text);
	return ms;
}

static void
in_zone(const char *tz)
{
	assert_int_equal(setenv("TZ", tz, 1), 0);
	tzset();
}

/* As POSIX writes them: no zone files are needed. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"

#define DAYS "2026-11-22 2026-11-22 2026-11-22 "

/* Monday, a minute past midnight in Berlin. */
#define NOW "2026-11-22T23:01:00Z"

static void
test_parse(void **state)
{
	static const struct {
		const char *tz, *text, *first, *last;
	} rows[] = {
	    {"UTC", "2026-11-22T11:00:00Z", "2026-11-22T11:00:00Z",
		"2026-11-22T11:00:00.999Z"},
	    {BERLIN, "2026-11-22T11:00:00.5Z", "2026-11-22T11:00:00.500Z",
		"2026-11-22T11:00:00.500Z"},
	    {BERLIN, "2026-11-22T11:00:00+01:00", "2026-11-22T10:00:00Z",
		"2026-11-22T10:00:00.999Z"},
	    {BERLIN, "2026-11-22", "2026-11-21T23:00:00Z",
		"2026-11-22T22:59:59.999Z"},
	    {NEW_YORK, "2026-11-22", "2026-11-22T05:00:00Z",
		"2026-11-23T04:59:59.999Z"},
	    {BERLIN, "today", "2026-11-22T23:00:00Z",
		"2026-11-23T22:59:59.999Z"},
	    {NEW_YORK, "today", "2026-11-22T05:00:00Z",
		"2026-11-23T04:59:59.999Z"},
	    {BERLIN, "yesterday", "2026-11-21T23:00:00Z",
		"2026-11-22T22:59:59.999Z"},
	    {BERLIN, "yesterday 14:30", "2026-11-22T13:30:00Z",
		"2026-11-22T13:30:59.999Z"},
	    {BERLIN, "14:30", "2026-11-23T13:30:00Z",
		"2026-11-23T13:30:59.999Z"},
	    {BERLIN, "14:30 UTC", "2026-11-22T14:30:00Z",
		"2026-11-22T14:30:59.999Z"},
	    {BERLIN, "14:30:05Z", "2026-11-22T14:30:05Z",
		"2026-11-22T14:30:05.999Z"},
	    {BERLIN, "14:30 -0500", "2026-11-22T19:30:00Z",
		"2026-11-22T19:30:59.999Z"},
	    {BERLIN, "14:30+05:30", "2026-11-23T09:00:00Z",
		"2026-11-23T09:00:59.999Z"},
	    {BERLIN, "yesterday +00:00", "2026-11-21T00:00:00Z",
		"2026-11-21T23:59:59.999Z"},
	    /* weekdays: the last one, today too */
	    {BERLIN, "monday", "2026-11-22T23:00:00Z",
		"2026-11-23T22:59:59.999Z"},
	    {BERLIN, "Sun 09:00", "2026-11-22T08:00:00Z",
		"2026-11-22T08:00:59.999Z"},
	    {BERLIN, "tue", "2026-11-16T23:00:00Z", "2026-11-17T22:59:59.999Z"},
	    {NEW_YORK, "sunday", "2026-11-22T05:00:00Z",
		"2026-11-23T04:59:59.999Z"},
	    {"UTC", "mon 09:00 UTC", "2026-11-16T09:00:00Z",
		"2026-11-16T09:00:59.999Z"},
	    /* the zone by its name; both hours of one clock, and none */
	    {BERLIN, "2026-07-01 12:00:00 CEST", "2026-07-01T10:00:00Z",
		"2026-07-01T10:00:00.999Z"},
	    {BERLIN, "2026-10-25 02:30", "2026-10-25T00:30:00Z",
		"2026-10-25T01:30:59.999Z"},
	    {BERLIN, "2026-10-25 02:30 CEST", "2026-10-25T00:30:00Z",
		"2026-10-25T00:30:59.999Z"},
	    {BERLIN, "2026-10-25 02:30 CET", "2026-10-25T01:30:00Z",
		"2026-10-25T01:30:59.999Z"},
	    /* ... also out of its season, and of a clock that is left out */
	    {BERLIN, "2026-07-01 12:00:00 CET", "2026-07-01T11:00:00Z",
		"2026-07-01T11:00:00.999Z"},
	    {BERLIN, "2026-12-01 12:00 CEST", "2026-12-01T10:00:00Z",
		"2026-12-01T10:00:59.999Z"},
	    {NEW_YORK, "2026-07-01 EST", "2026-07-01T05:00:00Z",
		"2026-07-02T04:59:59.999Z"},
	    {BERLIN, "2026-03-29 02:30 CEST", "2026-03-29T00:30:00Z",
		"2026-03-29T00:30:59.999Z"},
	    {BERLIN, "2026-03-29 02:30 CET", "2026-03-29T01:30:00Z",
		"2026-03-29T01:30:59.999Z"},
	    {BERLIN, "today CEST", "2026-11-22T22:00:00Z",
		"2026-11-23T21:59:59.999Z"},
	    {BERLIN, "2026-10-25", "2026-10-24T22:00:00Z",
		"2026-10-25T22:59:59.999Z"},
	    /* back from now */
	    {BERLIN, "24h", "2026-11-21T23:01:00Z", "2026-11-21T23:01:00Z"},
	};
	static const char *const bad[] = {"", " ", "tomorrow", "2026-13-01",
	    "2026-02-30", "25:00", "24:00", "14:60", "14:30:61", "1:30",
	    "yesterday 25:00", "14:30 14:30", "today today", "CET",
	    "14:30 EST" /* none of Berlin's */, "14:30+", "14:30+1",
	    "14:30+99:00", "14:30 UTC UTC", "2026-11-22T", "2026-11-22Z 14:30",
	    "14:30.5", "14:30:05.", "14:30:05.1234567890", "1969-01-01",
	    "next friday", "fri 14:30 UTC x", DAYS DAYS DAYS};
	struct when w;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		in_zone(rows[i].tz);
		CHECK_ROW(when_parse(&w, rows[i].text, utc(NOW)), rows[i].text);
		CHECK_ROW(w.first_ms == utc(rows[i].first), rows[i].text);
		CHECK_ROW(w.last_ms == utc(rows[i].last), rows[i].text);
	}
	in_zone(BERLIN);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(!when_parse(&w, bad[i], utc(NOW)), bad[i]);
}

static void
check_shown(int64_t ms)
{
	char at[32];
	char text[96];
	struct when w;

	str_time(at, sizeof(at), ms);
	when_text(text, sizeof(text), at);
	CHECK_ROW(when_parse(&w, text, ms), text);
	CHECK_ROW(w.first_ms == ms - ms % 1000, text);
	CHECK_ROW(w.last_ms == ms - ms % 1000 + 999, text);
	when_text_ms(text, sizeof(text), at);
	CHECK_ROW(when_parse(&w, text, ms), text);
	CHECK_ROW(w.first_ms == ms && w.last_ms == ms, text);
	for (int64_t days = 0; days <= 400; days += 400) {
		when_text_short(text, sizeof(text), at, ms - days * 86400000);
		CHECK_ROW(when_parse(&w, text, ms), text);
		CHECK_ROW(w.first_ms <= ms && w.last_ms >= ms, text);
	}
}

/* Whatever is shown, typed back, is that moment, in every zone and season. */
static void
test_shown_can_be_typed(void **state)
{
	static const char *const zones[] = {"UTC0", BERLIN, NEW_YORK,
	    "<+0545>-5:45", "<-03>3", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"};
	const int64_t start = utc("2026-01-01T00:00:00.123Z");
	const int64_t autumn = utc("2026-10-24T00:00:00.123Z");

	(void)state;
	for (size_t z = 0; z < ARRAY_LEN(zones); z++) {
		in_zone(zones[z]);
		for (int64_t at = 0; at < INT64_C(730) * 24 * 60; at += 211)
			check_shown(start + at * 60000);
		for (int64_t at = 0; at < INT64_C(3) * 24 * 60; at += 10)
			check_shown(autumn + at * 60000);
	}
}

static void
test_short(void **state)
{
	char text[96];

	(void)state;
	in_zone(BERLIN);
	when_text_short(text, sizeof(text), "2026-11-22T23:02:03Z", utc(NOW));
	assert_string_equal(text, "00:02:03 CET");
	when_text_short(text, sizeof(text), "2026-11-22T22:02:03Z", utc(NOW));
	assert_string_equal(text, "2026-11-22 23:02");
	when_text_ms(text, sizeof(text), "2026-07-22T22:02:03.045Z");
	assert_string_equal(text, "2026-07-23 00:02:03.045 CEST");
	when_text(text, sizeof(text), "no \x1btime");
	assert_string_equal(text, "no \\x1btime");
}

static void
test_flags(void **state)
{
	struct ctx c = {0};
	int64_t got = -1;

	(void)state;
	in_zone(BERLIN);
	assert_true(time_arg(&c, F_SINCE, utc(NOW), &got)); /* not given */
	assert_int_equal(got, -1);
	c.opt.n[F_SINCE] = c.opt.n[F_UNTIL] = 1;
	c.opt.value[F_SINCE][0] = c.opt.value[F_UNTIL][0] = "2026-11-22";
	assert_true(time_arg(&c, F_SINCE, utc(NOW), &got));
	assert_int_equal(got, utc("2026-11-21T23:00:00Z"));
	assert_true(time_arg(&c, F_UNTIL, utc(NOW), &got));
	assert_int_equal(got, utc("2026-11-22T22:59:59.999Z"));
	c.opt.value[F_SINCE][0] = "tomorrow";
	assert_false(time_arg(&c, F_SINCE, utc(NOW), &got));
}

/* What the gateway says is in the time of whoever reads it. */
static void
test_in_text(void **state)
{
	char text[80];

	(void)state;
	(void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	when_in_text(
	    text, sizeof(text), "g-1: released at 2026-11-30T05:08:39Z, so");
	assert_string_equal(
	    text, "g-1: released at 2026-11-30 06:08:39 CET, so");
	when_in_text(text, sizeof(text),
	    "after 2026-11-30T05:08:39.548Z 2026-11-30T05:08:39.5");
	assert_string_equal(
	    text, "after 2026-11-30 06:08:39 CET 2026-11-30T05:08:39.5");
	when_in_text(text, sizeof(text), "2026-11-30T05:08:3 and 2026");
	assert_string_equal(text, "2026-11-30T05:08:3 and 2026");
	when_in_text(text, 5, "at 2026-11-30T05:08:39Z");
	assert_string_equal(text, "at 2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_shown_can_be_typed),
	    cmocka_unit_test(test_short),
	    cmocka_unit_test(test_flags),
	    cmocka_unit_test(test_in_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
