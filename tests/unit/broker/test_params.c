/* SPDX-License-Identifier: Apache-2.0 */
/*
 * params: what a query string says, and what it does not.
 */
#include "broker/call/params.h"

#include <string.h>

#include "base/attr.h"
#include "tests/unit/support/test.h"

static void
test_flag(void **state)
{
	static const struct {
		const char *query;
		bool ok, value;
	} rows[] = {
	    {"", true, false},
	    {"all=1", true, true},
	    {"all=0", true, false},
	    {"small=1", true, false},
	    {"all2=1", true, false},
	    {"x=all=1", true, false},
	    {"a=b&all=1", true, true},
	    {"all=1&a=b", true, true},
	    {"&&all=1&", true, true},
	    {"all", true, false},
	    {"all=", false, false},
	    {"all=2", false, false},
	    {"all=yes", false, false},
	    {"all=%31", false, false},
	    {"all=1&all=0", false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool v = false;

		assert_int_equal(
		    params_flag(rows[i].query, "all", &v), rows[i].ok);
		assert_int_equal(v, rows[i].value);
	}
}

static void
test_num(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_true(params_num("fromage=1", "from", 100, &v));
	assert_int_equal(v, 7);
	assert_true(params_num("from=100", "from", 100, &v));
	assert_int_equal(v, 100);
	assert_false(params_num("from=101", "from", 100, &v));
	assert_false(params_num("from=-1", "from", 100, &v));
	assert_false(params_num("from=", "from", 100, &v));
	assert_false(
	    params_num("from=000000000000000000000000000001", "from", 100, &v));
	assert_int_equal(v, 100);
}

static void
test_text(void **state)
{
	char v[4] = "x";

	(void)state;
	assert_true(params_text("before=a", "after", v, sizeof(v)));
	assert_string_equal(v, "x");
	assert_true(params_text("after=abc&b=c", "after", v, sizeof(v)));
	assert_string_equal(v, "abc");
	assert_false(params_text("after=abcd", "after", v, sizeof(v)));
	assert_string_equal(v, "abc");
	assert_true(params_text("after=", "after", v, sizeof(v)));
	assert_string_equal(v, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_flag),
	    cmocka_unit_test(test_num),
	    cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
