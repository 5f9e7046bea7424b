/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_squeeze - what is kept small comes back byte by byte, and what does not
 * fit is none.
 */
#include "tests/unit/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/squeeze.h"

enum { SIZE = 5000 };

static void
same(const uint8_t *p, size_t n)
{
	struct squeezed s = {0};
	uint8_t *back = malloc(n + 1);

	assert_non_null(back);
	assert_int_equal(squeeze(&s, p, n), 0);
	assert_true(unsqueeze(back, n, &s));
	assert_memory_equal(back, p, n);
	assert_false(unsqueeze(back, n - 1, &s));
	assert_false(unsqueeze(back, n + 1, &s));
	s.n--;
	assert_false(unsqueeze(back, n, &s));
	s.n++;
	squeezed_done(&s);
	squeezed_done(&s);
	assert_false(unsqueeze(back, n, &s));
	free(back);
}

static void
test_patterns(void **state)
{
	uint8_t p[SIZE] = {0};

	(void)state;
	same(p, SIZE);
	for (size_t gap = 1; gap < 90; gap++) {
		for (size_t i = 0; i < SIZE; i++)
			p[i] = i % (gap + 1) == 0 ? (uint8_t)(i | 1) : 0;
		same(p, SIZE);
		same(p + 1, SIZE - 1);
		same(p, gap);
	}
	memset(p, 7, SIZE);
	same(p, SIZE);
}

static void
test_small(void **state)
{
	uint8_t p[SIZE] = {0};
	struct squeezed s = {0};

	(void)state;
	memcpy(p, "alice", 5);
	memcpy(p + 4000, "ops", 3);
	assert_int_equal(squeeze(&s, p, SIZE), 0);
	assert_true(s.n < 64);
	/* again: the former is gone */
	assert_int_equal(squeeze(&s, p, 10), 0);
	assert_false(unsqueeze(p, SIZE, &s));
	squeezed_done(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_patterns),
	    cmocka_unit_test(test_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
