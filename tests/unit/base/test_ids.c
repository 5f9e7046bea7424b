/* SPDX-License-Identifier: Apache-2.0 */
/* test_ids - the shape of ids; that they differ; the clock's few promises. */
#include "tests/unit/support/test.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/ids.h"

static void
new_ids_are_ok_and_differ(void **state)
{
	enum { MANY = 300 };
	char ids[MANY][LIMIT_ID_SIZE];
	bool seen[128] = {false};
	unsigned symbols = 0;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		id_new(ids[i], 'g');
		CHECK_ROW(id_ok(ids[i], 'g'), ids[i]);
		CHECK_ROW(!id_ok(ids[i], 'r'), ids[i]);
		CHECK_ROW(strpbrk(ids[i], "0O1ILU") == NULL, ids[i]);
		for (unsigned j = 0; j < i; j++)
			CHECK_ROW(strcmp(ids[i], ids[j]) != 0, ids[i]);
		for (const char *p = ids[i] + 2; *p != '\0'; p++)
			seen[(unsigned char)*p & 127] = true;
	}
	for (unsigned i = 0; i < ARRAY_LEN(seen); i++)
		symbols += seen[i] ? 1 : 0;
	/* 2400 draws miss one of 30 with a chance below 10^-33. */
	assert_int_equal(symbols, 30);
}

static void
other_ids_are_not_ok(void **state)
{
	static const char *const bad[] = {"", "g", "g-", "g-7Q2MXK4",
	    "G-7Q2MXK4P", "g-7Q2MXK4PP", "g_7Q2MXK4P", "g-7q2mxk4p",
	    "g-7Q2MXK40", "g-7Q2MXK4O", "g-7Q2MXK4U", "g-7Q2MXK4 ",
	    "r-7Q2MXK4P", "g-7Q2MXK4P\n", "g-7Q2M/../",
	    "g-7Q2MXK4P-and-much-more-text"};

	(void)state;
	assert_true(id_ok("g-7Q2MXK4P", 'g'));
	assert_false(id_ok(NULL, 'g'));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(!id_ok(bad[i], 'g'), bad[i]);
}

static void
uuids(void **state)
{
	char a[ID_UUID_SIZE] = "";
	char b[ID_UUID_SIZE] = "";

	(void)state;
	/* The time of RFC 9562's example, A.6. */
	id_uuid7(a, INT64_C(0x017f22e279b0));
	id_uuid7(b, INT64_C(0x017f22e279b0));
	assert_int_equal(strlen(a), ID_UUID_SIZE - 1);
	assert_memory_equal(a, "017f22e2-79b0-7", 15);
	assert_int_equal(a[18], '-');
	assert_non_null(strchr("89ab", a[19]));
	assert_int_equal(a[23], '-');
	assert_int_equal(strspn(a, "0123456789abcdef-"), ID_UUID_SIZE - 1);
	assert_string_not_equal(a, b);
	id_uuid7(a, -5);
	assert_memory_equal(a, "00000000-0000-7", 15);
}

static void
clocks(void **state)
{
	const struct now first = clock_now();
	const int64_t us = clock_mono_us();
	const char *boot = clock_boot_id();

	(void)state;
	/* After 2026, and not in microseconds or seconds by mistake. */
	assert_true(first.utc_ms > INT64_C(1767225600000));
	assert_true(first.utc_ms < INT64_C(4102444800000));
	assert_true(first.boot_ms >= 0);
	assert_true(clock_now().boot_ms >= first.boot_ms);
	assert_true(clock_mono_us() >= us);
	assert_ptr_equal(boot, clock_boot_id());
	if (boot[0] != '\0') {
		assert_int_equal(strlen(boot), CLOCK_BOOT_ID_SIZE - 1);
		assert_int_equal(
		    strspn(boot, "0123456789abcdef-"), CLOCK_BOOT_ID_SIZE - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(new_ids_are_ok_and_differ),
	    cmocka_unit_test(other_ids_are_not_ok),
	    cmocka_unit_test(uuids),
	    cmocka_unit_test(clocks),
	};

	return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
