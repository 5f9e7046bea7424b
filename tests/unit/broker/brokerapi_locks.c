/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_locks - what a lock covers ends before the answer says so, and
 * nothing of it opens, also not after a start; each refusal is on record.
 */
#include "tests/unit/broker/brokerscene.h"

#include <string.h>

#include "base/err.h"
#include "base/ids.h"
#include "broker/store/store_sql.h"
#include "wire/verbs.h"

static void
put_lock(struct store *s, enum lock_kind k, const char *value, int64_t until_ms)
{
	struct lock l = {.by = "bob",
	    .reason = "INC-1",
	    .created_ms = 1,
	    .until_ms = until_ms,
	    .seq = 2};

	id_new(l.id, 'l');
	must(lock_set(&l, k, value));
	must(store_lock_put(s, &l));
}

/* The body that sets it. */
static void
body_of(
    char ret[static 256], const char *kind, const char *value, const char *more)
{
	(void)snprintf(ret, 256,
	    "{\"kind\":\"%s\"%s%s%s,\"reason\":\"INC-1\"%s}", kind,
	    value[0] != '\0' ? ",\"value\":\"" : "", value,
	    value[0] != '\0' ? "\"" : "", more);
}

static void
start_with_session(struct scene *x, struct msg_nt_fold_grant *g)
{
	struct msg_nt_fold_leg leg = {.conn = 100, .seq = 6};

	memcpy(leg.grant, g->grant.id, sizeof(leg.grant));
	strcpy(leg.sid, "s-22222222");
	strcpy(leg.key_fp, x->one.pub.fp);
	start(x, g, 1, &leg);
}

/* ---- what is open ends */

/* A dry run ends nothing; then it does, as locked, in the kernel and in the log
 * before the answer; and the next start opens none of it. */
void
test_lock_ends(void **state)
{
	static const struct {
		const char *kind, *value;
	} rows[] = {{"user", "alice"}, {"group", "ops"}, {"role", "ops"},
	    {"target", "web-01"}, {"login", "deploy"},
	    {"source", "192.0.2.0/24"}, {"key", ""}, {"grant", ""},
	    {"everything", ""}};
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	char body[256], want[256];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *value = rows[i].value;
		struct store *s = store_of(x);
		struct user *u = calloc(1, sizeof(*u));

		assert_non_null(u);
		must(store_user_get(s, "alice", u));
		must(name_list_add(&u->groups, "ops"));
		must(store_user_put(s, u, 1));
		free(u);
		store_close(s);
		fold_grant(&g, x->one.pub.fp);
		if (strcmp(rows[i].kind, "key") == 0)
			value = x->one.pub.fp;
		if (strcmp(rows[i].kind, "grant") == 0)
			value = g.grant.id;
		start_with_session(x, &g);
		(void)snprintf(want, sizeof(want),
		    "\"ended\":{\"grants\":1,\"sessions\":1,\"list\":["
		    "{\"grant\":\"%s\"",
		    g.grant.id);
		body_of(body, rows[i].kind, value, ",\"dry_run\":true");
		CHECK_ROW(
		    admin_call(x, VERB_LOCK_ADD, EV_NONE, body) == 200, body);
		CHECK_ROW(has(x, want), x->text);
		assert_int_equal(admin_call(x, VERB_LOCKS, EV_NONE, ""), 200);
		CHECK_ROW(has(x, "\"items\":[]"), x->text);
		body_of(body, rows[i].kind, value, "");
		send_call(x, &x->admin, VERB_LOCK_ADD, body);
		want_event(x, EV_LOCK_CREATE);
		CHECK_ROW(has(x, rows[i].kind) && has(x, value) &&
			      has(x, "\"why\":\"INC-1\""),
		    x->text);
		want_close(x, g.grant.id, END_LOCKED);
		CHECK_ROW(want_reply(x, &x->admin) == 201, x->text);
		CHECK_ROW(x->nclosed > 0, body);
		CHECK_ROW(has(x, want), x->text);
		CHECK_ROW(has(x, "\"by\":\"local\""), x->text);
		/* the same once more */
		CHECK_ROW(
		    strcmp(rows[i].kind, "grant") == 0 ||
			admin_call(x, VERB_LOCK_ADD, EV_NONE, body) == 409,
		    x->text);
		stop(x);
		/* the log does not know it yet: it is not revived */
		start_with_session(x, &g);
		want_close(x, g.grant.id, END_LOCKED);
		assert_int_equal(admin_call(x, VERB_GRANTS, EV_NONE, ""), 200);
		CHECK_ROW(!has(x, g.grant.id), x->text);
		stop(x);
		(void)teardown(state);
		(void)setup(state);
		x = *state;
	}
}

/* The broker went when the lock was stored, and nothing had ended yet. */
void
test_lock_before_a_crash(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct store *s = store_of(x);

	fold_grant(&g, x->one.pub.fp);
	put_lock(s, LOCK_TARGET, "web-01", 0);
	store_close(s);
	start(x, &g, 1, NULL);
	want_close(x, g.grant.id, END_LOCKED);
	stop(x);
}

/* What cannot be read locks everything; admins and root are not shut out. */
void
test_locks_not_read(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct store *s = store_of(x);

	fold_grant(&g, x->one.pub.fp);
	put_lock(s, LOCK_TARGET, "web-01", 0);
	must(sql_define(s->sql, "UPDATE locks SET kind = 77;"));
	store_close(s);
	start(x, &g, 1, NULL);
	want_close(x, g.grant.id, END_LOCKED);
	assert_int_equal(admin_call(x, VERB_LOCKS, EV_NONE, ""), 200);
	assert_true(has(x, "\"kind\":\"everything\""));
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	want_event(x, EV_API_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, "cannot be read"));
	stop(x);
}

/* A grant serves all keys of its user: what came by the locked one ends. */
void
test_locked_key(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct testlink session;
	const struct msg_ses_stop *told;
	char body[256];

	fold_grant(&g, x->two.pub.fp);
	start_with_session(x, &g);
	proc_harness_link(&x->proc, &session, PROC_SESSION, 100);
	session.ipc.state = MST_LIVE;
	body_of(body, "key", x->one.pub.fp, "");
	assert_int_equal(
	    admin_call(x, VERB_LOCK_ADD, EV_LOCK_CREATE, body), 201);
	assert_true(has(x, "\"grants\":0,\"sessions\":1"));
	told = testlink_want(&session, MSG_SES_STOP);
	assert_int_equal(told->reason, END_LOCKED);
	assert_non_null(strstr(told->text, "the key it came with is locked"));
	assert_int_equal(admin_call(x, VERB_GRANTS, EV_NONE, ""), 200);
	assert_true(has(x, g.grant.id));
	testlink_close(&session);
	stop(x);
}

/* ---- nothing opens */

/* By whom a lock covers, nothing that gives access; reading and giving up
 * stay. */
void
test_locked_callers(void **state)
{
	static const struct {
		enum lock_kind kind;
		const char *value;
		const char *says;
	} rows[] = {
	    {LOCK_USER, "alice", "the user alice is locked ("},
	    {LOCK_KEY, "", "is locked ("},
	    {LOCK_SOURCE, "192.0.2.0/24", "the source 192.0.2.0/24 is locked"},
	    {LOCK_EVERYTHING, "", "everything is locked ("},
	};
	static const char named[] = "{\"request\":\"r-22222222\"}";
	struct scene *x = *state;
	struct store *s = NULL;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		s = store_of(x);
		put_lock(s, rows[i].kind,
		    rows[i].kind == LOCK_KEY ? x->one.pub.fp : rows[i].value,
		    0);
		store_close(s);
		start(x, NULL, 0, NULL);
		for (int k = 0; k < 3; k++) {
			const unsigned verb = k == 0   ? VERB_REQUEST
					      : k == 1 ? VERB_REQUEST_ACTIVATE
						       : VERB_REQUEST_APPROVE;

			send_signed(x, &x->one, verb, k == 0 ? ask_web : named);
			want_event(x, EV_API_DENIED);
			CHECK_ROW(has(x, "\"reason\":\"locked\"") &&
				      has(x, "\"lock\":\"l-"),
			    x->text);
			CHECK_ROW(want_reply(x, &x->api) == 403, x->text);
			CHECK_ROW(has(x, "\"code\":\"locked\"") &&
				      has(x, rows[i].says) &&
				      has(x, "by bob: INC-1"),
			    x->text);
		}
		send_signed(x, &x->one, VERB_REQUEST_CANCEL, named);
		CHECK_ROW(want_reply(x, &x->api) == 404, x->text);
		send_signed(
		    x, &x->one, VERB_RELEASE, "{\"grant\":\"g-22222222\"}");
		CHECK_ROW(want_reply(x, &x->api) == 404, x->text);
		/* what others asked for is not theirs to take away */
		send_signed(x, &x->one, VERB_REQUEST_DENY,
		    "{\"request\":\"r-22222222\",\"note\":\"no\"}");
		if (rows[i].kind != LOCK_EVERYTHING)
			want_event(x, EV_API_DENIED);
		CHECK_ROW(want_reply(x, &x->api) ==
			      (rows[i].kind != LOCK_EVERYTHING ? 403 : 404),
		    x->text);
		/* and the right to undo it goes with a lock on oneself alone */
		send_signed(
		    x, &x->one, VERB_REVOKE, "{\"grant\":\"g-22222222\"}");
		if (rows[i].kind == LOCK_USER || rows[i].kind == LOCK_KEY) {
			want_event(x, EV_API_DENIED);
			CHECK_ROW(want_reply(x, &x->api) == 403, x->text);
		} else {
			CHECK_ROW(want_reply(x, &x->api) == 404, x->text);
		}
		stop(x);
		(void)teardown(state);
		(void)setup(state);
		x = *state;
	}
}

/* What is asked for is locked: policy says so, and admins' tries go nowhere. */
void
test_locked_target(void **state)
{
	struct scene *x = *state;
	struct store *s = store_of(x);
	char id[LIMIT_ID_SIZE], body[64];

	put_lock(s, LOCK_TARGET, "web-01", 0);
	store_close(s);
	start(x, NULL, 0, NULL);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	want_event(x, EV_REQUEST_DENIED);
	assert_true(has(x, "\"reason\":\"locked\""));
	assert_true(has(x, "\"lock\":\"l-"));
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, "\"field\":\"lock\""));
	assert_true(has(x, "the target web-01 is locked ("));
	send_call(x, &x->admin, VERB_DOCTOR, "{\"target\":\"web-01\"}");
	want_event(x, EV_API_DENIED);
	assert_int_equal(want_reply(x, &x->admin), 403);
	assert_true(has(x, "the target web-01 is locked ("));
	send_call(
	    x, &x->admin, VERB_TARGET_SCAN, "{\"address\":\"198.51.100.1\"}");
	want_event(x, EV_API_DENIED);
	assert_int_equal(want_reply(x, &x->admin), 403);
	/* taken away, it is as before */
	assert_int_equal(admin_call(x, VERB_LOCKS, EV_NONE, ""), 200);
	field(x, "lock", id);
	(void)snprintf(body, sizeof(body), "{\"lock\":\"%s\"}", id);
	send_call(x, &x->admin, VERB_LOCK_REMOVE, body);
	want_event(x, EV_LOCK_REMOVE);
	assert_true(has(x, "\"target\":\"web-01\""));
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_int_equal(admin_call(x, VERB_LOCK_REMOVE, EV_NONE, body), 404);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	assert_int_equal(want_reply(x, &x->api), 401); /* wants a code */
	stop(x);
}

/* ---- setting it */

void
test_lock_needs_what_is_there(void **state)
{
	static const struct {
		const char *body;
		unsigned status;
		const char *says;
	} rows[] = {
	    {"{\"kind\":\"user\",\"value\":\"bob\"}", 404,
		"there is no user bob"},
	    {"{\"kind\":\"target\",\"value\":\"web-02\"}", 404, "no target"},
	    {"{\"kind\":\"role\",\"value\":\"osp\"}", 404, "no role osp"},
	    {"{\"kind\":\"grant\",\"value\":\"g-22222222\"}", 404, "no grant"},
	    {"{\"kind\":\"grant\",\"value\":\"web-01\"}", 400, "value: an id"},
	    {"{\"kind\":\"people\",\"value\":\"x\"}", 400, "kind: user,"},
	    {"{\"kind\":\"user\"}", 400, "value: a user"},
	    {"{\"kind\":\"everything\",\"value\":\"x\"}", 400, "value: "},
	    {"{\"kind\":\"source\",\"value\":\"192.0.2.1/24\"}", 400,
		"without host bits"},
	    {"{\"kind\":\"key\",\"value\":\"SHA256:x\"}", 400, "ssh-keygen"},
	    {"{\"kind\":\"login\",\"value\":\"x\",\"for\":0}", 400, "for"},
	    {"{\"kind\":\"group\",\"value\":\"x\",\"dry_run\":true}", 200,
		"\"unmatched\":[\"nobody is in the group x\"]"},
	    {"{\"kind\":\"login\",\"value\":\"x\",\"dry_run\":true}", 200,
		"\"unmatched\":[\"no target has the login x\"]"},
	    {"{\"kind\":\"login\",\"value\":\"deploy\",\"dry_run\":true}", 200,
		"\"dry_run\":true"},
	};
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_ROW(admin_call(x, VERB_LOCK_ADD, EV_NONE, rows[i].body) ==
			      rows[i].status,
		    x->text);
		CHECK_ROW(has(x, rows[i].says), x->text);
	}
	assert_false(has(x, "unmatched"));
	assert_int_equal(admin_call(x, VERB_LOCK_REMOVE, EV_NONE,
			     "{\"lock\":\"l-22222222\"}"),
	    404);
	assert_int_equal(
	    admin_call(x, VERB_LOCK_REMOVE, EV_NONE, "{\"lock\":\"web-01\"}"),
	    404);
	stop(x);
}

/* Somebody is left who can undo it, and who is not locked. */
void
test_last_admin_unlocked(void **state)
{
	struct scene *x = *state;
	char body[256];

	start(x, NULL, 0, NULL);
	send_signed(x, &x->one, VERB_LOCK_ADD,
	    "{\"kind\":\"user\",\"value\":\"alice\"}");
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "\"code\":\"last-admin\""));
	/* one of two keys, which may be the stolen one */
	body_of(body, "key", x->two.pub.fp, "");
	send_signed(x, &x->one, VERB_LOCK_ADD, body);
	want_event(x, EV_LOCK_CREATE);
	assert_int_equal(want_reply(x, &x->api), 201);
	body_of(body, "key", x->one.pub.fp, "");
	send_signed(x, &x->one, VERB_LOCK_ADD, body);
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "\"code\":\"last-admin\""));
	/* everything: admins stay */
	send_signed(x, &x->one, VERB_LOCK_ADD, "{\"kind\":\"everything\"}");
	want_event(x, EV_LOCK_CREATE);
	assert_int_equal(want_reply(x, &x->api), 201);
	/* root may, and is told */
	assert_int_equal(admin_call(x, VERB_LOCK_ADD, EV_LOCK_CREATE,
			     "{\"kind\":\"user\",\"value\":\"alice\"}"),
	    201);
	assert_true(has(x, "\"last_admin\":true"));
	stop(x);
}

/* It runs out by itself, and that is on record. */
void
test_lock_runs_out(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	assert_int_equal(
	    admin_call(x, VERB_LOCK_ADD, EV_LOCK_CREATE,
		"{\"kind\":\"target\",\"value\":\"web-01\",\"for\":1}"),
	    201);
	assert_false(has(x, "\"until\":null"));
	want_event(x, EV_LOCK_EXPIRE);
	assert_true(has(x, "\"target\":\"web-01\""));
	assert_int_equal(admin_call(x, VERB_LOCKS, EV_NONE, ""), 200);
	assert_true(has(x, "\"items\":[]"));
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	assert_int_equal(want_reply(x, &x->api), 401); /* wants a code */
	stop(x);
}
