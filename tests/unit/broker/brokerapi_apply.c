/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_apply - a large policy.apply and who comes meanwhile. The broker
 * stands still while they are sent, so that they come in that order and at
 * once; what comes first of it is seen on the one line to the log.
 */
#include "tests/unit/broker/brokerscene.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/str.h"
#include "wire/verbs.h"

enum { MANY = 400 };

static void
stand_still(const struct scene *x)
{
	int status = 0;

	assert_int_equal(kill(x->proc.pid, SIGSTOP), 0);
	assert_int_equal(waitpid(x->proc.pid, &status, WUNTRACED), x->proc.pid);
	assert_true(WIFSTOPPED(status));
}

/* Two calls on the admin socket; returns when both are there. */
static void
send_both(struct scene *x, const char *apply, unsigned verb, const char *body)
{
	stand_still(x);
	send_call(x, &x->admin, VERB_APPLY, apply);
	send_call(x, &x->admin, verb, body);
	assert_int_equal(kill(x->proc.pid, SIGCONT), 0);
}

/* A grant whose revocation comes right behind a large document. */
static void
revoke_meanwhile(struct scene *x, struct msg_nt_fold_grant *g)
{
	char *policy = big_policy(x, MANY);
	char body[64];

	fold_grant(g, x->one.pub.fp);
	start(x, g, 1, NULL);
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g->grant.id);
	send_both(x, policy, VERB_REVOKE, body);
	free(policy);
	/* nothing of the document before it */
	do {
		assert_int_equal(testlink_next(&x->notary, 10000), 1);
		if (x->notary.m.type == MSG_LOG_APPEND)
			assert_int_not_equal(
			    ((const struct msg_log_append *)x->notary.m.body)
				->event,
			    EV_POLICY_PART);
	} while (x->notary.m.type != MSG_NT_GRANT_CLOSE);
}

static uint32_t
reply_rid(const struct scene *x)
{
	return ((const struct msg_api_reply *)x->admin.m.body)->rid;
}

/* It is answered before the document has come to its first record. */
void
test_apply_gives_way(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_closed closed = {.seq = 60};
	char *all = NULL;
	uint32_t last;

	revoke_meanwhile(x, &g);
	last = x->rid;
	closed.rid = ((const struct msg_nt_close *)x->notary.m.body)->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_CLOSED, &closed);
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_int_equal(reply_rid(x), last);
	assert_true(has(x, "\"ended\""));
	all = want_parts(x);
	free(all);
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_int_equal(reply_rid(x), last - 1);
	assert_true(has(x, "\"applied\":true"));
	stop(x);
}

/* Answers to one call after the other while a document is weighed. */
static unsigned
answered_meanwhile(struct scene *x, const char *policy)
{
	uint32_t apply;
	unsigned n = 0;

	send_call(x, &x->admin, VERB_APPLY, policy);
	apply = x->rid;
	for (;; n++) {
		send_call(x, &x->admin, VERB_GRANTS, "");
		assert_int_equal(want_reply(x, &x->admin), 200);
		if (reply_rid(x) == apply)
			break;
	}
	assert_int_equal(want_reply(x, &x->admin), 200);
	return n;
}

/* It is not only begun later: whoever asks again and again is answered between
 * its turns. How often depends on the machine; more than once it must be. */
void
test_apply_in_turns(void **state)
{
	struct scene *x = *state;
	char *policy = big_policy(x, MANY), *dry = NULL;
	unsigned most = 0;

	assert_true(asprintf(&dry, "{\"dry_run\":true,%s", policy + 1) > 0);
	start(x, NULL, 0, NULL);
	for (int i = 0; most < 4 && i < 50; i++) {
		const unsigned n = answered_meanwhile(x, dry);

		most = n > most ? n : most;
	}
	assert_in_range(most, 4, 10000);
	stop(x);
	free(dry);
	free(policy);
}

static uint64_t
count_targets(const struct scene *x)
{
	struct store *s = store_of(x);
	uint64_t n = 0;

	must(store_count(s, STORE_TARGETS, &n));
	store_close(s);
	return n;
}

/* Between its turns, and between its records: nothing of it is there. */
void
test_apply_killed(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	const uint64_t before = count_targets(x);
	char *policy = NULL;

	revoke_meanwhile(x, &g);
	kill_broker(x);
	assert_int_equal(count_targets(x), before);
	start(x, NULL, 0, NULL);
	policy = big_policy(x, MANY);
	send_call(x, &x->admin, VERB_APPLY, policy);
	want_event(x, EV_POLICY_PART);
	(void)hold_event(x, EV_POLICY_PART);
	kill_broker(x);
	assert_int_equal(count_targets(x), before);
	/* and all of it when it is not */
	start(x, NULL, 0, NULL);
	send_call(x, &x->admin, VERB_APPLY, policy);
	free(want_parts(x));
	assert_int_equal(want_reply(x, &x->admin), 200);
	stop(x);
	assert_int_equal(count_targets(x), before + MANY);
	free(policy);
}

/* ---- while it is stored */

/* A call that comes with the word that the document's record is durable. */
static void
stored_meanwhile(
    struct scene *x, const char *apply, unsigned verb, const char *body)
{
	const struct msg_log_append *m = NULL;

	send_call(x, &x->admin, VERB_APPLY, apply);
	for (;;) {
		m = testlink_want(&x->notary, MSG_LOG_APPEND);
		if (m->event == EV_POLICY_APPLY)
			break;
		if (m->rid != 0)
			durable(x, m->rid);
	}
	stand_still(x);
	durable(x, m->rid);
	send_call(x, &x->admin, verb, body);
	assert_int_equal(kill(x->proc.pid, SIGCONT), 0);
}

/* Of all that the firewall hears of it first. */
static void
closing_first(struct scene *x)
{
	struct msg_nt_fold_grant g;
	char *policy = big_policy(x, MANY);
	char body[64];

	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g.grant.id);
	stored_meanwhile(x, policy, VERB_REVOKE, body);
	free(policy);
	assert_int_equal(testlink_next(&x->firewall, 10000), 1);
	assert_int_equal(x->firewall.m.type, MSG_FW_CLOSE);
}

void
test_apply_stored_in_turns(void **state)
{
	struct scene *x = *state;
	struct msg_fw_closed fw = {0};
	struct msg_nt_closed closed = {.seq = 600};

	closing_first(x);
	fw.rid = ((const struct msg_fw_close *)x->firewall.m.body)->rid;
	testlink_send(&x->firewall, MSG_FW_CLOSED, &fw);
	closed.rid = ((const struct msg_nt_close *)testlink_want(
			  &x->notary, MSG_NT_GRANT_CLOSE))
			 ->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_CLOSED, &closed);
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_int_equal(want_reply(x, &x->admin), 200);
	stop(x);
}

/* Before or after, never between. */
void
test_apply_stored_killed(void **state)
{
	struct scene *x = *state;
	const uint64_t before = count_targets(x);
	uint64_t n;

	closing_first(x);
	kill_broker(x);
	n = count_targets(x);
	if (n != before)
		assert_int_equal(n, before + MANY);
}

/* What takes access away uses the store, and changes what the document says:
 * both are so in the end. */
void
test_apply_begins_again(void **state)
{
	struct scene *x = *state;
	struct user *u = calloc(1, sizeof(*u));
	const uint64_t before = count_targets(x);
	char *policy = big_policy(x, MANY), *both = NULL;
	struct store *s = NULL;

	assert_non_null(u);
	assert_true(
	    asprintf(&both,
		"{\"users\":[{\"user\":\"alice\",\"groups\":[\"dba\"]}],%s",
		policy + 1) > 0);
	start(x, NULL, 0, NULL);
	stored_meanwhile(x, both, VERB_USER_LOCK, "{\"user\":\"alice\"}");
	durable(x, hold_event(x, EV_USER_UPDATE));
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_int_equal(want_reply(x, &x->admin), 200);
	stop(x);
	s = store_of(x);
	must(store_user_get(s, "alice", u));
	store_close(s);
	assert_int_equal(u->state, USER_DISABLED);
	assert_true(name_list_has(&u->groups, "dba"));
	assert_int_equal(count_targets(x), before + MANY);
	free(u);
	free(both);
	free(policy);
}

/* Who takes nothing away is answered once it is stored: by then the firewall
 * has heard of it. */
void
test_apply_holds_others(void **state)
{
	struct scene *x = *state;
	char *policy = big_policy(x, MANY);

	x->mute = true;
	start(x, NULL, 0, NULL);
	stored_meanwhile(x, policy, VERB_ROLES, "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_int_equal(reply_rid(x), x->rid);
	assert_int_equal(testlink_next(&x->firewall, 0), 1);
	assert_int_equal(x->firewall.m.type, MSG_FW_PROTECT);
	answer_protect(x);
	x->mute = false;
	assert_int_equal(want_reply(x, &x->admin), 200);
	stop(x);
	free(policy);
}

/* The second one waits, and is compared with what the first has made. */
void
test_two_applies(void **state)
{
	struct scene *x = *state;
	char *policy = big_policy(x, MANY);
	char key[256], body[512];
	uint32_t last;

	start(x, NULL, 0, NULL);
	key_line(key, &x->one);
	(void)snprintf(body, sizeof(body),
	    "{\"targets\":[{\"target\":\"t0\",\"addresses\":"
	    "[\"10.0.0.1\"],\"logins\":[\"other\"],\"host_keys\":"
	    "[\"%s\"]}]}",
	    key);
	send_both(x, policy, VERB_APPLY, body);
	last = x->rid;
	free(policy);
	free(want_parts(x)); /* the first's policy.apply, and none before */
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_int_equal(reply_rid(x), last - 1);
	want_event(x, EV_POLICY_APPLY);
	assert_true(has(x, "\\\"changed\\\""));
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_int_equal(reply_rid(x), last);
	stop(x);
}

/* A single change while it is read: both are so, and where they contradict it
 * is the one whose record is the later. */
void
test_apply_is_the_later(void **state)
{
	struct scene *x = *state;
	struct user *u = calloc(1, sizeof(*u));
	struct store *s = NULL;
	uint32_t first, second;

	assert_non_null(u);
	start(x, NULL, 0, NULL);
	send_call(x, &x->admin, VERB_USER_SET,
	    "{\"user\":\"alice\",\"auditor\":true,\"groups\":[\"dba\"]}");
	first = hold_event(x, EV_USER_UPDATE);
	send_call(x, &x->admin, VERB_APPLY,
	    "{\"users\":[{\"user\":\"alice\",\"auditor\":false},"
	    "{\"user\":\"bob\"}]}");
	second = hold_event(x, EV_POLICY_APPLY);
	durable(x, first);
	assert_int_equal(want_reply(x, &x->admin), 200);
	durable(x, second);
	want_event(x, EV_INVITE_CREATE);
	assert_int_equal(want_reply(x, &x->admin), 200);
	stop(x);
	s = store_of(x);
	must(store_user_get(s, "alice", u));
	store_close(s);
	assert_int_equal(u->rights & RIGHT_AUDITOR, 0);
	assert_int_equal(u->groups.n, 1);
	free(u);
}

/* Who may not any more when it comes to the record has applied nothing. */
void
test_apply_of_demoted(void **state)
{
	struct scene *x = *state;
	char *policy = big_policy(x, MANY);
	struct msg_nt_mfa_burned ok = {.seq = 7};
	const uint64_t before = count_targets(x);
	uint32_t part;

	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_APPLY, policy);
	free(policy);
	ok.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
	part = hold_event(x, EV_POLICY_PART);
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"admin\":false}"),
	    200);
	durable(x, part);
	while (testlink_next(&x->api, 10) == 0) {
		const struct msg_log_append *m = x->notary.m.body;

		if (testlink_next(&x->notary, 10) == 0 ||
		    x->notary.m.type != MSG_LOG_APPEND)
			continue;
		assert_int_not_equal(m->event, EV_POLICY_APPLY);
		if (m->rid != 0)
			durable(x, m->rid);
	}
	assert_int_equal(x->api.m.type, MSG_API_REPLY);
	assert_int_equal(
	    ((const struct msg_api_reply *)x->api.m.body)->status, 403);
	stop(x);
	assert_int_equal(count_targets(x), before);
}
