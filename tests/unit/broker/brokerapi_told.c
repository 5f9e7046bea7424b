/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_told - what is said of a request to whom it concerns: by which
 * roles it was decided, what its user had before, what holds it, who lacks.
 */
#include "tests/unit/broker/requestscene.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "wire/json.h"
#include "wire/verbs.h"

#define PROD(more)                                                             \
	"{\"role\":\"prod\",\"users\":[\"alice\"],\"targets\":[\"web-01\"],"   \
	"\"logins\":[\"deploy\"],\"max\":7200,"                                \
	"\"allow\":[\"shell\",\"exec\",\"sftp\",\"pty\"],\"record\":false,"    \
	"\"reason\":\"optional\"" more "}"

/* As that person reads it. */
static unsigned
look(struct waits *w, const struct key *k, unsigned verb, const char *arg,
    const char *query)
{
	struct scene *x = w->x;
	struct msg_api_call m = reader(x, k);

	m.rid = ++x->rid;
	m.verb = (uint16_t)verb;
	text_set(m.arg, sizeof(m.arg), arg);
	m.query.p = (const uint8_t *)query;
	m.query.len = (uint32_t)strlen(query);
	testlink_send(&x->api, MSG_API_CALL, &m);
	return want_reply(x, &x->api);
}

static void
add_prod(struct waits *w)
{
	assert_int_equal(admin_call(w->x, VERB_ROLE_ADD, EV_ROLE_SET,
			     PROD(",\"approvals\":[\"2 of sre\"]")),
	    201);
}

/* A line of the review that was read last: alice had that role once. */
static void
want_used(const struct scene *x, const char *role)
{
	json_t *o = json_loads(x->text, 0, NULL), *line = NULL;
	bool found = false;
	size_t i = 0;

	assert_non_null(o);
	json_array_foreach(json_object_get(o, "items"), i, line)
	{
		const char *s =
		    json_string_value(json_object_get(line, "role"));

		found = found || (s != NULL && strcmp(s, role) == 0 &&
				     json_integer_value(
					 json_object_get(line, "times")) == 1);
	}
	if (!found)
		fail_msg("%s: %s", role, x->text);
	json_decref(o);
}

/* It is judged by both, and both are named: to who approves, in the record, in
 * what opens, and in the history of either. */
void
test_roles_that_decided(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	add_prod(&w);
	send_coded(&w, &x->one, VERB_REQUEST, ask_web);
	want_event(x, EV_REQUEST_PENDING);
	assert_true(has(x, "\"role\":\"ops\""));
	assert_true(has(x, "\"roles\":\"ops,prod\""));
	assert_true(has(x, "\\\"roles\\\":\\\"ops,prod\\\""));
	field(x, "req", w.id);
	memcpy(w.digest, strstr(x->text, "\"sha256\":\"") + 10, 64);
	assert_int_equal(want_reply(x, &x->api), 202);
	assert_true(has(x, "\"roles\":\"ops,prod\""));
	assert_int_equal(
	    approve(&w, BOB, EV_REQUEST_APPROVE, "\"roles\":\"ops,prod\""),
	    200);
	assert_int_equal(approve(&w, CAROL, EV_REQUEST_APPROVE, ""), 200);
	send_word(&w, &x->one, VERB_REQUEST_ACTIVATE, NULL, NULL);
	want_event(x, EV_REQUEST_ACTIVATE);
	assert_true(has(x, "\"roles\":\"ops,prod\""));
	assert_int_equal(opens(&w), 201);
	assert_true(has(x, "\"roles\":\"ops,prod\""));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(look(&w, &w.key[EVE], VERB_HISTORY, "",
				     i == 0 ? "role=prod" : "role=ops"),
		    200);
		assert_true(has(x, w.id));
		assert_true(has(x, "\"roles\":\"ops,prod\""));
	}
	assert_int_equal(
	    look(&w, &w.key[EVE], VERB_HISTORY, "", "role=pro"), 200);
	assert_false(has(x, w.id));
	/* and both are in use */
	assert_int_equal(admin_call(x, VERB_REVIEW_START, EV_REVIEW_START,
			     "{\"review\":\"q1\",\"reviewers\":[\"sre\"]}"),
	    201);
	assert_int_equal(
	    look(&w, &w.key[BOB], VERB_REVIEW_SHOW, "q1", ""), 200);
	want_used(x, "prod");
	want_used(x, "ops");
	waits_stop(&w);
}

/* Who asks for something else is told what waits for them, and is asked about
 * nobody else's. */
void
test_told_aside(void **state)
{
	struct scene *x = *state;
	struct waits w;
	char want[64];

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	for (int p = BOB; p <= FRANK; p++) {
		send_signed(x, &w.key[p], VERB_TOKEN, "{}");
		want_event(x, EV_TOKEN_CREATE);
		assert_int_equal(want_reply(x, &x->api), 201);
		assert_true(
		    has(x, "\"waits_for_you\":1") == (p == BOB || p == CAROL));
		assert_false(has(x, w.id));
	}
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE, ""), 200);
	assert_false(has(x, "waits_for_you"));
	/* all had asked a moment ago: the next broker has forgotten it */
	stop(x);
	start(x, NULL, 0, NULL);
	for (int p = BOB; p <= FRANK; p++) {
		send_signed(x, &w.key[p], VERB_TOKEN, "{}");
		want_event(x, EV_TOKEN_CREATE);
		assert_int_equal(want_reply(x, &x->api), 201);
		assert_false(has(x, "approved"));
		assert_false(has(x, "waits_for_you"));
	}
	send_signed(x, &x->one, VERB_TOKEN, "{}");
	want_event(x, EV_TOKEN_CREATE);
	assert_int_equal(want_reply(x, &x->api), 201);
	must(str_fmt(want, sizeof(want), "\"approved\":[\"%s\"]", w.id));
	assert_true(has(x, want));
	waits_stop(&w);
}

/* Whoever may approve it reads what its user had, and what is new; its user
 * does not. */
void
test_habit(void **state)
{
	static const char longer[] =
	    "{\"target\":\"web-01\",\"for\":900,\"reason\":\"INC-4711\"}";
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	assert_int_equal(
	    word_of(&w, &w.key[CAROL], VERB_REQUEST_DENY, EV_REQUEST_DENY, ""),
	    200);
	ask(&w);
	assert_int_equal(
	    look(&w, &w.key[BOB], VERB_REQUEST_SHOW, w.id, ""), 200);
	assert_true(has(x, "\"times\":0"));
	assert_true(has(x, "\"denied\":1"));
	assert_true(has(x, "\"new\":[\"target\",\"login\",\"role\"]"));
	assert_int_equal(look(&w, &x->one, VERB_REQUEST_SHOW, w.id, ""), 200);
	assert_false(has(x, "\"habit\""));
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE, ""), 200);
	assert_int_equal(activate(&w), 201);
	send_coded(&w, &x->one, VERB_REQUEST, longer);
	want_event(x, EV_REQUEST_PENDING);
	field(x, "req", w.id);
	assert_int_equal(want_reply(x, &x->api), 202);
	assert_int_equal(
	    look(&w, &w.key[BOB], VERB_REQUEST_SHOW, w.id, ""), 200);
	assert_true(has(x, "\"times\":1"));
	assert_true(has(x, "\"longest\":300"));
	assert_true(has(x, "\"new\":[\"longer\"]"));
	waits_stop(&w);
}

/* What waits at a target that is locked goes on waiting, for the same people;
 * who would approve it sees why they cannot, and may deny it. */
void
test_held(void **state)
{
	struct scene *x = *state;
	struct waits w;
	char lock[64];

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	assert_int_equal(admin_call(x, VERB_LOCK_ADD, EV_LOCK_CREATE,
			     "{\"kind\":\"target\",\"value\":\"web-01\","
			     "\"reason\":\"freeze\"}"),
	    201);
	field(x, "lock", lock);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(look(&w, i == 0 ? &x->one : &w.key[BOB],
				     VERB_REQUESTS, "", ""),
		    200);
		assert_true(has(x, w.id));
		assert_true(has(x, "\"asked\":\"1 of sre\""));
		assert_true(has(x, "\"held\":\"the target web-01 is locked"));
		assert_true(has(x, "by local: freeze"));
		assert_true(has(x, "\"may_approve\":false"));
	}
	assert_int_equal(look(&w, &w.key[FRANK], VERB_REQUESTS, "", ""), 200);
	assert_false(has(x, w.id));
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE_DENIED,
			     "\"reason\":\"locked\""),
	    403);
	assert_true(has(x, "it is held until that is gone"));
	/* once it is gone the same is approved */
	{
		char body[96];

		must(str_fmt(body, sizeof(body), "{\"lock\":\"%s\"}", lock));
		assert_int_equal(
		    admin_call(x, VERB_LOCK_REMOVE, EV_LOCK_REMOVE, body), 200);
	}
	assert_int_equal(
	    look(&w, &w.key[BOB], VERB_REQUEST_SHOW, w.id, ""), 200);
	assert_false(has(x, "\"held\""));
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE, ""), 200);
	/* an approved one is held too, and can be denied */
	assert_int_equal(admin_call(x, VERB_LOCK_ADD, EV_LOCK_CREATE,
			     "{\"kind\":\"target\",\"value\":\"web-01\"}"),
	    201);
	assert_int_equal(look(&w, &x->one, VERB_REQUESTS, "", ""), 200);
	assert_true(has(x, "\"held\""));
	assert_int_equal(
	    word_of(&w, &w.key[BOB], VERB_REQUEST_DENY, EV_REQUEST_DENY, ""),
	    200);
	waits_stop(&w);
}

/* All levels are named, and that too few people are there. */
void
test_lack_is_told(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "1 of sre", "2 of leads");
	ask(&w);
	assert_true(has(x, "\"wants\":\"1 of sre, then 2 of leads\""));
	assert_true(has(x, "\"unapprovable\":\""));
	assert_int_equal(look(&w, &x->one, VERB_REQUEST_SHOW, w.id, ""), 200);
	assert_true(has(x, "\"unapprovable\":\""));
	assert_int_equal(
	    look(&w, &x->one, VERB_EXPLAIN, "", "target=web-01"), 200);
	assert_true(has(x, "\"wants\":\"1 of sre, then 2 of leads\""));
	set_role(&w, "\"shell\"", "\"1 of sre\"");
	assert_int_equal(
	    look(&w, &x->one, VERB_EXPLAIN, "", "target=web-01"), 200);
	assert_true(has(x, "\"wants\":\"1 of sre\""));
	assert_false(has(x, "\"unapprovable\":\"n"));
	waits_stop(&w);
}

/* It is judged as of the time that is asked about. */
void
test_explained_at(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	assert_int_equal(
	    admin_call(x, VERB_ROLE_SET, EV_ROLE_SET,
		"{\"role\":\"ops\",\"users\":[{\"name\":\"alice\","
		"\"until\":\"2100-01-01T00:00:00Z\"}],"
		"\"targets\":[\"web-01\"],\"logins\":[\"deploy\"],"
		"\"max\":3600,\"allow\":[\"shell\"],\"record\":false,"
		"\"reason\":\"optional\"}"),
	    200);
	assert_int_equal(
	    look(&w, &x->one, VERB_EXPLAIN, "", "target=web-01"), 200);
	assert_true(has(x, "\"allowed\":true"));
	assert_int_equal(look(&w, &x->one, VERB_EXPLAIN, "",
			     "target=web-01&at=2099-12-31T12:00:00Z"),
	    200);
	assert_true(has(x, "\"allowed\":true"));
	assert_int_equal(look(&w, &x->one, VERB_EXPLAIN, "",
			     "target=web-01&at=2100-01-01T00:00:01Z"),
	    200);
	assert_true(has(x, "\"allowed\":false"));
	assert_int_equal(
	    look(&w, &x->one, VERB_EXPLAIN, "", "target=web-01&at=noon"), 400);
	assert_true(has(x, "\"field\":\"at\""));
	waits_stop(&w);
}

/* A label that gives a target to a role is a change of who may what. */
void
test_label_is_told(void **state)
{
	struct scene *x = *state;
	struct waits w;
	char body[1024], line[256];

	waits_start(&w, x, "1 of sre", NULL);
	assert_int_equal(
	    admin_call(x, VERB_ROLE_ADD, EV_ROLE_SET,
		"{\"role\":\"shop\",\"users\":[\"alice\"],"
		"\"labels\":{\"app\":\"shop\"},\"logins\":[\"deploy\"],"
		"\"max\":3600,\"allow\":[\"shell\",\"exec\",\"sftp\",\"pty\"],"
		"\"record\":false,\"reason\":\"optional\"}"),
	    201);
	key_line(line, &x->one);
	must(str_fmt(body, sizeof(body),
	    "{\"target\":\"web-01\",\"addresses\":[\"198.51.100.1\"],"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"],"
	    "\"labels\":{\"app\":\"shop\"}}",
	    line));
	assert_int_equal(
	    admin_call(x, VERB_TARGET_SET, EV_TARGET_SET, body), 200);
	assert_true(has(x, "role shop gives it from now on"));
	assert_true(has(x, "whoever names role shop (--role) has more of "
			   "web-01"));
	/* once */
	assert_int_equal(admin_call(x, VERB_TARGET_SET, EV_NONE, body), 200);
	assert_false(has(x, "role shop gives it"));
	waits_stop(&w);
}
