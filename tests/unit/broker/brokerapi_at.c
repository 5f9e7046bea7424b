/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_at - a request for a time: it opens by itself then, for the address
 * that was signed, once it is approved and if policy says so at that time.
 */
#include "tests/unit/broker/requestscene.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "wire/verbs.h"

enum { SOON_MS = 2500 };

/* Alice asks for a time so far ahead. */
static unsigned
ask_at(struct waits *w, int64_t ahead_ms, const char *more)
{
	struct scene *x = w->x;
	struct msg_nt_mfa_burned ok = {.seq = 7};
	const char *sum = NULL;
	char at[32], body[256];

	str_time(at, sizeof(at), clock_now().utc_ms + ahead_ms);
	must(str_fmt(body, sizeof(body),
	    "{\"target\":\"web-01\",\"for\":300,\"reason\":\"INC-4711\","
	    "\"at\":\"%s\"%s}",
	    at, more));
	fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, body);
	x->code[0] = '\0';
	if (ahead_ms <= 0 || ahead_ms > (int64_t)LIMIT_AT_AHEAD_S * 1000)
		return want_reply(x, &x->api);
	ok.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
	want_event(x, EV_REQUEST_PENDING);
	field(x, "req", w->id);
	assert_true(has(x, "\\\"sources\\\":[\\\"" CLIENT "\\\"]"));
	sum = strstr(x->text, "\"sha256\":\"");
	assert_non_null(sum);
	memcpy(w->digest, sum + strlen("\"sha256\":\""), 64);
	return want_reply(x, &x->api);
}

/* As root sees it, soon: what is stored after a record is. */
static void
want_row(struct waits *w, const char *state, const char *by)
{
	struct scene *x = w->x;
	struct msg_api_call m = {
	    .verb = VERB_REQUEST_SHOW, .loginuid = -1, .pid = -1};
	char want[64], who[64];

	must(str_fmt(want, sizeof(want), "\"state\":\"%s\"", state));
	must(str_fmt(who, sizeof(who), "\"by\":\"%s\"", by));
	memcpy(m.arg, w->id, sizeof(w->id));
	for (int i = 0; i < 100; i++) {
		m.rid = ++x->rid;
		testlink_send(&x->admin, MSG_API_CALL, &m);
		assert_int_equal(want_reply(x, &x->admin), 200);
		if (has(x, want))
			break;
		(void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	}
	assert_true(has(x, want));
	assert_true(has(x, who));
}

/* By itself, after a restart, with nobody's call. */
static void
want_opened(struct waits *w)
{
	struct scene *x = w->x;
	struct msg_nt_grant_opened opened = {.seq = ++x->seq};
	struct msg_fw_opened fw = {0};
	const struct msg_nt_grant_open *m = NULL;

	want_event(x, EV_REQUEST_ACTIVATE);
	assert_true(has(x, w->id));
	assert_true(has(x, "by itself"));
	m = testlink_want(&x->notary, MSG_NT_GRANT_OPEN);
	assert_string_equal(m->grant.req, w->id);
	assert_int_equal(m->mfa_step, 0);
	assert_int_equal(m->grant.source4.family, 4);
	assert_int_equal(m->grant.source6.family, 0);
	opened.rid = m->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
	fw.rid = ((const struct msg_fw_open *)testlink_want(
		      &x->firewall, MSG_FW_OPEN))
		     ->rid;
	testlink_send(&x->firewall, MSG_FW_OPENED, &fw);
}

void
test_at(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	assert_int_equal(ask_at(&w, 0, ""), 400);
	assert_int_equal(
	    ask_at(&w, ((int64_t)LIMIT_AT_AHEAD_S + 60) * 1000, ""), 400);
	assert_int_equal(ask_at(&w, SOON_MS, ""), 202);
	assert_true(has(x, "\"state\":\"pending\""));
	assert_true(has(x, "\"sources\":[\"" CLIENT "\"]"));
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE, ""), 200);
	assert_true(has(x, "\"state\":\"approved\""));
	/* not by hand, from whichever address */
	assert_int_equal(
	    word_of(&w, &x->one, VERB_REQUEST_ACTIVATE, EV_NONE, ""), 409);
	assert_true(has(x, "opens by itself"));
	stop(x);
	start(x, NULL, 0, NULL);
	want_opened(&w);
	want_row(&w, "active", "alice");
	waits_stop(&w);
}

/* Nobody has to approve it: it waits for its time alone, and lapses. */
void
test_at_unapproved(void **state)
{
	struct scene *x = *state;
	struct waits w = {.x = x};

	start(x, NULL, 0, NULL);
	assert_int_equal(ask_at(&w, SOON_MS, ",\"use_within\":3600"), 202);
	assert_true(has(x, "\"state\":\"approved\""));
	want_opened(&w);
	want_row(&w, "active", "alice");
	stop(x);
}

/* What policy says at that time counts: it is denied for good. */
void
test_at_refused(void **state)
{
	struct scene *x = *state;
	struct waits w = {.x = x};

	start(x, NULL, 0, NULL);
	assert_int_equal(ask_at(&w, SOON_MS, ""), 202);
	assert_int_equal(admin_call(x, VERB_ROLE_REMOVE, EV_ROLE_REMOVE,
			     "{\"role\":\"ops\"}"),
	    200);
	want_event(x, EV_REQUEST_ACTIVATE_DENIED);
	assert_true(has(x, w.id));
	want_row(&w, "denied", "policy");
	stop(x);
}

/* Who asked is locked by then. */
void
test_at_of_locked(void **state)
{
	struct scene *x = *state;
	struct waits w = {.x = x};

	start(x, NULL, 0, NULL);
	assert_int_equal(ask_at(&w, SOON_MS, ""), 202);
	assert_int_equal(admin_call(x, VERB_USER_LOCK, EV_USER_UPDATE,
			     "{\"user\":\"alice\"}"),
	    200);
	want_event(x, EV_REQUEST_ACTIVATE_DENIED);
	assert_true(has(x, "\"reason\":\"forbidden\""));
	want_row(&w, "denied", "policy");
	stop(x);
}

/* By the hours of that time, not of now. */
void
test_at_hours(void **state)
{
	static const char *const days[] = {
	    "sun", "mon", "tue", "wed", "thu", "fri", "sat"};
	static const char with[] =
	    "{\"role\":\"ops\",\"users\":[\"alice\"],\"targets\":[\"web-01\"]"
	    ",\"logins\":[\"deploy\"],\"max\":3600,\"allow\":[\"shell\"],"
	    "\"record\":false,\"reason\":\"optional\",\"hours\":[\"%s "
	    "00:00-24:00 UTC\"]}";
	struct scene *x = *state;
	struct waits w = {.x = x};
	const time_t then = (time_t)(clock_now().utc_ms / 1000) + 2 * 86400;
	char body[512], at[32];
	struct tm tm;

	start(x, NULL, 0, NULL);
	assert_non_null(gmtime_r(&then, &tm));
	str_time(at, sizeof(at), (int64_t)then * 1000);
	/* its day alone, then every day but that is as good as the day after */
	for (int after = 0; after < 2; after++) {
		must(str_fmt(
		    body, sizeof(body), with, days[(tm.tm_wday + after) % 7]));
		send_call(x, &x->admin, VERB_ROLE_SET, body);
		want_event(x, EV_ROLE_SET);
		assert_int_equal(want_reply(x, &x->admin), 200);
		if (after == 0) {
			/* from noon on: five minutes end that day */
			assert_int_equal(
			    ask_at(&w,
				2 * 86400 * 1000LL -
				    (tm.tm_hour > 12 ? 43200 : 0) * 1000LL,
				""),
			    202);
			continue;
		}
		must(str_fmt(body, sizeof(body),
		    "{\"target\":\"web-01\",\"for\":300,\"at\":\"%s\"}", at));
		send_signed(x, &x->one, VERB_REQUEST, body);
		want_event(x, EV_REQUEST_DENIED);
		assert_int_equal(want_reply(x, &x->api), 403);
		assert_true(has(x, "\"field\":\"hours\""));
	}
	stop(x);
}
