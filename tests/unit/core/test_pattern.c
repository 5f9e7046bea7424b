/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pattern - what a pattern may be, and what it matches: all of a text.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/pattern.h"

static void
test_is_one(void **state)
{
	static const struct {
		const char *pattern;
		bool ok;
	} rows[] = {
	    {"INC-[0-9]+", true},
	    {"(INC|CHG)-[0-9]{1,6}", true},
	    {"a\\.b", true},
	    {"x{1024}", true},
	    {"x{1025}", false},
	    {"((x{32}){32}){2}", false}, /* copies of copies */
	    {"x{2,}", true},
	    {"x{a}", false},
	    {"(a)\\1", false}, /* a back-reference */
	    {"a\\w", false},   /* the library's own */
	    {"a\\", false},
	    {"a)(b", false}, /* one only within our own brackets */
	    {"[", false},
	    {"(", false},
	    {"", false},
	    {"a\nb", false},
	};
	char longest[LIMIT_PATTERN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(
		    pattern_ok(rows[i].pattern) == rows[i].ok, rows[i].pattern);
	memset(longest, 'a', sizeof(longest));
	longest[LIMIT_PATTERN_MAX + 1] = '\0';
	assert_false(pattern_ok(longest));
	longest[LIMIT_PATTERN_MAX] = '\0';
	assert_true(pattern_ok(longest));
}

static void
test_matches_all_of_it(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool hit;
	} rows[] = {
	    {"INC-[0-9]+", "INC-4711", true},
	    {"INC-[0-9]+", "INC-4711 x", false},
	    {"INC-[0-9]+", "x INC-4711", false},
	    {"INC-[0-9]+", "INC-", false},
	    {"INC-[0-9]+", "", false},
	    {"INC-[0-9]+", "x\nINC-1", false}, /* not a line of it */
	    {"INC-[0-9]+", "INC-1\n", false},
	    {"a|b", "ab", false}, /* either, and nothing beside */
	    {"a|b", "b", true},
	    {"", "", false}, /* no pattern matches nothing */
	    {"(", "(", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(pattern_matches(rows[i].pattern, rows[i].text) ==
			      rows[i].hit,
		    rows[i].text);
}

static void
test_several(void **state)
{
	struct pattern_list a = {0}, b = {0}, all = {0};
	char text[] = "p0";

	(void)state;
	assert_int_equal(pattern_add(&a, "INC-.*"), 0);
	assert_int_equal(pattern_add(&a, "INC-.*"), GW_EEXIST);
	assert_int_equal(pattern_add(&b, ".*[0-9]{4}"), 0);
	assert_int_equal(pattern_merge(&all, &a), 0);
	assert_int_equal(pattern_merge(&all, &b), 0);
	assert_int_equal(pattern_merge(&all, &a), 0);
	assert_int_equal(all.n, 2);
	assert_null(pattern_missed(&all, "INC-4711"));
	assert_string_equal(pattern_missed(&all, "INC-47"), ".*[0-9]{4}");
	assert_string_equal(pattern_missed(&all, "CHG-4711"), "INC-.*");
	assert_false(pattern_equal(&a, &b));
	assert_true(pattern_equal(&a, &a));
	for (unsigned i = all.n; i < LIMIT_PATTERNS; i++, text[1]++)
		assert_int_equal(pattern_add(&all, text), 0);
	assert_int_equal(pattern_add(&all, "one more"), GW_ELIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_is_one),
	    cmocka_unit_test(test_matches_all_of_it),
	    cmocka_unit_test(test_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
