/* SPDX-License-Identifier: Apache-2.0 */
/* disk: how much recordings and doors leave free, as a table. */
#include "tests/unit/support/test.h"

#include "base/attr.h"
#include "base/disk.h"
#include "base/err.h"

static void
test_order(void **state)
{
	static const uint64_t mib = 1024 * 1024, gib = 1024 * 1024 * 1024;
	const struct {
		const char *name;
		uint64_t total, free, kept;
		bool may, open;
	} table[] = {
	    {"small, some", 24 * mib, 4 * mib, 4 * mib, true, true},
	    {"small, less", 24 * mib, 4 * mib - 1, 4 * mib, false, true},
	    {"a tenth", 1000 * mib, 100 * mib, 100 * mib, true, true},
	    {"less than a tenth", 1000 * mib, 99 * mib, 100 * mib, false, true},
	    {"large", 1024 * gib, 512 * mib, 512 * mib, true, true},
	    {"large, less", 1024 * gib, 511 * mib, 512 * mib, false, true},
	    {"enough", 40 * mib, mib, 4 * mib, false, true},
	    {"not enough", 40 * mib, mib - 1, 4 * mib, false, false},
	    {"nothing", 0, 0, 4 * mib, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct disk d = {
		    .free = table[i].free, .total = table[i].total};

		CHECK_ROW(disk_kept(&d) == table[i].kept, table[i].name);
		CHECK_ROW(disk_may_record(&d) == table[i].may, table[i].name);
		CHECK_ROW(disk_may_open(&d) == table[i].open, table[i].name);
	}
}

static void
test_read(void **state)
{
	struct disk a, b;

	(void)state;
	assert_int_equal(disk_read(&a, "/tmp"), 0);
	assert_int_equal(disk_read(&b, "/tmp"), 0);
	assert_true(a.total > 0 && a.free <= a.total);
	assert_int_equal(a.dev, b.dev);
	assert_int_equal(disk_read(&a, "/tmp/is not there"), GW_ESYS);
	assert_int_equal(disk_read_fd(&a, -1), GW_ESYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
