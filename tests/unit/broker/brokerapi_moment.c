/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_moment - what happens while something else is under way: two
 * changes in one moment, rights and keys taken away while a grant is being
 * opened.
 */
#include "tests/unit/broker/brokerscene.h"

#include <string.h>

#include "wire/verbs.h"

/* ---- two in one moment */

/* The rid of the next record of this event, which waits for its answer. */
uint32_t
hold_event(struct scene *x, unsigned event)
{
	for (;;) {
		const struct msg_log_append *m =
		    testlink_want(&x->notary, MSG_LOG_APPEND);

		if (m->event == event)
			return m->rid;
	}
}

void
durable(struct scene *x, uint32_t rid)
{
	struct msg_log_durable d = {.rid = rid, .seq = ++x->seq};

	testlink_send(&x->notary, MSG_LOG_DURABLE, &d);
}

static void
get_user(struct scene *x, struct user *u, const char *name)
{
	struct store *s = NULL;

	stop(x); /* the store has one owner at a time */
	s = store_of(x);
	must(store_user_get(s, name, u));
	store_close(s);
}

void
test_apply_loses_nothing(void **state)
{
	struct scene *x = *state;
	struct user *u = calloc(1, sizeof(*u));
	uint32_t first, second;

	assert_non_null(u);
	start(x, NULL, 0, NULL);
	send_call(x, &x->admin, VERB_USER_LOCK, "{\"user\":\"alice\"}");
	first = hold_event(x, EV_USER_UPDATE);
	send_call(x, &x->admin, VERB_APPLY,
	    "{\"users\":[{\"user\":\"alice\",\"groups\":[\"dba\"]}]}");
	second = hold_event(x, EV_POLICY_APPLY);
	durable(x, first);
	assert_int_equal(want_reply(x, &x->admin), 200);
	durable(x, second);
	assert_int_equal(want_reply(x, &x->admin), 200);
	get_user(x, u, "alice");
	assert_int_equal(u->state, USER_DISABLED);
	assert_true(name_list_has(&u->groups, "dba"));
	free(u);
}

/* Who is invited by a document is on record as who is invited alone. */
void
test_apply_invites(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	send_call(x, &x->admin, VERB_APPLY,
	    "{\"users\":[{\"user\":\"alice\",\"auditor\":true},"
	    "{\"user\":\"bob\"}]}");
	want_event(x, EV_POLICY_APPLY);
	want_event(x, EV_INVITE_CREATE);
	assert_true(has(x, "\"user\":\"bob\""));
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, "\"invitations\":{\"bob\":\"sp2:"));
	stop(x);
}

/* What was signed stands in the record of the change, once. */
void
test_signed_once(void **state)
{
	struct scene *x = *state;
	struct msg_nt_mfa_burned ok = {.seq = 7};

	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_APPLY, "{\"users\":[{\"user\":\"bob\"}]}");
	ok.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
	want_event(x, EV_POLICY_APPLY);
	assert_true(has(x, ",\"payload\":"));
	assert_true(has(x, ",\"signature\":"));
	want_event(x, EV_INVITE_CREATE);
	assert_true(has(x, x->one.pub.fp));
	assert_false(has(x, ",\"payload\":"));
	assert_int_equal(want_reply(x, &x->api), 200);
	stop(x);
}

/* A key that went to another meanwhile: all of the document or nothing. */
void
test_apply_conflict(void **state)
{
	struct scene *x = *state;
	struct user *u = calloc(1, sizeof(*u));
	struct key k;
	char line[256], body[1024];
	uint32_t first, second;

	assert_non_null(u);
	key_make(&k);
	key_line(line, &k);
	start(x, NULL, 0, NULL);
	(void)snprintf(
	    body, sizeof(body), "{\"user\":\"bob\",\"keys\":[\"%s\"]}", line);
	send_call(x, &x->admin, VERB_USER_ADD, body);
	first = hold_event(x, EV_USER_CREATE);
	(void)snprintf(body, sizeof(body),
	    "{\"users\":[{\"user\":\"alice\",\"groups\":[\"dba\"]},"
	    "{\"user\":\"carol\",\"keys\":[\"%s\"]}]}",
	    line);
	send_call(x, &x->admin, VERB_APPLY, body);
	second = hold_event(x, EV_POLICY_APPLY);
	durable(x, first);
	assert_int_equal(want_reply(x, &x->admin), 201);
	durable(x, second);
	want_event(x, EV_POLICY_APPLY); /* that it was not */
	assert_int_equal(want_reply(x, &x->admin), 409);
	get_user(x, u, "alice");
	assert_int_equal(u->groups.n, 0);
	EVP_PKEY_free(k.pkey);
	free(u);
}

/* An admin's order whose code is being written down while they are demoted. */
void
test_demoted_meanwhile(void **state)
{
	struct scene *x = *state;
	struct msg_nt_mfa_burned ok = {.seq = 7};

	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_ROLE_REMOVE, "{\"role\":\"ops\"}");
	ok.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"admin\":false}"),
	    200);
	testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, "forbidden"));
	stop(x);
}

/* ---- what is taken away while a grant is being opened */

void
want_close(struct scene *x, const char *id, enum end_reason reason)
{
	const struct msg_nt_close *m =
	    testlink_want(&x->notary, MSG_NT_GRANT_CLOSE);

	assert_string_equal(m->id, id);
	assert_string_equal(
	    end_reason_str((enum end_reason)m->reason), end_reason_str(reason));
}

enum moment { AT_LOG, AT_FIREWALL };

/* Takes away by body while the request is at that process. */
static void
race(struct scene *x, enum moment when, unsigned verb, unsigned event,
    const char *body, enum end_reason reason)
{
	struct msg_nt_grant_opened opened = {.seq = 50};
	struct msg_fw_opened fw = {0};
	char id[LIMIT_ID_SIZE];
	const struct msg_nt_grant_open *m;

	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	m = testlink_want(&x->notary, MSG_NT_GRANT_OPEN);
	opened.rid = m->rid;
	assert_string_equal(m->key_fp, x->one.pub.fp);
	memcpy(id, m->grant.id, sizeof(id));
	if (when == AT_FIREWALL) {
		testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
		fw.rid = ((const struct msg_fw_open *)testlink_want(
			      &x->firewall, MSG_FW_OPEN))
			     ->rid;
	}
	assert_true(admin_call(x, verb, event, body) < 300);
	if (when == AT_FIREWALL)
		testlink_send(&x->firewall, MSG_FW_OPENED, &fw);
	else
		testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
	want_close(x, id, reason);
	assert_int_equal(want_reply(x, &x->api), 403);
	stop(x);
}

void
test_taken_away_meanwhile(void **state)
{
	struct scene *x = *state;
	struct store *s = NULL;
	char line[256], body[1024];

	race(x, AT_FIREWALL, VERB_ROLE_REMOVE, EV_ROLE_REMOVE,
	    "{\"role\":\"ops\"}", END_REVOKED);
	s = store_of(x); /* the role comes back for the next */
	store_role(s, "ops");
	store_close(s);
	key_line(line, &x->two);
	(void)snprintf(
	    body, sizeof(body), "{\"user\":\"alice\",\"keys\":[\"%s\"]}", line);
	race(x, AT_LOG, VERB_USER_SET, EV_USER_UPDATE, body, END_REVOKED);
}

void
test_disabled_meanwhile(void **state)
{
	race(*state, AT_FIREWALL, VERB_USER_LOCK, EV_USER_UPDATE,
	    "{\"user\":\"alice\"}", END_LOCKED);
}

void
test_locked_meanwhile(void **state)
{
	static const char *const bodies[] = {"{\"kind\":\"everything\"}",
	    "{\"kind\":\"user\",\"value\":\"alice\"}",
	    "{\"kind\":\"target\",\"value\":\"web-01\"}"};

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		for (int k = AT_LOG; k <= AT_FIREWALL; k++) {
			race(*state, (enum moment)k, VERB_LOCK_ADD,
			    EV_LOCK_CREATE, bodies[i], END_LOCKED);
			(void)teardown(state);
			(void)setup(state);
		}
}

/* Takes away by body while the log writes down a probe. */
static void
probe_race(struct scene *x, const char *body)
{
	struct msg_nt_grant_opened opened = {.seq = 50};
	struct testlink supervisor = {0}, session;
	const struct msg_nt_grant_open *m;
	char id[LIMIT_ID_SIZE];

	start(x, NULL, 0, NULL);
	supervisor.ipc = x->proc.control;
	supervisor.m.body = ipc_room();
	assert_non_null(supervisor.m.body);
	send_signed(x, &x->one, VERB_DOCTOR, "{\"target\":\"web-01\"}");
	link_session(x, &session,
	    ((const struct msg_sup_conn *)testlink_want(
		 &supervisor, MSG_SUP_PROBE))
		->conn);
	m = testlink_want(&x->notary, MSG_NT_GRANT_OPEN);
	opened.rid = m->rid;
	assert_int_equal(m->grant.reach, REACH_PROBE);
	memcpy(id, m->grant.id, sizeof(id));
	assert_int_equal(
	    admin_call(x, VERB_USER_SET, EV_USER_UPDATE, body), 200);
	testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
	want_close(x, id, END_REVOKED);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "your permissions changed meanwhile"));
	ipc_room_free(supervisor.m.body);
	testlink_close(&session);
	stop(x);
}

/* No zygote is there to fork it: whoever asked is told, and nothing opens. */
void
test_probe_without_process(void **state)
{
	struct testlink supervisor = {0};
	struct scene *x = *state;
	struct msg_sup_conn no = {.conn = 0};

	start(x, NULL, 0, NULL);
	supervisor.ipc = x->proc.control;
	supervisor.m.body = ipc_room();
	assert_non_null(supervisor.m.body);
	send_signed(x, &x->one, VERB_DOCTOR, "{\"target\":\"web-01\"}");
	no = *(const struct msg_sup_conn *)testlink_want(
	    &supervisor, MSG_SUP_PROBE);
	testlink_send(&supervisor, MSG_SUP_PROBE, &no);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "no process could be started for the probe"));
	ipc_room_free(supervisor.m.body);
	stop(x);
}

void
test_probe_taken_away_meanwhile(void **state)
{
	struct scene *x = *state;
	char line[256], body[1024];

	key_line(line, &x->two);
	(void)snprintf(
	    body, sizeof(body), "{\"user\":\"alice\",\"keys\":[\"%s\"]}", line);
	probe_race(x, body);
}

void
test_probe_of_demoted_meanwhile(void **state)
{
	probe_race(*state, "{\"user\":\"alice\",\"admin\":false}");
}

/* ---- keys that are removed */

/* Of two grants the one that the removed key opened ends; and a session that
 * came by that key on the other grant, which itself lives on. The broker knows
 * all of it from the log alone. */
void
test_removed_key(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g[2];
	struct msg_nt_fold_leg leg = {.conn = 100, .seq = 6};
	struct testlink session;
	const struct msg_ses_stop *told;
	char line[256], body[1024];

	fold_grant(&g[0], x->one.pub.fp);
	fold_grant(&g[1], x->two.pub.fp);
	memcpy(leg.grant, g[1].grant.id, sizeof(leg.grant));
	strcpy(leg.sid, "s-22222222");
	strcpy(leg.key_fp, x->one.pub.fp);
	start(x, g, 2, &leg);
	proc_harness_link(&x->proc, &session, PROC_SESSION, 100);
	session.ipc.state = MST_LIVE;
	key_line(line, &x->two);
	(void)snprintf(
	    body, sizeof(body), "{\"user\":\"alice\",\"keys\":[\"%s\"]}", line);
	send_call(x, &x->admin, VERB_USER_SET, body);
	want_event(x, EV_USER_UPDATE);
	want_close(x, g[0].grant.id, END_REVOKED);
	assert_int_equal(want_reply(x, &x->admin), 200);
	told = testlink_want(&session, MSG_SES_STOP);
	assert_int_equal(told->reason, END_REVOKED);
	assert_non_null(strstr(told->text, "the key it came with was removed"));
	assert_non_null(strstr(told->text, g[1].grant.id));
	send_call(x, &x->admin, VERB_GRANTS, "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, g[1].grant.id));
	assert_false(has(x, g[0].grant.id));
	testlink_close(&session);
	stop(x);
}

/* A target that got another address: the old one is not what was given. */
void
test_moved_target(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	char line[256], body[1024];

	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	key_line(line, &x->one);
	(void)snprintf(body, sizeof(body),
	    "{\"target\":\"web-01\",\"addresses\":[\"198.51.100.9\"],"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]}",
	    line);
	send_call(x, &x->admin, VERB_TARGET_SET, body);
	want_event(x, EV_TARGET_SET);
	want_close(x, g.grant.id, END_REVOKED);
	assert_int_equal(want_reply(x, &x->admin), 200);
	stop(x);
}
