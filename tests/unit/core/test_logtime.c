/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_logtime - what time the log has, as a table: how the host's clock was
 * set, how much later it is.
 */
#include "tests/unit/support/test.h"

#include "base/attr.h"
#include "core/logtime.h"

enum { UTC = 1800000000, UP = 5000, DAY = 86400, SET = 400 * DAY };

static struct now
at(int64_t utc_s, int64_t boot_s)
{
	return (struct now){.utc_ms = utc_s * 1000, .boot_ms = boot_s * 1000};
}

/* One reading at UTC; the next when the clock was set by set_s, and this much
 * later; times are seconds after UTC. */
static void
test_readings(void **state)
{
	static const struct {
		const char *name;
		int64_t set_s, later_s, want_s, behind_s;
	} table[] = {
	    {"nothing", 0, 10, 10, 0},
	    {"forward", 3600, 10, 3610, 0},
	    {"far forward", SET, 10, SET + 10, 0},
	    {"back by a minute", -60, 10, 5, 55},
	    {"and as it is caught up with", -60, 119, 59, 0},
	    {"and later", -60, 130, 70, 0},
	    {"back by more", -61, 10, 10, 61},
	    {"far back", -SET, 10, 10, SET},
	    {"far back, a day later", -SET, DAY, DAY, SET},
	    {"a dead clock", -UTC, 10, 10, UTC},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct now first = at(UTC, UP);
		const struct now now =
		    at(UTC + table[i].set_s + table[i].later_s,
			UP + table[i].later_s);
		struct logtime t = {0};
		int64_t want = table[i].want_s, offset;

		logtime_read(&t, &first);
		CHECK_ROW(t.utc_ms == first.utc_ms, table[i].name);
		CHECK_ROW(t.behind_ms == 0, table[i].name);
		offset = logtime_offset_ms(&t);
		logtime_read(&t, &now);
		CHECK_ROW(t.utc_ms / 1000 == UTC + want, table[i].name);
		CHECK_ROW(
		    t.behind_ms / 1000 == table[i].behind_s, table[i].name);
		CHECK_ROW(
		    logtime_offset_ms(&t) - offset == table[i].set_s * 1000,
		    table[i].name);
	}
}

/* However often the clock is read and set, it is never earlier than before. */
static void
test_never_back(void **state)
{
	struct logtime t = {0};
	int64_t utc = UTC;

	(void)state;
	for (int64_t i = 0; i < 200; i++) {
		const int64_t set[] = {0, -59, 3, -3600, 7200, -1, 30};
		const int64_t before = t.utc_ms;
		struct now now;

		utc += 1 + set[i % 7];
		now = at(utc, UP + i);
		logtime_read(&t, &now);
		assert_true(t.utc_ms >= before);
		assert_true(t.utc_ms >= now.utc_ms);
		assert_int_equal(t.utc_ms - t.behind_ms, now.utc_ms);
	}
}

static void
test_floor(void **state)
{
	const struct now now = at(UTC, UP);
	struct logtime t = {0};

	(void)state;
	logtime_read(&t, &now);
	logtime_floor(&t, now.utc_ms - 5);
	assert_int_equal(t.utc_ms, now.utc_ms);
	logtime_floor(&t, now.utc_ms + 5000);
	assert_int_equal(t.utc_ms, now.utc_ms + 5000);
	assert_int_equal(t.behind_ms, 5000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_readings),
	    cmocka_unit_test(test_never_back),
	    cmocka_unit_test(test_floor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
