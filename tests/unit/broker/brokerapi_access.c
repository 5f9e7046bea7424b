/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_access - who is let in and what is answered: challenges, refusals
 * that are repeated, the gateway's own doors and names, strangers.
 */
#include "tests/unit/broker/brokerscene.h"

#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "ssh/sshkey.h"
#include "wire/verbs.h"

/* ---- challenges */

/* A call that is let in (404: no such grant) or not (401), and changes
 * nothing. */
static unsigned
knock(struct scene *x, const struct key *k, const char *nonce)
{
	char *text =
	    payload_of(x, VERB_RELEASE, nonce, "{\"grant\":\"g-22222222\"}");

	send_payload(x, k, VERB_RELEASE, text, 0);
	free(text);
	return want_reply(x, &x->api);
}

void
test_challenge(void **state)
{
	enum { MANY = 700 };
	struct scene *x = *state;
	char(*nonce)[LIMIT_NONCE_SIZE] = calloc(MANY, sizeof(*nonce));
	char odd[LIMIT_NONCE_SIZE];

	assert_non_null(nonce);
	start(x, NULL, 0, NULL);
	/* one address takes many: each serves, and once; its neighbour's are
	 * served all the same */
	for (size_t i = 0; i < MANY; i++)
		challenge(x, nonce[i]);
	for (size_t i = 0; i < MANY - 2; i++)
		assert_int_equal(knock(x, &x->one, nonce[i]), 404);
	for (size_t i = 0; i < MANY - 2; i++) {
		assert_int_equal(knock(x, &x->two, nonce[i]), 401);
		assert_true(has(x, "stale-nonce"));
	}
	/* one digit wrong: of the serial, of the hash */
	for (unsigned at = 0; at < LIMIT_NONCE_SIZE - 1; at++) {
		strcpy(odd, nonce[MANY - 2]);
		odd[at] = odd[at] == '7' ? '8' : '7';
		assert_int_equal(knock(x, &x->one, odd), 401);
	}
	assert_int_equal(knock(x, &x->one, nonce[MANY - 2]), 404);
	stop(x);
	/* after a restart, unused as it is */
	start(x, NULL, 0, NULL);
	assert_int_equal(knock(x, &x->one, nonce[MANY - 1]), 401);
	stop(x);
	free(nonce);
}

/* Whose key nobody knows uses nothing up, until they have an invitation. */
void
test_challenge_of_stranger(void **state)
{
	struct scene *x = *state;
	struct key k;
	char nonce[LIMIT_NONCE_SIZE], body[128], code[64];
	const char *end;
	char *text = NULL;

	key_make(&k);
	start(x, NULL, 0, NULL);
	challenge(x, nonce);
	for (int i = 0; i < 2; i++) {
		text = payload_of(
		    x, VERB_ENROLL, nonce, "{\"invite\":\"NOSUCH\"}");
		send_payload(x, &k, VERB_ENROLL, text, 0);
		free(text);
		assert_int_equal(want_reply(x, &x->api), 401);
		assert_true(has(x, "invite-wrong"));
	}
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_USER_CREATE, "{\"user\":\"bob\"}"),
	    201);
	end = strstr(x->text, "\"invitation\":\"sp2:");
	assert_non_null(end);
	end = strchr(end + 14, '"');
	assert_non_null(end);
	(void)snprintf(code, sizeof(code), "%.20s", end - 20);
	(void)snprintf(body, sizeof(body), "{\"invite\":\"%s\"}", code);
	text = payload_of(x, VERB_ENROLL, nonce, body);
	send_payload(x, &k, VERB_ENROLL, text, 0);
	want_event(x, EV_USER_KEY);
	assert_false(has(x, code)); /* what is signed holds the invitation */
	assert_false(has(x, "\"payload\""));
	assert_int_equal(want_reply(x, &x->api), 200);
	send_payload(x, &k, VERB_ENROLL, text, 0);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "stale-nonce"));
	free(text);
	EVP_PKEY_free(k.pkey);
	stop(x);
}

/* ---- what is open already */

static unsigned
ask_once_more(struct scene *x, const char *body)
{
	send_signed(x, &x->one, VERB_REQUEST, body);
	return want_reply(x, &x->api);
}

/* The same thing is not opened again, nor is a code wanted or anything written;
 * what is more, or for another reason, is another grant (here: the code that
 * this wants). */
void
test_open_already(void **state)
{
	static const char with_all[] =
	    "{\"target\":\"web-01\",\"login\":\"deploy\",\"port\":22,"
	    "\"for\":300,\"reason\":\"INC-4711\"}";
	const char *const same[] = {ask_web, with_all};
	static const char *const other[] = {
	    "{\"target\":\"web-01\",\"for\":3600,\"reason\":\"INC-4711\"}",
	    "{\"target\":\"web-01\",\"for\":300,\"reason\":\"INC-4712\"}"};
	struct scene *x = *state;
	struct msg_nt_fold_grant g[2];

	fold_grant(&g[0], x->one.pub.fp);
	g[0].grant.end_ms -= 1800 * 1000;
	g[0].grant.end_boot_ms -= 1800 * 1000;
	fold_grant(&g[1], x->two.pub.fp); /* by another key */
	start(x, g, 2, NULL);
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		assert_int_equal(ask_once_more(x, same[i]), 200);
		assert_true(has(x, "\"already\":true"));
		assert_true(has(x, g[0].grant.id));
	}
	for (size_t i = 0; i < ARRAY_LEN(other); i++) {
		assert_int_equal(ask_once_more(x, other[i]), 401);
		assert_true(has(x, "code-needed"));
	}
	stop(x);
}

/* ---- repeats */

static unsigned
ask_for(struct scene *x, const char *target, unsigned event)
{
	char body[128];

	(void)snprintf(
	    body, sizeof(body), "{\"target\":\"%s\",\"reason\":\"x\"}", target);
	send_signed(x, &x->one, VERB_REQUEST, body);
	if (event != EV_NONE)
		want_event(x, event);
	return want_reply(x, &x->api);
}

/* A refusal is an answer: a repeat gets it, after a restart too, though the
 * same would pass now. What only asks for a code is none. */
void
test_refusals_are_kept(void **state)
{
	struct scene *x = *state;
	char line[256], body[1024];

	start(x, NULL, 0, NULL);
	strcpy(x->key, "refused-00000001");
	assert_int_equal(ask_for(x, "db-01", EV_REQUEST_DENIED), 403);
	assert_false(has(x, "\"repeated\""));
	key_line(line, &x->one);
	(void)snprintf(body, sizeof(body),
	    "{\"targets\":[{\"target\":\"db-01\",\"addresses\":[\"198.51.100."
	    "3\"],"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]}],"
	    "\"roles\":[{\"role\":\"dba\",\"users\":[\"alice\"],"
	    "\"targets\":[\"db-01\"],\"logins\":[\"deploy\"]}]}",
	    line);
	assert_int_equal(admin_call(x, VERB_APPLY, EV_POLICY_APPLY, body), 200);
	assert_int_equal(ask_for(x, "db-01", EV_NONE), 403);
	assert_true(has(x, "\"repeated\":true"));
	stop(x);
	start(x, NULL, 0, NULL);
	assert_int_equal(ask_for(x, "db-01", EV_NONE), 403);
	assert_true(has(x, "\"code\":\"denied\""));
	/* under another key it is decided; a code is asked for, twice */
	strcpy(x->key, "refused-00000002");
	assert_int_equal(ask_for(x, "db-01", EV_NONE), 401);
	assert_int_equal(ask_for(x, "db-01", EV_NONE), 401);
	assert_true(has(x, "code-needed"));
	assert_false(has(x, "\"repeated\""));
	stop(x);
}

/* So many for one user, and no more. */
void
test_refusals_are_bounded(void **state)
{
	enum { KEPT = 1000 };
	struct scene *x = *state;
	struct store *s = store_of(x);
	uint16_t status = 0;
	struct buf b;
	char key[32];

	must(store_begin(s));
	for (unsigned i = 1; i < KEPT; i++) {
		(void)snprintf(key, sizeof(key), "full-%u", i);
		must(store_answer_put(s, "alice", "grant.release", key, 404,
		    "{}", clock_now().utc_ms, 1));
	}
	must(store_commit(s));
	store_close(s);
	start(x, NULL, 0, NULL);
	for (unsigned i = 0; i < 2; i++) {
		(void)snprintf(x->key, sizeof(x->key), "last-00000000000%u", i);
		send_signed(
		    x, &x->one, VERB_RELEASE, "{\"grant\":\"g-22222222\"}");
		assert_int_equal(want_reply(x, &x->api), 404);
	}
	stop(x);
	s = store_of(x);
	buf_init(&b, 4096);
	must(store_answer_get(
	    s, "alice", "grant.release", "last-000000000000", &status, &b));
	assert_int_equal(store_answer_get(s, "alice", "grant.release",
			     "last-000000000001", &status, &b),
	    GW_ENOENT);
	store_close(s);
	buf_done(&b);
}

/* ---- the gateway's own doors */

/* An address of this host other than loopback, if there is one. */
static bool
find_own(char ret[static ADDR_TEXT_SIZE])
{
	struct ifaddrs *list = NULL;
	struct addr a;
	uint16_t port;
	bool found = false;

	must(getifaddrs(&list));
	for (const struct ifaddrs *i = list; i != NULL && !found;
	     i = i->ifa_next) {
		if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET ||
		    addr_from_sockaddr(&a, &port, i->ifa_addr) != 0 ||
		    addr_is_loopback(&a))
			continue;
		addr_format(ret, &a);
		found = true;
	}
	freeifaddrs(list);
	return found;
}

static unsigned
add_at(struct scene *x, const char *address, unsigned port, unsigned event)
{
	char line[256], body[1024];

	key_line(line, &x->one);
	(void)snprintf(body, sizeof(body),
	    "{\"target\":\"web-01\",\"addresses\":[\"%s\"],\"port\":%u,"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]}",
	    address, port, line);
	return admin_call(x, VERB_TARGET_SET, event, body);
}

/* What would shut the gateway's own doors is no target; what shuts another
 * port of its host says so. */
void
test_own_doors(void **state)
{
	static const char *const no_host[] = {"0.0.0.0", "127.0.0.1",
	    "169.254.1.1", "224.0.0.1", "255.255.255.255", "::", "::1",
	    "fe80::1", "ff02::1", "::ffff:127.0.0.1"};
	struct scene *x = *state;
	char own[ADDR_TEXT_SIZE], line[256], body[1024];

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(no_host); i++) {
		assert_int_equal(add_at(x, no_host[i], 22, EV_NONE), 400);
		assert_true(has(x, "\"field\":\"addresses\""));
	}
	/* another's port of that number may well be one */
	assert_int_equal(add_at(x, "198.51.100.9", 8443, EV_TARGET_SET), 200);
	assert_false(has(x, "\"warning\""));
	if (!find_own(own)) {
		stop(x);
		SKIP_TEST("needs an IPv4 address besides loopback");
	}
	assert_int_equal(add_at(x, own, 2222, EV_NONE), 400);
	assert_true(has(x, "gateway's own"));
	assert_int_equal(add_at(x, own, 8443, EV_NONE), 400);
	key_line(line, &x->one);
	(void)snprintf(body, sizeof(body),
	    "{\"targets\":[{\"target\":\"t\",\"addresses\":[\"%s\"],"
	    "\"port\":8443,\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]}]}",
	    own, line);
	assert_int_equal(admin_call(x, VERB_APPLY, EV_NONE, body), 400);
	assert_true(has(x, "entry 1: addresses: port 8443"));
	assert_int_equal(add_at(x, own, 22, EV_TARGET_SET), 200);
	assert_true(has(x, "\"warning\":\"this is an address of the gateway"));
	stop(x);
}

/* ---- names */

void
test_names_of_the_gateway(void **state)
{
	static const char *const rows[] = {
	    "local", "gateway", "policy", "recovery", "init", "Policy"};
	struct scene *x = *state;
	char body[64];

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)snprintf(
		    body, sizeof(body), "{\"user\":\"%s\"}", rows[i]);
		CHECK_ROW(admin_call(x, VERB_USER_ADD, EV_NONE, body) == 400,
		    rows[i]);
	}
	stop(x);
}

/* What a sink's other end says reaches a terminal as text. */
void
test_text_of_others(void **state)
{
	struct scene *x = *state;
	struct testlink shipper;
	struct msg_shp_status m = {.text = "\033[2Jgone\xff"};

	strcpy(m.sink, "siem");
	start(x, NULL, 0, NULL);
	proc_harness_link(&x->proc, &shipper, PROC_SHIPPER, 0);
	testlink_send(&shipper, MSG_SHP_STATUS, &m);
	do { /* two links: which is read first is open */
		send_call(x, &x->admin, VERB_READYZ, "");
		assert_int_equal(want_reply(x, &x->admin), 200);
	} while (!has(x, "siem"));
	assert_true(has(x, "\\\\x1b[2Jgone\\\\xff"));
	/* nor is it a stranger's business at all */
	send_call(x, &x->api, VERB_READYZ, "");
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "degraded"));
	assert_false(has(x, "siem"));
	assert_false(has(x, "gone"));
	testlink_close(&shipper);
	stop(x);
}

/* ---- at the door */

/* Whatever was ready to be read by the broker before is read after this. */
static void
settle(struct scene *x)
{
	for (int i = 0; i < 2; i++) {
		send_call(x, &x->admin, VERB_READYZ, "");
		(void)want_reply(x, &x->admin);
	}
}

static unsigned
denied_logins(struct scene *x)
{
	unsigned n = 0;

	settle(x);
	while (testlink_next(&x->notary, 0))
		if (x->notary.m.type == MSG_LOG_APPEND &&
		    ((const struct msg_log_append *)x->notary.m.body)->event ==
			EV_AUTH_LOGIN_DENIED)
			n++;
	return n;
}

/* The record of the connection that ends now. */
static void
end_of(struct scene *x, struct testlink *s, const struct msg_ses_end *m,
    char *ret, size_t size)
{
	if (m != NULL)
		testlink_send(s, MSG_SES_END, m);
	testlink_close(s);
	testlink_event(&x->notary, EV_AUTH_LOGIN_DENIED, 0, ret, size);
}

/* Each connection that ends without a login: once, why, by which name, with
 * which keys. */
void
test_no_login(void **state)
{
	struct scene *x = *state;
	struct msg_ses_auth m = {.rid = 1,
	    .query = 1,
	    .user = "deploy@web-01",
	    .alg = "ssh-ed25519",
	    .client_version = "SSH-2.0-Test"};
	struct msg_ses_end end = {.reason = END_LOGOUT, .exit = -1};
	char text[4096], want[256], fp[2][SSHKEY_FP_SIZE];
	struct testlink s;
	struct key k[2];

	start(x, NULL, 0, NULL);
	link_session(x, &s, 11);
	for (int i = 0; i < 2; i++) {
		key_make(&k[i]);
		sshkey_fingerprint(fp[i], k[i].pub.blob, k[i].pub.len);
	}
	for (int i = 0; i < 4; i++) {
		m.blob.p = k[i % 2].pub.blob;
		m.blob.len = (uint32_t)k[i % 2].pub.len;
		testlink_send(&s, MSG_SES_AUTH, &m);
		(void)testlink_want(&s, MSG_SES_AUTH_NO);
	}
	end_of(x, &s, &end, text, sizeof(text));
	assert_non_null(strstr(text, "\"reason\":\"unknown_key\""));
	assert_non_null(strstr(text, "\"tried\":\"deploy@web-01\""));
	assert_non_null(strstr(text, "\"conn\":11"));
	assert_non_null(strstr(text, "\"src\":\"" CLIENT "\""));
	assert_non_null(strstr(text, "\"client\":\"SSH-2.0-Test\""));
	(void)snprintf(want, sizeof(want), "\"keys\":\"%s %s\"", fp[0], fp[1]);
	assert_non_null(strstr(text, want));
	assert_int_equal(denied_logins(x), 0);

	link_session(x, &s, 12); /* a name, no key */
	end.tried.p = (const uint8_t *)"ro\xffot";
	end.tried.len = 5;
	strcpy(end.client_version, "SSH-2.0-Scan");
	strcpy(end.text, "sallyport: no login within 30 seconds");
	end_of(x, &s, &end, text, sizeof(text));
	assert_non_null(strstr(text, "\"reason\":\"no_key\""));
	assert_non_null(strstr(text, "\"tried\":\"ro\xef\xbf\xbdot\""));
	assert_non_null(strstr(text, "\"tried_b64\":\"cm//b3Q=\""));
	assert_non_null(strstr(text, "\"client\":\"SSH-2.0-Scan\""));
	assert_non_null(strstr(text, "within 30 seconds"));

	link_session(x, &s, 13); /* nothing at all */
	end.tried.len = 0;
	end_of(x, &s, &end, text, sizeof(text));
	assert_non_null(strstr(text, "\"reason\":\"no_login\""));

	link_session(x, &s, 16); /* not even a version: somebody knocked */
	end.client_version[0] = '\0';
	end_of(x, &s, &end, text, sizeof(text));
	assert_non_null(strstr(text, "\"reason\":\"no_version\""));

	link_session(x, &s, 14); /* killed */
	end_of(x, &s, NULL, text, sizeof(text));
	assert_non_null(strstr(text, "\"reason\":\"session_gone\""));

	link_session(x, &s, 15); /* in, by the broker before us */
	end.logged_in = 1;
	testlink_send(&s, MSG_SES_END, &end);
	testlink_close(&s);
	assert_int_equal(denied_logins(x), 0);
	EVP_PKEY_free(k[0].pkey);
	EVP_PKEY_free(k[1].pkey);
	stop(x);
}

/* Keys that nobody has, from one address, hundreds of them: on record, but not
 * each. */
void
test_strangers_at_the_door(void **state)
{
	struct scene *x = *state;
	struct msg_ses_auth m = {
	    .rid = 1, .user = "deploy@web-01", .alg = "ssh-ed25519"};
	struct testlink s;
	struct key k;
	unsigned tries = 0;

	key_make(&k);
	m.blob.p = k.pub.blob;
	m.blob.len = (uint32_t)k.pub.len;
	m.sig.p = (const uint8_t *)"x";
	m.sig.len = 1;
	start(x, NULL, 0, NULL);
	for (uint64_t conn = 1; conn <= 40; conn++) {
		link_session(x, &s, conn);
		for (int i = 0; i < 6; i++, tries++) {
			testlink_send(&s, MSG_SES_AUTH, &m);
			(void)testlink_want(&s, MSG_SES_AUTH_NO);
		}
		testlink_close(&s);
	}
	assert_int_equal(tries, 240);
	assert_int_equal(denied_logins(x), 30);
	EVP_PKEY_free(k.pkey);
	stop(x);
}

/* ---- lists */

/* What roles give to somebody, though they may see more; a guess is of it. */
void
test_mine(void **state)
{
	struct scene *x = *state;
	struct store *s = store_of(x);
	struct msg_api_call m = {
	    .verb = VERB_TARGETS, .loginuid = -1, .pid = -1};
	const char *token = NULL;

	store_target(s, "db-01");
	store_close(s);
	start(x, NULL, 0, NULL);
	send_signed(x, &x->one, VERB_TOKEN, "{}");
	want_event(x, EV_TOKEN_CREATE);
	assert_int_equal(want_reply(x, &x->api), 201);
	token = strstr(x->text, "\"token\":\"");
	assert_non_null(token);
	token += strlen("\"token\":\"");
	must(str_fmt(m.token, sizeof(m.token), "%.*s",
	    (int)strcspn(token, "\""), token));
	must(addr_parse(&m.peer, CLIENT));
	for (int mine = 0; mine <= 1; mine++) {
		m.rid = ++x->rid;
		m.uid = -1;
		m.query.p = (const uint8_t *)(mine ? "mine=1" : "mine=0");
		m.query.len = 6;
		testlink_send(&x->api, MSG_API_CALL, &m);
		assert_int_equal(want_reply(x, &x->api), 200);
		assert_true(has(x, "\"web-01\""));
		assert_int_equal(has(x, "\"db-01\""), mine == 0);
	}
	m.rid = ++x->rid;
	m.query.p = (const uint8_t *)"mine=x";
	testlink_send(&x->api, MSG_API_CALL, &m);
	assert_int_equal(want_reply(x, &x->api), 400);
	stop(x);
}
