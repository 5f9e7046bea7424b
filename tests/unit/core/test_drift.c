/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_drift - what good codes tell of the clock that makes them.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "core/drift.h"

enum { STEP = 1000 }; /* the first one's */

static const struct {
	const char *name;
	unsigned period_s;
	struct {
		int off, into;
	} code[4]; /* in this order, two steps between; into -1: no more */
	const char *want;
} rows[] = {
    {"none", 30, {{0, -1}}, ""},
    {"right", 30, {{0, 12}, {0, 1}, {0, 29}, {0, 0}}, ""},
    {"typed late once", 30, {{0, 12}, {-1, 3}, {0, -1}}, ""},
    {"late twice", 30, {{-1, 3}, {-1, 9}, {0, -1}}, ""},
    {"late each time", 30, {{-1, 3}, {-1, 9}, {-1, 5}, {0, -1}},
	"0-33 s behind"},
    {"later than anybody types", 30, {{-1, 25}, {0, -1}}, "15-55 s behind"},
    {"and set since", 30, {{-1, 25}, {0, 4}, {0, -1}}, ""},
    {"by two of them", 30, {{-1, 15}, {-1, 28}, {0, -1}}, "18-45 s behind"},
    {"ahead", 30, {{1, 10}, {0, -1}}, "20-50 s ahead"},
    {"ahead by a moment", 30, {{1, 28}, {0, -1}}, ""},
    {"always by a moment", 30, {{1, 28}, {1, 27}, {1, 29}, {0, -1}},
	"3-31 s ahead"},
    {"it was set the other way", 30, {{1, 2}, {-1, 29}, {0, -1}},
	"19-59 s behind"},
    {"a minute", 60, {{1, 10}, {0, -1}}, "50-110 s ahead"},
};

static void
test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct drift d = {.n = 0};
		char text[DRIFT_TEXT_SIZE];

		for (unsigned k = 0; k < 4 && rows[i].code[k].into >= 0; k++) {
			const int64_t at = STEP + 3 * k;

			drift_add(&d, at + rows[i].code[k].off,
			    at * rows[i].period_s + rows[i].code[k].into);
		}
		drift_text(text, &d, rows[i].period_s);
		CHECK_ROW(strcmp(text, rows[i].want) == 0, rows[i].name);
	}
}

/* Who sends one again and again adds nothing. */
static void
test_again(void **state)
{
	struct drift d = {.n = 0};
	char text[DRIFT_TEXT_SIZE];

	(void)state;
	for (int64_t into = 0; into < 3; into++)
		drift_add(&d, STEP - 1, STEP * 30 + into);
	assert_int_equal(d.n, 1);
	drift_text(text, &d, 30);
	assert_string_equal(text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
