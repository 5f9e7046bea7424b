/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_rows - the broker does what a verb's row says: which are the
 * exceptions is in test_verbs.
 */
#include "tests/unit/broker/brokerscene.h"

#include <string.h>

#include "wire/verbs.h"

/* Root has no key: what needs one is not for the admin socket. */
void
test_root_is_no_user(void **state)
{
	static const enum api_verb verbs[] = {VERB_CHALLENGE, VERB_ENROLL,
	    VERB_ENROLL_CONFIRM, VERB_TOKEN, VERB_REQUEST};
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

/* How the gateway is can be asked before it is well; the rest waits. */
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
	testlink_close(&x->api);
	must(proc_harness_stop(&x->proc));
}
