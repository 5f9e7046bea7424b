/* SPDX-License-Identifier: Apache-2.0 */
/* usage: whose records take how much of the log, and what that means. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/disk.h"
#include "notary/usage.h"

enum { MIB = 1024 * 1024, HOUR_MS = 3600 * 1000 };

/* Records of so many MiB, in lines of 16 KiB. */
static void
write_mib(struct usage *u, const char *by, const char *user, unsigned mib,
    int64_t utc_ms)
{
	static char line[16 * 1024];
	const struct record r = {.time_ms = utc_ms,
	    .event = EV_SESSION_EXEC,
	    .origin = PROC_SESSION};
	int n;

	memset(line, 'x', sizeof(line));
	n = snprintf(line, sizeof(line),
	    "{\"v\":1,\"msg\":\",\\\"by\\\":\\\"eve\\\"\"%s%s%s,\"user\":\"%"
	    "s\"",
	    by[0] != '\0' ? ",\"by\":\"" : "", by, by[0] != '\0' ? "\"" : "",
	    user);
	line[n] = 'x';
	for (unsigned i = 0; i < mib * 64; i++)
		usage_record(u, &r, line, sizeof(line) - 1);
}

static void
test_quota(void **state)
{
	const int64_t t = 1800000000000;
	char who[LIMIT_NAME_SIZE];
	struct usage *u = NULL;

	(void)state;
	assert_int_equal(usage_new(&u, LIMIT_DISK_KEEP_MAX), 0);
	assert_int_equal(usage_quota(u, t), LIMIT_LOG_USER);
	write_mib(u, "mallory", "alice", 63, t);
	assert_false(usage_reached(u, t, who));
	write_mib(u, "", "mallory", 1, t + 1000);
	assert_true(usage_reached(u, t + 1000, who));
	assert_string_equal(who, "mallory");
	assert_false(usage_reached(u, t + 1000, who)); /* once */
	assert_int_equal(usage_of(u, "mallory", t + 1000), USAGE_OVER);
	assert_int_equal(usage_of(u, "alice", t + 1000), USAGE_WITHIN);
	assert_int_equal(usage_of(u, "eve", t + 1000), USAGE_WITHIN);
	assert_int_equal(usage_left_s(u, "mallory", t + 1000), 3600);
	write_mib(u, "mallory", "", 16, t + 1000);
	assert_int_equal(usage_of(u, "mallory", t + 1000), USAGE_FAR);
	/* root and the gateway are nobody's doing */
	write_mib(u, "gateway", "alice", 80, t + 1000);
	assert_int_equal(usage_of(u, "alice", t + 1000), USAGE_WITHIN);
	/* the hour is over; a time that was set back is another hour, too */
	assert_int_equal(usage_of(u, "mallory", t + HOUR_MS), USAGE_WITHIN);
	assert_int_equal(usage_of(u, "mallory", t - 1), USAGE_WITHIN);
	usage_free(u);
}

/* On a small disk it is less, so that the log has room for the others. */
static void
test_small_disk(void **state)
{
	const struct disk d = {.total = 64 * MIB, .free = 64 * MIB};
	const int64_t t = 1800000000000;
	char who[LIMIT_NAME_SIZE];
	struct usage *u = NULL;

	(void)state;
	assert_int_equal(usage_new(&u, disk_kept(&d)), 0);
	assert_true(usage_quota(u, t) * 3 < disk_kept(&d));
	write_mib(u, "mallory", "", 2, t);
	assert_true(usage_reached(u, t, who));
	usage_free(u);
}

/* Many users together: from then on those go on who have little. */
static void
test_all(void **state)
{
	const int64_t t = 1800000000000;
	char who[LIMIT_NAME_SIZE];
	struct usage *u = NULL;

	(void)state;
	assert_int_equal(usage_new(&u, LIMIT_DISK_KEEP_MAX), 0);
	write_mib(u, "alice", "", 7, t);
	for (unsigned i = 0; i < 6; i++) {
		(void)snprintf(who, sizeof(who), "m%u", i);
		assert_false(usage_reached(u, t, who));
		write_mib(u, who, "", 42, t);
	}
	for (unsigned i = 0; i < 6; i++)
		assert_true(usage_reached(u, t, who));
	assert_false(usage_reached(u, t, who));
	assert_int_equal(usage_of(u, "m3", t), USAGE_FAR);
	assert_int_equal(usage_of(u, "alice", t), USAGE_WITHIN);
	write_mib(u, "alice", "", 1, t);
	assert_true(usage_reached(u, t, who));
	assert_string_equal(who, "alice");
	/* with the next hour it is as before */
	assert_int_equal(usage_quota(u, t + HOUR_MS), LIMIT_LOG_USER);
	usage_free(u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quota),
	    cmocka_unit_test(test_small_disk),
	    cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
