/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_several - several targets and logins in one request: each is
 * decided on its own, and one code is burned once; and many requests with one
 * code.
 */
#include "tests/unit/broker/brokerscene.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "wire/verbs.h"

enum { MANY = 200 };

/* What the broker said to the others until it answered. */
struct said {
	unsigned burns, opens, doors, created, pending, denied;
	int64_t step; /* of the last NT_GRANT_OPEN */
	int burned;   /* what the notary says to the next burn */
};

static void
store_labelled(struct store *s, const char *name, const char *env)
{
	struct target *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	store_target(s, name);
	must(store_target_get(s, name, t));
	must(label_list_add(&t->labels, "env", env));
	must(name_list_add(&t->logins, "root"));
	must(store_target_put(s, t, 1));
	free(t);
}

enum scenery { PLAIN, MORE_LOGINS, MORE_TARGETS };

/* ops gives web-01 and web-03 as deploy (or root), web-02 wants an approval,
 * db-01 nobody gives; all but web-03 are env=lab. */
static void
several_start(struct scene *x, enum scenery what)
{
	struct store *s = store_of(x);
	struct policy_role *r = NULL;
	char name[32];
	size_t n = 0;

	store_labelled(s, "web-01", "lab");
	store_labelled(s, "web-02", "lab");
	store_labelled(s, "web-03", "prod");
	store_labelled(s, "db-01", "lab");
	for (int i = 0; what == MORE_TARGETS && i < LIMIT_ASKED; i++) {
		must(str_fmt(name, sizeof(name), "many-%02d", i));
		store_labelled(s, name, "many");
	}
	store_role(s, "two");
	must(store_role_all(s, &r, &n));
	assert_int_equal(n, 2); /* by name */
	must(name_list_add(&r[0].targets, "web-03"));
	if (what == MORE_LOGINS)
		must(name_list_add(&r[0].logins, "root"));
	if (what == MORE_TARGETS)
		must(label_list_add(&r[0].labels, "env", "many"));
	r[1].targets = (struct name_list){0};
	must(name_list_add(&r[1].targets, "web-02"));
	must(quorum_add(&r[1].approvals, "1 of sre"));
	must(store_role_put(s, &r[0], 1));
	must(store_role_put(s, &r[1], 1));
	free(r);
	store_close(s);
	start(x, NULL, 0, NULL);
}

/* One message of the broker's to the notary. */
static void
notary_does(struct scene *x, struct said *t)
{
	const struct ipc_msg *g = &x->notary.m;
	const struct msg_log_append *a = g->body;
	const struct msg_nt_grant_open *o = g->body;
	const struct msg_nt_mfa_burn *b = g->body;
	struct msg_log_durable d = {.seq = ++x->seq};
	struct msg_nt_grant_opened od = {.seq = ++x->seq};
	struct msg_nt_mfa_burned bd = {.seq = ++x->seq};

	if (g->type == MSG_LOG_APPEND) {
		t->created += a->event == EV_REQUEST_CREATE;
		t->pending += a->event == EV_REQUEST_PENDING;
		t->denied += a->event == EV_REQUEST_DENIED;
		d.rid = a->rid;
		if (d.rid != 0)
			testlink_send(&x->notary, MSG_LOG_DURABLE, &d);
	} else if (g->type == MSG_NT_GRANT_OPEN) {
		/* a code opens the first; of the others its step is used */
		if (o->mfa_step > 0 && o->mfa_step == t->step)
			od.result = msg_result(GW_EDENIED);
		t->step = o->mfa_step;
		t->opens++;
		od.rid = o->rid;
		testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &od);
	} else if (g->type == MSG_NT_MFA_BURN) {
		/* before anything that it is burned for */
		assert_int_equal(
		    t->opens + t->created + t->pending + t->denied, 0);
		t->burns++;
		bd.rid = b->rid;
		bd.result = msg_result(t->burned);
		testlink_send(&x->notary, MSG_NT_MFA_BURNED, &bd);
	}
}

/* The status of the next answer, its body in x->text. */
static unsigned
served(struct scene *x, struct said *t)
{
	struct msg_fw_opened fw = {0};
	const struct msg_api_reply *m = NULL;

	for (int i = 0; i < 10000; i++) {
		if (testlink_next(&x->notary, 1))
			notary_does(x, t);
		if (testlink_next(&x->firewall, 0) &&
		    x->firewall.m.type == MSG_FW_OPEN) {
			fw.rid =
			    ((const struct msg_fw_open *)x->firewall.m.body)
				->rid;
			t->doors++;
			testlink_send(&x->firewall, MSG_FW_OPENED, &fw);
		}
		if (!testlink_next(&x->api, 0) ||
		    x->api.m.type != MSG_API_REPLY)
			continue;
		m = x->api.m.body;
		memcpy(x->text, m->body.p, m->body.len);
		x->text[m->body.len] = '\0';
		return m->status;
	}
	fail_msg("no answer");
	return 0;
}

static unsigned
ask_several(struct scene *x, bool code, const char *body, struct said *t)
{
	if (code)
		fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, body);
	x->code[0] = '\0';
	return served(x, t);
}

static const char three[] =
    "{\"targets\":[\"web-01\",\"web-02\",\"nosuch\",\"web-01\"],"
    "\"for\":300,\"reason\":\"INC-4711\"}";

/* Opened, waiting, refused: each by itself, by one code. */
void
test_several(void **state)
{
	struct scene *x = *state;
	struct said t = {0};

	several_start(x, PLAIN);
	assert_int_equal(ask_several(x, false, three, &t), 401);
	assert_true(has(x, "code-needed"));
	assert_int_equal(t.burns + t.opens + t.denied + t.pending, 0);
	assert_int_equal(ask_several(x, true, three, &t), 200);
	assert_int_equal(t.burns, 1);
	assert_int_equal(t.opens, 1);
	assert_int_equal(t.step, 0);
	assert_int_equal(t.doors, 1);
	assert_int_equal(t.created, 1);
	assert_int_equal(t.pending, 1);
	assert_int_equal(t.denied, 1);
	assert_true(has(x, "\"opened\":1,\"open\":0,\"waits\":1,"
			   "\"refused\":1,\"failed\":0,\"repeated\":false"));
	assert_true(has(x, "\"outcome\":\"waits\""));
	assert_true(has(x, "\"code\":\"denied\""));
	/* once more, within the age: nothing is new but the refusal */
	t = (struct said){0};
	assert_int_equal(ask_several(x, false, three, &t), 200);
	assert_int_equal(t.burns + t.opens + t.created + t.pending, 0);
	assert_int_equal(t.denied, 1);
	assert_true(
	    has(x, "\"opened\":0,\"open\":1,\"waits\":1,\"refused\":1"));
	stop(x);
}

/* A code that was used opens none of them, and nothing is on record but that.
 */
void
test_several_code_used(void **state)
{
	struct scene *x = *state;
	struct said t = {.burned = GW_EDENIED};

	several_start(x, PLAIN);
	assert_int_equal(ask_several(x, true, three, &t), 401);
	assert_true(has(x, "code-used"));
	assert_int_equal(t.burns, 1);
	assert_int_equal(t.opens + t.created + t.pending + t.denied, 0);
	stop(x);
}

/* Logins times targets, and an answer that comes again. */
void
test_several_logins(void **state)
{
	static const char body[] =
	    "{\"targets\":[\"web-01\",\"web-03\"],\"logins\":[\"deploy\","
	    "\"root\",\"nobody\"],\"for\":300,\"reason\":\"x\"}";
	struct scene *x = *state;
	struct said t = {0};

	several_start(x, MORE_LOGINS);
	strcpy(x->key, "the-same-key-0001");
	assert_int_equal(ask_several(x, true, body, &t), 200);
	assert_int_equal(t.burns, 1);
	assert_int_equal(t.opens, 4);
	assert_int_equal(t.denied, 2);
	assert_true(has(x, "\"opened\":4,\"open\":0,\"waits\":0,"
			   "\"refused\":2"));
	t = (struct said){0};
	assert_int_equal(ask_several(x, false, body, &t), 200);
	assert_int_equal(t.opens + t.denied, 0);
	assert_true(has(x, "\"opened\":4"));
	assert_true(has(x, "\"repeated\":true"));
	stop(x);
}

/* Of those with such labels, what a role gives; of the others nothing is told.
 */
void
test_several_selected(void **state)
{
	static const char *const wrong[] = {"{\"select\":[\"env=\"]}",
	    "{\"targets\":[]}", "{\"targets\":[\"a b\"]}",
	    "{\"targets\":[\"web-01\"],\"login\":\"root\"}",
	    "{\"targets\":[\"web-01\"],\"for\":0}",
	    "{\"logins\":[\"deploy\"]}"};
	struct scene *x = *state;
	struct said t = {0};

	several_start(x, MORE_TARGETS);
	assert_int_equal(
	    ask_several(x, true,
		"{\"select\":[\"env=lab\"],\"reason\":\"x\",\"for\":300}", &t),
	    200);
	assert_false(has(x, "db-01"));
	assert_true(has(x, "\"target\":\"web-01\""));
	assert_true(has(x, "\"opened\":1,\"open\":0,\"waits\":1,"
			   "\"refused\":0"));
	t = (struct said){0};
	assert_int_equal(
	    ask_several(x, false, "{\"select\":[\"env=nosuch\"]}", &t), 404);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_int_equal(ask_several(x, false, wrong[i], &t), 400);
		assert_int_equal(t.opens + t.denied, 0);
	}
	/* as many as there may be, and one more */
	assert_int_equal(
	    ask_several(x, false,
		"{\"targets\":[\"web-01\"],\"select\":[\"env=many\"]}", &t),
	    400);
	assert_true(has(x, "65 targets and logins"));
	assert_int_equal(t.opens, 0);
	assert_int_equal(
	    ask_several(x, false,
		"{\"select\":[\"env=many\"],\"for\":300,\"reason\":\"x\"}", &t),
	    200);
	assert_int_equal(t.opens, LIMIT_ASKED);
	assert_true(has(x, "\"opened\":64,"));
	stop(x);
}

/* Two hundred at once by one code: one opens. Then as many without one. */
void
test_many_by_one_code(void **state)
{
	struct scene *x = *state;
	struct said t = {0};
	char *text[MANY];
	unsigned opened = 0, used = 0, status;

	several_start(x, PLAIN);
	for (int turn = 0; turn < 2; turn++) {
		if (turn == 0)
			fresh_code(x);
		for (int i = 0; i < MANY; i++) {
			char nonce[LIMIT_NONCE_SIZE], body[128];

			must(str_fmt(body, sizeof(body),
			    "{\"target\":\"web-01\",\"for\":300,\"reason\":"
			    "\"%d-%d\"}",
			    turn, i));
			challenge(x, nonce);
			text[i] = payload_of(x, VERB_REQUEST, nonce, body);
		}
		for (int i = 0; i < MANY; i++) {
			send_payload(x, &x->one, VERB_REQUEST, text[i], 0);
			free(text[i]);
		}
		x->code[0] = '\0';
		for (int i = 0; i < MANY; i++) {
			status = served(x, &t);
			opened += status == 201;
			used += status == 401 && has(x, "code-used");
		}
		assert_int_equal(opened, turn == 0 ? 1 : MANY + 1);
		assert_int_equal(used, MANY - 1);
	}
	assert_int_equal(t.doors, MANY + 1);
	stop(x);
}
