/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_holds - who holds an opening: the longest hold wins, ending one
 * leaves the others, and every allocation that fails leaves all as it was.
 */
#include "tests/unit/support/test.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "firewall/holds.h"

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static long fail_in; /* 1: the next one fails; 0: none does */

void *
__wrap_calloc(size_t n, size_t size)
{
	if (fail_in > 0 && --fail_in == 0)
		return NULL;
	return __real_calloc(n, size);
}

static int
put(struct holds *l, uint16_t port, const char *id, const char *grant,
    int64_t end, uint32_t round)
{
	struct element e;
	struct set_key k;
	struct hold *h = NULL;
	int r = 0;

	memset(&e, 0, sizeof(e));
	e.kind = ELEMENT_ENTRY;
	e.proto = IPPROTO_TCP;
	e.port = port;
	e.source.family = 4;
	e.source.b[3] = 1;
	e.end_boot_ms = end;
	if ((r = set_key_of(&k, &e)) != 0)
		return r;
	r = holds_put(l, &h, &k, &e, id, grant, round);
	if (r == 0)
		assert_non_null(h);
	return r;
}

static struct set_key
key(uint16_t port)
{
	struct element e;
	struct set_key k;

	memset(&e, 0, sizeof(e));
	e.kind = ELEMENT_ENTRY;
	e.port = port;
	e.source.family = 4;
	e.source.b[3] = 1;
	assert_int_equal(set_key_of(&k, &e), 0);
	return k;
}

static void
longest_wins(void **state)
{
	struct set_key k = key(22);
	struct holds *l = NULL;

	(void)state;
	assert_int_equal(holds_new(&l), 0);
	assert_null(holds_longest(l, &k));
	assert_int_equal(holds_first_end(l), INT64_MAX);
	assert_int_equal(put(l, 22, "g-A", "g-A", 100, 1), 0);
	assert_int_equal(put(l, 22, "g-B", "g-B", 300, 1), 0);
	assert_int_equal(put(l, 22, "g-C", "g-C", 200, 1), 0);
	assert_int_equal(holds_count(l), 3);
	assert_int_equal(holds_first_end(l), 100);
	assert_string_equal(holds_longest(l, &k)->id, "g-B");
	holds_drop(l, holds_find(l, &k, "g-B"));
	assert_string_equal(holds_longest(l, &k)->id, "g-C");
	/* Again with another end: the same hold, moved. */
	assert_int_equal(put(l, 22, "g-A", "g-A", 400, 2), 0);
	assert_int_equal(holds_count(l), 2);
	assert_string_equal(holds_longest(l, &k)->id, "g-A");
	assert_int_equal(holds_longest(l, &k)->round, 2);
	/* An id cannot move to another grant. */
	assert_int_equal(put(l, 22, "g-A", "g-Z", 400, 2), GW_EINVAL);
	holds_drop(l, holds_find(l, &k, "g-A"));
	holds_drop(l, holds_find(l, &k, "g-C"));
	assert_null(holds_longest(l, &k));
	assert_int_equal(holds_count(l), 0);
	holds_free(l);
	holds_free(NULL);
}

static size_t
count_of(const struct holds *l, const char *id)
{
	const struct hold *h = NULL;
	size_t n = 0;

	while ((h = holds_of(l, id, h)) != NULL)
		n++;
	return n;
}

static void
a_grant_has_its_sessions(void **state)
{
	struct holds *l = NULL;
	struct hold *h = NULL, *next = NULL;
	char id[LIMIT_ID_SIZE];
	uint16_t i = 0;

	(void)state;
	assert_int_equal(holds_new(&l), 0);
	assert_int_equal(put(l, 1, "g-A", "g-A", 100, 1), 0);
	assert_int_equal(put(l, 2, "s-A", "g-A", 100, 1), 0);
	assert_int_equal(put(l, 3, "s-B", "g-A", 100, 1), 0);
	assert_int_equal(put(l, 4, "s-C", "g-B", 100, 1), 0);
	assert_int_equal(count_of(l, "g-A"), 3);
	assert_int_equal(count_of(l, "g-B"), 1);
	assert_int_equal(count_of(l, "s-A"), 1);
	assert_int_equal(count_of(l, "s-Z"), 0);
	assert_int_equal(count_of(l, "g-Z"), 0);
	/* More than there are buckets in a row, then away again. */
	for (i = 1; i < 2000; i++) {
		(void)snprintf(id, sizeof(id), "s-%u", (unsigned)i);
		assert_int_equal(put(l, i, id, "g-A", i, 1), 0);
	}
	assert_int_equal(count_of(l, "g-A"), 2002);
	for (h = holds_of(l, "g-A", NULL); h != NULL; h = next) {
		next = holds_of(l, "g-A", h);
		holds_drop(l, h);
	}
	assert_int_equal(count_of(l, "g-A"), 0);
	assert_int_equal(holds_count(l), 1);
	assert_string_equal(holds_all(l, NULL)->id, "s-C");
	holds_free(l);
}

static void
allocations_fail(void **state)
{
	struct set_key k = key(22);
	struct holds *l = NULL;
	long n = 0;

	(void)state;
	fail_in = 1;
	assert_int_equal(holds_new(&l), GW_ENOMEM);
	assert_int_equal(holds_new(&l), 0);
	for (n = 1; n <= 2; n++) {
		fail_in = n;
		assert_int_equal(put(l, 22, "g-A", "g-A", 100, 1), GW_ENOMEM);
		assert_int_equal(holds_count(l), 0);
		assert_null(holds_longest(l, &k));
	}
	fail_in = 0;
	assert_int_equal(put(l, 22, "g-A", "g-A", 100, 1), 0);
	fail_in = 1;
	assert_int_equal(put(l, 22, "g-B", "g-B", 200, 1), GW_ENOMEM);
	fail_in = 0;
	assert_string_equal(holds_longest(l, &k)->id, "g-A");
	/* An id that does not fit opens nothing. */
	assert_true(put(l, 22, "g-0123456789ABCDEF", "g-A", 100, 1) < 0);
	assert_int_equal(holds_count(l), 1);
	holds_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(longest_wins),
	    cmocka_unit_test(a_grant_has_its_sessions),
	    cmocka_unit_test(allocations_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
