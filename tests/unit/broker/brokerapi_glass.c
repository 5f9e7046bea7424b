/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_glass - break-glass step by step: what is durable before a door
 * opens, two uses in one moment, what fails on the way, and the review.
 */
#include "tests/unit/broker/brokerscene.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "wire/verbs.h"

typedef char paper_text[LIMIT_RECOVERY_CODES][RECOVERY_TEXT_SIZE];

static const char body[] =
    "{\"target\":\"web-01\",\"login\":\"deploy\",\"for\":60,"
    "\"reason\":\"INC-1\"}";

static void
print_codes(struct scene *x, paper_text ret)
{
	const char *at = NULL;

	fresh_code(x);
	send_signed(x, &x->one, VERB_GLASS_PRINT, "{}");
	x->code[0] = '\0';
	burn(x);
	want_event(x, EV_GLASS_PRINT);
	assert_int_equal(want_reply(x, &x->api), 200);
	at = strstr(x->text, "\"codes\":[");
	assert_non_null(at);
	at = strchr(at, '[') + 1;
	for (unsigned i = 0; i < LIMIT_RECOVERY_CODES; i++) {
		memcpy(ret[i], at + 1, RECOVERY_TEXT_SIZE - 1);
		ret[i][RECOVERY_TEXT_SIZE - 1] = '\0';
		at += RECOVERY_TEXT_SIZE + 2;
	}
}

static void
send_use(struct scene *x, const char *code)
{
	text_set(x->code, sizeof(x->code), code);
	send_signed(x, &x->one, VERB_GLASS_USE, body);
	x->code[0] = '\0';
}

/* Its grant is written and its door opened, or not. */
static unsigned
opens(struct scene *x, int result)
{
	struct msg_nt_grant_opened opened = {.seq = ++x->seq};
	struct msg_fw_opened fw = {.result = msg_result(result)};
	const struct msg_nt_grant_open *m =
	    testlink_want(&x->notary, MSG_NT_GRANT_OPEN);

	assert_int_equal(m->grant.glass, 1);
	assert_int_equal(m->grant.record, 1);
	assert_int_equal(m->grant.caps, CAP_GLASS);
	assert_int_equal(m->mfa_step, 0);
	assert_true(m->payload.len > 0 && m->signature.len > 0);
	opened.rid = m->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
	fw.rid = ((const struct msg_fw_open *)testlink_want(
		      &x->firewall, MSG_FW_OPEN))
		     ->rid;
	testlink_send(&x->firewall, MSG_FW_OPENED, &fw);
	if (result != 0)
		want_event(x, EV_GLASS_UNOPENED);
	return want_reply(x, &x->api);
}

static unsigned
review(struct scene *x, struct testlink *by, const char *use, unsigned event)
{
	char text[128];

	must(str_fmt(
	    text, sizeof(text), "{\"use\":\"%s\",\"note\":\"seen\"}", use));
	if (by == &x->admin)
		send_call(x, by, VERB_GLASS_REVIEW, text);
	else {
		fresh_code(x);
		send_signed(x, &x->one, VERB_GLASS_REVIEW, text);
		x->code[0] = '\0';
		burn(x);
	}
	want_event(x, event);
	return want_reply(x, by);
}

static void
revoke(struct scene *x, const char *grant)
{
	struct msg_nt_closed closed = {.seq = ++x->seq};
	char text[128];

	must(str_fmt(text, sizeof(text), "{\"grant\":\"%s\"}", grant));
	send_call(x, &x->admin, VERB_REVOKE, text);
	want_event(x, EV_GRANT_TERMINATE);
	want_close(x, grant, END_REVOKED);
	closed.rid = ((const struct msg_nt_close *)x->notary.m.body)->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_CLOSED, &closed);
	assert_int_equal(want_reply(x, &x->admin), 200);
}

/* A code once, and not the next before a review by somebody else, of what has
 * ended; all of it over a restart. */
void
test_glass_once(void **state)
{
	struct scene *x = *state;
	char use[LIMIT_ID_SIZE], grant[LIMIT_ID_SIZE];
	paper_text codes;

	start(x, NULL, 0, NULL);
	print_codes(x, codes);
	send_use(x, codes[0]);
	want_event(x, EV_GLASS_USE);
	assert_true(has(x, "\"why\":\"INC-1\""));
	assert_false(has(x, codes[0]));
	field(x, "glass", use);
	field(x, "grant", grant);
	assert_int_equal(opens(x, 0), 201);
	send_use(x, codes[1]);
	want_event(x, EV_GLASS_USE_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, "was not reviewed"));
	assert_int_equal(
	    review(x, &x->admin, use, EV_GLASS_REVIEW_DENIED), 409);
	assert_true(has(x, "is still open"));
	revoke(x, grant);
	kill_broker(x);
	start(x, NULL, 0, NULL);
	assert_int_equal(review(x, &x->api, use, EV_GLASS_REVIEW_DENIED), 403);
	assert_true(has(x, "you used it yourself"));
	send_use(x, codes[1]);
	want_event(x, EV_GLASS_USE_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_int_equal(review(x, &x->admin, use, EV_GLASS_REVIEW), 200);
	assert_true(has(x, "\"state\":\"reviewed\""));
	assert_true(has(x, "\"note\":\"seen\""));
	send_use(x, codes[0]);
	want_event(x, EV_AUTH_MFA_DENIED);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "code-used"));
	send_use(x, codes[1]);
	want_event(x, EV_GLASS_USE);
	assert_int_equal(opens(x, 0), 201);
	stop(x);
}

/* Two in the moment in which the record of the first is written: one door. */
void
test_glass_twice_at_once(void **state)
{
	struct scene *x = *state;
	paper_text codes;
	uint32_t first, second;

	start(x, NULL, 0, NULL);
	print_codes(x, codes);
	send_use(x, codes[0]);
	first = hold_event(x, EV_GLASS_USE);
	send_use(x, codes[0]);
	second = hold_event(x, EV_GLASS_USE);
	durable(x, first);
	assert_int_equal(opens(x, 0), 201);
	durable(x, second);
	want_event(x, EV_GLASS_USE);
	assert_true(has(x, "\"outcome\":\"failure\""));
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "nothing was opened"));
	stop(x);
}

/* Nothing opened: the code is used up, and no review is owed. */
void
test_glass_unopened(void **state)
{
	struct scene *x = *state;
	paper_text codes;

	start(x, NULL, 0, NULL);
	print_codes(x, codes);
	send_use(x, codes[0]);
	want_event(x, EV_GLASS_USE);
	assert_int_equal(opens(x, GW_ESYS), 503);
	send_use(x, codes[0]);
	want_event(x, EV_AUTH_MFA_DENIED);
	assert_int_equal(want_reply(x, &x->api), 401);
	send_use(x, codes[1]);
	want_event(x, EV_GLASS_USE);
	assert_int_equal(opens(x, 0), 201);
	stop(x);
}

/* Wrong codes count as any of that key do. */
void
test_glass_wrong(void **state)
{
	struct scene *x = *state;
	paper_text codes;

	start(x, NULL, 0, NULL);
	send_use(x, "4H7K-2MQX-9TRB-6WNC");
	want_event(x, EV_AUTH_MFA_DENIED);
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "there are no break-glass codes"));
	print_codes(x, codes);
	for (unsigned i = 0; i < LIMIT_CODE_TRIES; i++) {
		send_use(x, "4H7K-2MQX-9TRB-6WNC");
		want_event(x, EV_AUTH_MFA_DENIED);
		(void)want_reply(x, &x->api);
	}
	send_use(x, codes[0]);
	want_event(x, EV_AUTH_MFA_DENIED);
	assert_int_equal(want_reply(x, &x->api), 429);
	stop(x);
}
