/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_past - what a filter of the history finds.
 */
#include "tests/unit/support/test.h"

#include <stdbool.h>

#include "base/attr.h"
#include "core/past.h"

static const struct past row = {.user = "alice",
    .target = "web-01",
    .login = "deploy",
    .role = "ops,prod",
    .state = "ended",
    .approvers = "bob carol eve-2"};

static void
test_filters(void **state)
{
	static const struct {
		const char *text;
		struct past want;
		bool found;
	} rows[] = {
	    {"nothing wanted", {.user = ""}, true},
	    {"user", {.user = "alice"}, true},
	    {"user's start", {.user = "ali"}, false},
	    {"target", {.target = "web-01"}, true},
	    {"another target", {.target = "web-02"}, false},
	    {"login", {.login = "root"}, false},
	    {"role", {.role = "ops"}, true},
	    {"a second role", {.role = "prod"}, true},
	    {"start of a role", {.role = "op"}, false},
	    {"both roles as one", {.role = "ops,prod"}, false},
	    {"another role", {.role = "dev"}, false},
	    {"state", {.state = "ended"}, true},
	    {"another state", {.state = "denied"}, false},
	    {"first approver", {.approvers = "bob"}, true},
	    {"one between", {.approvers = "carol"}, true},
	    {"last one", {.approvers = "eve-2"}, true},
	    {"start of one", {.approvers = "eve"}, false},
	    {"two at once", {.approvers = "bob carol"}, false},
	    {"nobody of them", {.approvers = "alice"}, false},
	    {"all of it", {.user = "alice", .role = "ops", .approvers = "bob"},
		true},
	    {"all but one",
		{.user = "alice", .role = "dev", .approvers = "bob"}, false},
	};
	static const struct past alone = {.user = "alice",
	    .target = "web-01",
	    .login = "deploy",
	    .role = "ops",
	    .state = "ended",
	    .approvers = ""};
	static const struct past bob = {.approvers = "bob"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(past_matches(&rows[i].want, &row) == rows[i].found,
		    rows[i].text);
	assert_false(past_matches(&bob, &alone));
}

static void
test_states(void **state)
{
	(void)state;
	assert_true(past_state_ok("pending"));
	assert_true(past_state_ok("lapsed"));
	assert_false(past_state_ok(""));
	assert_false(past_state_ok("open"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_filters),
	    cmocka_unit_test(test_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
