/* SPDX-License-Identifier: Apache-2.0 */
/* test_route - which address is ours. Nothing is sent. */
#include "tests/unit/support/test.h"

#include <stdbool.h>

#include "base/attr.h"
#include "base/route.h"

static void
own(void **state)
{
	static const struct {
		const char *text;
		bool own, refused;
	} rows[] = {
	    {"127.0.0.1", true, false},
	    {"127.255.255.255", false, true}, /* the broadcast of 127.0.0.0/8 */
	    {"192.0.2.1", false, false},      /* of no network there is */
	    {"203.0.113.9", false, false},
	};
	const struct addr none = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct addr a;

		assert_int_equal(addr_parse(&a, rows[i].text), 0);
		CHECK_ROW(route_is_own(&a) == rows[i].own, rows[i].text);
		CHECK_ROW(route_refuses(&a) == rows[i].refused, rows[i].text);
	}
	assert_false(route_is_own(&none));
	assert_false(route_refuses(&none));
}

static void
source(void **state)
{
	struct addr to, got = {0};

	(void)state;
	assert_int_equal(addr_parse(&to, "127.0.0.9"), 0);
	assert_int_equal(route_own_address(&got, &to, 22), 0);
	assert_true(addr_is_loopback(&got));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(own),
	    cmocka_unit_test(source),
	};

	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
