/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_zones - the time zones of this system: all of them, as the C library
 * reads them, in little memory; and folders that are not as they should be.
 */
#include "tests/unit/support/test.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "sys/zones.h"

#define NOW_MS INT64_C(1780000000000) /* 2026-05-28 */
#define DAY_S 86400

static struct zone_table *
read_all(void)
{
	struct zone_table *t = NULL;

	assert_int_equal(zones_read(&t, ZONES_DIR, NOW_MS), 0);
	return t;
}

/* Over sixty years, and at each change that is told. */
static void
check_zone(const struct zone *z, const char *name)
{
	int64_t at = NOW_MS / 1000 - 365 * DAY_S, until = 0;
	const int64_t end = at + INT64_C(60) * 365 * DAY_S;

	assert_int_equal(setenv("TZ", name, 1), 0);
	tzset();
	while (at < end) {
		const int32_t off = zone_offset(z, at, &until);
		const int64_t next = at + 9 * DAY_S;
		struct tm tm;
		time_t x = (time_t)at;

		CHECK_ROW(localtime_r(&x, &tm) != NULL, name);
		CHECK_ROW(tm.tm_gmtoff == off, name);
		CHECK_ROW(until > at, name);
		x = (time_t)until - 1;
		if (until <= next) {
			CHECK_ROW(localtime_r(&x, &tm) != NULL, name);
			CHECK_ROW(tm.tm_gmtoff == off, name);
		}
		at = until < next ? until : next;
	}
}

static void
test_as_libc(void **state)
{
	static const char *const names[] = {"Europe/Berlin", "America/New_York",
	    "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Etc/GMT+5",
	    "Africa/Casablanca", "Europe/Dublin", "America/Havana", "Asia/Gaza",
	    "America/Scoresbysund", "Pacific/Chatham",
	    "America/Argentina/Buenos_Aires", "America/Toronto",
	    "Antarctica/Troll"};
	struct zone_table *t = read_all();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct zone *z = zone_find(t, names[i]);

		CHECK_ROW(z != NULL, names[i]);
		check_zone(z, names[i]);
	}
	zone_table_free(t);
}

static void
test_small(void **state)
{
	struct zone_table *t = read_all();

	(void)state;
	assert_in_range(zone_table_count(t), 300, 1000);
	assert_true(zone_table_bytes(t) < 64 * 1024);
	/* clocks that agree from now on are kept once */
	assert_ptr_equal(
	    zone_find(t, "Europe/Paris"), zone_find(t, "Europe/Berlin"));
	assert_null(zone_find(t, "posix/UTC"));
	assert_null(zone_find(t, "right/UTC"));
	assert_null(zone_find(t, "zone.tab"));
	assert_null(zone_find(t, "localtime"));
	zone_table_free(t);
}

/* ---- a folder of our own */

static void
put_file(
    const char *dir, const char *name, const void *p, size_t n, mode_t mode)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	(void)close(fd);
}

static void
put_link(const char *dir, const char *name, const char *to)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(symlink(to, path), 0);
}

static void
drop(const char *dir, const char *name)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(remove(path), 0);
}

static void
test_folders(void **state)
{
	static const char *const names[] = {"Sub/Good", "Sub", "Good", "Link",
	    "Junk", "Others", "Outside", "Loop", "Nowhere", "posixrules"};
	char dir[] = "/tmp/sallyport-zones.XXXXXX", sub[64];
	struct zone_table *t = NULL;
	uint8_t utc[4096];
	ssize_t n;
	int fd = open(ZONES_DIR "/UTC", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	n = read(fd, utc, sizeof(utc));
	(void)close(fd);
	assert_true(n > 44);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(sub, sizeof(sub), "%s/Sub", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	put_file(dir, "Good", utc, (size_t)n, 0644);
	put_file(sub, "Good", utc, (size_t)n, 0644);
	put_file(dir, "posixrules", utc, (size_t)n, 0644);
	put_file(dir, "Junk", "TZif2 and no more", 17, 0644);
	put_file(dir, "Others", utc, (size_t)n, 0666); /* others write it */
	put_link(dir, "Link", "Sub/Good");
	put_link(dir, "Outside", ZONES_DIR "/UTC");
	put_link(dir, "Loop", "Loop");
	put_link(dir, "Nowhere", "Gone");
	assert_int_equal(zones_read(&t, dir, NOW_MS), 0);
	assert_int_equal(zone_table_count(t), 3);
	assert_non_null(zone_find(t, "Good"));
	assert_non_null(zone_find(t, "Sub/Good"));
	assert_non_null(zone_find(t, "Link"));
	zone_table_free(t);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		drop(dir, names[i]);
	assert_int_equal(rmdir(dir), 0);
	/* none at all */
	assert_int_equal(zones_read(&t, dir, NOW_MS), 0);
	assert_int_equal(zone_table_count(t), 0);
	zone_table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_as_libc),
	    cmocka_unit_test(test_small),
	    cmocka_unit_test(test_folders),
	};

	return cmocka_run_group_tests_name("zones", tests, NULL, NULL);
}
