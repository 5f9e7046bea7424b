/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_move - what is open for one address goes along to another: step by
 * step, each refusal on record, and what fails on the way.
 */
#include "tests/unit/broker/requestscene.h"

#include <string.h>

#include "base/err.h"
#include "wire/verbs.h"

#define ELSEWHERE "198.18.0.9"

/* Alice's, and open for elsewhere. */
static void
start_away(struct scene *x, struct msg_nt_fold_grant *g)
{
	fold_grant(g, x->one.pub.fp);
	must(addr_parse(&g->grant.source4, ELSEWHERE));
	g->grant.start_ms -= 600000;
	g->grant.end_ms -= 1800000;
	g->grant.end_boot_ms -= 1800000;
	start(x, g, 1, NULL);
}

/* The scene's role, for people from there (NULL: from anywhere). */
static void
role_from(struct scene *x, const char *sources)
{
	char body[512];

	(void)snprintf(body, sizeof(body),
	    "{\"role\":\"ops\",\"users\":[\"alice\"],\"targets\":[\"web-01\"],"
	    "\"logins\":[\"deploy\"],\"max\":3600,\"record\":false%s%s%s}",
	    sources != NULL ? ",\"sources\":[\"" : "",
	    sources != NULL ? sources : "", sources != NULL ? "\"]" : "");
	assert_int_equal(admin_call(x, VERB_ROLE_SET, EV_ROLE_SET, body), 200);
}

static void
send_move(struct scene *x, const struct key *k, const char *id)
{
	char body[64];

	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", id);
	send_signed(x, k, VERB_MOVE, body);
}

/* With a code; the notary burns it. */
static void
send_coded_move(struct scene *x, const char *id)
{
	struct msg_nt_mfa_burned ok = {.seq = 7};

	fresh_code(x);
	send_move(x, &x->one, id);
	x->code[0] = '\0';
	ok.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
}

static void
want_refused(struct scene *x, const char *id, const char *reason,
    unsigned status, const char *text)
{
	char want[64];

	want_event(x, EV_GRANT_MOVE_DENIED);
	(void)snprintf(want, sizeof(want), "\"reason\":\"%s\"", reason);
	assert_true(has(x, want));
	assert_true(has(x, id));
	assert_true(has(x, "\"outcome\":\"failure\""));
	assert_int_equal(want_reply(x, &x->api), status);
	assert_true(has(x, text));
	x->code[0] = '\0';
}

/* The old one's end, in the log; what the firewall was asked. */
static uint32_t
closed_in_log(struct scene *x, const char *id)
{
	struct msg_nt_closed closed = {.seq = ++x->seq};

	want_close(x, id, END_MOVED);
	closed.rid = ((const struct msg_nt_close *)x->notary.m.body)->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_CLOSED, &closed);
	return ((const struct msg_fw_close *)testlink_want(
		    &x->firewall, MSG_FW_CLOSE))
	    ->rid;
}

/* It opens for the caller, until the same end and no later. */
static void
want_opened(struct scene *x, const struct grant *was, const char *id)
{
	struct msg_nt_grant_opened opened = {.seq = ++x->seq};
	struct msg_fw_opened fw = {0};
	const struct msg_nt_grant_open *m =
	    testlink_want(&x->notary, MSG_NT_GRANT_OPEN);
	const struct grant *g = &m->grant;
	struct addr here;

	must(addr_parse(&here, CLIENT));
	assert_string_equal(g->id, id);
	assert_true(addr_equal(&g->source4, &here));
	assert_string_equal(g->req, was->req);
	assert_string_equal(g->login, was->login);
	assert_int_equal(g->caps, was->caps);
	assert_int_equal(g->start_ms, was->start_ms);
	assert_int_equal(g->end_ms, was->end_ms);
	assert_int_equal(g->end_boot_ms, was->end_boot_ms);
	assert_int_equal(m->mfa_step, 0); /* burned before */
	assert_true(m->payload.len > 0 && m->signature.len > 0);
	opened.rid = m->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
	fw.rid = ((const struct msg_fw_open *)testlink_want(
		      &x->firewall, MSG_FW_OPEN))
		     ->rid;
	testlink_send(&x->firewall, MSG_FW_OPENED, &fw);
	assert_int_equal(want_reply(x, &x->api), 201);
	assert_true(has(x, id));
	assert_true(has(x, "\"sources\":[\"" CLIENT "\"]"));
}

/* Code, record, the old door in kernel and log, and only then the new one. */
void
test_move(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_fw_closed shut = {0};
	char id[LIMIT_ID_SIZE];

	start_away(x, &g);
	send_move(x, &x->one, g.grant.id);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "code-needed"));
	send_coded_move(x, g.grant.id);
	want_event(x, EV_GRANT_MOVE);
	assert_true(has(x, g.grant.id));
	field(x, "grant_new", id);
	assert_string_not_equal(id, g.grant.id);
	shut.rid = closed_in_log(x, g.grant.id);
	while (testlink_next(&x->notary, 50) == 1)
		assert_int_not_equal(x->notary.m.type, MSG_NT_GRANT_OPEN);
	testlink_send(&x->firewall, MSG_FW_CLOSED, &shut);
	want_opened(x, &g.grant, id);
	send_move(x, &x->one, g.grant.id);
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "has ended already: moved at"));
	send_move(x, &x->one, id);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "\"already\":true"));
	stop(x);
}

/* Policy of the new address, somebody else's, and a key that is not enough: no
 * code is used up, and the old door stays. */
void
test_move_refused(void **state)
{
	struct waits w;
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	char id[LIMIT_ID_SIZE];

	start_away(x, &g);
	role_from(x, "198.18.0.0/15");
	fresh_code(x);
	send_move(x, &x->one, g.grant.id);
	want_refused(x, g.grant.id, "policy", 403, CLIENT);
	assert_true(has(x, "\"refused\":[{"));
	send_call(x, &x->admin, VERB_GRANTS, "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, g.grant.id));
	role_from(x, NULL);
	stop(x);

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	assert_int_equal(
	    approve(&w, BOB, EV_REQUEST_APPROVE, "\"outcome\":\"success\""),
	    200);
	assert_int_equal(activate(&w), 201);
	field(x, "grant", id);
	fresh_code(x);
	send_move(x, &w.key[BOB], id);
	want_refused(x, id, "own", 404, "you have no live grant of that id");
	waits_stop(&w);
}

/* What is taken away after the code, and a firewall that does not confirm. */
void
test_move_fails(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	uint32_t rid;

	start_away(x, &g);
	send_coded_move(x, g.grant.id);
	rid = hold_event(x, EV_GRANT_MOVE);
	role_from(x, "198.18.0.0/15");
	durable(x, rid);
	want_refused(x, g.grant.id, "changed", 403, "nothing was moved");
	role_from(x, NULL);
	stop(x);

	start_away(x, &g);
	x->mute = true;
	send_coded_move(x, g.grant.id);
	want_event(x, EV_GRANT_MOVE);
	(void)closed_in_log(x, g.grant.id);
	want_refused(
	    x, g.grant.id, "unconfirmed", 503, "nothing was opened for your");
	x->mute = false;
	stop(x);
}
