/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_ends - what ends, ends for good and is on record; so are looks at
 * recordings.
 */
#include "tests/unit/broker/brokerscene.h"

#include <signal.h>
#include <string.h>

#include "base/err.h"
#include "base/ids.h"
#include "base/str.h"
#include "wire/verbs.h"

static void
recorder_says(struct testlink *recorder, uint32_t max, int result)
{
	const struct msg_rec_read *asked =
	    testlink_want(recorder, MSG_REC_READ);
	struct msg_rec_bytes bytes = {
	    .rid = asked->rid, .result = msg_result(result), .size = 5};

	assert_int_equal(asked->max == 0, max == 0);
	if (result == 0 && max > 0) {
		bytes.data.p = (const uint8_t *)"hello";
		bytes.data.len = 5;
	}
	testlink_send(recorder, MSG_REC_BYTES, &bytes);
}

static void
ask_recording(struct scene *x, const char *query)
{
	struct msg_api_call m = {.rid = ++x->rid,
	    .verb = VERB_RECORDING,
	    .loginuid = -1,
	    .pid = -1,
	    .arg = "s-22222222"};

	m.query.p = (const uint8_t *)query;
	m.query.len = (uint32_t)strlen(query);
	testlink_send(&x->admin, MSG_API_CALL, &m);
}

static void
read_recording(
    struct scene *x, struct testlink *recorder, const char *query, bool is_new)
{
	ask_recording(x, query);
	if (is_new) {
		recorder_says(recorder, 0, 0);
		want_event(x, EV_RECORDING_VIEW);
	}
	recorder_says(recorder, 1, 0);
	assert_int_equal(want_reply(x, &x->admin), 200);
}

/* Nobody looks without a record by not beginning at the beginning. */
void
test_looks_are_recorded(void **state)
{
	struct scene *x = *state;
	struct testlink recorder;

	start(x, NULL, 0, NULL);
	proc_harness_link(&x->proc, &recorder, PROC_RECORDER, 0);
	read_recording(x, &recorder, "offset=1", true);
	read_recording(x, &recorder, "offset=6", false);
	read_recording(x, &recorder, "offset=6&channel=2", true);
	read_recording(x, &recorder, "", true);
	testlink_close(&recorder);
	stop(x);
}

/* A look at what is not there is on record as none; nor is one that nothing
 * came of. */
void
test_no_look_at_nothing(void **state)
{
	struct scene *x = *state;
	struct testlink recorder;

	start(x, NULL, 0, NULL);
	proc_harness_link(&x->proc, &recorder, PROC_RECORDER, 0);
	ask_recording(x, "");
	recorder_says(&recorder, 0, GW_ENOENT);
	assert_int_equal(want_reply(x, &x->admin), 404);
	ask_recording(x, "");
	recorder_says(&recorder, 0, 0);
	want_event(x, EV_RECORDING_VIEW);
	recorder_says(&recorder, 1, GW_ENOENT);
	want_event(x, EV_RECORDING_VIEW);
	assert_int_equal(want_reply(x, &x->admin), 404);
	ask_recording(x, "");
	recorder_says(&recorder, 0, 0);
	want_event(x, EV_RECORDING_VIEW);
	(void)testlink_want(&recorder, MSG_REC_READ);
	testlink_close(&recorder);
	want_event(x, EV_RECORDING_VIEW);
	assert_int_equal(want_reply(x, &x->admin), 503);
	stop(x);
}

/* ---- what ends, ends for good, and is on record */

/* A notary that was started anew: its fold, and what the broker says to the
 * firewall then. */
static void
notary_again(struct scene *x, const struct msg_nt_fold_grant *g)
{
	struct msg_nt_fold_end end = {.seq = x->seq};
	struct msg_nt_fold_grant m = *g;

	proc_harness_link(&x->proc, &x->notary, PROC_NOTARY, 0);
	m.rid = ((const struct msg_nt_fold_get *)testlink_want(
		     &x->notary, MSG_NT_FOLD_GET))
		    ->rid;
	testlink_send(&x->notary, MSG_NT_FOLD_GRANT, &m);
	end.rid = m.rid;
	end.time_ms = clock_now().utc_ms;
	testlink_send(&x->notary, MSG_NT_FOLD_END, &end);
}

static unsigned
end_grant(struct scene *x, const char *id)
{
	char body[64];

	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", id);
	send_call(x, &x->admin, VERB_REVOKE, body);
	return want_reply(x, &x->admin);
}

/* The role it is judged by: what it gives and for how long. */
static void
set_role(struct scene *x, const char *allow, unsigned max_s, const char *record)
{
	char body[512];

	(void)snprintf(body, sizeof(body),
	    "{\"role\":\"ops\",\"users\":[\"alice\"],"
	    "\"targets\":[\"web-01\"],\"logins\":[\"deploy\"],"
	    "\"allow\":[%s],\"max\":%u,\"record\":%s}",
	    allow, max_s, record);
	send_call(x, &x->admin, VERB_ROLE_SET, body);
	want_event(x, EV_ROLE_SET);
}

/* A grant that has more than its role gives by now ends, in the kernel as well:
 * of four the one with a shell, the one with an hour left, then those that are
 * not recorded. */
void
test_wider_than_the_role(void **state)
{
	enum { CAPS, TIME, FITS, RECORDED, ALL };
	struct scene *x = *state;
	struct msg_nt_fold_grant g[ALL];

	for (int i = 0; i < ALL; i++) {
		fold_grant(&g[i], x->one.pub.fp);
		if (i != CAPS)
			g[i].grant.caps = CAP_SFTP;
		if (i == TIME)
			continue;
		g[i].grant.end_ms -= 3400000;
		g[i].grant.end_boot_ms -= 3400000;
	}
	g[RECORDED].grant.record = 1;
	start(x, g, ALL, NULL);
	set_role(x, "\"sftp\"", 300, "false");
	want_close(x, g[TIME].grant.id, END_REVOKED);
	want_close(x, g[CAPS].grant.id, END_REVOKED);
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_string_equal(x->closed[0], g[TIME].grant.id);
	assert_string_equal(x->closed[1], g[CAPS].grant.id);
	set_role(x, "\"sftp\"", 300, "true");
	want_close(x, g[FITS].grant.id, END_REVOKED);
	assert_int_equal(want_reply(x, &x->admin), 200);
	send_call(x, &x->admin, VERB_GRANTS, "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, g[RECORDED].grant.id));
	assert_false(has(x, g[FITS].grant.id));
	stop(x);
}

#define ROLE                                                                   \
	"\"role\":\"ops\",\"users\":[\"alice\"],\"targets\":[\"web-01\"],"     \
	"\"allow\":[\"shell\",\"exec\",\"sftp\",\"pty\"],\"max\":3600,"        \
	"\"record\":false,"
#define TARGET "\"target\":\"web-01\",\"logins\":[\"deploy\",\"root\"],"

/* A role, or the target: its host key comes to it. */
static void
set_one(struct scene *x, const char *text)
{
	const bool role = strncmp(text, "\"role\"", 6) == 0;
	const bool deny = strstr(text, "deny") != NULL; /* one more */
	char line[256], body[1024], keys[300] = "";

	key_line(line, &x->two);
	if (!role)
		(void)snprintf(
		    keys, sizeof(keys), ",\"host_keys\":[\"%s\"]", line);
	(void)snprintf(body, sizeof(body), "{%s%s}", text, keys);
	assert_int_equal(admin_call(x,
			     deny   ? VERB_ROLE_ADD
			     : role ? VERB_ROLE_SET
				    : VERB_TARGET_SET,
			     role ? EV_ROLE_SET : EV_TARGET_SET, body),
	    deny ? 201 : 200);
}

static void
want_granted(struct scene *x, const char *id, bool granted)
{
	assert_int_equal(admin_call(x, VERB_GRANTS, EV_NONE, ""), 200);
	assert_int_equal(has(x, id), granted);
}

/* As it would still be given, until the last change. */
static void
ends_by(struct scene *x, const char *change)
{
	struct store *s = store_of(x);
	struct msg_nt_fold_grant g;

	store_target(s, "web-01");
	store_role(s, "ops");
	store_close(s);
	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	set_one(x, TARGET "\"port\":22,\"addresses\":[\"198.51.100.1\"]");
	set_one(x, ROLE "\"logins\":[\"deploy\",\"root\"],\"ports\":[22,2200]");
	want_granted(x, g.grant.id, true);
	set_one(x, change);
	want_granted(x, g.grant.id, false);
	stop(x);
}

/* Neither longer nor wider than what is given by now, but to another login or
 * source, or on another way to the target: that ends as well. */
void
test_elsewhere_than_the_role(void **state)
{
	struct scene *x = *state;

	ends_by(x, ROLE "\"logins\":[\"root\"]");
	ends_by(x, TARGET "\"port\":2200,\"addresses\":[\"198.51.100.1\"]");
	ends_by(x, TARGET "\"port\":22,\"addresses\":[\"198.51.100.2\"]");
	ends_by(x, TARGET "\"port\":22,\"addresses\":[\"198.51.100.1\"],"
			  "\"reach\":\"direct\"");
	/* last: this role stays */
	ends_by(x, "\"role\":\"not-from-there\",\"deny\":true,"
		   "\"sources\":[\"" CLIENT "\"]");
}

/* The broker went when the change was stored, and nothing had ended yet. */
void
test_taken_away_before_a_crash(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct store *s = store_of(x);

	fold_grant(&g, x->one.pub.fp);
	must(store_role_remove(s, "ops", 2));
	store_close(s);
	start(x, &g, 1, NULL);
	want_close(x, g.grant.id, END_REVOKED);
	stop(x);
}

/* Who is disabled loses their second factor as anybody does. */
void
test_code_taken_of_disabled(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	assert_int_equal(admin_call(x, VERB_USER_LOCK, EV_USER_UPDATE,
			     "{\"user\":\"alice\"}"),
	    200);
	assert_true(has(x, "\"totp\":true"));
	assert_int_equal(
	    admin_call(x, VERB_APPLY, EV_POLICY_APPLY,
		"{\"users\":[{\"user\":\"alice\",\"totp\":false}]}"),
	    200);
	assert_true(has(x, "\"changed\""));
	assert_int_equal(admin_call(x, VERB_USERS, EV_NONE, ""), 200);
	assert_true(has(x, "\"totp\":false"));
	assert_true(has(x, "\"disabled\""));
	stop(x);
}

/* Revoked while there is no notary, and then the broker goes too: the log
 * still has the grant, and its end is written when it can be. */
void
test_revoked_stays_revoked(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;

	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	testlink_close(&x->notary);
	assert_int_equal(end_grant(x, g.grant.id), 503);
	assert_true(has(x, "it is shut"));
	stop(x);
	start(x, &g, 1, NULL);
	want_close(x, g.grant.id, END_REVOKED);
	send_call(x, &x->admin, VERB_GRANTS, "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_false(has(x, g.grant.id));
	stop(x);
}

/* Whose order ended a grant: what they signed, or who on the gateway was root;
 * in the log ahead of the end itself. */
void
test_revoke_is_recorded(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g[2];
	struct msg_nt_closed closed = {.seq = 60};
	char body[64];

	fold_grant(&g[0], x->one.pub.fp);
	fold_grant(&g[1], x->one.pub.fp);
	start(x, g, 2, NULL);
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g[0].grant.id);
	send_signed(x, &x->one, VERB_REVOKE, body);
	want_event(x, EV_GRANT_TERMINATE);
	assert_true(has(x, g[0].grant.id));
	assert_true(has(x, "\"reason\":\"revoked\""));
	assert_true(has(x, x->one.pub.fp));
	assert_true(has(x, ",\"payload\":"));
	assert_true(has(x, ",\"signature\":"));
	want_close(x, g[0].grant.id, END_REVOKED);
	closed.rid = ((const struct msg_nt_close *)x->notary.m.body)->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_CLOSED, &closed);
	assert_int_equal(want_reply(x, &x->api), 200);
	/* what stands open there all the same is told */
	assert_true(has(x, g[1].grant.id));
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g[1].grant.id);
	send_call(x, &x->admin, VERB_RELEASE, body);
	want_event(x, EV_GRANT_TERMINATE);
	assert_true(has(x, "\"reason\":\"released\""));
	assert_true(has(x, "\"uid\":0"));
	want_close(x, g[1].grant.id, END_RELEASED);
	stop(x);
}

/* What a session on one grant reads when that ends, while there is another. */
static void
want_last_line(struct scene *x, struct msg_nt_fold_grant g[2],
    enum end_reason reason, const char *says)
{
	struct msg_nt_fold_leg leg = {.conn = 100, .seq = 6};
	struct testlink session;
	const struct msg_ses_stop *told = NULL;
	char body[64];

	id_new(g[0].grant.id, 'g'); /* one that ended stays so */
	id_new(leg.sid, 's');
	memcpy(leg.grant, g[0].grant.id, sizeof(leg.grant));
	strcpy(leg.key_fp, x->one.pub.fp);
	start(x, g, 2, &leg);
	link_session(x, &session, leg.conn);
	session.ipc.state = MST_LIVE;
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g[0].grant.id);
	send_call(x, &x->admin,
	    reason == END_REVOKED ? VERB_REVOKE : VERB_RELEASE, body);
	want_event(x, EV_GRANT_TERMINATE);
	want_close(x, g[0].grant.id, reason);
	told = testlink_want(&session, MSG_SES_STOP);
	assert_int_equal(told->reason, reason);
	if (strstr(told->text, says) == NULL)
		fail_msg("%s", told->text);
	testlink_close(&session);
	stop(x);
}

/* Who has another grant by which they get there from where they are needs none:
 * told which, and until when. */
void
test_way_back(void **state)
{
	static const char ask[] = ". To connect again: jitctl request web-01";
	struct scene *x = *state;
	struct msg_nt_fold_grant g[2];
	char time[32], says[128];

	fold_grant(&g[0], x->one.pub.fp);
	fold_grant(&g[1], x->two.pub.fp);
	str_time(time, sizeof(time), g[1].grant.end_ms);
	(void)snprintf(says, sizeof(says),
	    ". ssh as deploy works again until %.10s %.8s UTC: grant %s", time,
	    time + 11, g[1].grant.id);
	want_last_line(x, g, END_REVOKED, says);
	want_last_line(x, g, END_RELEASED, says);
	must(addr_parse(&g[1].grant.source4, "192.0.2.9"));
	want_last_line(x, g, END_REVOKED, ask);
	must(addr_parse(&g[1].grant.source4, CLIENT));
	strcpy(g[1].grant.target, "db-01");
	want_last_line(x, g, END_REVOKED, ask);
}

/* Whoever has a thousand open at a target reads of a few; each such reply is
 * kept for repeats as well. */
void
test_few_of_many_are_told(void **state)
{
	enum { OPEN = LIMIT_GRANTS_TOLD + 4 };
	struct scene *x = *state;
	struct msg_nt_fold_grant g[OPEN];
	struct msg_nt_closed closed = {.seq = 60};
	char body[64];
	unsigned told = 0;

	for (int i = 0; i < OPEN; i++)
		fold_grant(&g[i], x->one.pub.fp);
	start(x, g, OPEN, NULL);
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g[0].grant.id);
	send_signed(x, &x->one, VERB_REVOKE, body);
	want_event(x, EV_GRANT_TERMINATE);
	want_close(x, g[0].grant.id, END_REVOKED);
	closed.rid = ((const struct msg_nt_close *)x->notary.m.body)->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_CLOSED, &closed);
	assert_int_equal(want_reply(x, &x->api), 200);
	for (int i = 1; i < OPEN; i++)
		told += has(x, g[i].grant.id);
	assert_int_equal(told, LIMIT_GRANTS_TOLD);
	stop(x);
}

/* A disk that takes nothing: the caller hears it, and the end is told again
 * until it is written. */
void
test_close_not_written(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_closed no = {.result = msg_result(GW_ESYS)};
	char body[64];

	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g.grant.id);
	send_call(x, &x->admin, VERB_REVOKE, body);
	want_close(x, g.grant.id, END_REVOKED);
	no.rid = ((const struct msg_nt_close *)x->notary.m.body)->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_CLOSED, &no);
	assert_int_equal(want_reply(x, &x->admin), 503);
	assert_true(has(x, "it is shut"));
	want_close(x, g.grant.id, END_REVOKED);
	/* and it is not taken over from a log that has it still */
	testlink_close(&x->notary);
	notary_again(x, &g);
	want_close(x, g.grant.id, END_REVOKED);
	stop(x);
}

/* The notary is started anew while the firewall opens: what it is being told
 * then names the grant, or it would shut what the caller hears is open. */
void
test_sync_while_opening(void **state)
{
	struct scene *x = *state;
	struct msg_nt_grant_opened opened = {.seq = 50};
	struct msg_nt_fold_grant g;
	struct msg_fw_opened fw = {0};
	struct msg_fw_synced synced = {0};
	const struct msg_nt_grant_open *m;
	const struct msg_fw_open *o;
	bool named = false;

	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	m = testlink_want(&x->notary, MSG_NT_GRANT_OPEN);
	fold_grant(&g, m->key_fp);
	g.grant = m->grant;
	g.state = GRANT_INTENT;
	g.seq = 50;
	g.elements.p = (const uint8_t *)"elements";
	g.elements.len = 8;
	opened.rid = m->rid;
	opened.elements = g.elements;
	testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
	o = testlink_want(&x->firewall, MSG_FW_OPEN);
	fw.rid = o->rid;
	testlink_close(&x->notary);
	notary_again(x, &g);
	do {
		assert_int_equal(testlink_next(&x->firewall, 10000), 1);
		o = x->firewall.m.body;
		named = named || (x->firewall.m.type == MSG_FW_OPEN &&
				     strcmp(o->id, g.grant.id) == 0);
	} while (x->firewall.m.type != MSG_FW_SYNC_END);
	synced.rid = ((const struct msg_fw_sync *)x->firewall.m.body)->rid;
	testlink_send(&x->firewall, MSG_FW_OPENED, &fw);
	testlink_send(&x->firewall, MSG_FW_SYNCED, &synced);
	assert_int_equal(want_reply(x, &x->api), 201);
	assert_true(named);
	stop(x);
}

/* A record of the moment in which the notary goes: before we know that, it is
 * lost on the way; it waits for the next notary all the same. */
void
test_record_of_lost_link(void **state)
{
	struct scene *x = *state;
	struct key k;
	char nonce[LIMIT_NONCE_SIZE];
	char *text = NULL;

	key_make(&k);
	start(x, NULL, 0, NULL);
	challenge(x, nonce);
	text = payload_of(x, VERB_TOKEN, nonce, "{}");
	/* in this order it finds both when it goes on */
	must(kill(x->proc.pid, SIGSTOP));
	send_payload(x, &k, VERB_TOKEN, text, 0);
	testlink_close(&x->notary);
	must(kill(x->proc.pid, SIGCONT));
	assert_int_equal(want_reply(x, &x->api), 401);
	proc_harness_link(&x->proc, &x->notary, PROC_NOTARY, 0);
	want_event(x, EV_API_DENIED);
	assert_true(has(x, "unknown-key"));
	free(text);
	EVP_PKEY_free(k.pkey);
	stop(x);
}

/* Who kills a session is on record before it is dead; without a log nothing
 * is changed, as the answer says. */
void
test_kill_is_recorded(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_fold_leg leg = {
	    .conn = 100, .seq = 6, .sid = "s-22222222"};
	struct testlink session;
	uint32_t rid;

	fold_grant(&g, x->one.pub.fp);
	memcpy(leg.grant, g.grant.id, sizeof(leg.grant));
	strcpy(leg.key_fp, x->one.pub.fp);
	start(x, &g, 1, &leg);
	proc_harness_link(&x->proc, &session, PROC_SESSION, 100);
	session.ipc.state = MST_LIVE;
	send_call(x, &x->admin, VERB_SESSION_KILL, "{\"sid\":\"s-22222222\"}");
	rid = hold_event(x, EV_SESSION_TERMINATE);
	assert_int_equal(testlink_next(&session, 0), 0);
	durable(x, rid);
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_int_equal(
	    ((const struct msg_ses_stop *)testlink_want(&session, MSG_SES_STOP))
		->reason,
	    END_KILLED);
	testlink_close(&session);
	stop(x);
}

static void
want_kill(struct scene *x, uint64_t conn)
{
	struct testlink supervisor = {.ipc = x->proc.control};

	supervisor.m.body = ipc_room();
	assert_non_null(supervisor.m.body);
	assert_int_equal(((const struct msg_sup_conn *)testlink_want(
			      &supervisor, MSG_SUP_KILL))
			     ->conn,
	    conn);
	x->proc.control = supervisor.ipc;
	ipc_room_free(supervisor.m.body);
}

/* A session that closes its line is killed, and one that has said its last word
 * and stays. */
void
test_last_word(void **state)
{
	struct scene *x = *state;
	const struct msg_ses_end end = {.reason = END_LOGOUT, .exit = -1};
	struct testlink session;

	start(x, NULL, 0, NULL);
	link_session(x, &session, 100);
	testlink_close(&session);
	want_kill(x, 100);
	link_session(x, &session, 101);
	testlink_send(&session, MSG_SES_END, &end);
	want_kill(x, 101);
	testlink_close(&session);
	stop(x);
}

/* Since when it runs, and from where, is what the log says, also to a broker
 * that was started meanwhile. */
void
test_start_is_the_logs(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_fold_leg leg = {.conn = 100,
	    .seq = 6,
	    .sid = "s-22222222",
	    .start_ms = INT64_C(1700000000000)};

	fold_grant(&g, x->one.pub.fp);
	memcpy(leg.grant, g.grant.id, sizeof(leg.grant));
	strcpy(leg.key_fp, x->one.pub.fp);
	must(addr_parse(&leg.client, "192.0.2.77"));
	start(x, &g, 1, &leg);
	assert_int_equal(admin_call(x, VERB_SESSIONS, EV_NONE, ""), 200);
	assert_true(has(x, "\"start\":\"2023-11-14T22:13:20"));
	assert_true(has(x, "\"source\":\"192.0.2.77\""));
	/* which is not known before its end, and not 0 */
	assert_true(has(x, "\"bytes_in\":null,\"bytes_out\":null"));
	stop(x);
}

void
test_kill_without_log(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_fold_leg leg = {
	    .conn = 100, .seq = 6, .sid = "s-22222222"};
	struct testlink session;

	fold_grant(&g, x->one.pub.fp);
	memcpy(leg.grant, g.grant.id, sizeof(leg.grant));
	strcpy(leg.key_fp, x->one.pub.fp);
	start(x, &g, 1, &leg);
	proc_harness_link(&x->proc, &session, PROC_SESSION, 100);
	session.ipc.state = MST_LIVE;
	testlink_close(&x->notary);
	send_call(x, &x->admin, VERB_SESSION_KILL, "{\"sid\":\"s-22222222\"}");
	assert_int_equal(want_reply(x, &x->admin), 503);
	assert_true(has(x, "nothing was changed"));
	assert_int_equal(testlink_next(&session, 0), 0);
	testlink_close(&session);
	stop(x);
}

/* A token that is not given is not in the log. */
void
test_tokens_full(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	for (int i = 0; i < 32; i++) {
		send_signed(x, &x->one, VERB_TOKEN, "{}");
		want_event(x, EV_TOKEN_CREATE);
		assert_int_equal(want_reply(x, &x->api), 201);
	}
	send_signed(x, &x->one, VERB_TOKEN, "{}");
	assert_int_equal(want_reply(x, &x->api), 429);
	assert_int_equal(testlink_next(&x->notary, 0), 0);
	stop(x);
}

/* Strangers' refusals are counted after some; what somebody known tried is on
 * record, each time. */
void
test_forbidden_is_recorded(void **state)
{
	struct scene *x = *state;
	struct key k;

	key_make(&k);
	start(x, NULL, 0, NULL);
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"admin\":false}"),
	    200);
	for (int i = 0; i < 40; i++) {
		send_signed(x, &k, VERB_TOKEN, "{}");
		assert_int_equal(want_reply(x, &x->api), 401);
	}
	while (testlink_next(&x->notary, 0))
		;
	send_signed(x, &x->one, VERB_REVOKE, "{\"grant\":\"g-22222222\"}");
	assert_int_equal(want_reply(x, &x->api), 403);
	want_event(x, EV_API_DENIED);
	assert_true(has(x, "\"by\":\"alice\""));
	assert_true(has(x, "grant.revoke"));
	EVP_PKEY_free(k.pkey);
	stop(x);
}
