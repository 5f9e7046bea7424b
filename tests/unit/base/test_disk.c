/* SPDX-License-Identifier: Apache-2.0 */
/* disk: how much recordings and doors leave free, as a table. */
#include "tests/unit/support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

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

/* A disk whose bytes are free, and whose files are not. */
static void
test_files(void **state)
{
	static const struct {
		const char *name;
		uint64_t total, free;
		bool may, open;
	} table[] = {
	    {"counts none", 0, 0, true, true},
	    {"large, some", 1000000, 1024, true, true},
	    {"large, less", 1000000, 1023, false, true},
	    {"large, few", 1000000, 64, false, true},
	    {"large, fewer", 1000000, 63, false, false},
	    {"small, a tenth", 140, 14, true, true},
	    {"small, less", 140, 13, false, true},
	    {"small, less than a twentieth", 140, 6, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct disk d = {.free = UINT64_C(1) << 40,
		    .total = UINT64_C(1) << 41,
		    .files_free = table[i].free,
		    .files_total = table[i].total};

		CHECK_ROW(disk_may_record(&d) == table[i].may, table[i].name);
		CHECK_ROW(disk_may_open(&d) == table[i].open, table[i].name);
		CHECK_ROW(disk_lacks_files(&d) != table[i].may, table[i].name);
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

/* What cures itself, what nobody who has it open can go on with, and what says
 * nothing of either. */
static void
test_errors(void **state)
{
	static const struct {
		const char *name;
		int error;
		bool full, dead;
	} table[] = {
	    {"no room", ENOSPC, true, false},
	    {"no quota", EDQUOT, true, false},
	    {"medium", EIO, false, true},
	    {"descriptor", EBADF, false, true},
	    {"read-only", EROFS, false, true},
	    {"folder", ENOENT, false, true},
	    {"memory", ENOMEM, false, false},
	    {"signal", EINTR, false, false},
	    {"descriptors", EMFILE, false, false},
	    {"none", 0, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		CHECK_ROW(disk_is_full(table[i].error) == table[i].full,
		    table[i].name);
		CHECK_ROW(disk_is_dead(table[i].error) == table[i].dead,
		    table[i].name);
	}
}

static void
test_try(void **state)
{
	char dir[] = "/tmp/sallyport-disk.XXXXXX";
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(disk_try(fd), 0);
	assert_int_equal(rmdir(dir), 0); /* nothing is left of it */
	assert_int_equal(disk_try(fd), ENOENT);
	assert_int_equal(close(fd), 0);
	assert_int_equal(disk_try(fd), EBADF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_try),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
