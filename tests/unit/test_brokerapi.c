/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi: the broker's verbs, with the test in the place of API, admin
 * socket, notary and firewall, so that each order of events can be had: what
 * two people decide in one moment, what is taken away while a grant is being
 * opened, what a limit refuses, what a challenge is worth.
 */
#include "tests/unit/test.h"

#include <ifaddrs.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/safefile.h"
#include "base/str.h"
#include "broker/store.h"
#include "core/event.h"
#include "sys/seal.h"
#include "sys/sshkey.h"
#include "sys/totp.h"
#include "tests/unit/roleproc.h"
#include "wire/signed.h"
#include "wire/verbs.h"

enum { TEXT_MAX = 256 * 1024 };

static const char client[] = "192.0.2.7";

struct key { /* an Ed25519 key and what the store knows of it */
	EVP_PKEY *pkey;
	struct user_key pub;
};

struct scene {
	char dir[64];
	struct conf conf;
	struct secret seal, seed;
	struct key one,
	    two; /* alice's; two is in the store where a test says */
	struct roleproc proc;
	struct rolelink notary, firewall, api, admin;
	uint32_t rid;
	uint64_t seq;
	char code[TOTP_DIGITS + 1]; /* sent with the next signed call */
	char key[64];               /* its idempotency key; "" = a new one */
	char text[TEXT_MAX];        /* of the last reply, or event */
};

static void
must(int r)
{
	assert_int_equal(r, 0);
}

/* ---- the scene */

static void
key_make(struct key *k)
{
	struct buf b;
	uint8_t pub[32];
	size_t n = sizeof(pub);

	k->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_non_null(k->pkey);
	assert_int_equal(EVP_PKEY_get_raw_public_key(k->pkey, pub, &n), 1);
	buf_init(&b, 256);
	buf_cstring(&b, "ssh-ed25519");
	buf_string(&b, pub, n);
	memcpy(k->pub.blob, b.p, b.len);
	k->pub.len = b.len;
	sshkey_fingerprint(k->pub.fp, b.p, b.len);
	strcpy(k->pub.type, "ssh-ed25519");
	buf_done(&b);
}

static void
key_line(char ret[static 256], const struct key *k)
{
	must(sshkey_format_line(ret, 256, k->pub.blob, k->pub.len));
}

static void
store_target(struct store *s, const char *name)
{
	struct target *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	name_set(t->name, name);
	must(addr_parse(&t->addr4, "198.51.100.1"));
	t->port = 22;
	t->reach = REACH_PROXY;
	must(name_list_add(&t->logins, "deploy"));
	must(target_add_key(t, (const uint8_t *)"\0\0\0\1x", 5));
	must(store_target_put(s, t, 1));
	free(t);
}

static void
store_role(struct store *s, const char *name)
{
	struct policy_role *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	name_set(r->name, name);
	must(name_list_add(&r->users, "alice"));
	must(name_list_add(&r->targets, "web-01"));
	must(name_list_add(&r->logins, "deploy"));
	r->ports[r->nports++] = 22;
	r->max_s = 3600;
	r->mfa_age_s = 300;
	r->caps = CAP_DEFAULT;
	must(store_role_put(s, r, 1));
	free(r);
}

static void
store_alice(struct scene *x, struct store *s)
{
	struct user *u = calloc(1, sizeof(*u));
	struct buf b;

	assert_non_null(u);
	buf_init(&b, STORE_SEALED_MAX);
	name_set(u->name, "alice");
	u->state = USER_ACTIVE;
	u->admin = true;
	u->keys[u->nkeys++] = x->one.pub;
	u->keys[u->nkeys++] = x->two.pub;
	must(seal_close(&b, &x->seal, &x->seed, "alice"));
	memcpy(u->totp.p, b.p, b.len);
	u->totp.len = b.len;
	must(store_user_put(s, u, 1));
	buf_done(&b);
	free(u);
}

static struct store *
store_of(const struct scene *x)
{
	struct store *s = NULL;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/broker/store.db", x->dir);
	must(store_open(&s, path));
	return s;
}

static int
setup(void **state)
{
	struct scene *x = calloc(1, sizeof(*x));
	struct store *s = NULL;
	char path[128];

	assert_non_null(x);
	*state = x;
	must(totp_init());
	strcpy(x->dir, "/tmp/sallyport-ba.XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	strcpy(x->conf.server_id, "gw-test");
	strcpy(x->conf.host, "gateway");
	strcpy(x->conf.state_dir, x->dir);
	memset(x->conf.tls_spki, '0', 64);
	x->conf.max_grant_s = 3600;
	x->conf.mfa_age_s = 300;
	x->conf.ssh[0].port = 2222;
	x->conf.api[0].port = 8443;
	(void)snprintf(path, sizeof(path), "%s/broker", x->dir);
	must(mkdir(path, 0700));
	(void)snprintf(path, sizeof(path), "%s/broker/seal.key", x->dir);
	must(secret_random(&x->seal, SEAL_KEY_SIZE));
	must(secret_random(&x->seed, TOTP_SEED_SIZE));
	must(safefile_write(
	    path, x->seal.p, x->seal.len, 0600, (uid_t)-1, (gid_t)-1));
	key_make(&x->one);
	key_make(&x->two);
	s = store_of(x);
	store_alice(x, s);
	store_target(s, "web-01");
	store_role(s, "ops");
	store_close(s);
	x->seq = 100;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *x = *state;
	char cmd[128];

	(void)snprintf(cmd, sizeof(cmd), "rm -r %s", x->dir);
	EVP_PKEY_free(x->one.pkey);
	EVP_PKEY_free(x->two.pkey);
	secret_free(&x->seal);
	secret_free(&x->seed);
	free(x);
	return system(cmd);
}

/* Link and fold; grants are what the log has, each by its key. */
static void
start(struct scene *x, const struct msg_nt_fold_grant *grants, size_t n,
    const struct msg_nt_fold_leg *leg)
{
	struct msg_fw_synced synced = {0};
	struct msg_nt_fold_end end = {.seq = x->seq};
	uint32_t rid;

	roleproc_start(&x->proc, PROC_BROKER, "sallyport-broker", "", &x->conf);
	roleproc_link(&x->proc, &x->notary, PROC_NOTARY, 0);
	roleproc_link(&x->proc, &x->firewall, PROC_FIREWALL, 0);
	rid = ((const struct msg_nt_fold_get *)rolelink_want(
		   &x->notary, MSG_NT_FOLD_GET))
		  ->rid;
	for (size_t i = 0; i < n; i++) {
		struct msg_nt_fold_grant g = grants[i];

		g.rid = rid;
		rolelink_send(&x->notary, MSG_NT_FOLD_GRANT, &g);
	}
	if (leg != NULL) {
		struct msg_nt_fold_leg l = *leg;

		l.rid = rid;
		rolelink_send(&x->notary, MSG_NT_FOLD_LEG, &l);
	}
	end.rid = rid;
	end.time_ms = clock_now().utc_ms;
	rolelink_send(&x->notary, MSG_NT_FOLD_END, &end);
	do /* one FW_PROTECT for each target comes before */
		assert_int_equal(rolelink_next(&x->firewall, 10000), 1);
	while (x->firewall.m.type != MSG_FW_SYNC_END);
	synced.rid = ((const struct msg_fw_sync *)x->firewall.m.body)->rid;
	rolelink_send(&x->firewall, MSG_FW_SYNCED, &synced);
	roleproc_ready(&x->proc);
	roleproc_link(&x->proc, &x->api, PROC_API, 0);
	roleproc_link(&x->proc, &x->admin, PROC_ADMIN, 0);
}

static void
stop(struct scene *x)
{
	rolelink_close(&x->notary);
	rolelink_close(&x->firewall);
	rolelink_close(&x->api);
	rolelink_close(&x->admin);
	must(roleproc_stop(&x->proc));
}

/* A client's connection, from where all of them come. */
static void
link_session(struct scene *x, struct rolelink *ret, uint64_t conn)
{
	struct msg_sup_link m = {.proc = PROC_SESSION, .conn = conn};
	int pair[2];

	must(addr_parse(&m.peer, client));
	must(ipc_pair(pair));
	roleproc_fd(&x->proc, MSG_SUP_LINK, &m, pair[1]);
	(void)close(pair[1]);
	memset(ret, 0, sizeof(*ret));
	ipc_init(&ret->ipc, pair[0], PROC_SESSION, x->proc.proc);
	ret->ipc.state = MST_NEW;
	ret->m.body = calloc(1, msg_size_max());
	assert_non_null(ret->m.body);
}

/* ---- calls */

static void
send_call(struct scene *x, struct rolelink *l, unsigned verb, const char *body)
{
	struct msg_api_call m = {.rid = ++x->rid,
	    .verb = (uint16_t)verb,
	    .uid = -1,
	    .loginuid = -1,
	    .pid = -1};

	if (l == &x->admin)
		m.uid = 0;
	else
		must(addr_parse(&m.peer, client));
	m.body.p = (const uint8_t *)body;
	m.body.len = (uint32_t)strlen(body);
	rolelink_send(l, MSG_API_CALL, &m);
}

/* The status of the next answer; its body in x->text. */
static unsigned
want_reply(struct scene *x, struct rolelink *l)
{
	const struct msg_api_reply *m = rolelink_want(l, MSG_API_REPLY);

	assert_true(m->body.len < TEXT_MAX);
	memcpy(x->text, m->body.p, m->body.len);
	x->text[m->body.len] = '\0';
	return m->status;
}

/* An event, answered as durable. */
static void
want_event(struct scene *x, unsigned event)
{
	rolelink_event(&x->notary, event, ++x->seq, x->text, sizeof(x->text));
}

/* As root: the answer to a call that writes this event. */
static unsigned
admin_call(struct scene *x, unsigned verb, unsigned event, const char *body)
{
	send_call(x, &x->admin, verb, body);
	if (event != EV_NONE)
		want_event(x, event);
	return want_reply(x, &x->admin);
}

static bool
has(const struct scene *x, const char *s)
{
	return strstr(x->text, s) != NULL;
}

static void
challenge(struct scene *x, char ret[static LIMIT_NONCE_SIZE])
{
	const char *at;

	send_call(x, &x->api, VERB_CHALLENGE, "{}");
	assert_int_equal(want_reply(x, &x->api), 200);
	at = strstr(x->text, "\"nonce\":\"");
	assert_non_null(at);
	memcpy(ret, at + 9, LIMIT_NONCE_SIZE - 1);
	ret[LIMIT_NONCE_SIZE - 1] = '\0';
}

/* PROTOCOL.sshsig, by our own hand. */
static void
sign(struct buf *armor, const struct key *k, const void *p, size_t n)
{
	uint8_t hash[SHA512_DIGEST_LENGTH], sig[64];
	size_t nsig = sizeof(sig), n64;
	struct buf data, out;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	char *b64 = NULL;

	buf_init(&data, 1024);
	buf_init(&out, 4096);
	(void)SHA512(p, n, hash);
	buf_put(&data, "SSHSIG", 6);
	buf_cstring(&data, SIGNED_NAMESPACE);
	buf_cstring(&data, "");
	buf_cstring(&data, "sha512");
	buf_string(&data, hash, sizeof(hash));
	assert_non_null(ctx);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &nsig, data.p, data.len), 1);
	EVP_MD_CTX_free(ctx);
	buf_reset(&data);
	buf_cstring(&data, "ssh-ed25519");
	buf_string(&data, sig, nsig);
	buf_put(&out, "SSHSIG", 6);
	buf_u32(&out, 1);
	buf_string(&out, k->pub.blob, k->pub.len);
	buf_cstring(&out, SIGNED_NAMESPACE);
	buf_cstring(&out, "");
	buf_cstring(&out, "sha512");
	buf_string(&out, data.p, data.len);
	b64 = calloc(1, str_b64_size(out.len));
	assert_non_null(b64);
	str_b64(b64, out.p, out.len);
	buf_printf(armor, "-----BEGIN SSH SIGNATURE-----\\n");
	n64 = strlen(b64);
	for (size_t i = 0; i < n64; i += 70)
		buf_printf(armor, "%.70s\\n", b64 + i);
	buf_printf(armor, "-----END SSH SIGNATURE-----\\n");
	must(buf_err(armor));
	free(b64);
	buf_done(&data);
	buf_done(&out);
}

/* pad: so many line feeds after the payload's own text. */
static void
send_payload(struct scene *x, const struct key *k, unsigned verb, char *payload,
    size_t pad)
{
	const size_t n = strlen(payload) + pad;
	char *text = malloc(n + 1);
	char *b64 = calloc(1, str_b64_size(n));
	struct buf env;

	assert_non_null(text);
	assert_non_null(b64);
	memset(text, '\n', n);
	memcpy(text, payload, strlen(payload));
	buf_init(&env, TEXT_MAX);
	str_b64(b64, (const uint8_t *)text, n);
	buf_printf(&env, "{\"payload\":\"%s\",\"signature\":\"", b64);
	sign(&env, k, text, n);
	buf_printf(&env, "\"");
	if (x->code[0] != '\0')
		buf_printf(
		    &env, ",\"code\":\"%s\",\"salt\":\"%032d\"", x->code, 0);
	buf_printf(&env, "}");
	buf_u8(&env, 0);
	must(buf_err(&env));
	send_call(x, &x->api, verb, (const char *)env.p);
	buf_done(&env);
	free(text);
	free(b64);
}

static char *
payload_of(struct scene *x, unsigned verb, const char *nonce, const char *body)
{
	struct signed_request s = {
	    .time_ms = clock_now().utc_ms, .nsources = 1};
	uint8_t salted[16 + TOTP_DIGITS] = {0}, hash[SHA256_DIGEST_LENGTH];
	char *text = NULL;

	strcpy(s.verb, verb_get(verb)->name);
	strcpy(s.server, x->conf.server_id);
	strcpy(s.tls, x->conf.tls_spki);
	must(addr_parse(&s.source[0].addr, client));
	strcpy(s.source[0].nonce, nonce);
	(void)snprintf(s.idempotency, sizeof(s.idempotency), "test-%016u",
	    (unsigned)++x->rid);
	if (x->key[0] != '\0')
		strcpy(s.idempotency, x->key);
	if (x->code[0] != '\0') {
		memcpy(salted + 16, x->code, TOTP_DIGITS);
		(void)SHA256(salted, sizeof(salted), hash);
		str_hex(s.commit, hash, sizeof(hash));
	}
	s.body = json_loads(body, 0, NULL);
	assert_non_null(s.body);
	must(signed_build(&text, &s));
	json_decref(s.body);
	return text;
}

static void
send_signed(
    struct scene *x, const struct key *k, unsigned verb, const char *body)
{
	char nonce[LIMIT_NONCE_SIZE];
	char *text = NULL;

	challenge(x, nonce);
	text = payload_of(x, verb, nonce, body);
	send_payload(x, k, verb, text, 0);
	free(text);
}

static void
fresh_code(struct scene *x)
{
	must(totp_code(
	    x->code, &x->seed, clock_now().utc_ms / 1000 / TOTP_STEP_S));
}

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

static void
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

/* Whose key nobody knows uses nothing up, until he has an invitation. */
static void
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
	end = strstr(x->text, "\"invitation\":\"sp1:");
	assert_non_null(end);
	end = strchr(end + 14, '"');
	assert_non_null(end);
	(void)snprintf(code, sizeof(code), "%.20s", end - 20);
	(void)snprintf(body, sizeof(body), "{\"invite\":\"%s\"}", code);
	text = payload_of(x, VERB_ENROLL, nonce, body);
	send_payload(x, &k, VERB_ENROLL, text, 0);
	want_event(x, EV_USER_KEY);
	assert_int_equal(want_reply(x, &x->api), 200);
	send_payload(x, &k, VERB_ENROLL, text, 0);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "stale-nonce"));
	free(text);
	EVP_PKEY_free(k.pkey);
	stop(x);
}

/* ---- limits */

static void
test_limits(void **state)
{
	struct scene *x = *state;
	struct store *s = store_of(x);
	struct user *u = calloc(1, sizeof(*u));
	struct user *got = calloc(1, sizeof(*got));
	char key[256], body[1024];

	assert_non_null(u);
	assert_non_null(got);
	must(store_begin(s));
	for (unsigned i = 1; i < LIMIT_USERS; i++) {
		(void)snprintf(u->name, sizeof(u->name), "u%u", i);
		u->state = USER_DISABLED;
		must(store_user_put(s, u, 1));
	}
	for (unsigned i = 1; i < LIMIT_TARGETS; i++) {
		(void)snprintf(u->name, sizeof(u->name), "t%u", i);
		store_target(s, u->name);
	}
	for (unsigned i = 1; i < LIMIT_ROLES; i++) {
		(void)snprintf(u->name, sizeof(u->name), "r%u", i);
		store_role(s, u->name);
	}
	must(store_commit(s));
	store_close(s);
	start(x, NULL, 0, NULL);
	/* one more of each is refused, and nothing is written about it */
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_NONE, "{\"user\":\"bob\"}"), 409);
	assert_true(has(x, "\"code\":\"full\""));
	assert_true(has(x, "at most 10000"));
	key_line(key, &x->one);
	(void)snprintf(body, sizeof(body),
	    "{\"target\":\"web-02\",\"addresses\":[\"198.51.100.2\"],"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]}",
	    key);
	assert_int_equal(admin_call(x, VERB_TARGET_ADD, EV_NONE, body), 409);
	assert_true(has(x, "target rm"));
	assert_int_equal(
	    admin_call(x, VERB_ROLE_SET, EV_NONE,
		"{\"role\":\"more\",\"users\":[\"alice\"],\"targets\":"
		"[\"web-01\"],\"logins\":[\"deploy\"]}"),
	    409);
	assert_true(has(x, "role rm"));
	assert_int_equal(admin_call(x, VERB_APPLY, EV_NONE,
			     "{\"users\":[{\"user\":\"bob\"}]}"),
	    409);
	assert_int_equal(admin_call(x, VERB_APPLY, EV_NONE,
			     "{\"dry_run\":true,\"roles\":[{\"role\":\"more\","
			     "\"users\":[\"alice\"],\"targets\":[\"web-01\"],"
			     "\"logins\":[\"deploy\"]}]}"),
	    409);
	/* what is there can be changed, and what goes makes room */
	assert_int_equal(admin_call(x, VERB_USER_ADD, EV_USER_UPDATE,
			     "{\"user\":\"u1\",\"groups\":[\"ops\"]}"),
	    201);
	assert_int_equal(admin_call(x, VERB_ROLE_REMOVE, EV_ROLE_REMOVE,
			     "{\"role\":\"r1\"}"),
	    200);
	assert_int_equal(
	    admin_call(x, VERB_ROLE_SET, EV_ROLE_SET,
		"{\"role\":\"more\",\"users\":[\"alice\"],\"targets\":"
		"[\"web-01\"],\"logins\":[\"deploy\"]}"),
	    201);
	stop(x);
	free(u);
	free(got);
}

/* ---- two in one moment */

/* The rid of the next record of this event, which waits for its answer. */
static uint32_t
hold_event(struct scene *x, unsigned event)
{
	for (;;) {
		const struct msg_log_append *m =
		    rolelink_want(&x->notary, MSG_LOG_APPEND);

		if (m->event == event)
			return m->rid;
	}
}

static void
durable(struct scene *x, uint32_t rid)
{
	struct msg_log_durable d = {.rid = rid, .seq = ++x->seq};

	rolelink_send(&x->notary, MSG_LOG_DURABLE, &d);
}

static void
get_user(struct scene *x, struct user *u, const char *name)
{
	struct store *s = NULL;

	stop(x); /* the store has one owner at a time */
	s = store_of(x);
	must(store_user_get(s, name, u));
	store_close(s);
}

static void
test_apply_loses_nothing(void **state)
{
	struct scene *x = *state;
	struct user *u = calloc(1, sizeof(*u));
	uint32_t first, second;

	assert_non_null(u);
	start(x, NULL, 0, NULL);
	send_call(x, &x->admin, VERB_USER_ADD,
	    "{\"user\":\"alice\",\"state\":\"disabled\",\"auditor\":true}");
	first = hold_event(x, EV_USER_UPDATE);
	send_call(x, &x->admin, VERB_APPLY,
	    "{\"users\":[{\"user\":\"alice\",\"groups\":[\"dba\"]}]}");
	second = hold_event(x, EV_POLICY_APPLY);
	durable(x, first);
	assert_int_equal(want_reply(x, &x->admin), 201);
	durable(x, second);
	assert_int_equal(want_reply(x, &x->admin), 200);
	get_user(x, u, "alice");
	assert_true(u->auditor);
	assert_int_equal(u->state, USER_DISABLED);
	assert_true(name_list_has(&u->groups, "dba"));
	free(u);
}

/* Who is invited by a document is on record as who is invited alone. */
static void
test_apply_invites(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	send_call(x, &x->admin, VERB_APPLY,
	    "{\"users\":[{\"user\":\"alice\",\"auditor\":true},"
	    "{\"user\":\"bob\"}]}");
	want_event(x, EV_POLICY_APPLY);
	want_event(x, EV_INVITE_CREATE);
	assert_true(has(x, "\"user\":\"bob\""));
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, "\"invitations\":{\"bob\":\"sp1:"));
	stop(x);
}

/* What was signed stands in the record of the change, once. */
static void
test_signed_once(void **state)
{
	struct scene *x = *state;
	struct msg_nt_mfa_burned ok = {.seq = 7};

	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_APPLY, "{\"users\":[{\"user\":\"bob\"}]}");
	ok.rid = ((const struct msg_nt_mfa_burn *)rolelink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	rolelink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
	want_event(x, EV_POLICY_APPLY);
	assert_true(has(x, ",\"payload\":"));
	assert_true(has(x, ",\"signature\":"));
	want_event(x, EV_INVITE_CREATE);
	assert_true(has(x, x->one.pub.fp));
	assert_false(has(x, ",\"payload\":"));
	assert_int_equal(want_reply(x, &x->api), 200);
	stop(x);
}

/* A key that went to another meanwhile: all of the document or nothing. */
static void
test_apply_conflict(void **state)
{
	struct scene *x = *state;
	struct user *u = calloc(1, sizeof(*u));
	struct key k;
	char line[256], body[1024];
	uint32_t first, second;

	assert_non_null(u);
	key_make(&k);
	key_line(line, &k);
	start(x, NULL, 0, NULL);
	(void)snprintf(
	    body, sizeof(body), "{\"user\":\"bob\",\"keys\":[\"%s\"]}", line);
	send_call(x, &x->admin, VERB_USER_ADD, body);
	first = hold_event(x, EV_USER_CREATE);
	(void)snprintf(body, sizeof(body),
	    "{\"users\":[{\"user\":\"alice\",\"groups\":[\"dba\"]},"
	    "{\"user\":\"carol\",\"keys\":[\"%s\"]}]}",
	    line);
	send_call(x, &x->admin, VERB_APPLY, body);
	second = hold_event(x, EV_POLICY_APPLY);
	durable(x, first);
	assert_int_equal(want_reply(x, &x->admin), 201);
	durable(x, second);
	assert_int_equal(want_reply(x, &x->admin), 409);
	get_user(x, u, "alice");
	assert_int_equal(u->groups.n, 0);
	EVP_PKEY_free(k.pkey);
	free(u);
}

/* An admin's order whose code is being written down while he is demoted. */
static void
test_demoted_meanwhile(void **state)
{
	struct scene *x = *state;
	struct msg_nt_mfa_burned ok = {.seq = 7};

	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_ROLE_REMOVE, "{\"role\":\"ops\"}");
	ok.rid = ((const struct msg_nt_mfa_burn *)rolelink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	assert_int_equal(admin_call(x, VERB_USER_ADD, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"admin\":false}"),
	    201);
	rolelink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, "forbidden"));
	stop(x);
}

/* ---- what is taken away while a grant is being opened */

static const char ask_web[] =
    "{\"target\":\"web-01\",\"for\":300,\"reason\":\"INC-4711\"}";

static void
want_close(struct scene *x, const char *id, enum end_reason reason)
{
	const struct msg_nt_close *m =
	    rolelink_want(&x->notary, MSG_NT_GRANT_CLOSE);

	assert_string_equal(m->id, id);
	assert_string_equal(
	    end_reason_str((enum end_reason)m->reason), end_reason_str(reason));
}

enum moment { AT_LOG, AT_FIREWALL };

/* Takes away by body while the request is at that process. */
static void
race(struct scene *x, enum moment when, unsigned verb, unsigned event,
    const char *body, enum end_reason reason)
{
	struct msg_nt_grant_opened opened = {.seq = 50};
	struct msg_fw_opened fw = {0};
	char id[LIMIT_ID_SIZE];
	const struct msg_nt_grant_open *m;

	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	m = rolelink_want(&x->notary, MSG_NT_GRANT_OPEN);
	opened.rid = m->rid;
	assert_string_equal(m->key_fp, x->one.pub.fp);
	memcpy(id, m->grant.id, sizeof(id));
	if (when == AT_FIREWALL) {
		rolelink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
		fw.rid = ((const struct msg_fw_open *)rolelink_want(
			      &x->firewall, MSG_FW_OPEN))
			     ->rid;
	}
	assert_true(admin_call(x, verb, event, body) < 300);
	if (when == AT_FIREWALL)
		rolelink_send(&x->firewall, MSG_FW_OPENED, &fw);
	else
		rolelink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
	want_close(x, id, reason);
	assert_int_equal(want_reply(x, &x->api), 403);
	stop(x);
}

static void
test_taken_away_meanwhile(void **state)
{
	struct scene *x = *state;
	struct store *s = NULL;
	char line[256], body[1024];

	race(x, AT_FIREWALL, VERB_ROLE_REMOVE, EV_ROLE_REMOVE,
	    "{\"role\":\"ops\"}", END_REVOKED);
	s = store_of(x); /* the role comes back for the next */
	store_role(s, "ops");
	store_close(s);
	key_line(line, &x->two);
	(void)snprintf(
	    body, sizeof(body), "{\"user\":\"alice\",\"keys\":[\"%s\"]}", line);
	race(x, AT_LOG, VERB_USER_ADD, EV_USER_UPDATE, body, END_REVOKED);
}

static void
test_disabled_meanwhile(void **state)
{
	race(*state, AT_FIREWALL, VERB_USER_ADD, EV_USER_UPDATE,
	    "{\"user\":\"alice\",\"state\":\"disabled\"}", END_LOCKED);
}

/* ---- keys that are removed */

static void
fold_grant(struct msg_nt_fold_grant *ret, const char *key_fp)
{
	const struct now now = clock_now();
	struct grant *g = &ret->grant;

	memset(ret, 0, sizeof(*ret));
	ret->state = GRANT_ACTIVE;
	ret->seq = 5;
	(void)snprintf(ret->key_fp, sizeof(ret->key_fp), "%s", key_fp);
	id_new(g->id, 'g');
	id_new(g->req, 'r');
	strcpy(g->user, "alice");
	strcpy(g->target, "web-01");
	strcpy(g->login, "deploy");
	strcpy(g->role, "ops");
	strcpy(g->reason, "INC-4711");
	must(addr_parse(&g->source4, client));
	must(addr_parse(&g->addr4, "198.51.100.1"));
	g->port = 22;
	g->own_port = 2222;
	g->reach = REACH_PROXY;
	g->caps = CAP_DEFAULT;
	g->start_ms = now.utc_ms;
	g->end_ms = now.utc_ms + 3600000;
	g->end_boot_ms = now.boot_ms + 3600000;
	strcpy(g->boot_id, clock_boot_id());
}

/* Of two grants the one that the removed key opened ends; and a session that
 * came by that key on the other grant, which itself lives on. The broker knows
 * all of it from the log alone. */
static void
test_removed_key(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g[2];
	struct msg_nt_fold_leg leg = {.conn = 100, .seq = 6};
	struct rolelink session;
	const struct msg_ses_stop *told;
	char line[256], body[1024];

	fold_grant(&g[0], x->one.pub.fp);
	fold_grant(&g[1], x->two.pub.fp);
	memcpy(leg.grant, g[1].grant.id, sizeof(leg.grant));
	strcpy(leg.sid, "s-22222222");
	strcpy(leg.key_fp, x->one.pub.fp);
	start(x, g, 2, &leg);
	roleproc_link(&x->proc, &session, PROC_SESSION, 100);
	session.ipc.state = MST_LIVE;
	key_line(line, &x->two);
	(void)snprintf(
	    body, sizeof(body), "{\"user\":\"alice\",\"keys\":[\"%s\"]}", line);
	send_call(x, &x->admin, VERB_USER_ADD, body);
	want_event(x, EV_USER_UPDATE);
	want_close(x, g[0].grant.id, END_REVOKED);
	assert_int_equal(want_reply(x, &x->admin), 201);
	told = rolelink_want(&session, MSG_SES_STOP);
	assert_int_equal(told->reason, END_REVOKED);
	assert_non_null(strstr(told->text, "the key it came with was removed"));
	assert_non_null(strstr(told->text, g[1].grant.id));
	send_call(x, &x->admin, VERB_GRANTS, "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, g[1].grant.id));
	assert_false(has(x, g[0].grant.id));
	rolelink_close(&session);
	stop(x);
}

/* A target that got another address: the old one is not what was given. */
static void
test_moved_target(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	char line[256], body[1024];

	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	key_line(line, &x->one);
	(void)snprintf(body, sizeof(body),
	    "{\"target\":\"web-01\",\"addresses\":[\"198.51.100.9\"],"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]}",
	    line);
	send_call(x, &x->admin, VERB_TARGET_ADD, body);
	want_event(x, EV_TARGET_SET);
	want_close(x, g.grant.id, END_REVOKED);
	assert_int_equal(want_reply(x, &x->admin), 201);
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
static void
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
static void
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

/* ---- lists */

/* What is recorded the recorder says, not the role. */
static void
test_recorded(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_fold_leg leg = {.conn = 100, .seq = 6};
	struct msg_rec_started started = {.sid = "s-22222222"};
	struct rolelink recorder;

	fold_grant(&g, x->one.pub.fp);
	memcpy(leg.grant, g.grant.id, sizeof(leg.grant));
	strcpy(leg.sid, "s-22222222");
	start(x, &g, 1, &leg);
	roleproc_link(&x->proc, &recorder, PROC_RECORDER, 0);
	assert_int_equal(admin_call(x, VERB_SESSIONS, EV_NONE, ""), 200);
	assert_true(has(x, "\"recorded\":false"));
	rolelink_send(&recorder, MSG_REC_STARTED, &started);
	do
		assert_int_equal(
		    admin_call(x, VERB_SESSIONS, EV_NONE, ""), 200);
	while (has(x, "\"recorded\":false"));
	assert_true(has(x, "\"recorded\":true"));
	rolelink_close(&recorder);
	stop(x);
}

static void
fill_lists(struct scene *x, unsigned n)
{
	struct store *s = store_of(x);
	struct user *u = calloc(1, sizeof(*u));
	struct msg_nt_fold_grant g;
	struct grant_row row = {.reason = END_EXPIRED, .ended_ms = 5, .seq = 1};
	struct session_row session = {.reason = END_LOGOUT, .seq = 1};

	assert_non_null(u);
	must(store_begin(s));
	fold_grant(&g, x->one.pub.fp);
	row.grant = g.grant;
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(u->name, sizeof(u->name), "u%u", i);
		u->state = USER_DISABLED;
		must(store_user_put(s, u, 1));
		(void)snprintf(u->name, sizeof(u->name), "t%u", i);
		store_target(s, u->name);
		id_new(row.grant.id, 'g');
		row.grant.start_ms = 1000 + i / 7; /* several in one moment */
		must(store_grant_put(s, &row));
		id_new(session.sid, 's');
		session.start_ms = 1000 + i / 7;
		must(store_session_put(s, &session));
	}
	must(store_commit(s));
	store_close(s);
	free(u);
}

/* One reply; its items to all, by key. False: it was the last. */
static bool
page(struct scene *x, unsigned verb, const char *key, char next[static 80],
    json_t *all)
{
	struct msg_api_call m = {
	    .rid = ++x->rid, .verb = (uint16_t)verb, .loginuid = -1, .pid = -1};
	json_t *o = NULL, *item = NULL;
	char query[128] = "all=1";
	const char *id = NULL;
	size_t i = 0;
	bool more;

	if (next[0] != '\0')
		(void)snprintf(query, sizeof(query), "all=1&after=%s", next);
	m.query.p = (const uint8_t *)query;
	m.query.len = (uint32_t)strlen(query);
	rolelink_send(&x->admin, MSG_API_CALL, &m);
	assert_int_equal(want_reply(x, &x->admin), 200);
	o = json_loads(x->text, 0, NULL);
	assert_non_null(o);
	json_array_foreach(json_object_get(o, "items"), i, item)
	{
		id = json_string_value(json_object_get(item, key));
		assert_non_null(id);
		assert_null(json_object_get(all, id)); /* told once */
		must(json_object_set(all, id, item));
	}
	more = json_is_true(json_object_get(o, "more"));
	if (more)
		(void)snprintf(next, 80, "%s",
		    json_string_value(json_object_get(o, "next")));
	json_decref(o);
	return more;
}

static size_t
pages(struct scene *x, unsigned verb, const char *key)
{
	json_t *all = json_object();
	char next[80] = "";
	size_t n;

	assert_true(page(x, verb, key, next, all));
	while (page(x, verb, key, next, all))
		;
	n = json_object_size(all);
	json_decref(all);
	return n;
}

/* Lists are whole, however long; and though a grant ends while they are read.
 */
static void
test_lists_go_on(void **state)
{
	enum { MANY = 2500 };
	struct scene *x = *state;
	struct msg_nt_fold_grant g[2];
	json_t *all = json_object();
	char next[80] = "";
	struct msg_api_call m = {
	    .verb = VERB_GRANTS, .loginuid = -1, .pid = -1};

	fill_lists(x, MANY);
	fold_grant(&g[0], x->one.pub.fp);
	fold_grant(&g[1], x->one.pub.fp);
	g[1].grant.start_ms = 1010; /* in the middle of those that ended */
	start(x, g, 2, NULL);
	assert_int_equal(pages(x, VERB_USERS, "user"), MANY + 1);
	assert_int_equal(pages(x, VERB_TARGETS, "target"), MANY + 1);
	assert_int_equal(pages(x, VERB_SESSIONS, "sid"), MANY);
	assert_int_equal(pages(x, VERB_GRANTS, "grant"), MANY + 2);
	assert_true(page(x, VERB_GRANTS, "grant", next, all));
	assert_non_null(json_object_get(all, g[0].grant.id));
	assert_null(json_object_get(all, g[1].grant.id));
	assert_int_equal(admin_call(x, VERB_TARGET_REMOVE, EV_TARGET_REMOVE,
			     "{\"target\":\"web-01\"}"),
	    200);
	while (page(x, VERB_GRANTS, "grant", next, all))
		;
	assert_int_equal(json_object_size(all), MANY + 2);
	assert_string_equal(json_string_value(json_object_get(
				json_object_get(all, g[1].grant.id), "state")),
	    "ended");
	/* what was never given is not taken */
	m.rid = ++x->rid;
	m.query.p = (const uint8_t *)"after=a%20b";
	m.query.len = 11;
	rolelink_send(&x->admin, MSG_API_CALL, &m);
	assert_int_equal(want_reply(x, &x->admin), 400);
	json_decref(all);
	stop(x);
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
	return admin_call(x, VERB_TARGET_ADD, event, body);
}

/* What would shut the gateway's own doors is no target; what shuts another
 * port of its host says so. */
static void
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
	assert_int_equal(add_at(x, "198.51.100.9", 8443, EV_TARGET_SET), 201);
	assert_false(has(x, "\"warning\""));
	if (!find_own(own)) {
		stop(x);
		skip();
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
	assert_int_equal(add_at(x, own, 22, EV_TARGET_SET), 201);
	assert_true(has(x, "\"warning\":\"this is an address of the gateway"));
	stop(x);
}

/* ---- what is signed stands whole in the evidence */

static char *
big_policy(struct scene *x, unsigned targets)
{
	char line[256];
	struct buf b;
	char *text;

	key_line(line, &x->one);
	buf_init(&b, TEXT_MAX);
	buf_printf(&b, "{\"targets\":[");
	for (unsigned i = 0; i < targets; i++)
		buf_printf(&b,
		    "%s{\"target\":\"t%u\",\"addresses\":[\"10.0.%u.%u\"],"
		    "\"labels\":{\"env\":\"lab\"},\"logins\":[\"deploy\"],"
		    "\"host_keys\":[\"%s\"]}",
		    i > 0 ? "," : "", i, i / 250, i % 250 + 1, line);
	buf_printf(&b, "]}");
	buf_u8(&b, 0);
	must(buf_err(&b));
	text = strdup((const char *)b.p);
	assert_non_null(text);
	buf_done(&b);
	return text;
}

/* Joins the parts of a document up to its policy.apply, whose digest must be
 * that of the whole. */
static char *
want_parts(struct scene *x)
{
	json_t *o = NULL, *first = NULL;
	char *all = calloc(1, TEXT_MAX), *record = NULL;
	char hex[65];
	uint8_t hash[SHA256_DIGEST_LENGTH];
	int chunk = 0;

	assert_non_null(all);
	do {
		want_event(x, chunk < 0 ? EV_POLICY_APPLY : EV_POLICY_PART);
		/* fields only: ",name":value and so on */
		record = calloc(1, strlen(x->text) + 2);
		assert_non_null(record);
		(void)sprintf(record, "{%s}", x->text + 1);
		o = json_loads(record, 0, NULL);
		assert_non_null(o);
		free(record);
		if (first == NULL)
			first = json_incref(o);
		assert_string_equal(
		    json_string_value(json_object_get(o, "sha256")),
		    json_string_value(json_object_get(first, "sha256")));
		if (chunk >= 0) {
			assert_int_equal(
			    json_integer_value(json_object_get(o, "chunk")),
			    ++chunk);
			strcat(all,
			    json_string_value(json_object_get(o, "payload")));
			if ((json_int_t)strlen(all) ==
			    json_integer_value(json_object_get(o, "size")))
				chunk = -1;
			json_decref(o);
			o = NULL;
		}
	} while (o == NULL);
	assert_null(json_object_get(o, "payload"));
	(void)SHA256((const uint8_t *)all, strlen(all), hash);
	str_hex(hex, hash, sizeof(hash));
	assert_string_equal(
	    json_string_value(json_object_get(first, "sha256")), hex);
	json_decref(o);
	json_decref(first);
	return all;
}

static void
test_large_policy(void **state)
{
	struct scene *x = *state;
	char *body = big_policy(x, 400), *all = NULL, *payload = NULL;
	char nonce[LIMIT_NONCE_SIZE];
	struct msg_nt_mfa_burned ok = {.seq = 7};

	start(x, NULL, 0, NULL);
	send_call(x, &x->admin, VERB_APPLY, body);
	all = want_parts(x);
	assert_string_equal(all, body);
	free(all);
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, "\"applied\":true"));
	free(body);
	/* signed */
	body = big_policy(x, 401);
	fresh_code(x);
	challenge(x, nonce);
	payload = payload_of(x, VERB_APPLY, nonce, body);
	send_payload(x, &x->one, VERB_APPLY, payload, 0);
	ok.rid = ((const struct msg_nt_mfa_burn *)rolelink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	rolelink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
	all = want_parts(x);
	assert_string_equal(all, payload);
	free(all);
	free(payload);
	free(body);
	assert_int_equal(want_reply(x, &x->api), 200);
	stop(x);
}

/* What no record could hold is refused, blanks and line feeds counted as what
 * they become. */
static void
test_too_much_signed(void **state)
{
	static const struct {
		size_t pad;
		bool fits;
	} rows[] = {{0, true}, {2000, true}, {8000, false}, {20000, false},
	    {100000, false}};
	struct scene *x = *state;
	char nonce[LIMIT_NONCE_SIZE];
	char *text = NULL;

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		challenge(x, nonce);
		text = payload_of(
		    x, VERB_RELEASE, nonce, "{\"grant\":\"g-22222222\"}");
		send_payload(x, &x->one, VERB_RELEASE, text, rows[i].pad);
		free(text);
		assert_int_equal(
		    want_reply(x, &x->api), rows[i].fits ? 404 : 413);
	}
	stop(x);
}

/* An answer with a thousand invitations would not reach anybody: then nothing
 * is done. */
static void
test_too_many_invitations(void **state)
{
	struct scene *x = *state;
	struct buf b;

	buf_init(&b, TEXT_MAX);
	buf_printf(&b, "{\"users\":[");
	for (unsigned i = 0; i < 1000; i++)
		buf_printf(&b, "%s{\"user\":\"user-number-%05u\"}",
		    i > 0 ? "," : "", i);
	buf_printf(&b, "]}");
	buf_u8(&b, 0);
	must(buf_err(&b));
	memset(x->conf.host, 'h', 63);
	start(x, NULL, 0, NULL);
	assert_int_equal(
	    admin_call(x, VERB_APPLY, EV_NONE, (const char *)b.p), 413);
	assert_true(has(x, "in parts"));
	stop(x);
	buf_done(&b);
}

/* ---- names */

static void
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
static void
test_text_of_others(void **state)
{
	struct scene *x = *state;
	struct rolelink shipper;
	struct msg_shp_status m = {.text = "\033[2Jgone\xff"};

	strcpy(m.sink, "siem");
	start(x, NULL, 0, NULL);
	roleproc_link(&x->proc, &shipper, PROC_SHIPPER, 0);
	rolelink_send(&shipper, MSG_SHP_STATUS, &m);
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
	rolelink_close(&shipper);
	stop(x);
}

/* ---- at the door */

static unsigned
denied_logins(struct scene *x)
{
	unsigned n = 0;

	while (rolelink_next(&x->notary, 0))
		if (x->notary.m.type == MSG_LOG_APPEND &&
		    ((const struct msg_log_append *)x->notary.m.body)->event ==
			EV_AUTH_LOGIN_DENIED)
			n++;
	return n;
}

/* Keys that nobody has, from one address, hundreds of them: on record, but not
 * each. */
static void
test_strangers_at_the_door(void **state)
{
	struct scene *x = *state;
	struct msg_ses_auth m = {
	    .rid = 1, .user = "deploy@web-01", .alg = "ssh-ed25519"};
	struct rolelink s;
	struct key k;
	unsigned tries = 0;

	key_make(&k);
	m.blob.p = k.pub.blob;
	m.blob.len = (uint32_t)k.pub.len;
	m.sig.p = (const uint8_t *)"x";
	m.sig.len = 1;
	start(x, NULL, 0, NULL);
	for (uint64_t conn = 1; conn <= 30; conn++) {
		link_session(x, &s, conn);
		for (int i = 0; i < 6; i++, tries++) {
			rolelink_send(&s, MSG_SES_AUTH, &m);
			(void)rolelink_want(&s, MSG_SES_AUTH_NO);
		}
		rolelink_close(&s);
	}
	assert_int_equal(tries, 180);
	assert_int_equal(denied_logins(x), 30);
	EVP_PKEY_free(k.pkey);
	stop(x);
}

/* ---- codes, recordings */

static unsigned
remove_role(struct scene *x, bool with_code)
{
	struct msg_nt_mfa_burned ok = {.seq = 7};

	x->code[0] = '\0';
	if (with_code)
		fresh_code(x);
	send_signed(x, &x->one, VERB_ROLE_REMOVE, "{\"role\":\"nosuch\"}");
	if (with_code) {
		ok.rid = ((const struct msg_nt_mfa_burn *)rolelink_want(
			      &x->notary, MSG_NT_MFA_BURN))
			     ->rid;
		rolelink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
	}
	return want_reply(x, &x->api);
}

/* A code counts for minutes, but not past a lock. */
static void
test_code_of_disabled(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	assert_int_equal(remove_role(x, false), 401);
	assert_int_equal(remove_role(x, true), 404);
	assert_int_equal(remove_role(x, false), 404);
	assert_int_equal(admin_call(x, VERB_USER_ADD, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"state\":\"disabled\"}"),
	    201);
	assert_int_equal(admin_call(x, VERB_USER_ADD, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"state\":\"active\"}"),
	    201);
	assert_int_equal(remove_role(x, false), 401);
	assert_true(has(x, "code-needed"));
	stop(x);
}

static void
read_recording(
    struct scene *x, struct rolelink *recorder, const char *query, bool is_new)
{
	struct msg_api_call m = {.rid = ++x->rid,
	    .verb = VERB_RECORDING,
	    .loginuid = -1,
	    .pid = -1,
	    .arg = "s-22222222"};
	struct msg_rec_bytes bytes = {.size = 5};

	m.query.p = (const uint8_t *)query;
	m.query.len = (uint32_t)strlen(query);
	rolelink_send(&x->admin, MSG_API_CALL, &m);
	if (is_new)
		want_event(x, EV_RECORDING_VIEW);
	bytes.rid =
	    ((const struct msg_rec_read *)rolelink_want(recorder, MSG_REC_READ))
		->rid;
	bytes.data.p = (const uint8_t *)"hello";
	bytes.data.len = 5;
	rolelink_send(recorder, MSG_REC_BYTES, &bytes);
	assert_int_equal(want_reply(x, &x->admin), 200);
}

/* Nobody looks without a record by not beginning at the beginning. */
static void
test_looks_are_recorded(void **state)
{
	struct scene *x = *state;
	struct rolelink recorder;

	start(x, NULL, 0, NULL);
	roleproc_link(&x->proc, &recorder, PROC_RECORDER, 0);
	read_recording(x, &recorder, "offset=1", true);
	read_recording(x, &recorder, "offset=6", false);
	read_recording(x, &recorder, "offset=6&channel=2", true);
	read_recording(x, &recorder, "", true);
	rolelink_close(&recorder);
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

	roleproc_link(&x->proc, &x->notary, PROC_NOTARY, 0);
	m.rid = ((const struct msg_nt_fold_get *)rolelink_want(
		     &x->notary, MSG_NT_FOLD_GET))
		    ->rid;
	rolelink_send(&x->notary, MSG_NT_FOLD_GRANT, &m);
	end.rid = m.rid;
	end.time_ms = clock_now().utc_ms;
	rolelink_send(&x->notary, MSG_NT_FOLD_END, &end);
}

static unsigned
end_grant(struct scene *x, const char *id)
{
	char body[64];

	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", id);
	send_call(x, &x->admin, VERB_REVOKE, body);
	return want_reply(x, &x->admin);
}

/* Revoked while there is no notary, and then the broker goes too: the log
 * still has the grant, and its end is written when it can be. */
static void
test_revoked_stays_revoked(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;

	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	rolelink_close(&x->notary);
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

/* Whose order ended a grant: what he signed, or who on the gateway was root;
 * in the log ahead of the end itself. */
static void
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
	rolelink_send(&x->notary, MSG_NT_GRANT_CLOSED, &closed);
	assert_int_equal(want_reply(x, &x->api), 200);
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g[1].grant.id);
	send_call(x, &x->admin, VERB_RELEASE, body);
	want_event(x, EV_GRANT_TERMINATE);
	assert_true(has(x, "\"reason\":\"released\""));
	assert_true(has(x, "\"uid\":0"));
	want_close(x, g[1].grant.id, END_RELEASED);
	stop(x);
}

/* A disk that takes nothing: the caller hears it, and the end is told again
 * until it is written. */
static void
test_close_not_written(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_closed no = {.result = (uint8_t)-GW_ESYS};
	char body[64];

	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g.grant.id);
	send_call(x, &x->admin, VERB_REVOKE, body);
	want_close(x, g.grant.id, END_REVOKED);
	no.rid = ((const struct msg_nt_close *)x->notary.m.body)->rid;
	rolelink_send(&x->notary, MSG_NT_GRANT_CLOSED, &no);
	assert_int_equal(want_reply(x, &x->admin), 503);
	assert_true(has(x, "it is shut"));
	want_close(x, g.grant.id, END_REVOKED);
	/* and it is not taken over from a log that has it still */
	rolelink_close(&x->notary);
	notary_again(x, &g);
	want_close(x, g.grant.id, END_REVOKED);
	stop(x);
}

/* The notary is started anew while the firewall opens: what it is being told
 * then names the grant, or it would shut what the caller hears is open. */
static void
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
	m = rolelink_want(&x->notary, MSG_NT_GRANT_OPEN);
	fold_grant(&g, m->key_fp);
	g.grant = m->grant;
	g.state = GRANT_INTENT;
	g.seq = 50;
	g.elements.p = (const uint8_t *)"elements";
	g.elements.len = 8;
	opened.rid = m->rid;
	opened.elements = g.elements;
	rolelink_send(&x->notary, MSG_NT_GRANT_OPENED, &opened);
	o = rolelink_want(&x->firewall, MSG_FW_OPEN);
	fw.rid = o->rid;
	rolelink_close(&x->notary);
	notary_again(x, &g);
	do {
		assert_int_equal(rolelink_next(&x->firewall, 10000), 1);
		o = x->firewall.m.body;
		named = named || (x->firewall.m.type == MSG_FW_OPEN &&
				     strcmp(o->id, g.grant.id) == 0);
	} while (x->firewall.m.type != MSG_FW_SYNC_END);
	synced.rid = ((const struct msg_fw_sync *)x->firewall.m.body)->rid;
	rolelink_send(&x->firewall, MSG_FW_OPENED, &fw);
	rolelink_send(&x->firewall, MSG_FW_SYNCED, &synced);
	assert_int_equal(want_reply(x, &x->api), 201);
	assert_true(named);
	stop(x);
}

/* A record of the moment in which the notary goes: before we know that, it is
 * lost on the way; it waits for the next notary all the same. */
static void
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
	rolelink_close(&x->notary);
	must(kill(x->proc.pid, SIGCONT));
	assert_int_equal(want_reply(x, &x->api), 401);
	roleproc_link(&x->proc, &x->notary, PROC_NOTARY, 0);
	want_event(x, EV_API_DENIED);
	assert_true(has(x, "unknown-key"));
	free(text);
	EVP_PKEY_free(k.pkey);
	stop(x);
}

/* Who kills a session is on record before it is dead; without a log nothing
 * is changed, as the answer says. */
static void
test_kill_is_recorded(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_fold_leg leg = {
	    .conn = 100, .seq = 6, .sid = "s-22222222"};
	struct rolelink session;
	uint32_t rid;

	fold_grant(&g, x->one.pub.fp);
	memcpy(leg.grant, g.grant.id, sizeof(leg.grant));
	strcpy(leg.key_fp, x->one.pub.fp);
	start(x, &g, 1, &leg);
	roleproc_link(&x->proc, &session, PROC_SESSION, 100);
	session.ipc.state = MST_LIVE;
	send_call(x, &x->admin, VERB_SESSION_KILL, "{\"sid\":\"s-22222222\"}");
	rid = hold_event(x, EV_SESSION_TERMINATE);
	assert_int_equal(rolelink_next(&session, 0), 0);
	durable(x, rid);
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_int_equal(
	    ((const struct msg_ses_stop *)rolelink_want(&session, MSG_SES_STOP))
		->reason,
	    END_KILLED);
	rolelink_close(&session);
	stop(x);
}

static void
test_kill_without_log(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_fold_leg leg = {
	    .conn = 100, .seq = 6, .sid = "s-22222222"};
	struct rolelink session;

	fold_grant(&g, x->one.pub.fp);
	memcpy(leg.grant, g.grant.id, sizeof(leg.grant));
	strcpy(leg.key_fp, x->one.pub.fp);
	start(x, &g, 1, &leg);
	roleproc_link(&x->proc, &session, PROC_SESSION, 100);
	session.ipc.state = MST_LIVE;
	rolelink_close(&x->notary);
	send_call(x, &x->admin, VERB_SESSION_KILL, "{\"sid\":\"s-22222222\"}");
	assert_int_equal(want_reply(x, &x->admin), 503);
	assert_true(has(x, "nothing was changed"));
	assert_int_equal(rolelink_next(&session, 0), 0);
	rolelink_close(&session);
	stop(x);
}

/* A token that is not given is not in the log. */
static void
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
	assert_int_equal(rolelink_next(&x->notary, 0), 0);
	stop(x);
}

/* Strangers' refusals are counted after some; what somebody known tried is on
 * record, each time. */
static void
test_forbidden_is_recorded(void **state)
{
	struct scene *x = *state;
	struct key k;

	key_make(&k);
	start(x, NULL, 0, NULL);
	assert_int_equal(admin_call(x, VERB_USER_ADD, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"admin\":false}"),
	    201);
	for (int i = 0; i < 40; i++) {
		send_signed(x, &k, VERB_TOKEN, "{}");
		assert_int_equal(want_reply(x, &x->api), 401);
	}
	while (rolelink_next(&x->notary, 0))
		;
	send_signed(x, &x->one, VERB_REVOKE, "{\"grant\":\"g-22222222\"}");
	assert_int_equal(want_reply(x, &x->api), 403);
	want_event(x, EV_API_DENIED);
	assert_true(has(x, "\"by\":\"alice\""));
	assert_true(has(x, "grant.revoke"));
	EVP_PKEY_free(k.pkey);
	stop(x);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_challenge),
	    T(test_challenge_of_stranger),
	    T(test_limits),
	    T(test_apply_loses_nothing),
	    T(test_apply_conflict),
	    T(test_apply_invites),
	    T(test_signed_once),
	    T(test_demoted_meanwhile),
	    T(test_taken_away_meanwhile),
	    T(test_disabled_meanwhile),
	    T(test_removed_key),
	    T(test_moved_target),
	    T(test_refusals_are_kept),
	    T(test_refusals_are_bounded),
	    T(test_lists_go_on),
	    T(test_recorded),
	    T(test_own_doors),
	    T(test_large_policy),
	    T(test_too_much_signed),
	    T(test_too_many_invitations),
	    T(test_names_of_the_gateway),
	    T(test_text_of_others),
	    T(test_strangers_at_the_door),
	    T(test_code_of_disabled),
	    T(test_looks_are_recorded),
	    T(test_revoked_stays_revoked),
	    T(test_revoke_is_recorded),
	    T(test_close_not_written),
	    T(test_sync_while_opening),
	    T(test_record_of_lost_link),
	    T(test_kill_is_recorded),
	    T(test_kill_without_log),
	    T(test_tokens_full),
	    T(test_forbidden_is_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
