/* SPDX-License-Identifier: Apache-2.0 */
/* share: no session and no user fills the disk of recordings. */
#include "tests/unit/support/test.h"

#include "base/err.h"
#include "base/limits.h"
#include "recorder/share.h"

static void
test_shares(void **state)
{
	static const uint64_t mib = 1024 * 1024, huge = 1ULL << 44;
	static const int64_t day = 86400LL * 1000;
	struct shares *s = NULL;
	uint64_t one = 0, two = 0, other = 0, fill = 0;

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
	two = 0; /* nor by another session of theirs */
	assert_int_equal(
	    share_take(s, "bob", &two, 1, 100 * mib, 2000), GW_EFULL);
	assert_int_equal(
	    share_take(s, "carol", &other, mib, 100 * mib, 2000), 0);
	/* the next day */
	assert_int_equal(
	    share_take(s, "bob", &two, mib, 100 * mib, 2000 + day), 0);
	shares_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
