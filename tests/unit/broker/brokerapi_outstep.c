/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_outstep - the log has told what is open, and the firewall hangs as
 * it comes in step: whatever takes away does it at once, sessions first, and
 * says that the door may still be open; nobody waits to look, and nothing
 * opens.
 */
#include "tests/unit/broker/brokerscene.h"

#include <stdlib.h>
#include <string.h>

#include "wire/verbs.h"

enum { CONN = 100 };

/* One way each to take away what user u0, u1, ... has on target t0, t1, ... by
 * role r0, r1, ... */
static const struct {
	enum api_verb verb;
	const char *body; /* NULL: its grant, or session, is named */
} ends[] = {
    {VERB_REVOKE, NULL},
    {VERB_RELEASE, NULL},
    {VERB_SESSION_KILL, NULL},
    {VERB_USER_LOCK, "{\"user\":\"u3\"}"},
    {VERB_USER_REMOVE, "{\"user\":\"u4\"}"},
    {VERB_USER_SET, "{\"user\":\"u5\",\"totp\":false}"},
    {VERB_TARGET_REMOVE, "{\"target\":\"t6\"}"},
    {VERB_ROLE_REMOVE, "{\"role\":\"r7\"}"},
    {VERB_ROLE_SET, "{\"role\":\"r8\",\"users\":[\"u8\"],\"targets\":[\"t8\"],"
		    "\"logins\":[\"deploy\"],\"allow\":[\"sftp\"]}"},
    {VERB_APPLY, "{\"users\":[{\"user\":\"u9\",\"state\":\"disabled\"}]}"},
};

enum { ENDS = ARRAY_LEN(ends) };

struct open {
	struct key key[ENDS];
	struct msg_nt_fold_grant grant[ENDS];
	struct msg_nt_fold_leg leg[ENDS];
	struct testlink session[ENDS];
};

static void
store_user(struct scene *x, struct store *s, const char *name,
    const struct user_key *k)
{
	struct user *u = calloc(1, sizeof(*u));
	struct buf b;

	assert_non_null(u);
	buf_init(&b, STORE_SEALED_MAX);
	name_set(u->name, name);
	(void)!store_id(s, STORE_USERS, name, u->id);
	u->state = USER_ACTIVE;
	u->kind = KIND_PERSON;
	u->keys[u->nkeys++] = *k;
	must(seal_close(&b, &x->seal, &x->seed, name));
	memcpy(u->totp.p, b.p, b.len);
	u->totp.len = b.len;
	u->totp.otp = otp_usual();
	must(store_user_put(s, u, 1));
	buf_done(&b);
	free(u);
}

static void
store_role_of(struct store *s, const char *name, const struct grant *g)
{
	struct policy_role *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	name_set(r->name, name);
	(void)!store_id(s, STORE_ROLES, name, r->id);
	must(member_add(&r->users, g->user, ""));
	must(name_list_add(&r->targets, g->target));
	must(name_list_add(&r->logins, g->login));
	must(port_list_add(&r->ports, "22"));
	r->max_s = 7200;
	r->mfa_age_s = 300;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		if ((rolefields()[i].bits & ROLE_LATER) != 0)
			rolefield_absent(&rolefields()[i], r);
	r->caps = CAP_DEFAULT;
	must(store_role_put(s, r, 1));
	free(r);
}

static void
fill(struct scene *x, struct open *o)
{
	struct store *s = store_of(x);
	char role[8];

	for (unsigned i = 0; i < ENDS; i++) {
		struct grant *g = &o->grant[i].grant;
		struct msg_nt_fold_leg *l = &o->leg[i];

		key_make(&o->key[i]);
		fold_grant(&o->grant[i], o->key[i].pub.fp);
		(void)snprintf(g->user, sizeof(g->user), "u%u", i);
		(void)snprintf(g->target, sizeof(g->target), "t%u", i);
		(void)snprintf(role, sizeof(role), "r%u", i);
		store_user(x, s, g->user, &o->key[i].pub);
		store_target(s, g->target);
		store_role_of(s, role, g);
		l->conn = CONN + i;
		l->seq = 6;
		memcpy(l->grant, g->id, sizeof(l->grant));
		(void)snprintf(l->sid, sizeof(l->sid), "s-2222222%u", i + 2);
		strcpy(l->key_fp, o->key[i].pub.fp);
	}
	store_close(s);
}

/* The log writes all it is told. */
static void
notary_answers(struct scene *x)
{
	const struct ipc_msg *m = &x->notary.m;
	struct msg_nt_closed closed = {0};

	while (testlink_next(&x->notary, 1) == 1) {
		if (m->type == MSG_LOG_APPEND) {
			const struct msg_log_append *a = m->body;

			if (a->rid != 0)
				durable(x, a->rid);
		} else if (m->type == MSG_NT_GRANT_CLOSE) {
			const struct msg_nt_close *c = m->body;

			closed.rid = c->rid;
			closed.seq = ++x->seq;
			testlink_send(&x->notary, MSG_NT_GRANT_CLOSED, &closed);
		}
	}
}

/* The next answer, the log writing on; its body in x->text. */
static unsigned
reply_meanwhile(struct scene *x, struct testlink *l)
{
	const struct msg_api_reply *m = NULL;

	for (int i = 0; m == NULL && i < 1000; i++) {
		notary_answers(x);
		if (testlink_next(l, 10) == 1 && l->m.type == MSG_API_REPLY)
			m = l->m.body;
	}
	assert_non_null(m);
	(void)snprintf(x->text, sizeof(x->text), "%.*s", (int)m->body.len,
	    (const char *)m->body.p);
	return m->status;
}

static bool
stopped(struct testlink *l)
{
	while (testlink_next(l, 1) == 1)
		if (l->m.type == MSG_SES_STOP)
			return true;
	return false;
}

static void
open_done(struct scene *x, struct open *o)
{
	for (unsigned i = 0; i < ENDS; i++) {
		testlink_close(&o->session[i]);
		EVP_PKEY_free(o->key[i].pkey);
	}
	free(o);
	testlink_close(&x->notary);
	testlink_close(&x->firewall);
	testlink_close(&x->api);
	testlink_close(&x->admin);
	must(proc_harness_stop(&x->proc));
}

static struct open *
hang(struct scene *x)
{
	struct open *o = calloc(1, sizeof(*o));

	assert_non_null(o);
	fill(x, o);
	x->mute = true;
	start_folded(x, o->grant, ENDS, o->leg, ENDS);
	link_api(x);
	for (unsigned i = 0; i < ENDS; i++) {
		proc_harness_link(
		    &x->proc, &o->session[i], PROC_SESSION, CONN + i);
		o->session[i].ipc.state = MST_LIVE;
	}
	return o;
}

void
test_ends_out_of_step(void **state)
{
	struct scene *x = *state;
	struct open *o = hang(x);
	uint32_t first = x->rid + 1;
	bool told[ENDS] = {0};
	unsigned left = ENDS;
	char body[256];

	for (unsigned i = 0; i < ENDS; i++) {
		const bool kill = ends[i].verb == VERB_SESSION_KILL;

		(void)snprintf(body, sizeof(body), "{\"%s\":\"%s\"}",
		    kill ? "sid" : "grant",
		    kill ? o->leg[i].sid : o->grant[i].grant.id);
		send_call(x, &x->admin, ends[i].verb,
		    ends[i].body != NULL ? ends[i].body : body);
	}
	/* all sessions hear it before the first answer: those wait for the
	 * firewall, which says nothing */
	for (int tries = 0; left > 0 && tries < 1000; tries++) {
		notary_answers(x);
		for (unsigned i = 0; i < ENDS; i++)
			if (!told[i] && stopped(&o->session[i])) {
				told[i] = true;
				left--;
			}
	}
	for (unsigned i = 0; i < ENDS; i++)
		CHECK_ROW(told[i], verb_get(ends[i].verb)->name);
	for (unsigned i = 0; i < ENDS; i++) {
		const unsigned status = reply_meanwhile(x, &x->admin);
		const struct msg_api_reply *m = x->admin.m.body;

		assert_in_range(m->rid, first, first + ENDS - 1);
		CHECK_ROW(
		    status == 200, verb_get(ends[m->rid - first].verb)->name);
		CHECK_ROW(has(x, "\"still_open\":"),
		    verb_get(ends[m->rid - first].verb)->name);
	}
	open_done(x, o);
}

/* Lists, status and tokens. */
void
test_looks_out_of_step(void **state)
{
	static const enum api_verb looks[] = {VERB_SERVER, VERB_READYZ,
	    VERB_WHOAMI, VERB_GRANTS, VERB_SESSIONS, VERB_TARGETS, VERB_USERS,
	    VERB_ROLES};
	struct scene *x = *state;
	struct open *o = hang(x);

	for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
		send_call(x, &x->admin, looks[i], "");
		CHECK_ROW(
		    want_reply(x, &x->admin) == 200, verb_get(looks[i])->name);
	}
	send_signed(x, &x->one, VERB_TOKEN, "{}");
	assert_in_range(reply_meanwhile(x, &x->api), 200, 201);
	assert_true(has(x, "\"token\""));
	open_done(x, o);
}

/* What opens waits until the firewall is in step, though all else is served. */
void
test_opens_in_step(void **state)
{
	struct scene *x = *state;
	struct msg_fw_synced synced = {0};
	uint32_t rid;

	start_folded(x, NULL, 0, NULL, 0);
	link_api(x);
	fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	send_call(x, &x->api, VERB_CHALLENGE, "{}"); /* it came later */
	assert_int_equal(want_reply(x, &x->api), 200);
	send_call(x, &x->admin, VERB_GRANTS, "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	while (testlink_next(&x->notary, 1) == 1)
		assert_int_not_equal(x->notary.m.type, MSG_NT_GRANT_OPEN);
	do {
		assert_int_equal(testlink_next(&x->firewall, 10000), 1);
		if (x->firewall.m.type == MSG_FW_PROTECT)
			answer_protect(x);
	} while (x->firewall.m.type != MSG_FW_SYNC_END);
	rid = ((const struct msg_fw_sync *)x->firewall.m.body)->rid;
	synced.rid = rid;
	testlink_send(&x->firewall, MSG_FW_SYNCED, &synced);
	(void)testlink_want(&x->notary, MSG_NT_GRANT_OPEN);
	stop(x);
}

/* After a restart of ours a session may be ended before its line is there. */
void
test_ended_before_its_link(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_fold_leg leg = {.conn = CONN, .seq = 6};
	struct testlink session;
	const struct msg_ses_stop *told = NULL;
	char body[64];

	fold_grant(&g, x->one.pub.fp);
	memcpy(leg.grant, g.grant.id, sizeof(leg.grant));
	strcpy(leg.sid, "s-22222222");
	strcpy(leg.key_fp, x->one.pub.fp);
	x->mute = true;
	start_folded(x, &g, 1, &leg, 1);
	link_api(x);
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g.grant.id);
	send_call(x, &x->admin, VERB_REVOKE, body);
	want_close(x, g.grant.id, END_REVOKED);
	proc_harness_link(&x->proc, &session, PROC_SESSION, CONN);
	session.ipc.state = MST_LIVE;
	told = testlink_want(&session, MSG_SES_STOP);
	assert_int_equal(told->reason, END_REVOKED);
	testlink_close(&session);
	stop(x);
}
