/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_agent - an agent of alice's: made with an owner, lent what she has
 * and no more, approved by her and never by itself; what stops her stops it.
 */
#include "tests/unit/broker/requestscene.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "wire/verbs.h"

#define LEND "\"logins\":[\"deploy\"],\"max\":600,\"allow\":[\"exec\"]"

/* helper, alice's; of the role that she has as well. */
static void
make_agent(struct scene *x, const struct key *k)
{
	char line[256], body[1024];

	key_line(line, k);
	must(str_fmt(body, sizeof(body),
	    "{\"user\":\"helper\",\"kind\":\"agent\",\"owner\":\"alice\","
	    "\"keys\":[\"%s\"],\"sources\":[\"192.0.2.0/28\"]}",
	    line));
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_USER_CREATE, body), 201);
	assert_true(has(x, "\"kind\":\"agent\""));
	assert_true(has(x, "\"owner\":\"alice\""));
	assert_true(has(x, "\"state\":\"active\""));
	assert_int_equal(admin_call(x, VERB_ROLE_ADD, EV_ROLE_SET,
			     "{\"role\":\"bots\",\"users\":[\"helper\"],"
			     "\"targets\":[\"web-01\"],\"logins\":[\"deploy\"],"
			     "\"max\":900,\"reason\":\"optional\"}"),
	    201);
}

static void
until(char ret[static 32], int64_t s)
{
	str_time(ret, 32, clock_now().utc_ms + s * 1000);
}

static void
lend_body(char ret[static 512], const char *which)
{
	char end[32];

	until(end, 86400);
	must(str_fmt(ret, 512, "{\"agent\":\"helper\",%s,\"until\":\"%s\"}",
	    which, end));
}

static void
lend(struct waits *w)
{
	char body[512];

	lend_body(body, "\"targets\":[\"web-01\"]," LEND);
	send_coded(w, &w->x->one, VERB_DELEGATE, body);
	want_event(w->x, EV_DELEGATE);
	assert_true(has(w->x, "\"user\":\"helper\""));
	assert_true(has(w->x, "\"owner\":\"alice\""));
	assert_true(has(w->x, "\"signature\""));
	assert_int_equal(want_reply(w->x, &w->x->api), 201);
	assert_true(has(w->x, "\"delegation\":\"d-"));
}

/* It asks; the request waits. */
static void
agent_asks(struct waits *w, const struct key *k)
{
	struct scene *x = w->x;
	const char *at = NULL;

	send_signed(x, k, VERB_REQUEST, ask_web);
	want_event(x, EV_REQUEST_PENDING);
	assert_true(has(x, "\"user\":\"helper\""));
	assert_true(has(x, "\"owner\":\"alice\""));
	field(x, "req", w->id);
	at = strstr(x->text, "\"sha256\":\"");
	assert_non_null(at);
	memcpy(w->digest, at + strlen("\"sha256\":\""), 64);
	assert_int_equal(want_reply(x, &x->api), 202);
	assert_true(has(x, "\"owner\":\"alice\""));
}

static unsigned
refused_lend(struct waits *w, const char *which)
{
	char body[512];

	lend_body(body, which);
	send_signed(w->x, &w->x->one, VERB_DELEGATE, body);
	want_event(w->x, EV_DELEGATE_DENIED);
	return want_reply(w->x, &w->x->api);
}

static void
begin(struct waits *w, struct scene *x, struct key *k)
{
	key_make(k);
	waits_start(w, x, "1 of sre", NULL);
	set_role(w, "\"exec\",\"shell\"", "");
	make_agent(x, k);
}

/* What its owner cannot is refused, before a code is asked for, and on record.
 */
void
test_agent_lent_wider(void **state)
{
	static const struct {
		const char *which, *says;
	} rows[] = {
	    {"\"targets\":[\"web-02\"]," LEND, "web-02"},
	    {"\"targets\":[\"web-01\"],\"logins\":[\"root\"]", "root"},
	    {"\"targets\":[\"web-01\"],\"logins\":[\"deploy\"],\"allow\":"
	     "[\"exec\",\"sftp\"]",
		"sftp"},
	    {"\"targets\":[\"web-01\"],\"logins\":[\"deploy\"],\"max\":3601",
		"is over the"},
	    {"\"roles\":[\"bots\"]," LEND, "you are in no role bots"},
	    {"\"roles\":[\"ops\"],\"logins\":[\"deploy\"],\"allow\":[\"pty\"]",
		"pty"},
	};
	struct scene *x = *state;
	struct waits w;
	struct key k;

	begin(&w, x, &k);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_ROW(
		    refused_lend(&w, rows[i].which) == 403, rows[i].which);
		CHECK_ROW(has(x, "\"code\":\"wider\""), rows[i].which);
		CHECK_ROW(has(x, rows[i].says), rows[i].which);
	}
	send_query(x, &x->admin, VERB_DELEGATIONS, "", "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_false(has(x, "\"delegation\""));
	EVP_PKEY_free(k.pkey);
	waits_stop(&w);
}

/* Another's agent is nobody's to lend to; nor does a code of before do. */
void
test_agent_of_another(void **state)
{
	struct scene *x = *state;
	struct waits w;
	struct key k;
	char body[512], end[32];

	begin(&w, x, &k);
	lend_body(body, "\"targets\":[\"web-01\"]," LEND);
	send_signed(x, &w.key[BOB], VERB_DELEGATE, body);
	want_event(x, EV_DELEGATE_DENIED);
	assert_int_equal(want_reply(x, &x->api), 404);
	send_signed(x, &x->one, VERB_DELEGATE, body);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "code-needed"));
	/* an end there has to be, and soon enough */
	until(end, (int64_t)LIMIT_DELEGATION_S + 60);
	must(str_fmt(body, sizeof(body),
	    "{\"agent\":\"helper\",\"targets\":[\"web-01\"]," LEND
	    ",\"until\":\"%s\"}",
	    end));
	send_signed(x, &x->one, VERB_DELEGATE, body);
	assert_int_equal(want_reply(x, &x->api), 400);
	assert_true(has(x, "\"field\":\"until\""));
	/* without a loan it gets nothing */
	send_signed(x, &k, VERB_REQUEST, ask_web);
	want_event(x, EV_REQUEST_DENIED);
	assert_true(has(x, "\"owner\":\"alice\""));
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, "lends it nothing"));
	EVP_PKEY_free(k.pkey);
	waits_stop(&w);
}

/* The agent cannot, nor can who is not asked; its owner can, and it opens with
 * both names. */
void
test_agent_approved(void **state)
{
	struct scene *x = *state;
	const struct msg_nt_grant_open *m = NULL;
	struct waits w;
	struct key k;

	begin(&w, x, &k);
	lend(&w);
	agent_asks(&w, &k);
	send_word(&w, &k, VERB_REQUEST_DENY, w.digest, "no");
	want_event(x, EV_API_DENIED);
	assert_true(has(x, "\"reason\":\"no-person\""));
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_int_equal(approve(&w, BOB, EV_NONE, ""), 404);
	assert_int_equal(word_of(&w, &x->one, VERB_REQUEST_APPROVE,
			     EV_REQUEST_APPROVE, "\"owner\":\"alice\""),
	    200);
	assert_true(has(x, "\"state\":\"approved\""));
	send_word(&w, &k, VERB_REQUEST_ACTIVATE, NULL, NULL);
	want_event(x, EV_REQUEST_ACTIVATE);
	assert_true(has(x, "\"approved_by\":\"alice\""));
	m = testlink_want(&x->notary, MSG_NT_GRANT_OPEN);
	assert_string_equal(m->grant.user, "helper");
	assert_string_equal(m->grant.owner, "alice");
	assert_int_equal(m->grant.caps, CAP_EXEC);
	assert_int_equal(m->grant.end_ms - m->grant.start_ms, 300000);
	EVP_PKEY_free(k.pkey);
	waits_stop(&w);
}

/* Where the owner could not open it alone, they cannot for their agent. */
void
test_agent_of_two(void **state)
{
	struct scene *x = *state;
	struct waits w;
	struct key k;

	begin(&w, x, &k);
	set_role(&w, "\"exec\"", "\"1 of sre\"");
	lend(&w);
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"add_groups\":[\"sre\"]}"),
	    200);
	agent_asks(&w, &k);
	assert_int_equal(word_of(&w, &x->one, VERB_REQUEST_APPROVE,
			     EV_REQUEST_APPROVE_DENIED, "\"reason\":\"group\""),
	    403);
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE, "bob"), 200);
	assert_true(has(x, "\"state\":\"approved\""));
	EVP_PKEY_free(k.pkey);
	waits_stop(&w);
}

/* A grant of helper's by the key k, in force. */
static void
fold_of(struct msg_nt_fold_grant *g, const struct key *k, const char *id)
{
	fold_grant(g, k->pub.fp);
	name_set(g->grant.user, "helper");
	name_set(g->grant.owner, "alice");
	text_set(g->grant.user_id, sizeof(g->grant.user_id), id);
	name_set(g->grant.role, "bots");
	g->grant.caps = CAP_EXEC;
}

/* Alice's agent and what she lent it, in a store that is not in use. */
static void
store_agent(struct scene *x, const struct key *k, struct msg_nt_fold_grant *g)
{
	struct store *s = store_of(x);
	struct policy_role *r = NULL;
	struct approval_row a = {.user = "alice", .level = 1, .at_ms = 1};
	struct delegation d = {.id = "d-7Q2MXK4P",
	    .agent = "helper",
	    .owner = "alice",
	    .caps = CAP_EXEC,
	    .max_s = 86400,
	    .created_ms = clock_now().utc_ms};
	struct user *alice = calloc(1, sizeof(*alice));
	struct user *u = calloc(1, sizeof(*u));
	struct request *q = calloc(1, sizeof(*q));
	size_t n = 0;

	assert_true(alice != NULL && u != NULL && q != NULL);
	must(store_user_get(s, "alice", alice));
	name_set(u->name, "helper");
	text_set(u->id, sizeof(u->id), "u-7Q2MXK4P");
	name_set(u->owner, "alice");
	memcpy(u->owner_id, alice->id, sizeof(u->owner_id));
	u->state = USER_ACTIVE;
	u->kind = KIND_AGENT;
	u->keys[u->nkeys++] = k->pub;
	must(prefix_list_add(&u->sources, "192.0.2.0/28"));
	must(store_user_put(s, u, 1));
	must(store_role_all(s, &r, &n));
	must(member_add(&r[0].users, "helper", ""));
	must(store_role_put(s, &r[0], 1));
	memcpy(d.agent_id, u->id, sizeof(d.agent_id));
	memcpy(d.owner_id, alice->id, sizeof(d.owner_id));
	memcpy(d.key_fp, alice->keys[0].fp, sizeof(d.key_fp));
	must(name_list_add(&d.targets, "web-01"));
	must(name_list_add(&d.logins, "deploy"));
	d.until_ms = d.created_ms + 86400000;
	must(store_delegation_put(s, &d));
	fold_of(g, k, u->id);
	name_set(g->grant.role, r[0].name);
	memcpy(q->id, g->grant.req, sizeof(q->id));
	name_set(q->user, "helper");
	q->state = REQUEST_ACTIVE;
	must(store_request_put(s, q));
	text_set(a.request, sizeof(a.request), g->grant.req);
	text_set(a.user_id, sizeof(a.user_id), alice->id);
	text_set(a.key_fp, sizeof(a.key_fp), alice->keys[0].fp);
	must(store_approval_put(s, &a));
	free(r);
	free(alice);
	free(u);
	free(q);
	store_close(s);
}

/* What is open ends with what it is by: the loan, its owner's key, role and
 * account, and a lock on them. */
void
test_agent_stopped(void **state)
{
	static const struct {
		unsigned verb, event;
		const char *body;
		enum end_reason reason;
	} rows[] = {
	    {VERB_UNDELEGATE, EV_UNDELEGATE, "{\"delegation\":\"helper\"}",
		END_REVOKED},
	    {VERB_USER_LOCK, EV_USER_UPDATE, "{\"user\":\"alice\"}",
		END_LOCKED},
	    {VERB_LOCK_ADD, EV_LOCK_CREATE,
		"{\"kind\":\"user\",\"value\":\"alice\"}", END_LOCKED},
	    {VERB_USER_REMOVE, EV_USER_REMOVE, "{\"user\":\"alice\"}",
		END_REVOKED},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene *x = *state;
		struct msg_nt_fold_grant g;
		struct key k;

		if (i > 0) {
			must(teardown(state));
			must(setup(state));
			x = *state;
		}
		key_make(&k);
		memset(&g, 0, sizeof(g));
		store_agent(x, &k, &g);
		start(x, &g, 1, NULL);
		send_call(x, &x->admin, rows[i].verb, rows[i].body);
		want_event(x, rows[i].event);
		want_close(x, g.grant.id, rows[i].reason);
		EVP_PKEY_free(k.pkey);
		stop(x);
	}
}

/* One that stands at the start goes on; of one whose owner is gone it ends
 * before anything opens. */
void
test_agent_at_start(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g = {0};
	struct store *s = NULL;
	struct key k;

	key_make(&k);
	store_agent(x, &k, &g);
	s = store_of(x);
	must(store_user_remove(s, "alice", 2));
	store_close(s);
	start_folded(x, &g, 1, NULL, 0);
	want_close(x, g.grant.id, END_REVOKED);
	EVP_PKEY_free(k.pkey);
	stop(x);
}

/* What was lent by a key that its owner has no more is lent by nobody. */
void
test_agent_lent_by_key(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g = {0};
	struct delegation d;
	struct store *s = NULL;
	struct key k;

	key_make(&k);
	store_agent(x, &k, &g);
	s = store_of(x);
	must(store_delegation_get(s, "helper", &d));
	memcpy(d.key_fp, k.pub.fp, sizeof(d.key_fp));
	must(store_delegation_put(s, &d));
	store_close(s);
	start_folded(x, &g, 1, NULL, 0);
	want_close(x, g.grant.id, END_REVOKED);
	EVP_PKEY_free(k.pkey);
	stop(x);
}

/* An agent is whole with an owner who is a person, and keeps them. */
void
test_agent_is_whole(void **state)
{
	static const struct {
		const char *more, *field;
	} rows[] = {
	    {"\"kind\":\"agent\"", "owner"},
	    {"\"kind\":\"agent\",\"owner\":\"nobody\"", "owner"},
	    {"\"kind\":\"agent\",\"owner\":\"helper\"", "owner"},
	    {"\"kind\":\"machine\",\"owner\":\"alice\"", "owner"},
	    {"\"kind\":\"agent\",\"owner\":\"alice\",\"rights\":"
	     "[\"auditor\"]",
		"rights"},
	};
	struct scene *x = *state;
	struct waits w;
	struct key k, other;
	char line[256], body[1024], name[64];

	begin(&w, x, &k);
	key_make(&other);
	key_line(line, &other);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		must(str_fmt(body, sizeof(body),
		    "{\"user\":\"b\",\"keys\":[\"%s\"],\"sources\":"
		    "[\"192.0.2.0/28\"],%s}",
		    line, rows[i].more));
		must(str_fmt(
		    name, sizeof(name), "\"field\":\"%s\"", rows[i].field));
		CHECK_ROW(admin_call(x, VERB_USER_ADD, EV_NONE, body) == 400,
		    rows[i].more);
		CHECK_ROW(has(x, name), rows[i].more);
	}
	/* a document may have both, in whichever order, and their role */
	must(str_fmt(body, sizeof(body),
	    "{\"dry_run\":true,\"users\":[{\"user\":\"b\",\"kind\":\"agent\","
	    "\"owner\":\"zoe\",\"keys\":[\"%s\"],\"sources\":"
	    "[\"192.0.2.0/28\"]},{\"user\":\"zoe\"}],\"roles\":[{\"role\":"
	    "\"r\",\"users\":[\"zoe\",\"b\",\"c\"],\"targets\":[\"web-01\"],"
	    "\"logins\":[\"deploy\"]}]}",
	    line));
	assert_int_equal(admin_call(x, VERB_APPLY, EV_NONE, body), 200);
	assert_true(has(x, "\"warning\":\"there is no user c\""));
	must(str_fmt(body, sizeof(body),
	    "{\"users\":[{\"user\":\"b\",\"kind\":\"agent\",\"owner\":\"zoe\","
	    "\"keys\":[\"%s\"],\"sources\":[\"192.0.2.0/28\"]},"
	    "{\"user\":\"zoe\"}]}",
	    line));
	assert_int_equal(admin_call(x, VERB_APPLY, EV_POLICY_APPLY, body), 200);
	assert_int_equal(admin_call(x, VERB_APPLY, EV_NONE,
			     "{\"users\":[{\"user\":\"b\",\"kind\":\"agent\","
			     "\"owner\":\"alice\"}]}"),
	    409);
	EVP_PKEY_free(k.pkey);
	EVP_PKEY_free(other.pkey);
	waits_stop(&w);
}
