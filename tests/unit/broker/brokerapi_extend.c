/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_extend - an open grant is to last longer: step by step, each
 * refusal on record, and what fails on the way.
 */
#include "tests/unit/broker/requestscene.h"

#include <string.h>

#include "base/err.h"
#include "core/element.h"
#include "wire/verbs.h"

enum { LIFE_S = 1800 };

struct open { /* a grant of alice's with a session on it */
	struct msg_nt_fold_grant g;
	struct msg_nt_fold_leg leg;
	struct buf grant_elements, leg_elements;
	struct testlink session;
};

static void
encode(struct buf *b, struct bytes *ret, uint8_t kind, int64_t end_boot_ms)
{
	struct element_list l = {.n = 1};

	l.e[0] = (struct element){
	    .kind = kind, .proto = 6, .port = 22, .end_boot_ms = end_boot_ms};
	must(addr_parse(&l.e[0].source, CLIENT));
	if (kind == ELEMENT_LEG) {
		l.e[0].sport = 50000;
		must(addr_parse(&l.e[0].target, "198.51.100.1"));
	}
	buf_reset(b);
	element_encode(b, &l);
	must(buf_err(b));
	ret->p = b->p;
	ret->len = (uint32_t)b->len;
}

static void
start_open(struct scene *x, struct open *o)
{
	memset(o, 0, sizeof(*o));
	buf_init(&o->grant_elements, 1024);
	buf_init(&o->leg_elements, 1024);
	fold_grant(&o->g, x->one.pub.fp);
	o->g.grant.end_ms = o->g.grant.start_ms + LIFE_S * 1000;
	o->g.grant.end_boot_ms -= (3600 - LIFE_S) * 1000;
	encode(&o->grant_elements, &o->g.elements, ELEMENT_ENTRY,
	    grant_shut_boot_ms(&o->g.grant));
	o->leg.conn = 100;
	o->leg.seq = 6;
	memcpy(o->leg.grant, o->g.grant.id, sizeof(o->leg.grant));
	strcpy(o->leg.sid, "s-22222222");
	strcpy(o->leg.key_fp, x->one.pub.fp);
	encode(&o->leg_elements, &o->leg.elements, ELEMENT_LEG,
	    o->g.grant.end_boot_ms);
	start(x, &o->g, 1, &o->leg);
	proc_harness_link(&x->proc, &o->session, PROC_SESSION, 100);
	o->session.ipc.state = MST_LIVE;
	(void)testlink_want(&o->session, MSG_SES_UNTIL); /* the end it has */
}

static void
stop_open(struct scene *x, struct open *o)
{
	testlink_close(&o->session);
	buf_done(&o->grant_elements);
	buf_done(&o->leg_elements);
	x->code[0] = '\0';
	stop(x);
}

static void
send_extend(struct scene *x, const struct open *o, unsigned seconds)
{
	char body[128];

	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\",\"for\":%u}",
	    o->g.grant.id, seconds);
	send_signed(x, &x->one, VERB_EXTEND, body);
}

static uint32_t
want_extend(struct scene *x, const struct open *o, unsigned seconds)
{
	const struct msg_nt_grant_extend *m =
	    testlink_want(&x->notary, MSG_NT_GRANT_EXTEND);

	assert_string_equal(m->id, o->g.grant.id);
	assert_int_equal(m->seconds, seconds);
	assert_true(m->mfa_step > 0);
	assert_true(m->payload.len > 0 && m->signature.len > 0);
	return m->rid;
}

/* On record, with this seq; end is of the grant as it is to be. */
static void
answer_extend(
    struct scene *x, struct open *o, uint32_t rid, unsigned seconds, int result)
{
	struct msg_nt_grant_extended m = {.rid = rid,
	    .result = msg_result(result),
	    .seq = ++x->seq,
	    .end_ms = o->g.grant.end_ms + (int64_t)seconds * 1000,
	    .end_boot_ms = o->g.grant.end_boot_ms + (int64_t)seconds * 1000};

	if (result == 0)
		encode(&o->grant_elements, &m.elements, ELEMENT_ENTRY,
		    m.end_boot_ms + LIMIT_CLIENT_TAIL_S * 1000);
	testlink_send(&x->notary, MSG_NT_GRANT_EXTENDED, &m);
}

static void
answer_renew(struct scene *x, struct open *o, unsigned seconds, int result)
{
	const struct msg_nt_leg_renew *m =
	    testlink_want(&x->notary, MSG_NT_LEG_RENEW);
	struct msg_nt_leg_opened r = {
	    .rid = m->rid, .result = msg_result(result), .seq = 6};

	assert_string_equal(m->sid, o->leg.sid);
	assert_int_equal(
	    m->end_boot_ms, o->g.grant.end_boot_ms + (int64_t)seconds * 1000);
	if (result == 0)
		encode(
		    &o->leg_elements, &r.elements, ELEMENT_LEG, m->end_boot_ms);
	testlink_send(&x->notary, MSG_NT_LEG_OPENED, &r);
}

static uint32_t
want_open(struct scene *x, const char *id, uint64_t seq)
{
	const struct msg_fw_open *m = testlink_want(&x->firewall, MSG_FW_OPEN);

	assert_string_equal(m->id, id);
	assert_int_equal(m->seq, seq);
	assert_int_equal(m->sync, 0);
	return m->rid;
}

static void
answer_open(struct scene *x, uint32_t rid, int result)
{
	const struct msg_fw_opened m = {
	    .rid = rid, .result = msg_result(result)};

	testlink_send(&x->firewall, MSG_FW_OPENED, &m);
}

/* The log, what runs, the door, and only then those who sit at it: the session
 * and who asked. */
void
test_extend(void **state)
{
	struct scene *x = *state;
	struct open o;
	const struct msg_ses_until *told;
	uint32_t rid;

	start_open(x, &o);
	send_extend(x, &o, 600);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "code-needed"));
	fresh_code(x);
	send_extend(x, &o, 600);
	rid = want_extend(x, &o, 600);
	assert_int_equal(testlink_next(&x->firewall, 50), 0);
	answer_extend(x, &o, rid, 600, 0);
	answer_renew(x, &o, 600, 0);
	answer_open(x, want_open(x, o.leg.sid, o.leg.seq), 0);
	rid = want_open(x, o.g.grant.id, o.g.seq);
	assert_int_equal(testlink_next(&x->api, 50), 0);
	assert_int_equal(testlink_next(&o.session, 50), 0);
	answer_open(x, rid, 0);
	told = testlink_want(&o.session, MSG_SES_UNTIL);
	assert_int_equal(told->end_ms, o.g.grant.end_ms + 600000);
	assert_int_equal(told->end_boot_ms, o.g.grant.end_boot_ms + 600000);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "\"seconds\":2400"));
	stop_open(x, &o);
}

static void
want_refused(struct scene *x, const struct open *o, const char *reason,
    unsigned status, const char *text)
{
	char want[64];

	want_event(x, EV_GRANT_EXTEND_DENIED);
	(void)snprintf(want, sizeof(want), "\"reason\":\"%s\"", reason);
	assert_true(has(x, want));
	assert_true(has(x, o->g.grant.id));
	assert_true(has(x, "\"outcome\":\"failure\""));
	assert_int_equal(want_reply(x, &x->api), status);
	assert_true(has(x, text));
	x->code[0] = '\0';
}

static void
role_max(struct scene *x, unsigned max_s)
{
	char body[512];

	(void)snprintf(body, sizeof(body),
	    "{\"role\":\"ops\",\"users\":[\"alice\"],\"targets\":[\"web-01\"],"
	    "\"logins\":[\"deploy\"],\"max\":%u,\"record\":false}",
	    max_s);
	assert_int_equal(admin_call(x, VERB_ROLE_SET, EV_ROLE_SET, body), 200);
}

/* What policy says of all of it, from its start on; and nothing is asked of
 * anybody. */
void
test_extend_refused(void **state)
{
	struct scene *x = *state;
	struct open o;

	start_open(x, &o);
	fresh_code(x);
	send_extend(x, &o, 3600 - LIFE_S + 1);
	want_refused(x, &o, "policy", 403, "counts from its start at 2");
	assert_true(has(x, "\"would_pass\":{\"grant\":"));
	assert_true(has(x, "\"for\":1800}"));
	role_max(x, LIFE_S);
	fresh_code(x);
	send_extend(x, &o, 1);
	want_refused(x, &o, "policy", 403, "over the 30m that role ops allows");
	role_max(x, 3600);
	stop_open(x, &o);

	fold_grant(&o.g, x->one.pub.fp);
	must(addr_parse(&o.g.grant.source4, "198.18.0.9"));
	o.g.grant.end_ms -= 1800000;
	o.g.grant.end_boot_ms -= 1800000;
	start(x, &o.g, 1, NULL);
	fresh_code(x);
	send_extend(x, &o, 60);
	want_refused(x, &o, "source", 409, "not open for the address you come");
	stop(x);
}

/* What people have said yes to is not made longer by its user alone. */
void
test_extend_unapproved(void **state)
{
	struct waits w;
	struct scene *x = *state;
	char id[LIMIT_ID_SIZE], body[64];

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	assert_int_equal(
	    approve(&w, BOB, EV_REQUEST_APPROVE, "\"outcome\":\"success\""),
	    200);
	assert_int_equal(activate(&w), 201);
	field(x, "grant", id);
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\",\"for\":60}", id);
	fresh_code(x);
	send_signed(x, &x->one, VERB_EXTEND, body);
	want_event(x, EV_GRANT_EXTEND_DENIED);
	assert_true(has(x, "\"reason\":\"approvals\""));
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "ask again: jitctl request web-01"));
	x->code[0] = '\0';
	waits_stop(&w);
}

/* A step fails: the log is asked what is so, and nobody is told it is longer.
 */
void
test_extend_fails(void **state)
{
	enum { USED, LOG, LEG_LOG, LEG, DOOR, ALL };
	struct scene *x = *state;
	struct open o;
	uint32_t rid;

	for (int at = USED; at < ALL; at++) {
		start_open(x, &o);
		fresh_code(x);
		send_extend(x, &o, 600);
		rid = want_extend(x, &o, 600);
		answer_extend(x, &o, rid, 600,
		    at == USED  ? GW_EDENIED
		    : at == LOG ? GW_ESYS
				: 0);
		if (at >= LEG_LOG)
			answer_renew(
			    x, &o, 600, at == LEG_LOG ? GW_EDENIED : 0);
		if (at >= LEG)
			answer_open(x, want_open(x, o.leg.sid, o.leg.seq),
			    at == LEG ? GW_ESYS : 0);
		if (at == DOOR)
			answer_open(
			    x, want_open(x, o.g.grant.id, o.g.seq), GW_ESYS);
		if (at == USED) {
			assert_int_equal(want_reply(x, &x->api), 401);
			assert_true(has(x, "code-used"));
		} else if (at == LOG) {
			assert_int_equal(want_reply(x, &x->api), 503);
		} else {
			(void)testlink_want(&x->notary, MSG_NT_FOLD_GET);
			want_refused(x, &o, "unconfirmed", 503,
			    "jitctl grants tells which");
		}
		assert_int_equal(testlink_next(&o.session, 50), 0);
		stop_open(x, &o);
	}
}

/* While it waits: another of the same, its end, and less of a right. */
void
test_extend_meanwhile(void **state)
{
	struct scene *x = *state;
	struct open o;
	char body[64];
	uint32_t rid, first;

	start_open(x, &o);
	fresh_code(x);
	send_extend(x, &o, 600);
	first = x->rid;
	rid = want_extend(x, &o, 600);
	fresh_code(x);
	send_extend(x, &o, 600);
	want_refused(x, &o, "busy", 409, "by another call");
	assert_int_not_equal(x->rid, first);
	role_max(x, LIFE_S + 300);
	answer_extend(x, &o, rid, 600, 0);
	want_refused(x, &o, "changed", 403, "changed meanwhile");
	role_max(x, 3600);

	fresh_code(x);
	send_extend(x, &o, 600);
	rid = want_extend(x, &o, 600);
	x->code[0] = '\0';
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", o.g.grant.id);
	send_call(x, &x->admin, VERB_REVOKE, body);
	want_close(x, o.g.grant.id, END_REVOKED);
	answer_extend(x, &o, rid, 600, 0);
	want_refused(x, &o, "over", 409, "ended meanwhile");
	stop_open(x, &o);
}
