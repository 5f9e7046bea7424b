/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tries - when a code is looked at again, as a table: how many were wrong,
 * how much later it is, by which clock.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/attr.h"
#include "core/tries.h"

enum { MIN = 60, UTC = 1800000000 };

static const char boot_a[] = "00000000-0000-4000-8000-00000000000a";
static const char boot_b[] = "00000000-0000-4000-8000-00000000000b";

static struct now
at(int64_t utc_s, int64_t boot_s)
{
	return (struct now){.utc_ms = utc_s * 1000, .boot_ms = boot_s * 1000};
}

/* So many wrong codes, all of them at UTC and 1000 s of boot a. */
static struct tries
wrong_ones(unsigned n)
{
	const struct now now = at(UTC, 1000);
	struct tries t = {0};

	while (n-- > 0)
		tries_wrong(&t, &now, boot_a);
	return t;
}

static void
test_pauses(void **state)
{
	static const struct {
		const char *name;
		unsigned wrong, of_others;
		int64_t later_s; /* by both clocks */
		enum tries_verdict verdict;
		int64_t left_s;
	} table[] = {
	    {"none", 0, 0, 0, TRIES_OPEN, 0},
	    {"four", 4, 0, 0, TRIES_OPEN, 0},
	    {"five", 5, 0, 0, TRIES_PAUSED, 5 * MIN},
	    {"five, almost over", 5, 0, 5 * MIN - 1, TRIES_PAUSED, 1},
	    {"five, over", 5, 0, 5 * MIN, TRIES_OPEN, 0},
	    {"nine", 9, 0, 5 * MIN, TRIES_OPEN, 0},
	    {"ten", 10, 0, 5 * MIN, TRIES_PAUSED, 10 * MIN},
	    {"ten, over", 10, 0, 15 * MIN, TRIES_OPEN, 0},
	    {"fifteen", 15, 0, 15 * MIN, TRIES_PAUSED, 45 * MIN},
	    {"fifteen, over", 15, 0, 60 * MIN, TRIES_OPEN, 0},
	    {"nineteen", 19, 0, 60 * MIN, TRIES_OPEN, 0},
	    {"twenty", 20, 0, 0, TRIES_CLOSED, 0},
	    {"twenty, a year later", 20, 0, 525600 * MIN, TRIES_CLOSED, 0},
	    {"another key is closed", 0, 20, 0, TRIES_OPEN, 0},
	    {"this one has its own pause", 5, 20, 0, TRIES_PAUSED, 5 * MIN},
	    {"too many of all keys", 0, 40, 0, TRIES_CLOSED, 0},
	    {"too many with this one", 4, 36, 0, TRIES_CLOSED, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct tries t = wrong_ones(table[i].wrong);
		const struct now now =
		    at(UTC + table[i].later_s, 1000 + table[i].later_s);
		int64_t left = -1;

		CHECK_ROW(tries_judge(&t, t.wrong + table[i].of_others, &now,
			      boot_a, &left) == table[i].verdict,
		    table[i].name);
		CHECK_ROW(left == table[i].left_s * 1000, table[i].name);
	}
}

/* A pause of five minutes, by clocks that are not to be trusted. */
static void
test_clocks(void **state)
{
	static const struct {
		const char *name;
		const char *boot;
		int64_t utc_s, boot_s;
		int64_t left_s;
	} table[] = {
	    {"same boot, clock ahead", boot_a, UTC + 86400, 1001, 5 * MIN - 1},
	    {"same boot, clock behind", boot_a, 0, 1001, 5 * MIN - 1},
	    {"same boot, over", boot_a, UTC, 1000 + 5 * MIN, 0},
	    {"other boot", boot_b, UTC + 10, 3, 5 * MIN - 10},
	    {"other boot, over", boot_b, UTC + 5 * MIN, 3, 0},
	    {"other boot, dead clock", boot_b, 0, 3, 5 * MIN},
	    {"no boot id", "", UTC + 10, 1300, 5 * MIN - 10},
	};
	const struct tries t = wrong_ones(5);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct now now = at(table[i].utc_s, table[i].boot_s);
		int64_t left = -1;

		(void)tries_judge(&t, 5, &now, table[i].boot, &left);
		CHECK_ROW(left == table[i].left_s * 1000, table[i].name);
	}
}

static void
test_left(void **state)
{
	static const unsigned left[] = {4, 3, 2, 1, 0, 4, 3, 2, 1, 0, 4};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(left); i++) {
		const struct tries t = wrong_ones(i + 1);

		assert_int_equal(tries_left(&t), left[i]);
	}
}

static void
test_zero_is_closed(void **state)
{
	const enum tries_verdict none = {0};

	(void)state;
	assert_int_equal(none, TRIES_CLOSED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pauses),
	    cmocka_unit_test(test_clocks),
	    cmocka_unit_test(test_left),
	    cmocka_unit_test(test_zero_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
