/* SPDX-License-Identifier: Apache-2.0 */
/* pace: a burst passes at once, the rest at its rate, and none is lost. */
#include "tests/unit/support/test.h"

#include "base/limits.h"
#include "session/pace.h"

enum { AT_ONCE = 32 * 1024 };

/* All that passes at that moment, of a program that never stops. */
static uint64_t
pour(struct pace *p, int64_t boot_ms)
{
	uint64_t all = 0;
	size_t n;

	while ((n = pace_allow(p, AT_ONCE, boot_ms)) > 0) {
		pace_spend(p, n);
		all += n;
		if (all > 10ULL * LIMIT_RECORD_BURST)
			break; /* nothing holds it up */
	}
	return all;
}

static void
test_flood(void **state)
{
	struct pace p = {0};
	uint64_t all;

	(void)state;
	all = pour(&p, 5000000);
	assert_true(all <= LIMIT_RECORD_BURST);
	assert_true(all > LIMIT_RECORD_BURST - AT_ONCE);
	assert_true(p.waits);
	assert_int_equal(pour(&p, 5000000), 0);
	all = 0;
	for (int64_t ms = 50; ms <= 10000; ms += 50)
		all += pour(&p, 5000000 + ms);
	assert_true(all <= 10ULL * LIMIT_RECORD_RATE + AT_ONCE);
	assert_true(all >= 10ULL * LIMIT_RECORD_RATE - AT_ONCE);
	/* after a rest there is a burst again, and no more than one */
	all = pour(&p, 5000000 + 86400LL * 1000);
	assert_true(all <= LIMIT_RECORD_BURST);
	assert_true(all > LIMIT_RECORD_BURST - AT_ONCE);
}

/* Who types, or reads a page now and then, is never held up. */
static void
test_people(void **state)
{
	struct pace p = {0};

	(void)state;
	for (int64_t ms = 0; ms < 3600 * 1000; ms += 100) {
		assert_int_equal(pace_allow(&p, 4000, 1000 + ms), 4000);
		pace_spend(&p, 4000);
		assert_false(p.waits);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_flood),
	    cmocka_unit_test(test_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
