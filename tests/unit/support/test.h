/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test - what every unit test includes: cmocka with the headers it wants
 * before it, and macros that name the failing row of a table. No helpers for
 * the code under test: those belong beside the test that needs them.
 */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

/* cmocka.h needs these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

#endif
