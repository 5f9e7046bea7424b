/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test - what every unit test includes: cmocka with the headers it wants
 * before it, macros that name the failing row of a table, and the choice of
 * cases. No helpers for the code under test: those belong beside the test that
 * needs them.
 */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

/* cmocka.h needs these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fnmatch.h>
#include <stdlib.h>

/* Fails with the row's name and the condition that was false. */
#define CHECK_ROW(cond, name)                                                  \
	do {                                                                   \
		if (!(cond))                                                   \
			fail_msg("row '%s': %s", (name), #cond);               \
	} while (0)

/*
 * skip() alone keeps the reason to itself. Of these scripts/check takes only
 * "kernel: what it lacks"; any other reason (no root) is for who runs make
 * check and fails the gate. A program that is missing is a failure everywhere.
 */
#define SKIP_TEST(why)                                                         \
	do {                                                                   \
		print_message("SKIP: %s\n", (why));                            \
		skip();                                                        \
	} while (0)

/* No case has the wanted name: a program that ran nothing has failed. */
enum { TEST_NONE = -1 };

/*
 * A group of cases, as cmocka runs it. Where the environment has
 * SALLYPORT_TEST_CASES, a pattern of * and ?, only the cases of such a name
 * run: tests/run-controls asks so for the case that must fail. A group without
 * one is not even set up.
 */
static inline int
test_group(const char *name, const struct CMUnitTest *tests, size_t count,
    CMFixtureFunction up, CMFixtureFunction down)
{
	const char *wanted = getenv("SALLYPORT_TEST_CASES");
	size_t i;

	if (wanted != NULL) {
		for (i = 0; i < count; i++)
			if (fnmatch(wanted, tests[i].name, 0) == 0)
				break;
		if (i == count)
			return TEST_NONE;
		cmocka_set_test_filter(wanted);
	}
	return _cmocka_run_group_tests(name, tests, count, up, down);
}

#undef cmocka_run_group_tests
#define cmocka_run_group_tests(tests, up, down)                                \
	test_group(#tests, tests, sizeof(tests) / sizeof((tests)[0]), up, down)

#endif
