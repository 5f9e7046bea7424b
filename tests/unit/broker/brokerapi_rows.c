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
	    VERB_KEY_REMOVE, VERB_LOCK_ME, VERB_GLASS_PRINT, VERB_GLASS_USE};
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
	u->kind = KIND_PERSON;
	u->rights = RIGHT_ADMIN | RIGHT_AUDITOR;
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

/* Strangers who ask much while the gateway starts cost nobody the place of what
 * takes access away, and no source has all of theirs. */
void
test_early_flood(void **state)
{
	struct scene *x = *state;
	char peer[32];

	proc_harness_start(
	    &x->proc, PROC_BROKER, "sallyport-broker", "", &x->conf);
	proc_harness_link(&x->proc, &x->api, PROC_API, 0);
	for (unsigned i = 0; i <= LIMIT_EARLY_SOURCE; i++)
		(void)send_open(x, VERB_TOKEN, "203.0.113.9", "{}");
	assert_int_equal(want_reply(x, &x->api), 503);
	assert_true(has(x, "the gateway is starting"));
	for (unsigned i = LIMIT_EARLY_SOURCE; i <= LIMIT_CALLS_EARLY; i++) {
		(void)snprintf(peer, sizeof(peer), "192.0.2.%u", i % 64);
		(void)send_open(x, VERB_TOKEN, peer, "{}");
	}
	assert_int_equal(want_reply(x, &x->api), 503);
	(void)send_open(x, VERB_USER_LOCK, CLIENT, "{}");
	assert_int_equal(want_reply(x, &x->api), 503);
	assert_true(has(x, "STILL BE OPEN"));
	assert_true(has(x, "this is kept"));
	testlink_close(&x->api);
	must(proc_harness_stop(&x->proc));
}

/* ---- a role's fields */

static const char role_full[] =
    "{\"role\":\"full\",\"users\":[\"alice\",{\"name\":\"bob\","
    "\"until\":\"2099-12-04T18:00:00Z\"}],\"groups\":[\"ops\"],"
    "\"targets\":[\"web-01\"],\"labels\":{\"env\":\"prod\"},"
    "\"select\":[\"app!=shop\",\"zone in (a, b)\",\"!old\"],"
    "\"hours\":[\"mon-fri 08:00-18:00 Europe/Berlin\"],"
    "\"logins\":[\"deploy\",\"{{user}}\"],\"ports\":[2222,22],\"max\":60,"
    "\"sources\":[\"10.0.0.0/8\"],\"mfa_age\":0,\"reason\":\"optional\","
    "\"allow\":[\"shell\",\"sftp\"],\"commands\":[\"id\",\"uptime {int}\"],"
    "\"record\":false,\"deny\":false,\"report_only\":true,\"machine\":true,"
    "\"or\":[\"hours=sat,sun 08:00-18:00 Europe/Berlin\",\"group=oncall; "
    "select=!old; reason=INC-[0-9]+ .*\"],"
    "\"approvals\":[\"1 of sre\",\"2 of security or leads\"],"
    "\"mfa_age_extend\":30,\"mfa_age_move\":45,\"mfa_age_approve\":60,"
    "\"hardware_code\":true,"
    "\"hardware_key\":\"presence\",\"unused_after\":60,\"max_grants\":3,\"max_"
    "sessions\":1,"
    "\"reason_pattern\":\"INC-[0-9]+\",\"ticket_pattern\":\"CHG-[0-9]+\","
    "\"pending\":3600,\"use_within\":600,\"note\":\"ask Eve first\"}";

/* Is what is answered the role as it was sent, and its id? */
static void
want_role(const char *reply, const char *sent)
{
	static const char *const told[] = {"ended", "dry_run", "unmatched",
	    "gaps", "widens", "wider", "unapprovable"};
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

/* Approvers there have to be, be they too few. */
static void
add_full(struct scene *x)
{
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"groups\":[\"sre\"]}"),
	    200);
	assert_int_equal(admin_call(x, VERB_ROLE_ADD, EV_NONE, role_full), 409);
	assert_true(has(x, "no-group"));
	assert_true(has(x, "2 of security or leads"));
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"add_groups\":[\"leads\"]}"),
	    200);
	send_call(x, &x->admin, VERB_ROLE_ADD, role_full);
	want_event(x, EV_POWER_ROOT);
	want_event(x, EV_ROLE_SET);
	assert_int_equal(want_reply(x, &x->admin), 201);
	assert_true(has(x, "\"unapprovable\":[{\"role\":\"full\",\"want\":2,"
			   "\"have\":1,"));
}

/* Each field comes back as it was sent, and is still so after a restart. */
void
test_role_fields(void **state)
{
	struct scene *x = *state;
	json_t *list = NULL;
	char *text = NULL;

	start(x, NULL, 0, NULL);
	add_full(x);
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

/* ---- as policy.apply takes them */

/* The list of that verb, under that name. */
static void
add_section(struct scene *x, json_t *policy, const char *section, unsigned verb)
{
	json_t *list = NULL;

	send_query(x, &x->admin, verb, "policy=1", "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	list = json_loads(x->text, 0, NULL);
	assert_int_equal(
	    json_object_set(policy, section, json_object_get(list, "items")),
	    0);
	json_decref(list);
}

static void
target_gone(struct scene *x, const char *name)
{
	char body[128];

	(void)snprintf(body, sizeof(body), "{\"target\":\"%s\"}", name);
	assert_int_equal(
	    admin_call(x, VERB_TARGET_REMOVE, EV_TARGET_REMOVE, body), 200);
}

static char *
policy_form(struct scene *x)
{
	json_t *policy = json_object();
	char *text = NULL;

	add_section(x, policy, "users", VERB_USERS);
	add_section(x, policy, "targets", VERB_TARGETS);
	add_section(x, policy, "roles", VERB_ROLES);
	text = json_text(policy);
	assert_non_null(text);
	json_decref(policy);
	return text;
}

/* All that a body of that verb may say of a user is said; so is all of a
 * target. Of what is secret, nothing. */
static void
want_all_said(const char *policy)
{
	static const char *const said[] = {"\"user\"", "\"keys\"", "\"groups\"",
	    "\"rights\"", "\"admin\"", "\"auditor\"", "\"state\"", "\"target\"",
	    "\"addresses\"", "\"port\"", "\"reach\"", "\"labels\"",
	    "\"logins\"", "\"host_keys\""};
	static const char *const unsaid[] = {
	    "_id\"", "totp", "invit", "codes", "SHA256:", "protected"};

	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		CHECK_ROW(strstr(policy, said[i]) != NULL, said[i]);
	for (size_t i = 0; i < ARRAY_LEN(unsaid); i++)
		CHECK_ROW(strstr(policy, unsaid[i]) == NULL, unsaid[i]);
}

/* Says every field of a role, changes nothing where it is from, and makes the
 * same elsewhere. */
void
test_policy_form(void **state)
{
	static const char deny[] =
	    "{\"role\":\"never\",\"users\":[\"alice\"],\"logins\":[],"
	    "\"ports\":[22],\"deny\":true}";
	struct scene *x = *state;
	struct key k = {0};
	char *policy = NULL, *again = NULL;
	char line[256], target[512];
	json_t *full = json_loads(role_full, 0, NULL), *all = NULL;
	struct store *s = NULL;

	key_make(&k);
	store_bob(x, &k, USER_DISABLED);
	start(x, NULL, 0, NULL);
	add_full(x);
	assert_int_equal(admin_call(x, VERB_ROLE_ADD, EV_ROLE_SET, deny), 201);
	key_line(line, &k);
	(void)snprintf(target, sizeof(target),
	    "{\"target\":\"web-02\",\"addresses\":[\"198.51.100.2\"],"
	    "\"reach\":\"direct\",\"labels\":{\"env\":\"prod\"},"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]}",
	    line);
	assert_int_equal(
	    admin_call(x, VERB_TARGET_ADD, EV_TARGET_SET, target), 201);
	target_gone(
	    x, "web-01"); /* it has no key, as no policy could have it */
	policy = policy_form(x);
	want_all_said(policy);
	all = json_loads(policy, 0, NULL);
	(void)json_object_del(full, "deny"); /* so it is anyway */
	assert_true(
	    json_equal(full, json_array_get(json_object_get(all, "roles"), 0)));
	assert_int_equal(admin_call(x, VERB_APPLY, EV_NONE, policy), 200);
	assert_true(has(x, "\"same\""));
	assert_false(has(x, "\"changed\""));
	assert_false(has(x, "\"new\""));
	stop(x);
	s = store_of(x);
	must(store_role_remove(s, "full", 90));
	must(store_role_remove(s, "never", 90));
	must(store_target_remove(s, "web-02", 90));
	must(store_user_remove(s, "bob", 90));
	store_close(s);
	start(x, NULL, 0, NULL);
	send_call(x, &x->admin, VERB_APPLY, policy);
	want_event(x, EV_POWER_ROOT);
	want_event(x, EV_POLICY_APPLY);
	assert_int_equal(want_reply(x, &x->admin), 200);
	again = policy_form(x);
	assert_string_equal(policy, again);
	stop(x);
	free(policy);
	free(again);
	json_decref(full);
	json_decref(all);
	EVP_PKEY_free(k.pkey);
}

static uint64_t
count(const struct scene *x, enum store_kind kind)
{
	struct store *s = store_of(x);
	uint64_t n = 0;

	must(store_count(s, kind, &n));
	store_close(s);
	return n;
}

/* What a list does not name goes, one that is not there says nothing; nobody
 * takes the last admin away, be they root. */
void
test_prune(void **state)
{
	static const char dry[] =
	    "{\"targets\":[],\"prune\":true,\"dry_run\":true}";
	static const char again[] = "{\"roles\":[{\"role\":\"other\",\"users\":"
				    "[\"alice\"],\"targets\":[\"web-01\"],"
				    "\"logins\":[\"deploy\"]}]}";
	struct scene *x = *state;
	struct key k = {0};

	key_make(&k);
	store_bob(x, &k, USER_DISABLED);
	start(x, NULL, 0, NULL);
	assert_int_equal(
	    admin_call(x, VERB_APPLY, EV_POLICY_APPLY, again), 200);
	assert_int_equal(admin_call(x, VERB_APPLY, EV_NONE, dry), 200);
	assert_true(has(x, "\"removed\""));
	assert_true(has(x, "\"left\"")); /* its port stays shut */
	assert_int_equal(
	    admin_call(x, VERB_APPLY, EV_NONE, "{\"users\":[],\"prune\":true}"),
	    409);
	assert_true(has(x, "last-admin"));
	assert_int_equal(admin_call(x, VERB_APPLY, EV_POLICY_APPLY,
			     "{\"users\":[{\"user\":\"alice\"}],"
			     "\"roles\":[{\"role\":\"other\",\"users\":"
			     "[\"alice\"],\"targets\":[\"web-01\"],"
			     "\"logins\":[\"deploy\"]}],\"prune\":true}"),
	    200);
	assert_true(has(x, "\"bob\""));
	assert_true(has(x, "\"ops\""));
	stop(x);
	assert_int_equal(count(x, STORE_USERS), 1);
	assert_int_equal(count(x, STORE_ROLES), 1);
	assert_int_equal(count(x, STORE_TARGETS), 1);
	EVP_PKEY_free(k.pkey);
}

void
test_role_refused(void **state)
{
	static const struct {
		const char *field, *value;
	} rows[] = {{"users", "[\"a b\"]"},
	    {"users", "[{\"name\":\"a\",\"until\":\"2026-12-04\"}]"},
	    {"users", "[{\"name\":\"a\"}]"},
	    {"users", "[{\"until\":\"2026-12-04T00:00:00Z\"}]"},
	    {"groups", "[[\"a\"]]"},
	    {"users",
		"[\"a\",{\"name\":\"a\",\"until\":\"2026-12-04T00:00:00Z\"}]"},
	    {"groups", "\"ops\""}, {"targets", "[1]"}, {"labels", "[\"env\"]"},
	    {"labels", "{\"env\":1}"}, {"logins", "[\"\"]"}, {"ports", "22"},
	    {"ports", "[0]"}, {"ports", "[65536]"}, {"ports", "[\"22\"]"},
	    {"max", "4"}, {"max", "86401"}, {"max", "\"1h\""},
	    {"sources", "[\"10.1.0.0/8\"]"}, {"sources", "[8]"},
	    {"select", "[\"env==prod\"]"},
	    {"hours", "[\"mon-fri 08:00-18:00\"]"},
	    {"hours", "[\"mon-fri 08:00-18:00 Europe/Bonn\"]"},
	    {"mfa_age", "-1"}, {"mfa_age", "86401"}, {"reason", "\"maybe\""},
	    {"or", "[\"oncall\"]"}, {"or", "\"group=oncall\""},
	    {"or", "[\"hours=mon-fri 08:00-18:00 Europe/Bonn\"]"},
	    {"report_only", "1"}, {"hardware_key", "\"touch\""},
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
