/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle: what counts as arrived, and when the receiver is to be asked.
 */
#include "tests/unit/support/test.h"

#include "shipper/settle.h"

enum { KEPT = 30000, T0 = 5000000 };

/* Records below next are given and written at t. */
static void
written(struct settle *s, uint64_t next, int64_t t)
{
	settle_given(s, next);
	settle_sent(s, t);
}

/* What was read and is old enough has arrived; neither alone is enough. */
static void
test_arrived(void **state)
{
	struct settle s;

	(void)state;
	settle_init(&s, 7);
	assert_false(settle_arrived(&s, T0, KEPT));
	written(&s, 10, T0);
	written(&s, 12, T0 + 5000);
	settle_read(&s, 12);
	assert_false(settle_arrived(&s, T0 + KEPT - 1, KEPT));
	assert_int_equal(s.arrived, 7);
	assert_true(settle_arrived(&s, T0 + KEPT, KEPT));
	assert_int_equal(s.arrived, 10);
	assert_false(settle_arrived(&s, T0 + KEPT, KEPT));
	/* at the end of the process nothing is waited for */
	assert_true(settle_arrived(&s, T0 + KEPT, 0));
	assert_int_equal(s.arrived, 12);
	assert_int_equal(s.sent, 12);
}

/* One that answers for each: what it has is never sent again. */
static void
test_reached(void **state)
{
	struct settle s;

	(void)state;
	settle_init(&s, 7);
	settle_given(&s, 12);
	settle_reached(&s, 9);
	assert_int_equal(s.arrived, 9);
	assert_int_equal(s.given, 12);
	settle_reached(&s, 8);
	assert_int_equal(s.arrived, 9);
	settle_forget(&s);
	assert_int_equal(s.sent, 9);
	assert_int_equal(s.given, 9);
	/* of what was kept over a break the account knows nothing */
	settle_reached(&s, 11);
	assert_int_equal(s.arrived, 11);
	assert_int_equal(s.sent, 11);
	assert_int_equal(s.given, 11);
}

static void
test_unread(void **state)
{
	struct settle s;

	(void)state;
	settle_init(&s, 0);
	assert_false(settle_unread(&s, T0, 0));
	written(&s, 3, T0);
	written(&s, 5, T0 + 2000);
	assert_false(settle_arrived(&s, T0 + 100 * KEPT, KEPT));
	assert_false(settle_unread(&s, T0 + 999, 1000));
	assert_true(settle_unread(&s, T0 + 1000, 1000));
	/* read in part: the rest is asked about by its own age */
	settle_read(&s, 4);
	assert_false(settle_unread(&s, T0 + 2999, 1000));
	assert_true(settle_unread(&s, T0 + 3000, 1000));
	assert_true(settle_arrived(&s, T0 + 100 * KEPT, KEPT));
	assert_int_equal(s.arrived, 3);
	settle_read(&s, 5);
	assert_false(settle_unread(&s, T0 + 100 * KEPT, 1000));
}

static void
test_forget(void **state)
{
	struct settle s;

	(void)state;
	settle_init(&s, 0);
	written(&s, 3, T0);
	settle_read(&s, 3);
	assert_true(settle_arrived(&s, T0 + KEPT, KEPT));
	written(&s, 9, T0 + KEPT);
	settle_given(&s, 11);
	settle_forget(&s);
	assert_int_equal(s.sent, 3);
	assert_int_equal(s.given, 3);
	settle_read(&s, 11);
	assert_false(settle_arrived(&s, T0 + 100 * KEPT, KEPT));
	assert_int_equal(s.arrived, 3);
}

/* Whatever is written, and however often: never early, nothing left out. */
static void
test_many(void **state)
{
	const int64_t step = 400;
	struct settle s;
	int64_t t = T0;

	(void)state;
	settle_init(&s, 0);
	for (uint64_t i = 1; i <= 2000; i++, t += step) {
		written(&s, i, t);
		if (i % 50 == 0)
			settle_read(&s, i);
		(void)settle_arrived(&s, t, KEPT);
		/* record n was written at T0 + n * step */
		assert_true(s.arrived == 0 ||
			    T0 + (int64_t)(s.arrived - 1) * step + KEPT <= t);
	}
	settle_read(&s, 2000);
	assert_true(settle_arrived(&s, t + KEPT, KEPT));
	assert_int_equal(s.arrived, 2000);

	/* a receiver that never answers: what is remembered has an end */
	for (uint64_t i = 2001; i <= 4000; i++, t += 1000)
		written(&s, i, t);
	assert_false(settle_arrived(&s, t, KEPT));
	assert_int_equal(s.n, SETTLE_SAMPLES);
	settle_read(&s, 4000);
	assert_true(settle_arrived(&s, t - 1, KEPT));
	assert_true(s.arrived < 4000);
	assert_true(settle_arrived(&s, t - 1000 + KEPT, KEPT));
	assert_int_equal(s.arrived, 4000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_arrived),
	    cmocka_unit_test(test_reached),
	    cmocka_unit_test(test_unread),
	    cmocka_unit_test(test_forget),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
