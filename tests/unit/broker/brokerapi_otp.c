/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_otp - how codes are made: of whose choice that is, what the user is
 * told of it, and that codes made so count.
 */
#include "tests/unit/broker/brokerscene.h"

#include <stdio.h>
#include <string.h>

#include "wire/verbs.h"

/* The new secret of the last reply, of that form, is the one that fresh_code()
 * takes. */
static void
take_secret(struct scene *x, const char *form)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	const char *at = strstr(x->text, "\"secret\":\"");
	char want[64];
	uint64_t bits = 0;
	unsigned nbits = 0;
	size_t n = 0;

	(void)snprintf(want, sizeof(want), "\"totp_form\":\"%s\"", form);
	assert_true(has(x, want));
	must(otp_parse(&x->otp, form));
	secret_free(&x->seed);
	must(secret_new(&x->seed, otp_seed_size(&x->otp)));
	assert_non_null(at);
	for (at += strlen("\"secret\":\""); *at != '"'; at++) {
		bits = bits << 5 | (uint64_t)(strchr(digits, *at) - digits);
		nbits += 5;
		if (nbits >= 8) {
			assert_true(n < x->seed.len);
			x->seed.p[n++] = (uint8_t)(bits >> (nbits -= 8));
		}
	}
	assert_int_equal(n, x->seed.len);
}

/* Burned as a step of that period. */
static void
want_burn(struct scene *x, unsigned period_s)
{
	const struct msg_nt_mfa_burn *m =
	    testlink_want(&x->notary, MSG_NT_MFA_BURN);
	const int64_t now = clock_now().utc_ms / 1000 / period_s;
	struct msg_nt_mfa_burned ok = {.seq = 7, .rid = m->rid};

	assert_int_equal(otp_factor_period(m->factor), period_s);
	assert_true(m->step == now || m->step == now - 1);
	testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
}

static void
reset(struct scene *x, const char *body, unsigned status)
{
	fresh_code(x);
	send_signed(x, &x->one, VERB_MFA_RESET, body);
	if (status == 200) {
		want_burn(x, x->otp.period_s);
		want_event(x, EV_MFA_RESET);
	}
	assert_int_equal(want_reply(x, &x->api), status);
}

static void
confirm(struct scene *x, unsigned verb, enum event_code ev)
{
	fresh_code(x);
	send_signed(x, &x->one, verb, "{}");
	want_burn(x, x->otp.period_s);
	want_event(x, ev);
	assert_int_equal(want_reply(x, &x->api), 200);
}

/* As asked for, as it was, or as the gateway has it; fewer digits never. What
 * is wanted next is said with what was wrong. */
void
test_totp_forms(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	reset(x, "{\"totp_form\":\"sha1,7,30\"}", 400);
	assert_true(has(x, "as sha256,8,60"));
	reset(x, "{\"form\":\"sha1,6,30\"}", 400);
	reset(x, "{\"totp_form\":\"sha256,8,60\"}", 200);
	assert_true(has(x, "&algorithm=SHA256&digits=8&period=60"));
	take_secret(x, "sha256,8,60");
	x->code[0] = '\0';
	send_signed(x, &x->one, VERB_MFA_CONFIRM, "{}");
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "code-needed") && has(x, "\"digits\":8"));
	confirm(x, VERB_MFA_CONFIRM, EV_MFA_RESET);
	x->code[0] = '\0';
	send_signed(x, &x->one, VERB_MFA_CODES, "{}");
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "\"digits\":8"));
	strcpy(x->code, "123456");
	send_signed(x, &x->one, VERB_MFA_CODES, "{}");
	want_event(x, EV_AUTH_MFA_DENIED);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "yours have 8 digits") && has(x, "\"digits\":8"));
	reset(x, "{\"totp_form\":\"sha512,6,60\"}", 403);
	assert_true(has(x, "fewer digits are easier to guess"));
	reset(x, "{}", 200);
	take_secret(x, "sha256,8,60");
	stop(x); /* what was begun, and how, is kept */
	x->conf.otp = (struct otp){OTP_SHA512, 8, 30};
	start(x, NULL, 0, NULL);
	confirm(x, VERB_MFA_CONFIRM, EV_MFA_RESET);
	stop(x);
}

/* An admin invites to codes of any form, fewer digits too. */
void
test_totp_invited(void **state)
{
	static const struct {
		const char *body, *want;
		unsigned status;
	} rows[] = {
	    {"{\"user\":\"alice\",\"totp_form\":\"sha512,6,60\"}",
		"goes with an invitation: with --reset-code", 400},
	    {"{\"user\":\"alice\",\"totp\":false,\"totp_form\":\"sha3,6,60\"}",
		"as sha256,8,60", 400},
	    {"{\"user\":\"alice\",\"totp\":false,"
	     "\"totp_form\":\"sha512,6,60\"}",
		"\"totp_form\":\"sha512,6,60\"", 200},
	    {"{\"user\":\"alice\",\"invite\":true}",
		"\"totp_form\":\"sha512,6,60\"", 200},
	    {"{\"user\":\"alice\",\"totp_form\":\"sha256,6,60\"}",
		"\"totp_form\":\"sha256,6,60\"", 200},
	};
	struct scene *x = *state;
	char body[LIMIT_INVITE_CODE_MAX + 32], *at = NULL;

	x->conf.otp = (struct otp){OTP_SHA512, 8, 30};
	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		send_call(x, &x->admin, VERB_USER_SET, rows[i].body);
		if (rows[i].status == 200)
			want_event(x, EV_USER_UPDATE);
		CHECK_ROW(
		    want_reply(x, &x->admin) == rows[i].status, rows[i].body);
		CHECK_ROW(has(x, rows[i].want), x->text);
	}
	at = strrchr(strstr(x->text, "\"invitation\":\""), ':');
	(void)snprintf(body, sizeof(body), "{\"invite\":\"%.*s\"}",
	    (int)strcspn(at + 1, "\""), at + 1);
	send_signed(x, &x->one, VERB_ENROLL, body);
	want_event(x, EV_USER_KEY);
	assert_int_equal(want_reply(x, &x->api), 200);
	take_secret(x, "sha256,6,60");
	confirm(x, VERB_ENROLL_CONFIRM, EV_MFA_ENROLL);
	/* one of her own choice that nobody asked for has as many as ours */
	reset(x, "{}", 200);
	assert_true(has(x, "\"totp_form\":\"sha512,8,30\""));
	stop(x);
}
