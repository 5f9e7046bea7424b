/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notary_sessions - who a session is: its host signature, its leg and
 * certificate, and what is written down in its name.
 */
#include "tests/unit/notary/notaryscene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "core/element.h"
#include "wire/json.h"

/* A target's clock may be behind by LIMIT_CERT_SKEW_S and ahead by ahead_s. */
static void
check_window(const struct msg_nt_cert_ok *c, int64_t ahead_s)
{
	const int64_t now_s = clock_now().utc_ms / 1000;
	struct rd r;
	size_t n = 0;
	int64_t after, before;

	rd_init(&r, c->cert.p, c->cert.len);
	for (int i = 0; i < 3; i++) /* type, nonce, key */
		(void)rd_string(&r, &n);
	(void)rd_u64(&r);           /* serial */
	(void)rd_u32(&r);           /* type */
	for (int i = 0; i < 2; i++) /* key id, principals */
		(void)rd_string(&r, &n);
	after = (int64_t)rd_u64(&r);
	before = (int64_t)rd_u64(&r);
	assert_in_range(
	    now_s - after, LIMIT_CERT_SKEW_S, LIMIT_CERT_SKEW_S + 5);
	assert_in_range(before - now_s, ahead_s - 5, ahead_s);
}

/* A certificate outlives no grant. */
void
test_certificate_of_a_short_grant(void **state)
{
	struct msg_nt_grant_open g;
	struct msg_nt_leg_open l;
	const struct msg_nt_cert_ok *c;
	struct testlink s;

	(void)state;
	grant_new(&g, 60000);
	assert_int_equal(grant_open(&g)->result, 0);
	session_link(&s, 1200, &nt.source);
	leg_new(&l, g.grant.id, 1200);
	assert_int_equal(leg_open(&l)->result, 0);
	c = cert(&s, g.grant.id, l.sid);
	assert_int_equal(c->result, 0);
	check_window(c, 60);
	assert_int_equal(
	    close_by(MSG_NT_GRANT_CLOSE, MSG_NT_GRANT_CLOSED, g.grant.id), 0);
	testlink_close(&s);
}

/* Who has not logged in has few signatures, and makes the notary forget none.
 */
void
test_signs_of_a_stranger(void **state)
{
	const struct msg_nt_hostsign m = {.rid = 1,
	    .hash = {.p = (const uint8_t *)"one more than a stranger has ...",
		.len = 32}};
	struct testlink s;
	char hash[40];
	int e = 0;

	(void)state;
	session_link(&s, 1300, &nt.source);
	for (unsigned i = 0; i < LIMIT_SIGNS_BEFORE_LOGIN; i++) {
		(void)snprintf(
		    hash, sizeof(hash), "hash %u of a stranger, 32 bytes", i);
		assert_int_equal(hostsign(&s, hash), 0);
	}
	(void)testlink_want(&nt.broker, MSG_NT_SID);
	testlink_send(&s, MSG_NT_HOSTSIGN, &m);
	while ((e = ipc_recv_wait(&s.ipc, &s.m, 10000)) == 0)
		ipc_msg_close(&s.m);
	assert_int_equal(e, GW_ECLOSED);
	testlink_close(&s);
}

void
test_session(void **state)
{
	static const char hash[] = "an exchange hash of thirty-two b";
	struct msg_nt_grant_open g;
	struct msg_nt_leg_open l;
	const struct msg_nt_leg_opened *r;
	const struct msg_nt_cert_ok *c;
	const struct msg_nt_sid *sid;
	struct testlink s, other, third;
	struct element_list list;
	char good[LIMIT_ID_SIZE], want[96];

	(void)state;
	grant_new(&g, 300000);
	assert_int_equal(grant_open(&g)->result, 0);
	session_link(&s, 1001, &nt.source);
	assert_int_equal(hostsign(&s, hash), 0);
	/* the broker knew before the session did */
	assert_int_equal(testlink_next(&nt.broker, 0), 1);
	assert_int_equal(nt.broker.m.type, MSG_NT_SID);
	sid = nt.broker.m.body;
	assert_int_equal(sid->conn, 1001);
	assert_int_equal(sid->sid.len, sizeof(hash) - 1);
	assert_memory_equal(sid->sid.p, hash, sizeof(hash) - 1);
	assert_int_equal(hostsign(&s, "a rekey, another exchange hash.."), 0);
	assert_int_equal(testlink_next(&nt.broker, 50), 0);
	/* a session id cannot be carried to another connection */
	session_link(&other, 1002, &nt.source);
	assert_int_equal(hostsign(&other, hash), -GW_EDENIED);
	assert_int_equal(
	    hostsign(&other, "other's own hash, thirty-two b.."), 0);
	(void)testlink_want(&nt.broker, MSG_NT_SID);
	/* linked to us in the middle of its login: it has a session id */
	session_link(&third, 1003, &nt.source);
	assert_int_equal(
	    hostsign_again(&third, "third's rekey, another hash....."), 0);
	assert_int_equal(testlink_next(&nt.broker, 50), 0);
	testlink_close(&third);

	leg_new(&l, g.grant.id, 1001);
	l.target = nt.gateway; /* not the grant's */
	assert_int_equal(leg_open(&l)->result, -GW_EDENIED);
	leg_new(&l, g.grant.id, 1001);
	assert_int_equal(addr_parse(&l.client, "192.0.2.8"), 0);
	assert_int_equal(leg_open(&l)->result, -GW_EDENIED);
	leg_new(&l, g.grant.id, 1001);
	l.client_port = 5556; /* not what the supervisor saw */
	assert_int_equal(leg_open(&l)->result, -GW_EDENIED);
	leg_new(&l, g.grant.id, 4711); /* no such connection */
	assert_int_equal(leg_open(&l)->result, -GW_EDENIED);
	leg_new(&l, "g-22222222", 1001);
	assert_int_equal(leg_open(&l)->result, -GW_EDENIED);
	leg_new(&l, g.grant.id, 1001);
	r = leg_open(&l);
	assert_int_equal(r->result, 0);
	assert_true(receipt_good(l.sid, l.grant, r->seq, r->mac, &r->elements));
	assert_int_equal(
	    element_decode(&list, r->elements.p, r->elements.len), 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.e[0].kind, ELEMENT_LEG);
	assert_int_equal(list.e[0].sport, 40001);
	strcpy(good, l.sid);

	c = cert(&s, g.grant.id, good);
	assert_int_equal(c->result, 0);
	check_window(c, LIMIT_CERT_LIFE_S);
	(void)snprintf(want, sizeof(want), "user=alice grant=%s session=%s",
	    g.grant.id, good);
	assert_non_null(memmem(c->cert.p, c->cert.len, want, strlen(want)));
	assert_non_null(memmem(c->cert.p, c->cert.len, "deploy@web-01", 13));
	assert_non_null(memmem(c->cert.p, c->cert.len, "198.51.100.9", 12));
	assert_true(logged("\"cert.issue\"", good));
	assert_int_equal(cert(&s, "g-22222222", good)->result, -GW_EDENIED);

	/* another connection, with a leg of its own, asks for this one's */
	leg_new(&l, g.grant.id, 1002);
	assert_int_equal(leg_open(&l)->result, 0);
	assert_int_equal(cert(&other, g.grant.id, good)->result, -GW_EDENIED);
	assert_int_equal(cert(&other, g.grant.id, l.sid)->result, 0);
	assert_true(logged("\"cert.denied\"", "another connection"));

	assert_int_equal(
	    close_by(MSG_NT_GRANT_CLOSE, MSG_NT_GRANT_CLOSED, g.grant.id), 0);
	assert_int_equal(cert(&s, g.grant.id, good)->result, -GW_EDENIED);
	leg_new(&l, g.grant.id, 1001);
	assert_int_equal(leg_open(&l)->result, -GW_EDENIED);
	assert_int_equal(
	    close_by(MSG_NT_LEG_CLOSE, MSG_NT_LEG_CLOSED, good), 0);
	assert_int_equal(
	    close_by(MSG_NT_LEG_CLOSE, MSG_NT_LEG_CLOSED, good), -GW_ENOENT);
	assert_true(logged("\"session.end\"", "\"user\":\"alice\""));
	assert_true(logged("\"session.end\"", "\"user_id\":\"u-22222222\""));
	assert_true(logged("\"session.start\"", "\"role_id\":\"p-22222222\""));
	assert_true(logged("\"grant.close\"", "\"target_id\":\"t-22222222\""));
	testlink_close(&s);
	testlink_close(&other);
}

void
test_append(void **state)
{
	struct msg_nt_grant_open g;
	struct msg_nt_leg_open l;
	struct event_fields f;
	struct testlink s;
	int e;

	(void)state;
	grant_new(&g, 300000);
	assert_int_equal(grant_open(&g)->result, 0);
	session_link(&s, 1003, &nt.source);
	leg_new(&l, g.grant.id, 1003);
	assert_int_equal(leg_open(&l)->result, 0);
	event_fields_init(&f);
	event_str(&f, EF_USER, "root"); /* a lie */
	event_str(&f, EF_USER_ID, "u-99999999");
	event_str(&f, EF_TARGET_ID, "t-99999999");
	event_str(&f, EF_ROLE_ID, "p-99999999");
	event_str(&f, EF_SID, "s-22222222");
	event_str(&f, EF_COMMAND, "uptime --pretty");
	append(&s, EV_SESSION_EXEC, &f, true);
	assert_true(logged("uptime --pretty", "\"user\":\"alice\""));
	assert_true(logged("uptime --pretty", l.sid));
	assert_true(logged("uptime --pretty", "\"conn\":1003"));
	assert_false(logged("uptime --pretty", "root"));
	assert_true(logged("uptime --pretty", "\"user_id\":\"u-22222222\""));
	assert_true(logged("uptime --pretty", "\"target_id\":\"t-22222222\""));
	assert_false(logged("uptime --pretty", "-99999999"));
	/* what a session may not write at all */
	append(&s, EV_GRANT_APPLIED, &f, false);
	while ((e = ipc_recv_wait(&s.ipc, &s.m, 5000)) == 0)
		ipc_msg_close(&s.m);
	assert_int_equal(e, GW_ECLOSED);
	assert_true(logged("\"peer.protocol\"", "grant.applied"));
	assert_false(logged("\"JG2101I\"", "uptime"));
	event_fields_done(&f);
	testlink_close(&s);
}

/* The parts of a session's command as one text, and its digest as they have
 * it. */
static void
parts_of(struct buf *ret, const char *sid, char hex[static 65])
{
	char *text = read_log();

	for (char *p = text, *lf; (lf = strchr(p, '\n')) != NULL; p = lf + 1) {
		json_t *o;
		const json_t *payload;

		*lf = '\0';
		if (strstr(p, "\"audit.part\"") == NULL ||
		    strstr(p, sid) == NULL)
			continue;
		assert_non_null(strstr(p, "\"origin\":\"session\""));
		assert_non_null(strstr(p, "\"user\":\"alice\""));
		assert_non_null(
		    o = json_loads(p, JSON_REJECT_DUPLICATES, NULL));
		payload = json_object_get(o, "payload");
		buf_put(ret, json_string_value(payload),
		    json_string_length(payload));
		strcpy(hex, json_string_value(json_object_get(o, "sha256")));
		assert_string_equal(
		    "command", json_string_value(json_object_get(o, "field")));
		json_decref(o);
	}
	free(text);
}

/* A command of any length is there, each byte of it, before it is durable. */
void
test_whole_command(void **state)
{
	struct msg_nt_grant_open g;
	struct msg_nt_leg_open l;
	struct event_fields f;
	struct testlink s;
	char *big = malloc(LIMIT_COMMAND_MAX);
	char hex[65] = "";
	struct buf whole;

	(void)state;
	assert_non_null(big);
	for (size_t i = 0; i < LIMIT_COMMAND_MAX; i++)
		big[i] = (char)('a' + i % 23);
	memcpy(big + LIMIT_COMMAND_MAX - 6, "HIDDEN", 6);
	grant_new(&g, 300000);
	assert_int_equal(grant_open(&g)->result, 0);
	session_link(&s, 1004, &nt.source);
	leg_new(&l, g.grant.id, 1004);
	assert_int_equal(leg_open(&l)->result, 0);
	event_fields_init(&f);
	event_num(&f, EF_CHANNEL, 1);
	event_strn(&f, EF_COMMAND, big, LIMIT_COMMAND_MAX);
	append(&s, EV_SESSION_EXEC, &f, true);
	event_fields_done(&f);
	buf_init(&whole, LIMIT_COMMAND_MAX);
	parts_of(&whole, l.sid, hex);
	assert_int_equal(whole.len, LIMIT_COMMAND_MAX);
	assert_memory_equal(whole.p, big, LIMIT_COMMAND_MAX);
	assert_true(logged("\"session.exec\"", "\"command_size\":65536"));
	assert_true(logged("\"session.exec\"", hex));
	buf_done(&whole);
	/* and what is no text, exactly */
	event_fields_init(&f);
	event_num(&f, EF_CHANNEL, 2);
	event_strn(&f, EF_COMMAND, "printf '\xe9\xff'", 11);
	append(&s, EV_SESSION_EXEC, &f, true);
	event_fields_done(&f);
	assert_true(logged(l.sid, "\"command_b64\":\"cHJpbnRmICfp/yc=\""));
	testlink_close(&s);
	free(big);
}

/* An end as a session writes it of its channel. */
static void
program(struct testlink *s, enum event_code ev, int64_t channel, int64_t exit)
{
	struct event_fields f;

	event_fields_init(&f);
	event_num(&f, EF_CHANNEL, channel);
	if (exit >= 0)
		event_num(&f, EF_EXIT, exit);
	/* an end is not waited for: a second one has no answer of success */
	append(s, ev, &f, ev != EV_SESSION_CHANNEL_END);
	event_fields_done(&f);
}

static unsigned
ends(const char *sid, const char *what)
{
	char *text = read_log();
	unsigned n = 0;

	for (char *p = text, *lf; (lf = strchr(p, '\n')) != NULL; p = lf + 1) {
		*lf = '\0';
		n += strstr(p, "\"session.channel_end\"") != NULL &&
		     strstr(p, sid) != NULL && strstr(p, what) != NULL;
	}
	free(text);
	return n;
}

static void
wait_ends(const char *sid, const char *what)
{
	for (unsigned i = 0; i < 200 && ends(sid, what) == 0; i++)
		(void)usleep(50 * 1000);
	assert_int_equal(ends(sid, what), 1);
}

/* Each program has one end: the session's, or else that of the fold. */
void
test_channel_ends(void **state)
{
	struct msg_nt_grant_open g;
	struct msg_nt_leg_open l;
	struct event_fields f;
	struct testlink s;

	(void)state;
	grant_new(&g, 300000);
	assert_int_equal(grant_open(&g)->result, 0);
	session_link(&s, 1301, &nt.source);
	leg_new(&l, g.grant.id, 1301);
	assert_int_equal(leg_open(&l)->result, 0);
	program(&s, EV_SESSION_EXEC, 1, -1);
	program(&s, EV_SESSION_SHELL, 2, -1);
	program(&s, EV_SESSION_CHANNEL_END, 1, 3);
	program(&s, EV_SESSION_CHANNEL_END, 1, 4); /* its second one */
	program(&s, EV_SESSION_CHANNEL_END, 9, 5); /* of no program */
	program(&s, EV_SESSION_SUBSYSTEM, 3, -1);
	wait_ends(l.sid, "\"channel\":1,\"exit\":3");
	assert_int_equal(ends(l.sid, "\"channel\":1"), 1);
	assert_int_equal(ends(l.sid, "\"channel\":9"), 0);
	/* its leg is closed: it may still speak for itself */
	assert_int_equal(
	    close_by(MSG_NT_LEG_CLOSE, MSG_NT_LEG_CLOSED, l.sid), 0);
	program(&s, EV_SESSION_CHANNEL_END, 3, 0);
	wait_ends(l.sid, "\"channel\":3,\"exit\":0");
	event_fields_init(&f);
	event_str(&f, EF_SID, l.sid);
	event_num(&f, EF_BYTES_IN, 1234);
	event_num(&f, EF_BYTES_OUT, 5678);
	append(&nt.firewall, EV_FLOW_END, &f, true);
	event_fields_done(&f);
	assert_int_equal(ends(l.sid, "lost"), 0);
	testlink_close(&s);
	wait_ends(l.sid, "\"channel\":2,\"bytes_in\":1234,\"bytes_out\":5678,"
			 "\"reason\":\"lost\"");
	assert_int_equal(ends(l.sid, "\"exit\":"), 2);
	assert_int_equal(ends(l.sid, "\"user\":\"alice\""), 3);
}

/* What the recorder repeats of a session's claims; the result byte. */
static uint8_t
recording(struct testlink *recorder, uint64_t conn, const char *sid,
    const char *grant, const char *file, const char *user)
{
	struct msg_log_append m = {
	    .rid = ++nt.rid, .event = EV_RECORDING_START};
	const struct msg_log_durable *d;
	struct event_fields f;

	event_fields_init(&f);
	event_str(&f, EF_SID, sid);
	event_str(&f, EF_GRANT, grant);
	event_str(&f, EF_FILE, file);
	event_num(&f, EF_CONN, (int64_t)conn);
	event_str(&f, EF_USER, user);
	event_str(&f, EF_TARGET, "web-01");
	event_str(&f, EF_LOGIN, "deploy");
	m.fields.p = f.b.p;
	m.fields.len = (uint32_t)f.b.len;
	testlink_send(recorder, MSG_LOG_APPEND, &m);
	event_fields_done(&f);
	d = testlink_want(recorder, MSG_LOG_DURABLE);
	assert_int_equal(d->rid, m.rid);
	return d->result;
}

/* A session is recorded as who it is, and as nobody else. */
void
test_recording(void **state)
{
	struct msg_nt_grant_open g;
	struct msg_nt_leg_open l;
	struct testlink s, other, recorder;

	(void)state;
	grant_new(&g, 300000);
	assert_int_equal(grant_open(&g)->result, 0);
	session_link(&s, 1201, &nt.source);
	session_link(&other, 1202, &nt.source);
	proc_harness_link(&nt.proc, &recorder, PROC_RECORDER, 0);
	leg_new(&l, g.grant.id, 1201);
	/* not yet, and never from another connection or by another name */
	assert_int_equal(
	    recording(&recorder, 1201, l.sid, g.grant.id, "f-0", "alice"),
	    -GW_EDENIED);
	assert_int_equal(leg_open(&l)->result, 0);
	assert_int_equal(
	    recording(&recorder, 1202, l.sid, g.grant.id, "f-1", "alice"),
	    -GW_EDENIED);
	assert_int_equal(recording(&recorder, 1201, "s-22222222", g.grant.id,
			     "f-2", "alice"),
	    -GW_EDENIED);
	assert_int_equal(
	    recording(&recorder, 1201, l.sid, "g-22222222", "f-3", "alice"),
	    -GW_EDENIED);
	assert_true(logged("\"peer.protocol\"", "recorded as another"));
	/* whose share of the disk it takes is not the session's to say */
	assert_int_equal(
	    recording(&recorder, 1201, l.sid, g.grant.id, "f-5", "mallory"),
	    -GW_EDENIED);
	assert_false(logged("\"recording.start\"", "f-"));
	assert_int_equal(
	    recording(&recorder, 1201, l.sid, g.grant.id, "f-4", "alice"), 0);
	assert_true(logged("f-4", "\"user\":\"alice\""));
	assert_true(logged("f-4", "\"conn\":1201"));
	testlink_close(&recorder);
	testlink_close(&other);
	testlink_close(&s);
}

/* Beyond thirty refusals of one kind a user's are one record with their number,
 * whoever writes them; another user, another kind and root have their own. */
void
test_refused_over_and_over(void **state)
{
	static const struct {
		const char *by, *reason;
	} others[] = {{"ivan", "policy"}, {"heidi", "code"}, {"local", "code"}};
	struct event_fields f;
	char target[32], *text, *p;
	unsigned n = 0;
	int status = 0;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		event_fields_init(&f);
		event_str(&f, EF_BY, "heidi");
		event_str(&f, EF_USER, "heidi");
		event_str(&f, EF_USER_ID, "u-22222222");
		(void)snprintf(target, sizeof(target), "wanted-%u", i);
		event_str(&f, EF_TARGET, target);
		event_str(&f, EF_REASON, "policy");
		append(&nt.broker, EV_REQUEST_DENIED, &f, true);
		event_fields_done(&f);
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		event_fields_init(&f);
		event_str(&f, EF_BY, others[i].by);
		event_str(&f, EF_REASON, others[i].reason);
		append(&nt.broker, EV_REQUEST_DENIED, &f, true);
		event_fields_done(&f);
		assert_true(logged("request.create", others[i].by));
	}
	assert_true(logged("\"heidi\"", "\"reason\":\"code\""));
	text = read_log();
	for (p = text; (p = strstr(p, "\"wanted-")) != NULL; p++)
		n++;
	free(text);
	assert_int_equal(n, 30);
	/* the end of the minute, or of us */
	unlink_all();
	status = proc_harness_stop(&nt.proc);
	assert_int_equal(status, 0);
	start();
	assert_true(logged("\"heidi\"", "\"count\":10"));
	assert_true(logged("\"count\":10", "\"user_id\":\"u-22222222\""));
	assert_true(logged("the first: target wanted-30", "wanted-39"));
}

/* A record of theirs, as the broker sends it: the notary's answer. */
static int
put_by(const char *by, enum event_code ev, const char *msg)
{
	struct msg_log_append m = {.rid = ++nt.rid, .event = (uint16_t)ev};
	const struct msg_log_durable *d;
	struct event_fields f;

	event_fields_init(&f);
	event_str(&f, EF_BY, by);
	event_str(&f, EF_MSG, msg);
	event_str(&f, EF_WHY, msg);
	m.fields.p = f.b.p;
	m.fields.len = (uint32_t)f.b.len;
	testlink_send(&nt.broker, MSG_LOG_APPEND, &m);
	event_fields_done(&f);
	d = testlink_want(&nt.broker, MSG_LOG_DURABLE);
	assert_int_equal(d->rid, m.rid);
	return d->result;
}

/* Who fills the log is held up, and nobody else: the broker hears of it,
 * nothing of theirs opens, what they have open can be closed. */
void
test_log_quota(void **state)
{
	enum { PIECE = 15000, MANY = LIMIT_LOG_USER / (2 * PIECE) + 1 };
	struct msg_nt_grant_open g, own;
	struct event_fields f;
	char *text = calloc(1, PIECE + 1);
	static const enum event_code takes[] = {EV_LOCK_CREATE, EV_REQUEST_DENY,
	    EV_REQUEST_WITHDRAW, EV_CHANGE_DENY, EV_CHANGE_WITHDRAW,
	    EV_USER_UPDATE, EV_USER_REMOVE};
	const struct msg_nt_quota *q;
	unsigned n = 0;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', PIECE);
	grant_new(&g, 300000);
	strcpy(g.grant.user, "mallory");
	strcpy(g.by, "mallory");
	assert_int_equal(grant_open(&g)->result, 0);
	event_fields_init(&f);
	event_str(&f, EF_BY, "mallory");
	event_str(&f, EF_MSG, text);
	event_str(&f, EF_WHY, text);
	while (n++ < MANY) {
		struct msg_log_append m = {.event = EV_ROLE_SET,
		    .fields = {.p = f.b.p, .len = (uint32_t)f.b.len}};

		testlink_send(&nt.broker, MSG_LOG_APPEND, &m);
	}
	q = testlink_want(&nt.broker, MSG_NT_QUOTA);
	assert_string_equal(q->user, "mallory");
	{
		struct msg_log_append m = {.rid = ++nt.rid,
		    .event = EV_ROLE_SET,
		    .fields = {.p = f.b.p, .len = (uint32_t)f.b.len}};
		const struct msg_log_durable *d;

		testlink_send(&nt.broker, MSG_LOG_APPEND, &m);
		d = testlink_want(&nt.broker, MSG_LOG_DURABLE);
		assert_int_equal(d->result, -GW_EFULL);
	}
	event_fields_done(&f);
	assert_int_equal(
	    close_by(MSG_NT_GRANT_CLOSE, MSG_NT_GRANT_CLOSED, g.grant.id), 0);
	/* whoever it is, they take away from others all the same */
	for (size_t i = 0; i < ARRAY_LEN(takes); i++)
		assert_int_equal(put_by("mallory", takes[i], ""), 0);
	/* until it is a fourth more: then only what is nothing else */
	while (put_by("mallory", EV_USER_UPDATE, text) == 0)
		;
	assert_int_equal(put_by("mallory", EV_USER_UPDATE, ""), -GW_EFULL);
	for (size_t i = 0; i < ARRAY_LEN(takes) - 2; i++)
		assert_int_equal(put_by("mallory", takes[i], ""), 0);
	/* nor does a restart give them anything */
	for (n = 0; n < 2; n++) {
		grant_new(&g, 300000);
		strcpy(g.grant.user, "mallory");
		assert_int_equal(grant_open(&g)->result, -GW_EFULL);
		grant_new(&own, 300000);
		assert_int_equal(grant_open(&own)->result, 0);
		if (n == 1)
			break;
		unlink_all();
		assert_int_equal(proc_harness_stop(&nt.proc), 0);
		start();
	}
	free(text);
}
