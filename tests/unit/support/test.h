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
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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

/* Is it named by one of these patterns of * and ?, split at commas? */
static inline bool
test_wanted(const char *patterns, const char *name)
{
	char *copy = strdup(patterns), *save = NULL;
	bool yes = false;

	for (char *p = copy != NULL ? strtok_r(copy, ",", &save) : NULL;
	     p != NULL && !yes; p = strtok_r(NULL, ",", &save))
		yes = fnmatch(p, name, 0) == 0;
	free(copy);
	return yes;
}

/*
 * A group of cases, as cmocka runs it. Where the environment has
 * SALLYPORT_TEST_CASES, only the cases of such names run: tests/run-controls
 * asks so for those that must fail. A group without one is not even set up.
 */
static inline int
test_group(const char *name, const struct CMUnitTest *tests, size_t count,
    CMFixtureFunction up, CMFixtureFunction down)
{
	const char *wanted = getenv("SALLYPORT_TEST_CASES");
	struct CMUnitTest *some;
	size_t n = 0;
	int r = TEST_NONE;

	if (wanted == NULL)
		return _cmocka_run_group_tests(name, tests, count, up, down);
	if ((some = calloc(count, sizeof(*some))) == NULL)
		return 1;
	for (size_t i = 0; i < count; i++)
		if (test_wanted(wanted, tests[i].name))
			some[n++] = tests[i];
	if (n > 0)
		r = _cmocka_run_group_tests(name, some, n, up, down);
	free(some);
	return r;
}

#undef cmocka_run_group_tests
#define cmocka_run_group_tests(tests, up, down)                                \
	test_group(#tests, tests, sizeof(tests) / sizeof((tests)[0]), up, down)

#endif
