/* SPDX-License-Identifier: Apache-2.0 */
/* verbs: the route table is complete, unambiguous and found by its paths. */
#include "tests/unit/support/test.h"

#include <stdbool.h>
#include <string.h>

#include "wire/verbs.h"

static void
test_table(void **state)
{
	(void)state;
	assert_null(verb_get(VERB_NONE));
	assert_null(verb_get(VERB_COUNT));
	assert_null(verb_get(100000));
	for (unsigned i = 1; i < VERB_COUNT; i++) {
		const struct verb *v = verb_get(i);

		assert_non_null(v);
		assert_int_equal(v->id, i);
		assert_int_not_equal(v->auth, AUTH_NOBODY);
		assert_int_not_equal(v->who, WHO_NOBODY);
		assert_int_equal(strncmp(v->path, "/v1/", 4), 0);
		/* Who is only provable by a token or a signature. */
		if (v->auth == AUTH_OPEN)
			assert_int_equal(v->who, WHO_ANYONE);
		else
			assert_int_not_equal(v->who, WHO_ANYONE);
		/* A code needs an envelope to come in. */
		assert_int_not_equal(v->code, CODE_UNSAID);
		if (v->code != CODE_NONE)
			assert_int_equal(v->auth, AUTH_SIGNED);
		/* What is signed is evidence; nothing else is. */
		assert_int_equal(
		    v->payload != PAYLOAD_NONE, v->auth == AUTH_SIGNED);
		/* A repeat is recognised by what was signed, and an answer is
		 * kept of no verb that takes a secret. */
		if (v->answer == ANSWER_KEPT) {
			assert_int_equal(v->auth, AUTH_SIGNED);
			assert_int_not_equal(v->payload, PAYLOAD_SECRET);
		}
		assert_int_not_equal(v->served, SERVED_NEVER);
		if (v->auth == AUTH_SIGNED)
			assert_string_equal(v->method, "POST");
		for (unsigned j = 1; j < i; j++) {
			const struct verb *w = verb_get(j);

			assert_string_not_equal(v->name, w->name);
			assert_false(strcmp(v->path, w->path) == 0 &&
				     strcmp(v->method, w->method) == 0);
		}
	}
}

/* Which verbs are the exceptions, by name: a row that is changed by mistake
 * opens something. Each list ends with NULL. */
static bool
has(const char *const *list, const char *name)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

#define CHECK_ONLY(what, ...)                                                  \
	do {                                                                   \
		static const char *const list[] = {__VA_ARGS__, NULL};         \
                                                                               \
		for (unsigned i = 1; i < VERB_COUNT; i++) {                    \
			const struct verb *v = verb_get(i);                    \
                                                                               \
			CHECK_ROW((what) == has(list, v->name), v->name);      \
		}                                                              \
	} while (0)

static void
test_exceptions(void **state)
{
	(void)state;
	CHECK_ONLY(v->who == WHO_STRANGER, "enroll.begin");
	CHECK_ONLY(v->who == WHO_INVITED, "enroll.confirm");
	CHECK_ONLY(v->who == WHO_PERSON, "request.approve", "request.deny",
	    "review.answer", "delegation.add", "delegation.remove");
	CHECK_ONLY(v->who == WHO_STAFF, "policy.access", "user.list",
	    "change.list", "change.show", "breakglass.list");
	CHECK_ONLY(v->who == WHO_AUDITOR, "recording.get", "audit.read");
	CHECK_ONLY(v->who == WHO_POLICY, "target.scan", "target.add",
	    "target.set", "target.remove", "role.add", "role.set",
	    "role.remove", "target.doctor");
	CHECK_ONLY(v->who == WHO_RESPONDER, "grant.revoke", "session.kill",
	    "lock.add", "lock.remove");
	CHECK_ONLY(v->who == WHO_SHUTS, "user.lock");
	CHECK_ONLY(v->who == WHO_USER_ADMIN, "user.add", "user.set",
	    "user.unlock", "user.remove");
	CHECK_ONLY(v->who == WHO_APPLIES, "policy.apply", "policy.upload",
	    "policy.put", "policy.answer");
	/* nothing is in force by a token alone */
	CHECK_ONLY(v->auth == AUTH_TOKEN && strcmp(v->method, "POST") == 0,
	    "policy.put", "policy.answer");
	CHECK_ONLY(v->who == WHO_ADMIN, "clock.accept", "change.approve",
	    "change.deny", "breakglass.print", "breakglass.review",
	    "review.start", "review.end");
	/* an admin has each, an auditor changes nothing */
	CHECK_ONLY(verb_administers(v) && v->who != WHO_NOBODY, "grant.revoke",
	    "session.kill", "target.scan", "target.add", "target.set",
	    "target.remove", "user.add", "user.set", "user.lock", "user.unlock",
	    "user.remove", "role.add", "role.set", "role.remove",
	    "policy.apply", "policy.upload", "policy.put", "policy.answer",
	    "target.doctor", "clock.accept", "lock.add", "lock.remove",
	    "change.approve", "change.deny", "breakglass.print",
	    "breakglass.review", "review.start", "review.end");
	CHECK_ONLY(v->root != ROOT_MAY, "change.approve", "change.cancel",
	    "challenge", "enroll.begin", "enroll.confirm", "mfa.reset",
	    "mfa.confirm", "mfa.codes", "key.list", "key.add", "key.remove",
	    "token.create", "request.create", "request.approve",
	    "request.cancel", "request.activate", "grant.extend", "lock.me",
	    "grant.move", "breakglass.print", "breakglass.use", "review.answer",
	    "delegation.add");
	CHECK_ONLY(v->code == CODE_BEFORE, "change.approve", "target.add",
	    "target.set", "target.remove", "user.add", "user.set", "user.lock",
	    "user.unlock", "user.remove", "role.add", "role.set", "role.remove",
	    "policy.apply", "clock.accept", "lock.remove", "breakglass.review",
	    "review.start", "review.answer", "review.end");
	CHECK_ONLY(v->code == CODE_INSIDE, "request.create", "request.approve",
	    "request.activate", "grant.extend", "grant.move");
	CHECK_ONLY(v->code == CODE_ALWAYS, "enroll.confirm", "mfa.reset",
	    "mfa.confirm", "mfa.codes", "key.add", "key.remove",
	    "breakglass.print", "breakglass.use", "delegation.add");
	CHECK_ONLY(v->payload == PAYLOAD_SECRET, "enroll.begin");
	CHECK_ONLY(v->payload == PAYLOAD_PARTS, "policy.apply");
	CHECK_ONLY(v->answer == ANSWER_KEPT, "change.deny", "change.cancel",
	    "key.add", "key.remove", "request.create", "request.approve",
	    "request.deny", "request.cancel", "request.activate",
	    "grant.extend", "grant.move", "grant.release", "grant.revoke",
	    "session.kill", "target.add", "target.set", "target.remove",
	    "user.lock", "user.remove", "role.add", "role.set", "role.remove",
	    "clock.accept", "lock.add", "lock.remove", "breakglass.use",
	    "breakglass.review", "review.start", "review.answer", "review.end",
	    "delegation.add", "delegation.remove");
	CHECK_ONLY(v->served == SERVED_BY_API, "healthz");
	CHECK_ONLY(v->served == SERVED_AT_ONCE, "readyz", "challenge");
	CHECK_ONLY(v->ends == ENDS_OWN, "change.cancel", "request.cancel",
	    "grant.release", "lock.me");
	CHECK_ONLY(v->ends == ENDS_ACCESS, "change.deny", "key.remove",
	    "request.deny", "grant.revoke", "session.kill", "user.lock",
	    "user.remove", "target.remove", "role.remove", "lock.add",
	    "review.end", "delegation.remove");
	CHECK_ONLY(v->ends == GIVES_ACCESS, "mfa.reset", "mfa.confirm",
	    "mfa.codes", "key.add", "request.create", "request.approve",
	    "request.activate", "grant.extend", "grant.move", "breakglass.use",
	    "delegation.add");
}

/* What they may whom a lock on their name, group or key covers: read, and take
 * away what is their own. Each verb is in one of these lists. */
static void
test_locked(void **state)
{
	(void)state;
	CHECK_ONLY(v->method[0] == 'P' && verb_barred_by(v) == LOCKS_NONE,
	    "challenge", "token.create", "request.cancel", "grant.release",
	    "change.cancel", "lock.me");
	CHECK_ONLY(verb_barred_by(v) == LOCKS_CALLER, "request.deny",
	    "review.answer", "key.remove", "enroll.begin", "enroll.confirm",
	    "delegation.remove");
	for (unsigned i = 1; i < VERB_COUNT; i++) {
		const struct verb *v = verb_get(i);

		CHECK_ROW((verb_barred_by(v) == LOCKS_ALL) ==
			      (v->ends == GIVES_ACCESS),
		    v->name);
		CHECK_ROW(
		    (verb_barred_by(v) == LOCKS_NAME) == verb_administers(v),
		    v->name);
		if (verb_barred_by(v) == LOCKS_NONE)
			CHECK_ROW(v->method[0] == 'G' || v->ends == ENDS_OWN ||
				      v->ends == ENDS_NOTHING,
			    v->name);
	}
}

static void
test_route(void **state)
{
	const char *arg = "x";
	char methods[32] = "x";
	const struct verb *v = NULL;

	(void)state;
	for (unsigned i = 1; i < VERB_COUNT; i++) {
		v = verb_get(i);
		if (strchr(v->path, '{') != NULL)
			continue;
		assert_ptr_equal(
		    verb_route(v->method, v->path, &arg, NULL, 0), v);
		assert_null(arg);
	}
	v = verb_route("GET", "/v1/recordings/s-9D3F", &arg, NULL, 0);
	assert_ptr_equal(v, verb_get(VERB_RECORDING));
	assert_string_equal(arg, "s-9D3F");
	assert_null(verb_route("GET", "/v1/recordings/", &arg, NULL, 0));
	assert_null(verb_route("GET", "/v1/recordings/a/b", &arg, NULL, 0));
	assert_null(verb_route("GET", "/v1/grants/", &arg, NULL, 0));
	assert_null(verb_route("GET", "/v1/none", &arg, methods, 32));
	assert_string_equal(methods, "");
	assert_null(verb_route(
	    "DELETE", "/v1/targets", &arg, methods, sizeof(methods)));
	assert_string_equal(methods, "GET, POST");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_exceptions),
	    cmocka_unit_test(test_locked),
	    cmocka_unit_test(test_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
