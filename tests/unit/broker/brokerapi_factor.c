/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_factor - users replace their own second factor: by a code of it, or
 * by a recovery code, which is good for that alone, and once.
 */
#include "tests/unit/broker/brokerscene.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "broker/admin/lock_me.h"
#include "wire/verbs.h"

typedef char codes_text[LIMIT_RECOVERY_CODES][RECOVERY_TEXT_SIZE];

/* Those of the last reply. */
static void
read_codes(const struct scene *x, codes_text ret)
{
	const char *at = strstr(x->text, "\"recovery_codes\":[");

	assert_non_null(at);
	at = strchr(at, '[') + 1;
	for (unsigned i = 0; i < LIMIT_RECOVERY_CODES; i++) {
		assert_int_equal(*at, '"');
		memcpy(ret[i], at + 1, RECOVERY_TEXT_SIZE - 1);
		ret[i][RECOVERY_TEXT_SIZE - 1] = '\0';
		at += RECOVERY_TEXT_SIZE + 2;
	}
	assert_int_equal(at[-1], ']');
}

/* New ones, by a code. */
static void
make_codes(struct scene *x, codes_text ret)
{
	fresh_code(x);
	send_signed(x, &x->one, VERB_MFA_CODES, "{}");
	burn(x);
	want_event(x, EV_MFA_CODES);
	assert_false(has(x, "recovery_codes"));
	assert_int_equal(want_reply(x, &x->api), 200);
	read_codes(x, ret);
}

static void
send_recovery(struct scene *x, unsigned verb, const char *code)
{
	text_set(x->code, sizeof(x->code), code);
	send_signed(x, &x->one, verb, "{}");
}

static void
want_denied(
    struct scene *x, const char *reason, unsigned status, const char *text)
{
	char want[64];

	want_event(x, EV_AUTH_MFA_DENIED);
	(void)snprintf(want, sizeof(want), "\"reason\":\"%s\"", reason);
	assert_true(has(x, want));
	assert_true(has(x, "\"method\":\"recovery\""));
	if (want_reply(x, &x->api) != status || !has(x, text))
		fail_msg("not %u %s: %s", status, text, x->text);
}

/* The new secret of the last reply is the one that fresh_code() takes. */
static void
take_secret(struct scene *x)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	const char *at = strstr(x->text, "\"secret\":\"");
	uint64_t bits = 0;
	unsigned nbits = 0, n = 0;

	assert_non_null(at);
	for (at += strlen("\"secret\":\""); *at != '"'; at++) {
		bits = bits << 5 | (uint64_t)(strchr(digits, *at) - digits);
		nbits += 5;
		if (nbits >= 8)
			x->seed.p[n++] = (uint8_t)(bits >> (nbits -= 8));
	}
	assert_int_equal(n, 20);
}

static void
confirm(struct scene *x, codes_text ret)
{
	fresh_code(x);
	send_signed(x, &x->one, VERB_MFA_CONFIRM, "{}");
	burn(x);
	want_event(x, EV_MFA_RESET);
	assert_true(has(x, "\"reason\":\"confirmed\""));
	assert_int_equal(want_reply(x, &x->api), 200);
	read_codes(x, ret);
}

/* Some verb that wants a code: 404 with a good one. */
static void
send_other(struct scene *x, bool with_code)
{
	x->code[0] = '\0';
	if (with_code)
		fresh_code(x);
	send_signed(x, &x->one, VERB_ROLE_REMOVE, "{\"role\":\"nosuch\"}");
}

/* A lost phone: the old factor holds until a code of the new one came, and then
 * neither it nor its recovery codes do; no age of a code comes of any. */
void
test_recovery_resets(void **state)
{
	struct scene *x = *state;
	struct secret old = {0};
	codes_text codes, again;

	start(x, NULL, 0, NULL);
	make_codes(x, codes);
	stop(x); /* and with it the age of that code */
	start(x, NULL, 0, NULL);
	send_recovery(x, VERB_MFA_RESET, codes[0]);
	want_event(x, EV_MFA_RECOVERY);
	assert_false(has(x, codes[0]));
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "\"recovery_codes_left\":7"));
	must(secret_copy(&old, x->seed.p, x->seed.len));
	send_other(x, false);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "code-needed"));
	/* the secret was in the reply before */
	send_recovery(x, VERB_MFA_RESET, codes[1]);
	want_event(x, EV_MFA_RECOVERY);
	assert_int_equal(want_reply(x, &x->api), 200);
	take_secret(x);
	memcpy(again, codes, sizeof(again));
	{
		struct secret new = x->seed;

		x->seed = old; /* which holds yet */
		send_other(x, true);
		burn(x);
		assert_int_equal(want_reply(x, &x->api), 404);
		x->seed = new;
	}
	confirm(x, codes);
	assert_string_not_equal(codes[0], again[0]);
	send_other(x, true);
	burn(x);
	assert_int_equal(want_reply(x, &x->api), 404);
	send_recovery(x, VERB_MFA_RESET, again[2]);
	want_denied(x, "wrong", 401, "none of your recovery codes (4 tries");
	send_recovery(x, VERB_MFA_RESET, codes[2]);
	want_event(x, EV_MFA_RECOVERY);
	assert_int_equal(want_reply(x, &x->api), 200);
	memcpy(x->seed.p, old.p, old.len);
	send_other(x, true);
	want_event(x, EV_AUTH_MFA_DENIED);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "the code is wrong"));
	secret_free(&old);
	stop(x);
}

/* Also across a restart, and of two at a time; of a broker that is killed
 * before it is burned nothing has come. */
void
test_recovery_once(void **state)
{
	struct scene *x = *state;
	codes_text codes;
	uint32_t first, second;

	start(x, NULL, 0, NULL);
	make_codes(x, codes);
	send_recovery(x, VERB_MFA_RESET, codes[0]);
	want_event(x, EV_MFA_RECOVERY);
	assert_int_equal(want_reply(x, &x->api), 200);
	send_recovery(x, VERB_MFA_RESET, codes[0]);
	want_denied(x, "used", 401, "code-used");
	stop(x);
	start(x, NULL, 0, NULL);
	send_recovery(x, VERB_MFA_RESET, codes[0]);
	want_denied(x, "used", 401, "used before: take another");
	send_recovery(x, VERB_MFA_RESET, codes[2]);
	(void)hold_event(x, EV_MFA_RECOVERY);
	kill_broker(x);
	start(x, NULL, 0, NULL);
	send_recovery(x, VERB_MFA_RESET, codes[2]);
	want_event(x, EV_MFA_RECOVERY);
	assert_int_equal(want_reply(x, &x->api), 200);
	kill_broker(x);
	start(x, NULL, 0, NULL);
	send_recovery(x, VERB_MFA_RESET, codes[2]);
	want_denied(x, "used", 401, "code-used");
	/* both were good when they were looked at */
	send_recovery(x, VERB_MFA_RESET, codes[1]);
	first = hold_event(x, EV_MFA_RECOVERY);
	send_recovery(x, VERB_MFA_RESET, codes[1]);
	second = hold_event(x, EV_MFA_RECOVERY);
	durable(x, first);
	assert_int_equal(want_reply(x, &x->api), 200);
	durable(x, second);
	want_event(x, EV_MFA_RECOVERY);
	assert_true(has(x, "\"outcome\":\"failure\""));
	assert_true(has(x, "\"corrects\""));
	assert_int_equal(want_reply(x, &x->api), 409);
	stop(x);
}

/* It is no code, but for a reset: not looked at, and not used up by that. */
void
test_recovery_elsewhere(void **state)
{
	static const enum api_verb verbs[] = {VERB_MFA_CODES, VERB_ROLE_REMOVE,
	    VERB_REQUEST, VERB_KEY_REMOVE, VERB_USER_SET};
	static const char *const bodies[] = {"{}", "{\"role\":\"nosuch\"}",
	    ask_web, NULL, "{\"user\":\"alice\",\"auditor\":true}"};
	struct scene *x = *state;
	codes_text codes;
	char body[128];

	start(x, NULL, 0, NULL);
	make_codes(x, codes);
	(void)snprintf(
	    body, sizeof(body), "{\"fingerprint\":\"%s\"}", x->two.pub.fp);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		text_set(x->code, sizeof(x->code), codes[0]);
		send_signed(
		    x, &x->one, verbs[i], bodies[i] != NULL ? bodies[i] : body);
		want_denied(x, "recovery", 401, "was not looked at");
	}
	/* also for the new one, which wants to be proved */
	send_recovery(x, VERB_MFA_RESET, codes[0]);
	want_event(x, EV_MFA_RECOVERY);
	assert_int_equal(want_reply(x, &x->api), 200);
	send_recovery(x, VERB_MFA_CONFIRM, codes[1]);
	want_denied(x, "recovery", 401, "was not looked at");
	stop(x);
}

/* Wrong ones count as wrong codes do. */
void
test_recovery_wrong(void **state)
{
	struct scene *x = *state;
	codes_text codes;

	start(x, NULL, 0, NULL);
	send_recovery(x, VERB_MFA_RESET, "0000-0000-0000-0000");
	want_denied(x, "none", 409, "you have no recovery codes");
	make_codes(x, codes);
	for (int i = 0; i < 4; i++) {
		send_recovery(x, VERB_MFA_RESET, "0000-0000-0000-0000");
		want_denied(x, "wrong", 401, "left)");
	}
	send_recovery(x, VERB_MFA_RESET, "0000-0000-0000-0000");
	want_denied(x, "wrong", 429, "codes with this key are accepted again");
	send_recovery(x, VERB_MFA_RESET, codes[0]);
	want_denied(x, "locked", 429, "too many wrong codes");
	stop(x);
	start(x, NULL, 0, NULL);
	send_recovery(x, VERB_MFA_RESET, codes[0]);
	want_denied(x, "locked", 429, "too many wrong codes");
	stop(x);
}

/* Each costs the broker's time, used ones too: of one user so many. */
void
test_recovery_often(void **state)
{
	struct scene *x = *state;
	codes_text codes;

	start(x, NULL, 0, NULL);
	make_codes(x, codes);
	send_recovery(x, VERB_MFA_RESET, codes[0]);
	want_event(x, EV_MFA_RECOVERY);
	assert_int_equal(want_reply(x, &x->api), 200);
	for (int i = 1; i < LIMIT_RECOVERY_TRIED_USER; i++) {
		send_recovery(x, VERB_MFA_RESET, codes[0]);
		want_denied(x, "used", 401, "code-used");
	}
	send_recovery(x, VERB_MFA_RESET, codes[1]);
	want_denied(x, "often", 429, "was not looked at");
	stop(x);
}

static void
begin_by_code(struct scene *x)
{
	fresh_code(x);
	send_signed(x, &x->one, VERB_MFA_RESET, "{}");
	burn(x);
}

static void
want_nothing_begun(struct scene *x, const char *reason)
{
	char want[64];

	fresh_code(x);
	send_signed(x, &x->one, VERB_MFA_CONFIRM, "{}");
	want_event(x, EV_MFA_RESET_DENIED);
	(void)snprintf(want, sizeof(want), "\"reason\":\"%s\"", reason);
	assert_true(has(x, want));
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "begin with jitctl mfa reset"));
}

/* What a new factor's code is good for begins when the factor is stored: not if
 * something else waits to be confirmed by then. */
void
test_code_of_no_factor(void **state)
{
	struct scene *x = *state;
	codes_text codes;
	uint32_t confirmed;

	start(x, NULL, 0, NULL);
	make_codes(x, codes);
	begin_by_code(x);
	want_event(x, EV_MFA_RESET);
	assert_int_equal(want_reply(x, &x->api), 200);
	take_secret(x);
	stop(x); /* forgets the age of the codes up to here */
	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_MFA_CONFIRM, "{}");
	burn(x);
	confirmed = hold_event(x, EV_MFA_RESET);
	send_recovery(x, VERB_MFA_RESET, codes[0]);
	want_event(x, EV_MFA_RECOVERY);
	assert_int_equal(want_reply(x, &x->api), 200);
	durable(x, confirmed);
	want_event(x, EV_MFA_RESET);
	assert_true(has(x, "\"corrects\""));
	assert_int_equal(want_reply(x, &x->api), 409);
	send_other(x, false);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "code-needed"));
	stop(x);
}

/* A code has to come with each step; what is not confirmed in time is void. */
void
test_reset_by_code(void **state)
{
	static const enum api_verb verbs[] = {
	    VERB_MFA_RESET, VERB_MFA_CONFIRM, VERB_MFA_CODES};
	struct scene *x = *state;
	codes_text codes;
	struct user *u = calloc(1, sizeof(*u));
	struct store *s = NULL;

	assert_non_null(u);
	start(x, NULL, 0, NULL);
	want_nothing_begun(x, "not-begun");
	send_other(x, true);
	burn(x);
	assert_int_equal(want_reply(x, &x->api), 404);
	x->code[0] = '\0'; /* there is an age of a code by now */
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		send_signed(x, &x->one, verbs[i], "{}");
		CHECK_ROW(
		    want_reply(x, &x->api) == 401, verb_get(verbs[i])->name);
		CHECK_ROW(has(x, "code-needed"), verb_get(verbs[i])->name);
	}
	begin_by_code(x);
	want_event(x, EV_MFA_RESET);
	assert_true(has(x, "\"reason\":\"begun\""));
	assert_int_equal(want_reply(x, &x->api), 200);
	stop(x);
	s = store_of(x);
	must(store_user_get(s, "alice", u));
	assert_in_range(u->pending_end_ms, clock_now().utc_ms,
	    clock_now().utc_ms + (int64_t)LIMIT_RESET_LIFE_S * 1000);
	u->pending_end_ms = 1;
	must(store_user_put(s, u, 100));
	store_close(s);
	start(x, NULL, 0, NULL);
	want_nothing_begun(x, "expired");
	begin_by_code(x);
	want_event(x, EV_MFA_RESET);
	assert_int_equal(want_reply(x, &x->api), 200);
	take_secret(x);
	confirm(x, codes);
	want_nothing_begun(x, "not-begun");
	explicit_bzero(u, sizeof(*u));
	free(u);
	stop(x);
}

/* An admin takes the second factor away while the new one's record is being
 * written: that stands. */
void
test_reset_of_changed(void **state)
{
	struct scene *x = *state;
	codes_text codes;
	uint32_t held;

	start(x, NULL, 0, NULL);
	make_codes(x, codes);
	begin_by_code(x);
	held = hold_event(x, EV_MFA_RESET);
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"totp\":false}"),
	    200);
	durable(x, held);
	want_event(x, EV_MFA_RESET);
	assert_true(has(x, "\"corrects\""));
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "changed meanwhile"));
	stop(x);
}

static void
send_lock_me(struct scene *x, const char *name, const char *code)
{
	char body[256];

	(void)snprintf(body, sizeof(body), "{\"user\":\"%s\",\"code\":\"%s\"}",
	    name, code);
	send_call(x, &x->api, VERB_LOCK_ME, body);
}

/* Whoever knows a recovery code locks its user, and learns nothing otherwise;
 * so many tries, and each code once. */
void
test_lock_me(void **state)
{
	static const char nothing[] = "nothing is locked: this is not a user";
	struct scene *x = *state;
	codes_text codes;

	start(x, NULL, 0, NULL);
	make_codes(x, codes);
	send_lock_me(x, "nobody", codes[0]);
	want_denied(x, "lock-me", 403, nothing);
	send_lock_me(x, "alice", "4H7K-2MQX-9TRB-6WNC");
	want_event(x, EV_AUTH_MFA_DENIED);
	assert_true(has(x, "\"tried\":\"alice\""));
	assert_false(has(x, "\"user\":\"alice\""));
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, nothing));
	send_lock_me(x, "alice", "123456"); /* is none, and no try */
	assert_int_equal(want_reply(x, &x->api), 400);
	send_lock_me(x, "alice", codes[0]); /* the last admin, all the same */
	want_event(x, EV_LOCK_CREATE);
	assert_true(has(x, "\"method\":\"recovery\""));
	assert_true(has(x, "\"value\":\"alice\""));
	assert_false(has(x, codes[0]));
	assert_int_equal(want_reply(x, &x->api), 201);
	assert_true(has(x, "\"lock\":\"l-"));
	/* whoever holds a code is told no more than that */
	assert_false(has(x, "last_admin"));
	assert_false(has(x, "ended"));
	assert_false(has(x, "unapprovable"));
	send_lock_me(x, "alice", codes[1]);
	assert_int_equal(want_reply(x, &x->api), 429);
	fresh_code(x);
	send_signed(
	    x, &x->one, VERB_REQUEST, "{\"target\":\"web-01\",\"for\":60}");
	want_event(x, EV_API_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	x->code[0] = '\0';
	stop(x);
	start(x, NULL, 0, NULL);
	send_lock_me(x, "alice", codes[0]);
	want_denied(x, "lock-me", 403, nothing);
	send_lock_me(x, "alice", codes[1]); /* locked already */
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "you are locked already"));
	assert_false(has(x, "recovery"));
	stop(x);
}

enum { TRIES = 6 };

static void
send_tries(struct scene *x)
{
	char peer[32];

	for (unsigned i = 0; i < TRIES; i++) {
		(void)snprintf(peer, sizeof(peer), "198.51.%u.1", i);
		(void)send_open(x, VERB_LOCK_ME, peer,
		    "{\"user\":\"alice\",\"code\":\"4H7K-2MQX-9TRB-6WNC\"}");
	}
}

/* Who sends many codes that nobody signed holds up what comes behind them by
 * one of them: whatever is quick, and the code of who has signed. */
void
test_slow_in_turn(void **state)
{
	struct scene *x = *state;
	const struct msg_log_append *m = NULL;
	codes_text codes;
	char nonce[LIMIT_NONCE_SIZE];
	char *payload = NULL;
	unsigned before = 0;
	uint32_t rid, got = 0;

	start(x, NULL, 0, NULL);
	make_codes(x, codes);
	assert_int_equal(kill(x->proc.pid, SIGSTOP), 0);
	send_tries(x);
	rid = send_open(x, VERB_SERVER, CLIENT, "");
	assert_int_equal(kill(x->proc.pid, SIGCONT), 0);
	for (unsigned i = 0; got != rid; i++) {
		got = ((const struct msg_api_reply *)testlink_want(
			   &x->api, MSG_API_REPLY))
			  ->rid;
		before = i;
	}
	assert_true(before <= 2);
	for (unsigned i = before; i < TRIES; i++)
		assert_int_equal(want_reply(x, &x->api), 403);
	for (unsigned i = 0; i < TRIES; i++)
		want_event(x, EV_AUTH_MFA_DENIED);
	text_set(x->code, sizeof(x->code), codes[0]);
	challenge(x, nonce);
	payload = payload_of(x, VERB_MFA_RESET, nonce, "{}");
	assert_int_equal(kill(x->proc.pid, SIGSTOP), 0);
	send_tries(x);
	send_payload(x, &x->one, VERB_MFA_RESET, payload, 0);
	free(payload);
	assert_int_equal(kill(x->proc.pid, SIGCONT), 0);
	for (before = 0; m == NULL || m->event != EV_MFA_RECOVERY; before++)
		m = testlink_want(&x->notary, MSG_LOG_APPEND);
	assert_true(before <= 3);
	x->code[0] = '\0';
	kill_broker(x);
}

/* Of one wider network no more than leaves others their tries. */
void
test_lock_me_of_one_network(void **state)
{
	struct scene *x = *state;
	static const char body[] =
	    "{\"user\":\"alice\",\"code\":\"4H7K-2MQX-9TRB-6WNC\"}";
	char peer[32];

	start(x, NULL, 0, NULL);
	for (unsigned i = 0; i <= LOCK_ME_WIDE; i++) {
		(void)snprintf(peer, sizeof(peer), "198.51.100.%u", i + 1);
		(void)send_open(x, VERB_LOCK_ME, peer, body);
		assert_int_equal(
		    want_reply(x, &x->api), i < LOCK_ME_WIDE ? 403 : 429);
	}
	(void)send_open(x, VERB_LOCK_ME, "203.0.113.1", body);
	assert_int_equal(want_reply(x, &x->api), 403);
	stop(x);
}
