/* SPDX-License-Identifier: Apache-2.0 */
/* pace: a burst passes at once, the rest at its rate, and none is lost. */
#include "tests/unit/support/test.h"

#include "core/pace.h"

static const struct pace_limit limit = {.burst = 16 << 20, .rate = 1 << 20};

/* All that passes at that moment, of what never stops. */
static uint64_t
pour(struct pace *p, int64_t boot_ms)
{
	uint64_t all = 0;
	uint64_t n;

	while (
	    (n = pace_room(p, &limit, boot_ms)) > 0 && all < 10 * limit.burst) {
		n = n < 1000 ? n : 1000;
		pace_spend(p, &limit, n);
		all += n;
	}
	return all;
}

static void
test_flood(void **state)
{
	struct pace p = {0};
	uint64_t all = 0;

	(void)state;
	assert_int_equal(pour(&p, 5000000), limit.burst);
	assert_int_equal(pour(&p, 5000000), 0);
	for (int64_t ms = 50; ms <= 10000; ms += 50)
		all += pour(&p, 5000000 + ms);
	assert_true(all <= 10 * limit.rate);
	assert_true(all > 10 * limit.rate - 1000);
	/* after a rest there is a burst again, and no more than one */
	assert_int_equal(pour(&p, 5000000 + 86400LL * 1000), limit.burst);
	/* what passed although there was no room costs no more than a burst */
	pace_spend(&p, &limit, 100 * limit.burst);
	assert_int_equal(
	    pace_room(&p, &limit, 5000000 + 86401LL * 1000), limit.rate);
}

/* Looks that come often lose nothing of a slow rate. */
static void
test_slow(void **state)
{
	static const struct pace_limit slow = {.burst = 2, .rate = 10};
	struct pace p = {0};
	unsigned n = 2;

	(void)state;
	assert_int_equal(pace_room(&p, &slow, 1000000), 2);
	pace_spend(&p, &slow, 2);
	for (int64_t ms = 1; ms <= 1000; ms++)
		if (pace_room(&p, &slow, 1000000 + ms) > 0) {
			pace_spend(&p, &slow, 1);
			n++;
		}
	assert_int_equal(n, 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_flood),
	    cmocka_unit_test(test_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
