/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_request - what a request that waits is at a time, as a table.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/attr.h"
#include "core/request.h"

static void
test_states(void **state)
{
	static const struct {
		enum request_state s;
		const char *word;
		bool waits;
	} rows[] = {
	    {REQUEST_NONE, "", false},
	    {REQUEST_PENDING, "pending", true},
	    {REQUEST_APPROVED, "approved", true},
	    {REQUEST_ACTIVE, "active", false},
	    {REQUEST_DENIED, "denied", false},
	    {REQUEST_WITHDRAWN, "withdrawn", false},
	    {REQUEST_LAPSED, "lapsed", false},
	};

	(void)state;
	assert_int_equal(ARRAY_LEN(rows), REQUEST_STATE_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct request r = {.state = (uint8_t)rows[i].s};

		/* they are in stores */
		CHECK_ROW(rows[i].s == i, rows[i].word);
		assert_string_equal(request_state_str(rows[i].s), rows[i].word);
		CHECK_ROW(request_waits(&r) == rows[i].waits, rows[i].word);
	}
	assert_string_equal(request_state_str(REQUEST_STATE_COUNT), "");
	assert_string_equal(request_state_str((enum request_state)200), "");
}

static void
test_lapses(void **state)
{
	static const struct {
		enum request_state is;
		int64_t at_ms; /* it waits until 1000 */
		enum request_state want;
	} rows[] = {
	    {REQUEST_PENDING, 0, REQUEST_PENDING},
	    {REQUEST_PENDING, 999, REQUEST_PENDING},
	    {REQUEST_PENDING, 1000, REQUEST_LAPSED},
	    {REQUEST_PENDING, INT64_MAX, REQUEST_LAPSED},
	    {REQUEST_APPROVED, 999, REQUEST_APPROVED},
	    {REQUEST_APPROVED, 1000, REQUEST_LAPSED},
	    {REQUEST_ACTIVE, 1000, REQUEST_ACTIVE},
	    {REQUEST_DENIED, 1000, REQUEST_DENIED},
	    {REQUEST_WITHDRAWN, 1000, REQUEST_WITHDRAWN},
	    {REQUEST_LAPSED, 0, REQUEST_LAPSED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct request r = {
		    .state = (uint8_t)rows[i].is, .until_ms = 1000};

		CHECK_ROW(request_state_at(&r, rows[i].at_ms) == rows[i].want,
		    request_state_str(rows[i].is));
	}
}

/* Asked at 100 of UTC and 10 of the boot, for 1100. */
static void
test_due(void **state)
{
	static const struct {
		enum request_state is;
		int64_t at_ms, utc_ms, boot_ms;
		const char *boot_id;
		bool due;
	} rows[] = {
	    {REQUEST_APPROVED, 1100, 1100, 1010, "one", true},
	    {REQUEST_APPROVED, 1100, 1500, 1410, "one", true},
	    {REQUEST_APPROVED, 1100, 1099, 1009, "one", false},
	    {REQUEST_APPROVED, 1100, 1100, 1009, "one", false}, /* ahead */
	    {REQUEST_APPROVED, 1100, 1900, 11, "one", false},
	    {REQUEST_APPROVED, 1100, 1099, 5000, "one", false}, /* back */
	    {REQUEST_APPROVED, 1100, 1100, 11, "two", true},
	    {REQUEST_APPROVED, 1100, 1099, 5000, "two", false},
	    {REQUEST_APPROVED, 1100, 2000, 1910, "one", false}, /* lapsed */
	    {REQUEST_APPROVED, 0, 1100, 1010, "one", false},
	    {REQUEST_PENDING, 1100, 1100, 1010, "one", false},
	    {REQUEST_ACTIVE, 1100, 1100, 1010, "one", false},
	    {REQUEST_DENIED, 1100, 1100, 1010, "one", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct request r = {.state = (uint8_t)rows[i].is,
		    .at_ms = rows[i].at_ms,
		    .at_boot_ms = 1010,
		    .boot_id = "one",
		    .until_ms = 2000};
		const struct now now = {
		    .utc_ms = rows[i].utc_ms, .boot_ms = rows[i].boot_ms};

		if (request_is_due(&r, &now, rows[i].boot_id) != rows[i].due)
			fail_msg("row %zu", i);
	}
}

static void
test_usable(void **state)
{
	struct request r = {.use_within_s = 60};

	(void)state;
	assert_int_equal(request_usable_ms(&r, 1000), 61000);
	r.at_ms = 5000;
	assert_int_equal(request_usable_ms(&r, 1000), 65000);
	assert_int_equal(request_usable_ms(&r, 9000), 69000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_states),
	    cmocka_unit_test(test_lapses),
	    cmocka_unit_test(test_due),
	    cmocka_unit_test(test_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
