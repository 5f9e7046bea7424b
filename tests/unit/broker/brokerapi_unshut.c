/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_unshut - a firewall that does not confirm: what is ended is not
 * said to be ended, everybody who looks is told, and the next firewall's
 * synchronisation confirms it.
 */
#include "tests/unit/broker/brokerscene.h"

#include <string.h>

#include "base/err.h"
#include "wire/verbs.h"

/* Revoked by root, and the log has it; the firewall was asked. */
static const struct msg_fw_close *
revoke(struct scene *x, const struct msg_nt_fold_grant *g)
{
	struct msg_nt_closed closed = {.seq = 60};
	char body[64];

	x->mute = true;
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g->grant.id);
	send_call(x, &x->admin, VERB_REVOKE, body);
	want_close(x, g->grant.id, END_REVOKED);
	closed.rid = ((const struct msg_nt_close *)x->notary.m.body)->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_CLOSED, &closed);
	return testlink_want(&x->firewall, MSG_FW_CLOSE);
}

static void
answer(struct scene *x, uint32_t rid, int result)
{
	const struct msg_fw_closed m = {
	    .rid = rid, .result = msg_result(result)};

	testlink_send(&x->firewall, MSG_FW_CLOSED, &m);
}

static void
look(struct scene *x, unsigned verb, const char *text, bool there)
{
	send_call(x, &x->admin, verb, "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_int_equal(has(x, text), there);
}

/* After a while the answer says that it is not shut, and so do list, readyz and
 * the log; and they say when it is. */
void
test_not_confirmed(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	uint32_t rid;

	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	rid = revoke(x, &g)->rid;
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, "\"state\":\"ending\""));
	assert_true(has(x, "\"still_open\":1"));
	want_event(x, EV_GRANT_NOT_SHUT);
	assert_true(has(x, g.grant.id));
	look(x, VERB_GRANTS, "\"state\":\"ending\"", true);
	look(x, VERB_READYZ, "1 not confirmed by the firewall", true);
	answer(x, rid, 0);
	want_event(x, EV_GRANT_SHUT);
	look(x, VERB_GRANTS, g.grant.id, false);
	look(x, VERB_READYZ, "not confirmed", false);
	stop(x);
}

/* A kernel that refuses: asked again until it is so. */
void
test_not_shut(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;

	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	answer(x, revoke(x, &g)->rid, GW_ESYS);
	answer(x,
	    ((const struct msg_fw_close *)testlink_want(
		 &x->firewall, MSG_FW_CLOSE))
		->rid,
	    GW_ESTATE);
	assert_int_equal(testlink_next(&x->admin, 0), 0);
	answer(x,
	    ((const struct msg_fw_close *)testlink_want(
		 &x->firewall, MSG_FW_CLOSE))
		->rid,
	    GW_ENOENT);
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, "\"state\":\"ended\""));
	assert_false(has(x, "still_open"));
	stop(x);
}

/* The firewall is killed: the one after it comes into step with the log, which
 * has the grant no more, and that is the confirmation. */
void
test_shut_by_the_next(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_fold_end end = {0};
	struct msg_fw_synced synced = {0};

	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	(void)revoke(x, &g);
	testlink_close(&x->firewall);
	proc_harness_link(&x->proc, &x->firewall, PROC_FIREWALL, 0);
	end.rid = ((const struct msg_nt_fold_get *)testlink_want(
		       &x->notary, MSG_NT_FOLD_GET))
		      ->rid;
	end.seq = x->seq;
	end.time_ms = clock_now().utc_ms;
	testlink_send(&x->notary, MSG_NT_FOLD_END, &end);
	synced.rid = ((const struct msg_fw_sync *)testlink_want(
			  &x->firewall, MSG_FW_SYNC_END))
			 ->rid;
	assert_int_equal(testlink_next(&x->admin, 0), 0);
	testlink_send(&x->firewall, MSG_FW_SYNCED, &synced);
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, "\"state\":\"ended\""));
	stop(x);
}

/* ---- ports of targets */

static void
add_target(struct scene *x, const char *name, unsigned last)
{
	char key[256], body[512];

	key_line(key, &x->one);
	(void)snprintf(body, sizeof(body),
	    "{\"target\":\"%s\",\"addresses\":[\"198.51.100.%u\"],"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]}",
	    name, last, key);
	send_call(x, &x->admin, VERB_TARGET_ADD, body);
	want_event(x, EV_TARGET_SET);
}

/* A target that moves: what it had before stays shut, which the answer says;
 * and which of that is another target's. */
void
test_moved_leaves_shut(void **state)
{
	static const char *const moves[] = {
	    "[\"198.51.100.102\"],\"port\":22", /* another address */
	    "[\"198.51.100.102\",\"fd00::2\"],\"port\":22", /* one more */
	    "[\"198.51.100.102\"],\"port\":2200",           /* another port */
	};
	static const char *const left[ARRAY_LEN(moves)] = {
	    "\"left\":{\"addresses\":[\"198.51.100.101\"],\"port\":22,"
	    "\"shared\":[{\"address\":\"198.51.100.101\",\"target\":\"t2\"}]}",
	    NULL,
	    "\"left\":{\"addresses\":[\"198.51.100.102\",\"fd00::2\"],"
	    "\"port\":22,\"shared\":[]}",
	};
	struct scene *x = *state;
	char key[256], entry[640], body[900];

	start(x, NULL, 0, NULL);
	add_target(x, "t1", 101);
	assert_int_equal(want_reply(x, &x->admin), 201);
	assert_false(has(x, "\"left\""));
	add_target(x, "t2", 101);
	assert_int_equal(want_reply(x, &x->admin), 201);
	key_line(key, &x->one);
	for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
		(void)snprintf(entry, sizeof(entry),
		    "{\"target\":\"t1\",\"addresses\":%s,"
		    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]}",
		    moves[i], key);
		assert_int_equal(
		    admin_call(x, VERB_TARGET_SET, EV_TARGET_SET, entry), 200);
		assert_int_equal(has(x, "\"left\""), left[i] != NULL);
		assert_true(left[i] == NULL || has(x, left[i]));
	}
	/* two at once, of which one leaves what t2 has */
	(void)snprintf(body, sizeof(body),
	    "{\"targets\":[{\"target\":\"t1\",\"addresses\":[\"fd00::3\"],"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]},"
	    "{\"target\":\"t3\",\"addresses\":[\"fd00::4\"],"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]}]}",
	    key, key);
	add_target(x, "t3", 101);
	assert_int_equal(want_reply(x, &x->admin), 201);
	send_call(x, &x->admin, VERB_APPLY, body);
	want_event(x, EV_POLICY_APPLY);
	assert_false(has(x, "\"left")); /* it says what they were */
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, "\"left\":{\"addresses\":[\"198.51.100.102\"],"
			   "\"port\":2200,\"shared\":[]}"));
	assert_true(has(x, left[0]));
	stop(x);
}

/* One list is under way and another waits: what is to be shut now passes by,
 * and what is answered is so. */
void
test_closings_first(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_closed closed = {.seq = 60};
	char body[64];

	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	x->mute = true;
	add_target(x, "t1", 101);
	(void)testlink_want(&x->firewall, MSG_FW_PROTECT);
	add_target(x, "t2", 102);
	do { /* its list waits by then */
		send_call(x, &x->admin, VERB_TARGETS, "");
		assert_int_equal(want_reply(x, &x->admin), 200);
	} while (!has(x, "\"t2\""));
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g.grant.id);
	send_call(x, &x->admin, VERB_REVOKE, body);
	want_close(x, g.grant.id, END_REVOKED);
	closed.rid = ((const struct msg_nt_close *)x->notary.m.body)->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_CLOSED, &closed);
	assert_int_equal(testlink_next(&x->firewall, 10000), 1);
	assert_int_equal(x->firewall.m.type, MSG_FW_CLOSE);
	answer(x, ((const struct msg_fw_close *)x->firewall.m.body)->rid, 0);
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, "\"ended\""));
	stop(x);
}

/* A list of what is shut is what the firewall said: not before, and the answer
 * that cannot wait longer says that it is not so. */
void
test_said_by_the_firewall(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	look(x, VERB_TARGETS, "\"protected\":true", true);
	x->mute = true;
	add_target(x, "t1", 101);
	assert_int_equal(want_reply(x, &x->admin), 201);
	assert_true(has(x, "\"shutting\":1"));
	assert_true(has(x, "\"protected\":false"));
	look(x, VERB_TARGETS, "\"protected\":false", true);
	look(x, VERB_READYZ, "1 ports of targets not confirmed", true);
	(void)testlink_want(&x->firewall, MSG_FW_PROTECT);
	answer_protect(x);
	add_target(x, "t2", 102); /* what was answered before is heard */
	(void)testlink_want(&x->firewall, MSG_FW_PROTECT);
	answer_protect(x);
	assert_int_equal(want_reply(x, &x->admin), 201);
	assert_false(has(x, "shutting"));
	assert_true(has(x, "\"protected\":true"));
	look(x, VERB_TARGETS, "\"protected\":false", false);
	stop(x);
}
