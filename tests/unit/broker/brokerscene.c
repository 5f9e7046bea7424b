/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerscene - see the header.
 */
#include "tests/unit/broker/brokerscene.h"

#include <openssl/sha.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/safefile.h"
#include "base/str.h"
#include "core/shutport.h"
#include "ssh/sshkey.h"
#include "wire/verbs.h"

const char ask_web[] =
    "{\"target\":\"web-01\",\"for\":300,\"reason\":\"INC-4711\"}";

void
must(int r)
{
	assert_int_equal(r, 0);
}

/* ---- the scene */

void
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
	k->sk = false;
	buf_done(&b);
}

static const char sk_app[] = "ssh:";

void
key_make_sk(struct key *k)
{
	struct buf b;
	uint8_t pub[32];
	size_t n = sizeof(pub);

	assert_int_equal(EVP_PKEY_get_raw_public_key(k->pkey, pub, &n), 1);
	buf_init(&b, 256);
	strcpy(k->pub.type, "sk-ssh-ed25519@openssh.com");
	buf_cstring(&b, k->pub.type);
	buf_string(&b, pub, n);
	buf_cstring(&b, sk_app);
	memcpy(k->pub.blob, b.p, b.len);
	k->pub.len = b.len;
	sshkey_fingerprint(k->pub.fp, b.p, b.len);
	k->sk = true;
	buf_done(&b);
}

void
key_sign(uint8_t sig[static 64], const struct key *k, const void *p, size_t n)
{
	uint8_t in[2 * SHA256_DIGEST_LENGTH + 5] = {0};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t nsig = 64;

	if (k->sk) {
		(void)SHA256((const uint8_t *)sk_app, strlen(sk_app), in);
		in[SHA256_DIGEST_LENGTH] = k->sk_flags; /* the counter is 0 */
		(void)SHA256(p, n, in + SHA256_DIGEST_LENGTH + 5);
		p = in;
		n = sizeof(in);
	}
	assert_non_null(ctx);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &nsig, p, n), 1);
	EVP_MD_CTX_free(ctx);
}

void
key_line(char ret[static 256], const struct key *k)
{
	must(sshkey_format_line(ret, 256, k->pub.blob, k->pub.len));
}

void
store_target(struct store *s, const char *name)
{
	struct target *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	name_set(t->name, name);
	(void)!store_id(s, STORE_TARGETS, name, t->id);
	must(addr_parse(&t->addr4, "198.51.100.1"));
	t->port = 22;
	t->reach = REACH_PROXY;
	must(name_list_add(&t->logins, "deploy"));
	must(target_add_key(t, (const uint8_t *)"\0\0\0\1x", 5));
	must(store_target_put(s, t, 1));
	free(t);
}

void
store_role(struct store *s, const char *name)
{
	struct policy_role *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	name_set(r->name, name);
	(void)!store_id(s, STORE_ROLES, name, r->id);
	must(member_add(&r->users, "alice", ""));
	must(name_list_add(&r->targets, "web-01"));
	must(name_list_add(&r->logins, "deploy"));
	must(port_list_add(&r->ports, "22"));
	r->max_s = 3600;
	r->mfa_age_s = 300;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		if ((rolefields()[i].bits & ROLE_LATER) != 0)
			rolefield_absent(&rolefields()[i], r);
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
	(void)!store_id(s, STORE_USERS, "alice", u->id);
	u->state = USER_ACTIVE;
	u->kind = KIND_PERSON;
	u->rights = RIGHT_ADMIN;
	u->keys[u->nkeys++] = x->one.pub;
	u->keys[u->nkeys++] = x->two.pub;
	must(seal_close(&b, &x->seal, &x->seed, "alice"));
	memcpy(u->totp.p, b.p, b.len);
	u->totp.len = b.len;
	u->totp.otp = otp_usual();
	must(store_user_put(s, u, 1));
	buf_done(&b);
	free(u);
}

struct store *
store_of(const struct scene *x)
{
	struct store *s = NULL;
	char path[128], text[LIMIT_TEXT_SIZE];

	(void)snprintf(path, sizeof(path), "%s/broker/store.db", x->dir);
	must(store_open(&s, path, text));
	return s;
}

void
may_write(const struct scene *x, bool yes)
{
	const struct rlimit r = {
	    .rlim_cur = yes ? RLIM_INFINITY : 0, .rlim_max = RLIM_INFINITY};

	must(prlimit(x->proc.pid, RLIMIT_FSIZE, &r, NULL));
}

int
setup(void **state)
{
	struct scene *x = calloc(1, sizeof(*x));
	struct store *s = NULL;
	char path[128];

	assert_non_null(x);
	*state = x;
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR); /* the broker too */
	must(totp_init());
	strcpy(x->dir, "/tmp/sallyport-ba.XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	strcpy(x->conf.server_id, "gw-test");
	strcpy(x->conf.host, "gateway");
	strcpy(x->conf.state_dir, x->dir);
	memset(x->conf.tls_spki, '0', 64);
	x->conf.max_grant_s = 3600;
	x->conf.mfa_age_s = x->conf.mfa_age_admin_s = 300;
	x->conf.otp = x->otp = otp_usual();
	x->conf.ssh[0].port = 2222;
	x->conf.api[0].port = 8443;
	(void)snprintf(path, sizeof(path), "%s/broker", x->dir);
	must(mkdir(path, 0700));
	(void)snprintf(path, sizeof(path), "%s/notary", x->dir);
	must(mkdir(path, 0700)); /* whose disk is looked at */
	(void)snprintf(path, sizeof(path), "%s/broker/seal.key", x->dir);
	must(secret_random(&x->seal, SEAL_KEY_SIZE));
	must(secret_random(&x->seed, 20));
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

int
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

/* The list that came last from the broker: all of it is shut. */
void
answer_protect(struct scene *x)
{
	static const uint8_t done[SHUTPORT_MAX];
	const struct msg_fw_protect *m = x->firewall.m.body;
	struct msg_fw_protected reply = {.rid = m->rid};
	struct shutport p;
	struct rd r;

	assert_int_equal(x->firewall.m.type, MSG_FW_PROTECT);
	rd_init(&r, m->ports.p, m->ports.len);
	for (; r.left > 0; reply.results.len++)
		must(shutport_get(&r, &p));
	reply.results.p = done;
	testlink_send(&x->firewall, MSG_FW_PROTECTED, &reply);
}

void
start_folded(struct scene *x, const struct msg_nt_fold_grant *grants, size_t n,
    const struct msg_nt_fold_leg *legs, size_t nlegs)
{
	struct msg_nt_fold_end end = {.seq = x->seq, .doubt_seq = x->doubt_seq};
	uint32_t rid;

	proc_harness_start(&x->proc, PROC_BROKER,
	    x->traced ? "tests/unit/broker/traced_broker" : "sallyport-broker",
	    "", &x->conf);
	proc_harness_link(&x->proc, &x->notary, PROC_NOTARY, 0);
	proc_harness_link(&x->proc, &x->firewall, PROC_FIREWALL, 0);
	rid = ((const struct msg_nt_fold_get *)testlink_want(
		   &x->notary, MSG_NT_FOLD_GET))
		  ->rid;
	if (x->full)
		may_write(x, false);
	for (size_t i = 0; i < n; i++) {
		struct msg_nt_fold_grant g = grants[i];

		g.rid = rid;
		testlink_send(&x->notary, MSG_NT_FOLD_GRANT, &g);
	}
	for (size_t i = 0; i < nlegs; i++) {
		struct msg_nt_fold_leg l = legs[i];

		l.rid = rid;
		testlink_send(&x->notary, MSG_NT_FOLD_LEG, &l);
	}
	end.rid = rid;
	end.time_ms = clock_now().utc_ms;
	testlink_send(&x->notary, MSG_NT_FOLD_END, &end);
}

void
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
	must(addr_parse(&g->source4, CLIENT));
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

void
link_api(struct scene *x)
{
	proc_harness_link(&x->proc, &x->api, PROC_API, 0);
	proc_harness_link(&x->proc, &x->admin, PROC_ADMIN, 0);
}

void
start(struct scene *x, const struct msg_nt_fold_grant *grants, size_t n,
    const struct msg_nt_fold_leg *leg)
{
	struct msg_fw_synced synced = {0};

	start_folded(x, grants, n, leg, leg != NULL);
	do { /* the targets' ports come before */
		assert_int_equal(testlink_next(&x->firewall, 10000), 1);
		if (x->firewall.m.type == MSG_FW_PROTECT)
			answer_protect(x);
	} while (x->firewall.m.type != MSG_FW_SYNC_END);
	synced.rid = ((const struct msg_fw_sync *)x->firewall.m.body)->rid;
	testlink_send(&x->firewall, MSG_FW_SYNCED, &synced);
	proc_harness_ready(&x->proc);
	link_api(x);
}

void
stop(struct scene *x)
{
	testlink_close(&x->notary);
	testlink_close(&x->firewall);
	testlink_close(&x->api);
	testlink_close(&x->admin);
	must(proc_harness_stop(&x->proc));
}

void
kill_broker(struct scene *x)
{
	int status = 0;

	assert_int_equal(kill(x->proc.pid, SIGKILL), 0);
	assert_int_equal(waitpid(x->proc.pid, &status, 0), x->proc.pid);
	ipc_done(&x->proc.control);
	testlink_close(&x->notary);
	testlink_close(&x->firewall);
	testlink_close(&x->api);
	testlink_close(&x->admin);
}

/* A client's connection, from where all of them come. */
void
link_session(struct scene *x, struct testlink *ret, uint64_t conn)
{
	struct msg_sup_link m = {.proc = PROC_SESSION, .conn = conn};
	int pair[2];

	must(addr_parse(&m.peer, CLIENT));
	must(ipc_pair(pair));
	proc_harness_fd(&x->proc, MSG_SUP_LINK, &m, pair[1]);
	(void)close(pair[1]);
	memset(ret, 0, sizeof(*ret));
	ipc_init(&ret->ipc, pair[0], PROC_SESSION, x->proc.proc);
	ret->ipc.state = MST_NEW;
	ret->m.body = ipc_room();
	assert_non_null(ret->m.body);
}

/* ---- calls */

void
send_call(struct scene *x, struct testlink *l, unsigned verb, const char *body)
{
	send_query(x, l, verb, "", body);
}

void
send_query(struct scene *x, struct testlink *l, unsigned verb,
    const char *query, const char *body)
{
	struct msg_api_call m = {.rid = ++x->rid,
	    .verb = (uint16_t)verb,
	    .uid = -1,
	    .loginuid = -1,
	    .pid = -1};

	if (l == &x->admin)
		m.uid = 0;
	else
		must(addr_parse(&m.peer, CLIENT));
	m.query.p = (const uint8_t *)query;
	m.query.len = (uint32_t)strlen(query);
	m.body.p = (const uint8_t *)body;
	m.body.len = (uint32_t)strlen(body);
	testlink_send(l, MSG_API_CALL, &m);
}

/* What comes next from the broker, without taking it; MSG_NONE = nothing. */
static unsigned
next_type(struct testlink *l)
{
	uint8_t head[6];

	if (recv(l->ipc.fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT) != 6)
		return MSG_NONE;
	return (unsigned)head[4] << 8 | head[5];
}

/* The firewall does what it is told, up to the first message that a test looks
 * for itself. */
static void
firewall_answers(struct scene *x)
{
	struct msg_fw_closed closed = {0};
	const struct msg_fw_close *m = NULL;
	unsigned type = MSG_NONE;

	while (!x->mute && ((type = next_type(&x->firewall)) == MSG_FW_CLOSE ||
			       type == MSG_FW_PROTECT)) {
		m = testlink_want(&x->firewall, type);
		if (type == MSG_FW_PROTECT) {
			answer_protect(x);
			continue;
		}
		memcpy(x->closed[x->nclosed++ % 8], m->id, LIMIT_ID_SIZE);
		closed.rid = m->rid;
		testlink_send(&x->firewall, MSG_FW_CLOSED, &closed);
	}
}

/* The status of the next answer; its body in x->text. */
unsigned
want_reply(struct scene *x, struct testlink *l)
{
	const struct msg_api_reply *m = NULL;

	for (int i = 0; m == NULL && i < 1000; i++) {
		firewall_answers(x);
		if (testlink_next(l, 10) && l->m.type == MSG_API_REPLY)
			m = l->m.body;
	}
	assert_non_null(m);

	assert_true(m->body.len < TEXT_MAX);
	memcpy(x->text, m->body.p, m->body.len);
	x->text[m->body.len] = '\0';
	return m->status;
}

/* An event, answered as durable. */
void
field(const struct scene *x, const char *name, char ret[static LIMIT_ID_SIZE])
{
	char key[64];
	const char *at = NULL;

	(void)snprintf(key, sizeof(key), "\"%s\":\"", name);
	at = strstr(x->text, key);
	assert_non_null(at);
	at += strlen(key);
	memset(ret, 0, LIMIT_ID_SIZE);
	memcpy(ret, at, strcspn(at, "\""));
}

void
want_event(struct scene *x, unsigned event)
{
	testlink_event(&x->notary, event, ++x->seq, x->text, sizeof(x->text));
}

/* As root: the answer to a call that writes this event. */
unsigned
admin_call(struct scene *x, unsigned verb, unsigned event, const char *body)
{
	send_call(x, &x->admin, verb, body);
	if (event != EV_NONE)
		want_event(x, event);
	return want_reply(x, &x->admin);
}

bool
has(const struct scene *x, const char *s)
{
	return strstr(x->text, s) != NULL;
}

void
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
	size_t n64;
	struct buf data, out;
	char *b64 = NULL;

	buf_init(&data, 1024);
	buf_init(&out, 4096);
	(void)SHA512(p, n, hash);
	buf_put(&data, "SSHSIG", 6);
	buf_cstring(&data, SIGNED_NAMESPACE);
	buf_cstring(&data, "");
	buf_cstring(&data, "sha512");
	buf_string(&data, hash, sizeof(hash));
	key_sign(sig, k, data.p, data.len);
	buf_reset(&data);
	buf_cstring(&data, k->pub.type);
	buf_string(&data, sig, sizeof(sig));
	if (k->sk) {
		buf_u8(&data, k->sk_flags);
		buf_u32(&data, 0);
	}
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
void
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

char *
payload_of(struct scene *x, unsigned verb, const char *nonce, const char *body)
{
	struct signed_request s = {
	    .time_ms = clock_now().utc_ms, .nsources = 1};
	uint8_t salted[16 + RECOVERY_TEXT_SIZE] = {0},
			    hash[SHA256_DIGEST_LENGTH];
	char *text = NULL;

	strcpy(s.verb, verb_get(verb)->name);
	strcpy(s.server, x->conf.server_id);
	strcpy(s.tls, x->conf.tls_spki);
	must(addr_parse(&s.source[0].addr, CLIENT));
	strcpy(s.source[0].nonce, nonce);
	(void)snprintf(s.idempotency, sizeof(s.idempotency), "test-%016u",
	    (unsigned)++x->rid);
	if (x->key[0] != '\0')
		strcpy(s.idempotency, x->key);
	if (x->code[0] != '\0') {
		memcpy(salted + 16, x->code, strlen(x->code));
		(void)SHA256(salted, 16 + strlen(x->code), hash);
		str_hex(s.commit, hash, sizeof(hash));
	}
	s.body = json_loads(body, 0, NULL);
	assert_non_null(s.body);
	must(signed_build(&text, &s));
	json_decref(s.body);
	return text;
}

uint32_t
send_open(struct scene *x, unsigned verb, const char *peer, const char *body)
{
	struct msg_api_call m = {.rid = ++x->rid,
	    .verb = (uint16_t)verb,
	    .uid = -1,
	    .loginuid = -1,
	    .pid = -1};

	must(addr_parse(&m.peer, peer));
	m.query.p = (const uint8_t *)"";
	m.body.p = (const uint8_t *)body;
	m.body.len = (uint32_t)strlen(body);
	testlink_send(&x->api, MSG_API_CALL, &m);
	return m.rid;
}

void
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

void
fresh_code(struct scene *x)
{
	must(totp_code(x->code, &x->seed, &x->otp,
	    clock_now().utc_ms / 1000 / x->otp.period_s));
}

void
burn(struct scene *x)
{
	struct msg_nt_mfa_burned ok = {.seq = 7};

	ok.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
}
