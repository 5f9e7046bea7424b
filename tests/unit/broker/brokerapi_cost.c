/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_cost - what a call costs the store: statements, and waits for the
 * disk. Before a user is told that their door is open, all of them stand in
 * their way.
 */
#include "tests/unit/broker/brokerscene.h"

#include <stdlib.h>
#include <string.h>

#include "wire/verbs.h"

enum { STATEMENTS = 12, WAITS = 1, TARGETS = 8, LOOKS_OF_ONE = 2 };

/* They begin alike: by their columns. */
static const char of_users[] = "sql SELECT whose, kind, a, b, c, p, q, state";
static const char of_targets[] = "sql SELECT owner, kind, n, a, b, c, port";

void
test_cost_of_a_request(void **state)
{
	struct scene *x = *state;
	struct msg_nt_grant_opened opened = {.seq = 50};
	struct msg_fw_opened fw = {0};
	struct buf trace;

	buf_init(&trace, TEXT_MAX);
	x->traced = true;
	start(x, NULL, 0, NULL);
	/* the first change makes SQLite's write-ahead log */
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_USER_CREATE, "{\"user\":\"bob\"}"),
	    201);
	proc_harness_trace(&x->proc, &trace);
	/* the trace is there: it saw the store being opened, and the change */
	assert_int_equal(trace_count(&trace, "sql PRAGMA journal_mode"), 1);
	assert_int_equal(
	    trace_count(&trace, "sql INSERT INTO users"), 2); /* tried, made */
	assert_in_range(trace_count(&trace, "sync\n"), 1, 100);

	buf_reset(&trace);
	fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	opened.rid = ((const struct msg_nt_grant_open *)testlink_want(
			  &x->notary, MSG_NT_GRANT_OPEN))
			 ->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
	fw.rid = ((const struct msg_fw_open *)testlink_want(
		      &x->firewall, MSG_FW_OPEN))
		     ->rid;
	testlink_send(&x->firewall, MSG_FW_OPENED, &fw);
	assert_int_equal(want_reply(x, &x->api), 201);
	proc_harness_trace(&x->proc, &trace);
	assert_in_range(trace_count(&trace, "sql "), 1, STATEMENTS);
	assert_int_equal(trace_count(&trace, "sync\n"), WAITS);
	/* nothing was changed while it was opened: read once is enough */
	assert_int_equal(trace_count(&trace, of_users), 1);
	assert_int_equal(trace_count(&trace, of_targets), 1);
	assert_int_equal(trace_count(&trace, "sql INSERT INTO answers"), 1);
	stop(x);
	buf_done(&trace);
}

/* All of a policy is one transaction, for whose time everybody waits: a target
 * that is new takes the rows it has, and a login that all have is looked at
 * once. */
void
test_cost_of_a_policy(void **state)
{
	static const char *const once[] = {"sql INSERT INTO ids",
	    "sql INSERT INTO targets(", "sql INSERT INTO target_labels",
	    "sql INSERT INTO target_logins"};
	struct scene *x = *state;
	char *policy = big_policy(x, TARGETS);
	struct buf trace;

	buf_init(&trace, TEXT_MAX);
	x->traced = true;
	start(x, NULL, 0, NULL);
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_USER_CREATE, "{\"user\":\"bob\"}"),
	    201);
	proc_harness_trace(&x->proc, &trace);
	buf_reset(&trace);
	assert_int_equal(
	    admin_call(x, VERB_APPLY, EV_POLICY_APPLY, policy), 200);
	proc_harness_trace(&x->proc, &trace);
	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		assert_int_equal(trace_count(&trace, once[i]), TARGETS);
	assert_int_equal(trace_count(&trace, "sql INSERT INTO looks"),
	    LOOKS_OF_ONE * (TARGETS + 1));
	assert_int_equal(trace_count(&trace, "sql DELETE"), 0);
	assert_int_equal(trace_count(&trace, "sql SAVEPOINT"), 0);
	assert_int_equal(trace_count(&trace, "sync\n"), WAITS);
	stop(x);
	buf_done(&trace);
	free(policy);
}
