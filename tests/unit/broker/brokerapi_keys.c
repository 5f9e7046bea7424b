/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_keys - users' own keys: one more, one less, never the last; what
 * came by one that is gone ends.
 */
#include "tests/unit/broker/brokerscene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/verbs.h"

static const char *
add_body(char ret[static 512], const struct key *k)
{
	char line[256];

	key_line(line, k);
	(void)snprintf(ret, 512, "{\"key\":\"%s laptop\"}", line);
	return ret;
}

static const char *
rm_body(char ret[static 512], const struct key *k)
{
	(void)snprintf(ret, 512, "{\"fingerprint\":\"%s\"}", k->pub.fp);
	return ret;
}

/* With a fresh code, which is burned. */
static void
send_coded(
    struct scene *x, const struct key *k, unsigned verb, const char *body)
{
	struct msg_nt_mfa_burned ok = {.seq = 7};

	fresh_code(x);
	send_signed(x, k, verb, body);
	ok.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
}

static unsigned
changed(struct scene *x, const struct key *k, unsigned verb, const char *body,
    const char *reason)
{
	char want[64];

	send_coded(x, k, verb, body);
	want_event(x, EV_USER_KEY);
	(void)snprintf(want, sizeof(want), "\"reason\":\"%s\"", reason);
	assert_true(has(x, want));
	return want_reply(x, &x->api);
}

/* No code is used up for what cannot be. */
static void
want_refused(struct scene *x, unsigned verb, const char *body, unsigned status,
    const char *code)
{
	char want[64];

	fresh_code(x);
	send_signed(x, &x->one, verb, body);
	want_event(x, EV_USER_KEY_DENIED);
	(void)snprintf(want, sizeof(want), "\"reason\":\"%s\"", code);
	if (!has(x, want))
		fail_msg("not %s: %s", want, x->text);
	(void)snprintf(want, sizeof(want), "\"code\":\"%s\"", code);
	if (want_reply(x, &x->api) != status || !has(x, want))
		fail_msg("not %u %s: %s", status, want, x->text);
}

void
test_own_keys(void **state)
{
	struct scene *x = *state;
	struct key three;
	char body[512];

	key_make(&three);
	start(x, NULL, 0, NULL);
	send_coded(x, &x->one, VERB_ROLE_REMOVE, "{\"role\":\"nosuch\"}");
	assert_int_equal(want_reply(x, &x->api), 404);
	/* the age of a code is not enough */
	x->code[0] = '\0';
	send_signed(x, &x->one, VERB_KEY_ADD, add_body(body, &three));
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "code-needed"));
	assert_int_equal(changed(x, &x->one, VERB_KEY_ADD, body, "added"), 200);
	assert_true(has(x, three.pub.fp));
	assert_true(has(x, "\"field\":\"keys\""));
	/* it is as good as any, also for this */
	assert_int_equal(changed(x, &three, VERB_KEY_REMOVE,
			     rm_body(body, &x->two), "removed"),
	    200);
	x->code[0] = '\0';
	send_signed(x, &x->two, VERB_KEY_REMOVE, rm_body(body, &three));
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "unknown-key"));
	stop(x);
	EVP_PKEY_free(three.pkey);
}

static void
store_bob(struct scene *x, const struct key *k)
{
	struct store *s = store_of(x);
	struct user *u = calloc(1, sizeof(*u));

	assert_non_null(u);
	strcpy(u->name, "bob");
	(void)!store_id(s, STORE_USERS, u->name, u->id);
	u->state = USER_ACTIVE;
	u->kind = KIND_PERSON;
	u->keys[u->nkeys++] = k->pub;
	must(store_user_put(s, u, 1));
	store_close(s);
	free(u);
}

void
test_own_keys_refused(void **state)
{
	struct scene *x = *state;
	struct key bobs;
	char body[512];

	key_make(&bobs);
	store_bob(x, &bobs);
	start(x, NULL, 0, NULL);
	want_refused(x, VERB_KEY_ADD, add_body(body, &bobs), 409, "conflict");
	want_refused(x, VERB_KEY_ADD, add_body(body, &x->two), 409, "conflict");
	want_refused(
	    x, VERB_KEY_ADD, "{\"key\":\"ssh-dss AAAA\"}", 400, "bad-field");
	want_refused(
	    x, VERB_KEY_REMOVE, rm_body(body, &bobs), 404, "not-found");
	want_refused(x, VERB_KEY_REMOVE, "{\"fingerprint\":\"SHA256:x\"}", 404,
	    "not-found");
	assert_int_equal(changed(x, &x->one, VERB_KEY_REMOVE,
			     rm_body(body, &x->two), "removed"),
	    200);
	want_refused(
	    x, VERB_KEY_REMOVE, rm_body(body, &x->one), 409, "last-key");
	stop(x);
	EVP_PKEY_free(bobs.pkey);
}

/* What it opened ends, and a session that came by it on another's grant; the
 * code is burned, and the last key cannot go while the record is written. */
void
test_own_key_removed(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	char body[512];
	uint32_t first, second;

	fold_grant(&g, x->two.pub.fp);
	start(x, &g, 1, NULL);
	send_coded(x, &x->one, VERB_KEY_REMOVE, rm_body(body, &x->two));
	first = hold_event(x, EV_USER_KEY);
	send_coded(x, &x->one, VERB_KEY_REMOVE, rm_body(body, &x->one));
	second = hold_event(x, EV_USER_KEY);
	durable(x, first);
	want_close(x, g.grant.id, END_REVOKED);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "\"grants\":1"));
	durable(x, second);
	want_event(x, EV_USER_KEY);
	assert_true(has(x, "\"corrects\""));
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "last-key"));
	stop(x);
}

/* A key that is locked makes itself no company and drives none out; nor does it
 * make itself a second factor. */
void
test_own_keys_of_locked(void **state)
{
	static const enum api_verb verbs[] = {VERB_MFA_RESET, VERB_MFA_CODES,
	    VERB_KEY_ADD, VERB_KEY_REMOVE, VERB_MFA_CONFIRM};
	struct scene *x = *state;
	struct key three;
	char body[512];

	key_make(&three);
	start(x, NULL, 0, NULL);
	(void)snprintf(body, sizeof(body),
	    "{\"kind\":\"key\",\"value\":\"%s\",\"reason\":\"stolen\"}",
	    x->two.pub.fp);
	assert_int_equal(
	    admin_call(x, VERB_LOCK_ADD, EV_LOCK_CREATE, body), 201);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		fresh_code(x);
		send_signed(x, &x->two, verbs[i],
		    verbs[i] == VERB_KEY_ADD      ? add_body(body, &three)
		    : verbs[i] == VERB_KEY_REMOVE ? rm_body(body, &x->one)
						  : "{}");
		want_event(x, EV_API_DENIED);
		CHECK_ROW(
		    want_reply(x, &x->api) == 403, verb_get(verbs[i])->name);
		CHECK_ROW(has(x, "locked"), x->text);
	}
	assert_int_equal(changed(x, &x->one, VERB_KEY_REMOVE,
			     rm_body(body, &x->two), "removed"),
	    200);
	stop(x);
	EVP_PKEY_free(three.pkey);
}
