/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_fido - what stands in for a code: a security key that verified who
 * asks, where all roles say so, and the last code, where it is young enough for
 * what is done; and what codes tell of the clock that makes them.
 */
#include "tests/unit/broker/requestscene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/verbs.h"

/* two becomes a security key. With another role where more is one. */
static void
store_roles(struct scene *x, bool hardware_code, bool more, uint32_t extend_s)
{
	struct store *s = store_of(x);
	struct policy_role *roles = NULL;
	struct user *u = calloc(1, sizeof(*u));
	size_t n = 0;

	assert_non_null(u);
	if (strncmp(x->two.pub.type, "sk-", 3) != 0)
		key_make_sk(&x->two);
	must(store_user_get(s, "alice", u));
	u->keys[0] = x->one.pub;
	u->keys[1] = x->two.pub;
	u->nkeys = 2;
	must(store_user_put(s, u, 2));
	if (more)
		store_role(s, "zz");
	must(store_role_all(s, &roles, &n));
	roles->hardware_code = hardware_code;
	roles->mfa_age_extend_s = extend_s;
	roles->max_s = x->conf.max_grant_s = 7200;
	must(store_role_put(s, roles, 3));
	free(roles);
	free(u);
	store_close(s);
}

static void
ask_extend(struct scene *x, const struct key *k, const char *id)
{
	char body[128];

	(void)snprintf(
	    body, sizeof(body), "{\"grant\":\"%s\",\"for\":600}", id);
	x->code[0] = '\0';
	send_signed(x, k, VERB_EXTEND, body);
}

static void
want_extend(struct scene *x, const char *factor)
{
	const struct msg_nt_grant_extend *m =
	    testlink_want(&x->notary, MSG_NT_GRANT_EXTEND);

	assert_int_equal(m->mfa_step, 0);
	assert_string_equal(m->factor, factor);
}

void
test_fido(void **state)
{
	static const struct {
		bool role, more;
		uint8_t flags; /* 1: touched, 4: verified */
		bool opens;
	} rows[] = {{true, false, 5, true}, {true, false, 1, false},
	    {false, false, 5, false}, {true, true, 5, false}};
	const struct msg_nt_grant_open *m = NULL;
	struct scene *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		store_roles(x, rows[i].role, rows[i].more, 0);
		start(x, NULL, 0, NULL);
		x->two.sk_flags = rows[i].flags;
		x->code[0] = '\0';
		send_signed(x, &x->two, VERB_REQUEST, ask_web);
		if (rows[i].opens) {
			want_event(x, EV_REQUEST_CREATE);
			assert_true(has(x, "\"factor\":\"fido\""));
			m = testlink_want(&x->notary, MSG_NT_GRANT_OPEN);
			assert_int_equal(m->mfa_step, 0);
			assert_string_equal(m->factor, FACTOR_FIDO);
		} else {
			assert_int_equal(want_reply(x, &x->api), 401);
			assert_true(has(x, "code-needed"));
		}
		stop(x);
	}
}

/* Nor is a grant made longer by less, where a new code is wanted each time. */
void
test_fido_extends(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;

	store_roles(x, true, false, 0);
	fold_grant(&g, x->two.pub.fp);
	start(x, &g, 1, NULL);
	x->two.sk_flags = 1;
	ask_extend(x, &x->two, g.grant.id);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "wants a new code from your authenticator app each "
			   "time to extend"));
	x->two.sk_flags = 5;
	ask_extend(x, &x->two, g.grant.id);
	want_extend(x, FACTOR_FIDO);
	stop(x);
}

/* How old a code may be is said by the role, for what admins do by the
 * configuration; zero is a new one each time. */
void
test_ages(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;

	store_roles(x, false, false, 0);
	fold_grant(&g, x->one.pub.fp);
	x->conf.mfa_age_admin_s = 0;
	for (unsigned i = 0; i < 2; i++) {
		start(x, &g, 1, NULL);
		fresh_code(x);
		send_signed(x, &x->one, VERB_MFA_CODES, "{}");
		burn(x);
		want_event(x, EV_MFA_CODES);
		assert_int_equal(want_reply(x, &x->api), 200);
		ask_extend(x, &x->one, g.grant.id);
		if (i == 0) {
			assert_int_equal(want_reply(x, &x->api), 401);
			assert_true(has(x, "each time to extend"));
			send_signed(x, &x->one, VERB_ROLE_REMOVE,
			    "{\"role\":\"nosuch\"}");
			assert_int_equal(want_reply(x, &x->api), 401);
			assert_true(has(x, "each time for what admins do"));
		} else {
			want_extend(x, "");
		}
		stop(x);
		store_roles(x, false, false, 300);
	}
}

static void
code_of(struct scene *x, int64_t off)
{
	must(totp_code(x->code, &x->seed, &x->otp,
	    clock_now().utc_ms / 1000 / x->otp.period_s + off));
}

/* A code of long ago is told to be one; of one to come nobody hears before they
 * have given a good one. Both count as wrong. */
void
test_code_clock(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	code_of(x, -9);
	send_signed(x, &x->one, VERB_MFA_CODES, "{}");
	want_event(x, EV_AUTH_MFA_DENIED);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "(4 tries left): it is one of 4m"));
	assert_true(has(x, " ago; if it was on show just now"));
	code_of(x, 9);
	send_signed(x, &x->one, VERB_MFA_CODES, "{}");
	want_event(x, EV_AUTH_MFA_DENIED);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "(3 tries left); codes change every 30 s"));
	assert_false(has(x, "to come"));
	code_of(x, 0);
	send_signed(x, &x->one, VERB_MFA_CODES, "{}");
	burn(x);
	want_event(x, EV_MFA_CODES);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "\"code_clock\":\"right now, but was 4m"));
	stop(x);
}
