/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_rows - the broker does what a verb's row says: which are the
 * exceptions is in test_verbs.
 */
#include "tests/unit/broker/brokerscene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"
#include "wire/verbs.h"

/* Root has no key: what needs one is not for the admin socket. */
void
test_root_is_no_user(void **state)
{
	static const enum api_verb verbs[] = {VERB_CHALLENGE, VERB_ENROLL,
	    VERB_ENROLL_CONFIRM, VERB_TOKEN, VERB_REQUEST, VERB_MFA_RESET,
	    VERB_MFA_CONFIRM, VERB_MFA_CODES, VERB_KEYS, VERB_KEY_ADD,
	    VERB_KEY_REMOVE};
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		send_call(x, &x->admin, verbs[i], "{}");
		want_event(x, EV_API_DENIED);
		CHECK_ROW(
		    want_reply(x, &x->admin) == 403, verb_get(verbs[i])->name);
		assert_true(has(x, "not over the admin socket"));
	}
	assert_int_equal(admin_call(x, VERB_SERVER, EV_NONE, ""), 200);
	stop(x);
}

static void
store_bob(struct scene *x, const struct key *k, enum user_state state)
{
	struct store *s = store_of(x);
	struct user *u = calloc(1, sizeof(*u));

	assert_non_null(u);
	strcpy(u->name, "bob");
	(void)!store_id(s, STORE_USERS, u->name, u->id);
	u->state = (uint8_t)state;
	u->admin = u->auditor = true;
	u->keys[u->nkeys++] = k->pub;
	must(store_user_put(s, u, 1));
	store_close(s);
	free(u);
}

/* Who has not finished the enrolment does nothing else, who is disabled
 * nothing, be they admins. */
void
test_states(void **state)
{
	static const enum user_state states[] = {USER_INVITED, USER_DISABLED};
	struct scene *x = *state;
	struct key k;

	key_make(&k);
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		store_bob(x, &k, states[i]);
		start(x, NULL, 0, NULL);
		for (unsigned v = 1; v < VERB_COUNT; v++) {
			const bool enrols =
			    states[i] == USER_INVITED &&
			    (v == VERB_ENROLL || v == VERB_ENROLL_CONFIRM);

			if (verb_get(v)->auth != AUTH_SIGNED)
				continue;
			send_signed(x, &k, v, "{\"invite\":\"NOSUCH\"}");
			CHECK_ROW(
			    want_reply(x, &x->api) >= 400, verb_get(v)->name);
			CHECK_ROW(has(x, "\"unknown-key\"") == !enrols,
			    verb_get(v)->name);
		}
		stop(x);
	}
	EVP_PKEY_free(k.pkey);
}

/* How the gateway is can be asked before it is well; the rest waits, and who
 * ends something hears that it does. */
void
test_early(void **state)
{
	struct scene *x = *state;

	proc_harness_start(
	    &x->proc, PROC_BROKER, "sallyport-broker", "", &x->conf);
	proc_harness_link(&x->proc, &x->api, PROC_API, 0);
	send_call(x, &x->api, VERB_SERVER, "");
	send_call(x, &x->api, VERB_READYZ, "");
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "\"checks\""));
	assert_true(has(x, "\"degraded\""));
	send_call(x, &x->api, VERB_CHALLENGE, ""); /* to sign an end with */
	assert_int_equal(want_reply(x, &x->api), 200);
	send_call(x, &x->api, VERB_USER_LOCK, "");
	assert_int_equal(want_reply(x, &x->api), 503);
	assert_true(has(x, "STILL BE OPEN"));
	testlink_close(&x->api);
	must(proc_harness_stop(&x->proc));
}

/* ---- a role's fields */

static const char role_full[] =
    "{\"role\":\"full\",\"users\":[\"alice\"],\"groups\":[\"ops\"],"
    "\"targets\":[\"web-01\"],\"labels\":{\"env\":\"prod\"},"
    "\"select\":[\"app!=shop\",\"zone in (a, b)\",\"!old\"],"
    "\"hours\":[\"mon-fri 08:00-18:00 Europe/Berlin\"],"
    "\"logins\":[\"deploy\"],\"ports\":[2222,22],\"max\":60,"
    "\"sources\":[\"10.0.0.0/8\"],\"mfa_age\":0,\"reason\":\"optional\","
    "\"allow\":[\"shell\",\"sftp\"],\"commands\":[\"id\",\"uptime {int}\"],"
    "\"record\":false,\"deny\":false,"
    "\"approvals\":[\"1 of sre\",\"2 of security or leads\"],"
    "\"unused_after\":60,\"max_grants\":3,\"max_sessions\":1,"
    "\"reason_pattern\":\"INC-[0-9]+\",\"ticket_pattern\":\"CHG-[0-9]+\","
    "\"pending\":3600,\"use_within\":600,\"note\":\"ask Eve first\"}";

/* Is what is answered the role as it was sent, and its id? */
static void
want_role(const char *reply, const char *sent)
{
	static const char *const told[] = {"ended", "dry_run", "unmatched"};
	json_t *got = json_loads(reply, 0, NULL);
	json_t *want = json_loads(sent, 0, NULL);

	assert_non_null(got);
	assert_non_null(want);
	assert_non_null(json_object_get(got, "role_id"));
	assert_int_equal(json_object_del(got, "role_id"), 0);
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		(void)json_object_del(got, told[i]);
	if (!json_equal(got, want))
		fail_msg("%s", reply);
	json_decref(got);
	json_decref(want);
}

/* Each field comes back as it was sent, and is still so after a restart. */
void
test_role_fields(void **state)
{
	struct scene *x = *state;
	json_t *list = NULL;
	char *text = NULL;

	start(x, NULL, 0, NULL);
	assert_int_equal(
	    admin_call(x, VERB_ROLE_ADD, EV_ROLE_SET, role_full), 201);
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		CHECK_ROW(has(x, rolefields()[i].name), rolefields()[i].name);
	want_role(x->text, role_full);
	stop(x);
	start(x, NULL, 0, NULL);
	assert_int_equal(admin_call(x, VERB_ROLES, EV_NONE, ""), 200);
	list = json_loads(x->text, 0, NULL);
	text = json_text(json_array_get(json_object_get(list, "items"), 0));
	assert_non_null(text);
	want_role(text, role_full);
	free(text);
	json_decref(list);
	stop(x);
}

void
test_role_refused(void **state)
{
	static const struct {
		const char *field, *value;
	} rows[] = {{"users", "[\"a b\"]"}, {"groups", "\"ops\""},
	    {"targets", "[1]"}, {"labels", "[\"env\"]"},
	    {"labels", "{\"env\":1}"}, {"logins", "[\"\"]"}, {"ports", "22"},
	    {"ports", "[0]"}, {"ports", "[65536]"}, {"ports", "[\"22\"]"},
	    {"max", "4"}, {"max", "86401"}, {"max", "\"1h\""},
	    {"sources", "[\"10.1.0.0/8\"]"}, {"sources", "[8]"},
	    {"select", "[\"env==prod\"]"},
	    {"hours", "[\"mon-fri 08:00-18:00\"]"},
	    {"hours", "[\"mon-fri 08:00-18:00 Europe/Bonn\"]"},
	    {"mfa_age", "-1"}, {"mfa_age", "86401"}, {"reason", "\"maybe\""},
	    {"reason", "true"}, {"allow", "[\"agent\"]"}, {"allow", "\"pty\""},
	    {"commands", "\"id\""}, {"commands", "[\"id;\"]"},
	    {"commands", "[\"a  b\"]"}, {"commands", "[\"a {x}\"]"},
	    {"record", "\"yes\""}, {"deny", "1"}, {"approvals", "\"1 of sre\""},
	    {"approvals", "[1]"}, {"approvals", "[\"0 of sre\"]"},
	    {"approvals", "[\"sre\"]"}, {"pending", "4"},
	    {"use_within", "604801"}, {"note", "1"},
	    {"note", "\"two\\nlines\""}, {"of_no_role", "1"}};
	struct scene *x = *state;
	char body[256], want[64];

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)snprintf(body, sizeof(body), "{\"role\":\"r\",\"%s\":%s}",
		    rows[i].field, rows[i].value);
		(void)snprintf(
		    want, sizeof(want), "\"field\":\"%s\"", rows[i].field);
		CHECK_ROW(
		    admin_call(x, VERB_ROLE_SET, EV_NONE, body) == 400, body);
		CHECK_ROW(has(x, want), body);
	}
	/* nobody, nothing: a role that allows must say it */
	assert_int_equal(
	    admin_call(x, VERB_ROLE_SET, EV_NONE, "{\"role\":\"r\"}"), 400);
	assert_int_equal(
	    admin_call(x, VERB_ROLE_SET, EV_NONE, "{\"deny\":true}"), 400);
	assert_true(has(x, "role is missing"));
	stop(x);
}
