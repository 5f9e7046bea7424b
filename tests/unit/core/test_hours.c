/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hours - windows of days and times: how they are written, and when they
 * are open, where clocks go forward and back as well.
 */
#include "tests/unit/core/zonescene.h"
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/hours.h"

/* ---- text */

static void
test_text(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"mon-fri 08:00-18:00 Europe/Berlin", NULL},
	    {"sat,sun 22:00-06:00 UTC", NULL},
	    {"mon-sun 00:00-24:00 UTC", NULL},
	    {"mon,wed,fri 08:00-18:00 UTC", NULL},
	    {"Fri-Mon  08:00-18:00   UTC", "mon,fri-sun 08:00-18:00 UTC"},
	    {"tue,mon,tue 08:00-18:00 UTC", "mon,tue 08:00-18:00 UTC"},
	    {"mon,tue,wed 08:00-00:00 UTC", "mon-wed 08:00-24:00 UTC"},
	    {"sun-sun 23:59-23:58 UTC", "sun 23:59-23:58 UTC"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct hours_list l = {0};
		char text[HOURS_TEXT_SIZE];
		const char *want =
		    rows[i].out != NULL ? rows[i].out : rows[i].in;

		CHECK_ROW(hours_add(&l, rows[i].in) == 0, rows[i].in);
		hours_text(text, &l.hours[0]);
		CHECK_ROW(strcmp(text, want) == 0, rows[i].in);
		CHECK_ROW(hours_add(&l, text) == GW_EEXIST, rows[i].in);
	}
}

static void
test_no_text(void **state)
{
	static const char *const rows[] = {"", "mon-fri", "mon-fri 08:00-18:00",
	    "mon-fri 08:00-18:00 ", "08:00-18:00 UTC", "mon-fri 8:00-18:00 UTC",
	    "mon-fri 08:00-18:60 UTC", "mon-fri 24:00-25:00 UTC",
	    "mon-fri 08:00-24:01 UTC", "mon-fri 08:00-08:00 UTC",
	    "mon-fri 00:00-00:00 UTC", "mon-foo 08:00-18:00 UTC",
	    "mon- 08:00-18:00 UTC", "mon, 08:00-18:00 UTC",
	    "mon-fri 08:00-18:00 a b", "mon-fri 08:00-18:00 ../etc",
	    "mon-fri 08:00-18:00 UTC ", " mon-fri 08:00-18:00 UTC",
	    "mon 08:00 - 18:00 UTC", "monday 08:00-18:00 UTC"};
	struct hours_list l = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(hours_add(&l, rows[i]) == GW_EINVAL, rows[i]);
	assert_int_equal(l.n, 0);
}

static void
test_equal(void **state)
{
	struct hours_list a = {0}, b = {0};
	char text[64];

	(void)state;
	assert_int_equal(hours_add(&a, "mon 08:00-18:00 UTC"), 0);
	assert_int_equal(hours_add(&a, "tue 08:00-18:00 UTC"), 0);
	assert_int_equal(hours_add(&b, "tue 08:00-18:00 UTC"), 0);
	assert_false(hours_equal(&a, &b));
	assert_int_equal(hours_add(&b, "mon 08:00-18:00 UTC"), 0);
	assert_true(hours_equal(&a, &b));
	hours_list_text(text, sizeof(text), &a);
	assert_string_equal(text, "mon 08:00-18:00 UTC or tue 08:00-18:00 UTC");
	hours_list_text(text, 30, &a);
	assert_string_equal(text, "mon 08:00-18:00 UTC ...");
}

/* ---- when they are open */

#define BERLIN(s) s " Europe/Berlin"
#define HOWE(s) s " Australia/Lord_Howe"
#define YORK(s) s " America/New_York"

/* 2027-03-01 is a Monday. */
static const struct {
	const char *name;
	const char *windows[2];
	const char *at;
	enum hours_verdict want;
	const char *until; /* NULL = HOURS_NEVER */
} opens[] = {
    {"begins", {BERLIN("mon-fri 08:00-18:00")}, "2027-03-01T07:00:00Z",
	HOURS_IN, "2027-03-01T17:00:00Z"},
    {"before", {BERLIN("mon-fri 08:00-18:00")}, "2027-03-01T06:59:59.999Z",
	HOURS_OUT, "2027-03-01T07:00:00Z"},
    {"last moment", {BERLIN("mon-fri 08:00-18:00")}, "2027-03-01T16:59:59.999Z",
	HOURS_IN, "2027-03-01T17:00:00Z"},
    {"ends", {BERLIN("mon-fri 08:00-18:00")}, "2027-03-01T17:00:00Z", HOURS_OUT,
	"2027-03-02T07:00:00Z"},
    {"over the weekend", {BERLIN("mon-fri 08:00-18:00")},
	"2027-03-05T17:00:00Z", HOURS_OUT, "2027-03-08T07:00:00Z"},
    {"the night of the day it begins on", {"sat 22:00-06:00 UTC"},
	"2027-03-07T05:59:59Z", HOURS_IN, "2027-03-07T06:00:00Z"},
    {"not the night before", {"sat 22:00-06:00 UTC"}, "2027-03-06T05:00:00Z",
	HOURS_OUT, "2027-03-06T22:00:00Z"},
    {"sunday into monday", {"sun 22:00-06:00 UTC"}, "2027-03-08T02:00:00Z",
	HOURS_IN, "2027-03-08T06:00:00Z"},
    {"another day there", {"mon 00:00-24:00 Asia/Kolkata"},
	"2027-02-28T18:30:00Z", HOURS_IN, "2027-03-01T18:30:00Z"},
    {"always", {"mon-sun 00:00-24:00 UTC"}, "2027-03-01T07:00:00Z", HOURS_IN,
	NULL},
    {"two that touch are one", {"mon 08:00-12:00 UTC", "mon 12:00-18:00 UTC"},
	"2027-03-01T09:00:00Z", HOURS_IN, "2027-03-01T18:00:00Z"},
    {"in two zones", {"mon 08:00-12:00 UTC", BERLIN("mon 12:30-18:00")},
	"2027-03-01T09:00:00Z", HOURS_IN, "2027-03-01T17:00:00Z"},
    {"a zone that is not known", {"mon 08:00-12:00 UTC", "mon 08:00-12:00 X/Y"},
	"2027-03-01T09:00:00Z", HOURS_UNKNOWN, NULL},
    {"a time beyond all years", {"mon-sun 00:00-24:00 UTC"}, NULL,
	HOURS_UNKNOWN, NULL},
    /* Berlin, 2027-03-28: 02:00 is 03:00 */
    {"gap: inside it there is nothing", {BERLIN("sun 02:15-02:45")},
	"2027-03-28T00:59:59Z", HOURS_OUT, "2027-04-04T00:15:00Z"},
    {"gap: ends there", {BERLIN("sun 01:00-02:30")}, "2027-03-28T00:30:00Z",
	HOURS_IN, "2027-03-28T01:00:00Z"},
    {"gap: begins there", {BERLIN("sun 02:30-05:00")}, "2027-03-28T00:00:00Z",
	HOURS_OUT, "2027-03-28T01:00:00Z"},
    {"gap: an hour less", {BERLIN("sun 01:00-05:00")}, "2027-03-28T00:00:00Z",
	HOURS_IN, "2027-03-28T03:00:00Z"},
    {"gap: of the night before", {BERLIN("sat 22:00-06:00")},
	"2027-03-28T00:00:00Z", HOURS_IN, "2027-03-28T04:00:00Z"},
    /* Berlin, 2027-10-31: 03:00 is 02:00 once more */
    {"overlap: an hour more", {BERLIN("sun 01:00-05:00")},
	"2027-10-31T00:30:00Z", HOURS_IN, "2027-10-31T04:00:00Z"},
    {"overlap: ends the first time", {BERLIN("sun 01:00-02:30")},
	"2027-10-31T00:00:00Z", HOURS_IN, "2027-10-31T00:30:00Z"},
    {"overlap: between", {BERLIN("sun 01:00-02:30")}, "2027-10-31T00:45:00Z",
	HOURS_OUT, "2027-10-31T01:00:00Z"},
    {"overlap: once more", {BERLIN("sun 01:00-02:30")}, "2027-10-31T01:00:00Z",
	HOURS_IN, "2027-10-31T01:30:00Z"},
    {"overlap: both times", {BERLIN("sun 02:00-03:00")}, "2027-10-31T00:00:00Z",
	HOURS_IN, "2027-10-31T02:00:00Z"},
    /* New York, 2027-03-14 and 2027-11-07 */
    {"west: gap", {YORK("sun 01:00-02:30")}, "2027-03-14T06:30:00Z", HOURS_IN,
	"2027-03-14T07:00:00Z"},
    {"west: overlap", {YORK("sun 01:30-02:00")}, "2027-11-07T05:30:00Z",
	HOURS_IN, "2027-11-07T06:00:00Z"},
    {"west: overlap, once more", {YORK("sun 01:30-02:00")},
	"2027-11-07T06:00:00Z", HOURS_OUT, "2027-11-07T06:30:00Z"},
    /* Lord Howe, 2027-10-03: 02:00 is 02:30; 2027-04-04: 02:00 is 01:30 */
    {"half: gap", {HOWE("sun 02:10-02:20")}, "2027-10-02T15:29:59Z", HOURS_OUT,
	"2027-10-09T15:10:00Z"},
    {"half: begins in it", {HOWE("sun 02:10-02:40")}, "2027-10-02T15:30:00Z",
	HOURS_IN, "2027-10-02T15:40:00Z"},
    {"half: overlap", {HOWE("sun 01:30-02:00")}, "2027-04-03T14:30:00Z",
	HOURS_IN, "2027-04-03T15:30:00Z"},
    {"half: once more", {HOWE("sun 01:40-01:50")}, "2027-04-03T14:50:00Z",
	HOURS_OUT, "2027-04-03T15:10:00Z"},
    /* and as long as the rule holds */
    {"in half a century", {BERLIN("sun 01:00-05:00")}, "2076-03-29T00:00:00Z",
	HOURS_IN, "2076-03-29T03:00:00Z"},
};

static void
test_open(void **state)
{
	struct zone_table *t = zones_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(opens); i++) {
		struct hours_list l = {0};
		int64_t until = 0;
		const int64_t at =
		    opens[i].at != NULL ? at_ms(opens[i].at) : INT64_MAX - 1;

		for (unsigned k = 0; k < 2 && opens[i].windows[k] != NULL; k++)
			CHECK_ROW(hours_add(&l, opens[i].windows[k]) == 0,
			    opens[i].name);
		CHECK_ROW(hours_judge(&l, t, at, &until) == opens[i].want,
		    opens[i].name);
		CHECK_ROW(
		    until == (opens[i].until != NULL ? at_ms(opens[i].until)
						     : HOURS_NEVER),
		    opens[i].name);
	}
	zone_table_free(t);
}

/* The same minute by minute, by nothing but what the clocks show. */
static void
test_by_the_clock(void **state)
{
	static const char *const windows[] = {BERLIN("sat,sun 01:15-02:45"),
	    BERLIN("sat 23:00-03:30"), HOWE("sun 01:40-02:20"),
	    YORK("sun 00:30-01:30")};
	static const char *const from[] = {"2027-03-27T00:00:00Z",
	    "2027-10-30T00:00:00Z", "2027-04-03T00:00:00Z",
	    "2027-10-02T00:00:00Z", "2027-03-13T00:00:00Z",
	    "2027-11-06T00:00:00Z"};
	struct zone_table *t = zones_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(windows) * ARRAY_LEN(from); i++) {
		struct hours_list l = {0};
		int64_t at = at_ms(from[i / ARRAY_LEN(windows)]), until = 0;
		const int64_t end = at + INT64_C(3) * 86400000;
		enum hours_verdict v, was = HOURS_UNKNOWN;
		int64_t change = 0;

		assert_int_equal(
		    hours_add(&l, windows[i % ARRAY_LEN(windows)]), 0);
		for (; at < end; at += 60000) {
			v = hours_judge(&l, t, at, &until);
			/* it changes when it was said to, and not before */
			if (was != HOURS_UNKNOWN &&
			    (v != was) != (at == change))
				fail_msg("%s", windows[i % ARRAY_LEN(windows)]);
			was = v;
			change = until;
		}
	}
	zone_table_free(t);
}

static void
test_words(void **state)
{
	struct zone_table *t = zones_new();
	struct hours_list l = {0};
	char text[HOURS_TEXT_SIZE];
	int64_t until = 0;

	(void)state;
	assert_int_equal(hours_judge(&l, NULL, 0, &until), HOURS_IN);
	assert_true(until == HOURS_NEVER);
	assert_int_equal(hours_add(&l, BERLIN("mon 08:00-18:00")), 0);
	assert_int_equal(hours_judge(&l, NULL, 0, &until), HOURS_UNKNOWN);
	hours_clock(text, &l, t, at_ms("2027-03-06T02:12:59Z"));
	assert_string_equal(text, "Sat 03:12");
	assert_null(hours_unknown(&l, t));
	assert_int_equal(hours_add(&l, "mon 08:00-18:00 Europe/Bonn"), 0);
	assert_string_equal(hours_unknown(&l, t), "Europe/Bonn");
	zone_table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_no_text),
	    cmocka_unit_test(test_equal),
	    cmocka_unit_test(test_open),
	    cmocka_unit_test(test_by_the_clock),
	    cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("hours", tests, NULL, NULL);
}
