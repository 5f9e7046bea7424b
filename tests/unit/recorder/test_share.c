/* SPDX-License-Identifier: Apache-2.0 */
/* share: no session and no user fills the disk of recordings. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "recorder/share.h"

static void
test_shares(void **state)
{
	static const uint64_t mib = 1024 * 1024, huge = 1ULL << 44;
	static const int64_t day = 86400LL * 1000;
	struct shares *s = NULL;
	struct share one = {0}, two = {0}, other = {0}, fill = {0};

	(void)state;
	assert_int_equal(shares_new(&s), 0);
	/* one session */
	assert_int_equal(
	    share_take(s, "alice", &fill, LIMIT_RECORDING_SESSION, huge, 1000),
	    0);
	assert_int_equal(
	    share_take(s, "alice", &fill, 1, huge, 1000), GW_EFULL);
	assert_int_equal(share_take(s, "alice", &one, mib, huge, 1000), 0);
	/* all of a user's, of a small disk */
	assert_int_equal(
	    share_take(s, "bob", &two, 25 * mib, 100 * mib, 2000), 0);
	assert_int_equal(
	    share_take(s, "bob", &two, 1, 100 * mib, 2000), GW_EFULL);
	two.bytes = 0; /* nor by another session of theirs */
	assert_int_equal(
	    share_take(s, "bob", &two, 1, 100 * mib, 2000), GW_EFULL);
	assert_int_equal(
	    share_take(s, "carol", &other, mib, 100 * mib, 2000), 0);
	/* the next day */
	assert_int_equal(
	    share_take(s, "bob", &two, mib, 100 * mib, 2000 + day), 0);
	shares_free(s);
}

/* Before anything is relayed there is room for what will be on its way. */
static void
test_hold(void **state)
{
	static const uint64_t mib = 1024 * 1024, held = LIMIT_RECORDING_HELD;
	static const struct now now = {.utc_ms = 5000, .boot_ms = 2000};
	struct shares *s = NULL;
	struct share one = {0}, two = {0};
	char text[256];

	(void)state;
	assert_int_equal(shares_new(&s), 0);
	assert_int_equal(share_hold(s, "bob", &one, 100 * mib, 1000), 0);
	assert_int_equal(share_hold(s, "bob", &one, 100 * mib, 1000), 0);
	assert_int_equal(
	    share_take(s, "bob", &one, 25 * mib - held, 100 * mib, 2000), 0);
	assert_int_equal(
	    share_take(s, "bob", &one, 1, 100 * mib, 2000), GW_EFULL);
	share_text(s, "bob", &one, now, text, sizeof(text));
	assert_non_null(strstr(text, "begins 1970-01-02T00:00:04Z"));
	/* what was on its way, and no more than that */
	assert_int_equal(share_take_held(&one, 1), 0);
	assert_int_equal(share_take_held(&one, held), GW_EFULL);
	share_release(s, "bob", &one, 2000);
	/* a byte is missing for another */
	assert_int_equal(share_hold(s, "bob", &two, 100 * mib, 2000), GW_EFULL);
	assert_int_equal(share_hold(s, "bob", &two, 101 * mib, 2000), 0);
	share_release(s, "bob", &two, 2000);
	assert_int_equal(share_hold(s, "bob", &two, 101 * mib, 2000), 0);
	shares_free(s);
}

/* What decides is said: the day's share, what is held for others of the user's
 * sessions, or a disk too small for any. */
static void
test_text(void **state)
{
	static const uint64_t mib = 1024 * 1024, held = LIMIT_RECORDING_HELD;
	static const struct now now = {.utc_ms = 5000, .boot_ms = 2000};
	struct shares *s = NULL;
	struct share one = {0}, two = {0}, small = {0};
	char text[256];

	(void)state;
	assert_int_equal(shares_new(&s), 0);
	assert_int_equal(share_hold(s, "bob", &one, 20 * mib, 1000), 0);
	/* not used up: another session has its part of 5 MiB */
	assert_int_equal(share_hold(s, "bob", &two, 20 * mib, 2000), GW_EFULL);
	share_text(s, "bob", &two, now, text, sizeof(text));
	assert_null(strstr(text, "used up"));
	assert_non_null(strstr(text, "less is left than the 4 MiB"));
	assert_non_null(strstr(text, "4 MiB are kept for sessions"));
	/* its own part is no other's */
	assert_int_equal(
	    share_take(s, "bob", &one, 2 * mib, 20 * mib, 2000), GW_EFULL);
	share_text(s, "bob", &one, now, text, sizeof(text));
	assert_non_null(strstr(text, "used up; a new day"));
	/* none is held any more, written or not */
	assert_int_equal(share_take_held(&one, held / 2), 0);
	share_release(s, "bob", &one, 2000);
	assert_int_equal(share_hold(s, "bob", &two, 20 * mib, 2000), GW_EFULL);
	share_text(s, "bob", &two, now, text, sizeof(text));
	assert_null(strstr(text, "kept for"));
	assert_non_null(strstr(text, "begins 1970-01-02T00:00:04Z"));
	/* no day helps */
	assert_int_equal(
	    share_hold(s, "eve", &small, 15 * mib, 2000), GW_EFULL);
	share_text(s, "eve", &small, now, text, sizeof(text));
	assert_non_null(strstr(text, "too small"));
	assert_null(strstr(text, "day"));
	shares_free(s);
}

/* All that is answered for at that moment, of sessions that never stop. */
static uint64_t
pour(struct shares *s, const char *user, struct share *own, int64_t boot_ms)
{
	uint64_t all = 0, n;

	while (all < 1ULL << 40 &&
	       (n = share_answer(s, user, own, 512 * 1024, boot_ms)) > 0)
		all += n;
	return all;
}

/* What is answered for of output follows what of its files is paid. */
static void
test_part(void **state)
{
	const uint64_t most = LIMIT_REC_UNACKED;

	(void)state;
	assert_int_equal(share_part(0, 0, 0), 0);
	assert_int_equal(share_part(100, 100, 100), 100);
	assert_int_equal(share_part(100, 300, 600), 50);
	assert_int_equal(share_part(100, 0, 600), 0);
	assert_int_equal(share_part(1, 5, 6), 0);
	assert_int_equal(share_part(1, 6, 6), 1);
	assert_int_equal(share_part(most, 6 * most - 1, 6 * most), most - 1);
}

/* One session, one user and all of them have their pace; who comes late gets
 * their part in each round. */
static void
test_paces(void **state)
{
	enum { MANY = 40 };
	struct share one[MANY] = {{0}}, late = {0};
	const uint64_t burst = LIMIT_RECORD_BURST;
	struct shares *s = NULL;
	uint64_t all = 0;
	char user[8];

	(void)state;
	assert_int_equal(shares_new(&s), 0);
	assert_int_equal(pour(s, "alice", &one[0], 1000), burst);
	for (unsigned i = 1; i < 10; i++)
		all += pour(s, "alice", &one[i], 1000);
	assert_int_equal(all, (LIMIT_RECORD_USER - 1) * burst);
	all += burst;
	for (unsigned i = 0; i < MANY; i++) {
		one[i] = (struct share){0};
		(void)snprintf(user, sizeof(user), "u%u", i);
		all += pour(s, user, &one[i], 1000);
	}
	assert_int_equal(all, LIMIT_RECORD_ALL * burst);
	/* nothing is left; a round later all have some */
	assert_int_equal(share_answer(s, "zoe", &late, 9, 1000), 0);
	share_round(s);
	for (unsigned i = 0; i < MANY; i++) {
		one[i].waiting = 0;
		(void)snprintf(user, sizeof(user), "u%u", i);
		share_waits(s, user, &one[i], 1100);
	}
	share_waits(s, "zoe", &late, 1100);
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(user, sizeof(user), "u%u", i);
		(void)share_answer(s, user, &one[i], burst, 1100);
	}
	assert_true(share_answer(s, "zoe", &late, burst, 1100) > 16 * 1024);
	shares_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shares),
	    cmocka_unit_test(test_hold),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_part),
	    cmocka_unit_test(test_paces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
