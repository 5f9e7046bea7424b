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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_states),
	    cmocka_unit_test(test_lapses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
