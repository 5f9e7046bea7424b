/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a user signs to log in: this connection's session id, as the notary
 * knows it, and in the newer form the gateway's host key as well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "ssh/sshauth.h"
#include "ssh/sshkey.h"
#include "tests/unit/broker/brokerscene.h"
#include "wire/verbs.h"

static const uint8_t sid[] = "the exchange hash of this, whole.";
static const uint8_t other_sid[] = "the exchange hash of another one.";

static struct msg_ses_auth
sign(const struct key *k, const uint8_t *id, const struct key *host,
    uint8_t sig[static 64])
{
	struct msg_ses_auth m = {.rid = 1,
	    .user = "deploy@web-01",
	    .blob = {k->pub.blob, (uint32_t)k->pub.len},
	    .sk_flags = k->sk ? k->sk_flags : 0,
	    .sig = {sig, 64}};
	const struct sshauth a = {.sid = id,
	    .nsid = sizeof(sid),
	    .user = m.user,
	    .alg = k->pub.type,
	    .key = k->pub.blob,
	    .nkey = k->pub.len,
	    .host_key = host == NULL ? NULL : host->pub.blob,
	    .nhost_key = host == NULL ? 0 : host->pub.len};
	struct buf b;

	strcpy(m.alg, k->pub.type);
	buf_init(&b, 4096);
	sshauth_signed(&b, &a);
	assert_int_equal(buf_err(&b), 0);
	key_sign(sig, k, b.p, b.len);
	buf_done(&b);
	return m;
}

/* What the session hears then; nothing of a refusal. */
static struct msg_ses_auth_ok
comes(struct scene *x, uint64_t conn, const struct msg_ses_auth *m, bool in)
{
	struct msg_ses_auth_ok ok = {0};
	const void *told = NULL;
	const struct msg_nt_sid id = {.conn = conn, .sid = {sid, sizeof(sid)}};
	char nonce[LIMIT_NONCE_SIZE];
	struct testlink s;

	link_session(x, &s, conn);
	testlink_send(&x->notary, MSG_NT_SID, &id);
	challenge(x, nonce); /* answered: it has read that */
	testlink_send(&s, MSG_SES_AUTH, m);
	if (in)
		want_event(x, EV_AUTH_LOGIN);
	told = testlink_want(&s, in ? MSG_SES_AUTH_OK : MSG_SES_AUTH_NO);
	if (in)
		memcpy(&ok, told, sizeof(ok));
	testlink_close(&s);
	return ok;
}

void
test_host_bound(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_ses_auth m;
	struct key host, other;
	uint8_t sig[64];

	key_make(&host);
	key_make(&other);
	must(sshkey_format_line(x->conf.host_key, sizeof(x->conf.host_key),
	    host.pub.blob, host.pub.len));
	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	m = sign(&x->one, sid, NULL, sig);
	(void)comes(x, 101, &m, true);
	m = sign(&x->one, sid, &host, sig);
	(void)comes(x, 102, &m, true);
	/* made for another server, or for another connection */
	m = sign(&x->one, sid, &other, sig);
	(void)comes(x, 103, &m, false);
	m = sign(&x->one, other_sid, &host, sig);
	(void)comes(x, 104, &m, false);
	m = sign(&x->one, other_sid, NULL, sig);
	(void)comes(x, 105, &m, false);
	/* what stands there is not what was signed */
	m = sign(&x->one, sid, &host, sig);
	strcpy(m.user, "root@web-01");
	(void)comes(x, 106, &m, false);
	testlink_event(&x->notary, EV_AUTH_LOGIN_DENIED, 0, x->text, TEXT_MAX);
	assert_non_null(strstr(x->text, "\"target_id\":\"t-"));
	EVP_PKEY_free(host.pkey);
	EVP_PKEY_free(other.pkey);
	stop(x);
}

static void
store_commands(struct scene *x, const char *a, const char *b, char *digest)
{
	struct store *s = store_of(x);
	struct policy_role *roles = NULL;
	size_t n = 0;

	must(store_role_all(s, &roles, &n));
	assert_int_equal(n, 1);
	must(command_add(&roles->commands, a));
	must(command_add(&roles->commands, b));
	must(store_role_put(s, roles, 2));
	command_digest(digest, &roles->commands);
	free(roles);
	store_close(s);
}

/* A session hears which commands alone it may run. A grant that was opened for
 * others, or for anything, is none any more: not after a start, and not when
 * the role is changed. */
void
test_commands_of_a_session(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g[3];
	struct msg_ses_auth_ok ok;
	struct msg_ses_auth m;
	char digest[COMMAND_DIGEST_SIZE];
	uint8_t sig[64];

	store_commands(x, "uptime", "systemctl restart {name}", digest);
	for (size_t i = 0; i < ARRAY_LEN(g); i++) {
		fold_grant(&g[i], x->one.pub.fp);
		g[i].grant.caps = CAP_EXEC;
	}
	memcpy(g[0].grant.commands, digest, sizeof(digest));
	memset(g[1].grant.commands, 'a', sizeof(digest) - 1);
	start(x, g, ARRAY_LEN(g), NULL);
	want_close(x, g[2].grant.id, END_REVOKED);
	want_close(x, g[1].grant.id, END_REVOKED);
	m = sign(&x->one, sid, NULL, sig);
	ok = comes(x, 101, &m, true);
	assert_string_equal(ok.grant, g[0].grant.id);
	assert_int_equal(ok.caps, CAP_EXEC);
	assert_int_equal(ok.commands.n, 2);
	assert_string_equal(
	    ok.commands.command[0].text, "systemctl restart {name}");
	assert_string_equal(ok.commands.command[1].text, "uptime");
	send_call(x, &x->admin, VERB_ROLE_SET,
	    "{\"role\":\"ops\",\"users\":[\"alice\"],\"targets\":[\"web-01\"],"
	    "\"logins\":[\"deploy\"],\"commands\":[\"uptime\"],"
	    "\"record\":false}");
	want_event(x, EV_ROLE_SET);
	want_close(x, g[0].grant.id, END_REVOKED);
	assert_int_equal(want_reply(x, &x->admin), 200);
	stop(x);
}

/* What is on record of a grant, and asked of who may approve and explained to
 * who asks; and what is no list of commands. */
void
test_commands_of_a_request(void **state)
{
	struct scene *x = *state;
	const struct msg_nt_grant_open *m = NULL;
	struct msg_nt_grant_opened opened = {.seq = 50};
	struct msg_fw_opened fw = {0};
	char digest[COMMAND_DIGEST_SIZE];
	static const char role[] =
	    "{\"role\":\"no\",\"users\":[\"alice\"],"
	    "\"targets\":[\"web-01\"],\"logins\":[\"deploy\"],"
	    "\"commands\":[\"%s\"]%s}";
	char body[512];

	store_commands(x, "uptime", "systemctl restart {name}", digest);
	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	want_event(x, EV_REQUEST_CREATE);
	m = testlink_want(&x->notary, MSG_NT_GRANT_OPEN);
	assert_int_equal(m->grant.caps, CAP_EXEC);
	assert_string_equal(m->grant.commands, digest);
	assert_int_equal(m->commands.len, 32);
	assert_memory_equal(
	    m->commands.p, "systemctl restart {name}\nuptime\n", 32);
	opened.rid = m->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
	fw.rid = ((const struct msg_fw_open *)testlink_want(
		      &x->firewall, MSG_FW_OPEN))
		     ->rid;
	testlink_send(&x->firewall, MSG_FW_OPENED, &fw);
	assert_int_equal(want_reply(x, &x->api), 201);
	assert_true(
	    has(x, "\"commands\":[[\"systemctl restart {name}\",\"uptime\"]]"));
	(void)snprintf(body, sizeof(body), role, "uptime; id", "");
	send_call(x, &x->admin, VERB_ROLE_ADD, body);
	assert_int_equal(want_reply(x, &x->admin), 400);
	assert_true(has(x, "\"field\":\"commands\""));
	(void)snprintf(body, sizeof(body), role, "uptime", ",\"deny\":true");
	send_call(x, &x->admin, VERB_ROLE_ADD, body);
	assert_int_equal(want_reply(x, &x->admin), 400);
	assert_true(has(x, "\"field\":\"commands\""));
	stop(x);
}

/* Who may approve is shown the list, and approves it with all else. */
void
test_commands_are_approved(void **state)
{
	struct scene *x = *state;
	char digest[COMMAND_DIGEST_SIZE];
	struct store *s = NULL;
	struct policy_role *roles = NULL;
	struct msg_nt_mfa_burned burned = {.seq = 7};
	size_t n = 0;

	store_commands(x, "uptime", "systemctl restart {name}", digest);
	s = store_of(x);
	must(store_role_all(s, &roles, &n));
	must(quorum_add(&roles->approvals, "1 of sre"));
	must(store_role_put(s, roles, 3));
	free(roles);
	store_close(s);
	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	burned.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
			  &x->notary, MSG_NT_MFA_BURN))
			 ->rid;
	testlink_send(&x->notary, MSG_NT_MFA_BURNED, &burned);
	want_event(x, EV_REQUEST_PENDING);
	assert_true(
	    has(x, "\\\"commands\\\":[[\\\"systemctl restart {name}\\\","
		   "\\\"uptime\\\"]]"));
	stop(x);
}

/* ---- roles that want a security key */

/* The two keys are of one person: two becomes a security key. */
static void
store_hardware(struct scene *x, unsigned wanted)
{
	struct store *s = store_of(x);
	struct policy_role *roles = NULL;
	struct user *u = calloc(1, sizeof(*u));
	size_t n = 0;

	assert_non_null(u);
	key_make_sk(&x->two);
	must(store_user_get(s, "alice", u));
	u->keys[0] = x->one.pub;
	u->keys[1] = x->two.pub;
	u->nkeys = 2;
	must(store_user_put(s, u, 2));
	must(store_role_all(s, &roles, &n));
	roles->hardware = wanted;
	roles->max_s = x->conf.max_grant_s = 7200;
	must(store_role_put(s, roles, 3));
	free(roles);
	free(u);
	store_close(s);
}

/* Each login by its own signature, whatever the grant was asked for with; a
 * grant that was asked for with another kind of key is none any more. */
void
test_hardware_login(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g[2];
	struct msg_ses_auth m;
	uint8_t sig[64];
	char body[128];

	store_hardware(x, HARDWARE_VERIFIED);
	fold_grant(&g[0], x->two.pub.fp);
	fold_grant(&g[1], x->one.pub.fp);
	start(x, g, ARRAY_LEN(g), NULL);
	want_close(x, g[1].grant.id, END_REVOKED);
	x->two.sk_flags = 5;
	m = sign(&x->two, sid, NULL, sig);
	(void)comes(x, 101, &m, true);
	x->two.sk_flags = 1;
	m = sign(&x->two, sid, NULL, sig);
	(void)comes(x, 102, &m, false);
	m.sk_flags = 5; /* what is said beside the signature */
	(void)comes(x, 103, &m, false);
	m = sign(&x->one, sid, NULL, sig);
	(void)comes(x, 104, &m, false);
	/* nor is it made longer by another */
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\",\"for\":600}",
	    g[0].grant.id);
	fresh_code(x);
	send_signed(x, &x->one, VERB_EXTEND, body);
	want_event(x, EV_GRANT_EXTEND_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, "\"field\":\"hardware_key\""));
	stop(x);
}

void
test_hardware_request(void **state)
{
	static const struct {
		unsigned wanted;
		bool sk;
		uint8_t flags;
		unsigned event; /* REQUEST_CREATE: it is opened */
	} rows[] = {{HARDWARE_PRESENCE, false, 0, EV_REQUEST_DENIED},
	    {HARDWARE_PRESENCE, true, 1, EV_REQUEST_CREATE},
	    {HARDWARE_VERIFIED, true, 1, EV_REQUEST_DENIED},
	    {HARDWARE_VERIFIED, true, 5, EV_REQUEST_CREATE}};
	struct scene *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		store_hardware(x, rows[i].wanted);
		start(x, NULL, 0, NULL);
		fresh_code(x);
		x->two.sk_flags = rows[i].flags;
		send_signed(
		    x, rows[i].sk ? &x->two : &x->one, VERB_REQUEST, ask_web);
		want_event(x, rows[i].event);
		if (rows[i].event == EV_REQUEST_CREATE) {
			(void)testlink_want(&x->notary, MSG_NT_GRANT_OPEN);
		} else {
			assert_int_equal(want_reply(x, &x->api), 403);
			assert_true(has(x, "\"field\":\"hardware_key\""));
		}
		stop(x);
	}
}

/* Nor is what is open brought elsewhere by a touch, where more is wanted. */
void
test_hardware_move(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	char body[64];

	store_hardware(x, HARDWARE_VERIFIED);
	fold_grant(&g, x->two.pub.fp);
	must(addr_parse(&g.grant.source4, "198.18.0.9"));
	start(x, &g, 1, NULL);
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g.grant.id);
	fresh_code(x);
	x->two.sk_flags = 1;
	send_signed(x, &x->two, VERB_MOVE, body);
	want_event(x, EV_GRANT_MOVE_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, "\"field\":\"hardware_key\""));
	stop(x);
}

/* A machine logs in from its networks alone; that is what is said and written,
 * to whoever has its key. */
void
test_machine_login(void **state)
{
	static const struct {
		const char *source, *reason;
	} rows[] = {
	    {"192.0.2.0/28", "no_grant"}, {"203.0.113.0/24", "wrong_source"}};
	struct scene *x = *state;
	struct user *u = calloc(1, sizeof(*u));
	struct msg_ses_auth m;
	struct store *s = store_of(x);
	struct key k;
	uint8_t sig[64];

	assert_non_null(u);
	key_make(&k);
	name_set(u->name, "ci");
	(void)!store_id(s, STORE_USERS, u->name, u->id);
	u->state = USER_ACTIVE;
	u->kind = KIND_MACHINE;
	u->keys[u->nkeys++] = k.pub;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char part[64];

		u->sources.n = 0;
		must(prefix_list_add(&u->sources, rows[i].source));
		if (s == NULL)
			s = store_of(x);
		must(store_user_put(s, u, 1));
		store_close(s);
		s = NULL;
		start(x, NULL, 0, NULL);
		m = sign(&k, sid, NULL, sig);
		(void)comes(x, 101, &m, false);
		testlink_event(&x->notary, EV_AUTH_LOGIN_DENIED, 0, x->text,
		    sizeof(x->text));
		must(str_fmt(
		    part, sizeof(part), "\"reason\":\"%s\"", rows[i].reason));
		CHECK_ROW(has(x, part), rows[i].source);
		stop(x);
	}
	free(u);
	EVP_PKEY_free(k.pkey);
}
