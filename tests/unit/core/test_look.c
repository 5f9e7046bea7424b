/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_look - names that are taken for one another, and others that are not.
 */
#include "tests/unit/support/test.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "core/look.h"

static bool
alike(const char *a, const char *b)
{
	char of_a[LOOKS][LOOK_SIZE], of_b[LOOKS][LOOK_SIZE];

	look_of(of_a, a);
	look_of(of_b, b);
	return strcmp(of_a[0], of_b[0]) == 0 || strcmp(of_a[1], of_b[1]) == 0;
}

static void
test_alike(void **state)
{
	static const char *const rows[][2] = {{"ops1", "Ops1"},
	    {"ops1", "ops1."}, {"ops1", "opsl"}, {"ops1", "opsI"},
	    {"ops1", "0ps1"}, {"ops1", "OPS1"}, {"db-01", "db_01"},
	    {"db-01", "db--01"}, {"db-01", "_db-01"}, {"modern", "modem"},
	    {"wiki", "vviki"}, {"Index", "lndex"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!alike(rows[i][0], rows[i][1]))
			fail_msg("%s, %s", rows[i][0], rows[i][1]);
}

static void
test_unlike(void **state)
{
	static const char *const rows[][2] = {{"web-01", "web-02"},
	    {"web-1", "web-11"}, {"ops", "ops1"}, {"mail", "mall"},
	    {"db-01", "db01"}, {"a.b", "a-b"}, {"eli", "ell"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (alike(rows[i][0], rows[i][1]))
			fail_msg("%s, %s", rows[i][0], rows[i][1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_alike),
	    cmocka_unit_test(test_unlike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
