/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_explain - what policy.explain says is what a request gets: about
 * oneself with the key and from the address that ask, about others by what is
 * left open, and which of their keys may.
 */
#include "tests/unit/broker/requestscene.h"

#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "wire/verbs.h"

#define ABOUT "target=web-01&login=deploy"
#define NO "\"allowed\":false"
#define YES "\"allowed\":true"

static void
explain(struct scene *x, const struct msg_api_call *token, const char *query)
{
	struct msg_api_call m = *token;

	m.rid = ++x->rid;
	m.verb = VERB_EXPLAIN;
	m.query.p = (const uint8_t *)query;
	m.query.len = (uint32_t)strlen(query);
	testlink_send(&x->api, MSG_API_CALL, &m);
	assert_int_equal(want_reply(x, &x->api), 200);
}

static void
lock(struct scene *x, const char *kind, const char *value,
    char ret[static LIMIT_ID_SIZE])
{
	char body[256];

	must(str_fmt(body, sizeof(body), "{\"kind\":\"%s\",\"value\":\"%s\"}",
	    kind, value));
	assert_int_equal(
	    admin_call(x, VERB_LOCK_ADD, EV_LOCK_CREATE, body), 201);
	field(x, "lock", ret);
}

static void
unlock(struct scene *x, const char *id)
{
	char body[64];

	must(str_fmt(body, sizeof(body), "{\"lock\":\"%s\"}", id));
	assert_int_equal(
	    admin_call(x, VERB_LOCK_REMOVE, EV_LOCK_REMOVE, body), 200);
}

static void
set_ops(struct scene *x, const char *more)
{
	char body[512];

	must(str_fmt(body, sizeof(body),
	    "{\"role\":\"ops\",\"users\":[\"alice\"],\"targets\":[\"web-01\"],"
	    "\"logins\":[\"deploy\"],\"max\":3600%s}",
	    more));
	assert_int_equal(admin_call(x, VERB_ROLE_SET, EV_ROLE_SET, body), 200);
}

void
test_explain_oneself(void **state)
{
	struct scene *x = *state;
	struct msg_api_call alice;
	char id[LIMIT_ID_SIZE];

	start(x, NULL, 0, NULL);
	alice = reader(x, &x->one);
	explain(x, &alice, ABOUT);
	assert_true(has(x, YES));
	assert_true(has(x, CLIENT));
	/* the key that asks, and the address that it asks from */
	lock(x, "key", x->one.pub.fp, id);
	explain(x, &alice, ABOUT);
	assert_true(has(x, NO) && has(x, id));
	unlock(x, id);
	lock(x, "source", CLIENT, id);
	explain(x, &alice, ABOUT);
	assert_true(has(x, NO) && has(x, id));
	explain(x, &alice, ABOUT "&from=198.51.100.7");
	assert_true(has(x, YES));
	unlock(x, id);
	set_ops(x, ",\"sources\":[\"198.51.100.0/24\"]");
	explain(x, &alice, ABOUT);
	assert_true(has(x, NO) && has(x, "outside the networks"));
	explain(x, &alice, ABOUT "&from=198.51.100.7");
	assert_true(has(x, YES));
	/* nothing that is said would pass with another key */
	set_ops(x, ",\"hardware_key\":\"presence\"");
	explain(x, &alice, ABOUT "&role=ops");
	assert_true(has(x, NO) && has(x, "hardware_key"));
	assert_false(has(x, "would_pass"));
	set_ops(x, "");
	explain(x, &alice, ABOUT "&role=ops&for=7200");
	assert_true(has(x, NO) && has(x, "would_pass"));
	assert_true(has(x, "\"role\":\"ops\""));
	stop(x);
}

static unsigned
of_alice(struct scene *x)
{
	send_query(x, &x->admin, VERB_EXPLAIN, "user=alice&" ABOUT, "");
	return want_reply(x, &x->admin);
}

void
test_explain_others(void **state)
{
	struct scene *x = *state;
	char id[LIMIT_ID_SIZE], other[LIMIT_ID_SIZE], both[LIMIT_ID_SIZE];

	start(x, NULL, 0, NULL);
	lock(x, "source", "203.0.113.0/24", other);
	assert_int_equal(of_alice(x), 200);
	assert_true(has(x, YES) && has(x, "any address"));
	assert_true(has(x, "locked_sources") && has(x, "203.0.113.0/24"));
	assert_false(has(x, "\"keys\""));
	/* with one of her keys, and with none */
	lock(x, "key", x->one.pub.fp, id);
	assert_int_equal(of_alice(x), 200);
	assert_true(has(x, YES) && has(x, "\"keys\""));
	assert_true(has(x, x->two.pub.fp));
	assert_false(has(x, x->one.pub.fp));
	lock(x, "key", x->two.pub.fp, both);
	assert_int_equal(of_alice(x), 200);
	assert_true(has(x, NO));
	unlock(x, id);
	unlock(x, both);
	set_ops(x, ",\"hardware_key\":\"presence\"");
	assert_int_equal(of_alice(x), 200);
	assert_true(has(x, NO) && has(x, "hardware_key"));
	stop(x);
}

/* Logins that are not given alike are told apart. */
void
test_access_of_logins(void **state)
{
	struct scene *x = *state;
	json_t *o = NULL, *items = NULL;
	char line[256], body[1024];

	start(x, NULL, 0, NULL);
	key_line(line, &x->one);
	must(str_fmt(body, sizeof(body),
	    "{\"target\":\"web-01\",\"addresses\":[\"198.51.100.1\"],"
	    "\"logins\":[\"deploy\",\"root\"],\"host_keys\":[\"%s\"]}",
	    line));
	assert_int_equal(
	    admin_call(x, VERB_TARGET_SET, EV_TARGET_SET, body), 200);
	assert_int_equal(admin_call(x, VERB_USER_ADD, EV_USER_CREATE,
			     "{\"user\":\"carl\",\"groups\":[\"sre\"]}"),
	    201);
	assert_int_equal(
	    admin_call(x, VERB_ROLE_ADD, EV_ROLE_SET,
		"{\"role\":\"roots\",\"users\":[\"alice\"],\"targets\":"
		"[\"web-01\"],\"logins\":[\"root\"],\"max\":600,"
		"\"approvals\":[\"1 of sre\"]}"),
	    201);
	send_query(x, &x->admin, VERB_ACCESS, "user=alice", "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	o = json_loads(x->text, 0, NULL);
	items = json_object_get(o, "items");
	assert_int_equal(json_array_size(items), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *e = json_array_get(items, i);
		const bool root = strcmp(json_string_value(json_array_get(
					     json_object_get(e, "logins"), 0)),
				      "root") == 0;

		assert_int_equal(
		    json_array_size(json_object_get(e, "logins")), 1);
		assert_int_equal(
		    json_is_true(json_object_get(e, "approval")), root);
		assert_int_equal(json_integer_value(json_object_get(e, "max")),
		    root ? 600 : 3600);
	}
	json_decref(o);
	stop(x);
}
