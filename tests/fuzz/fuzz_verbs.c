/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_verbs: calls of the API as the broker gets them, body and query and all.
 * It is the real broker, its own main() included; the target stands in the
 * place of lib/process, so each of its messages and records passes here. An
 * input is a verb, flags (below), and argument, query, token and body, a NUL
 * after each but the last. Signatures are good (fuzz_sshkey has those), and
 * alice has just given a code. Two requests wait: r-22222222 of bob's, which
 * she may approve, and r-33333333 of hers, which bob has; 64 times z in a body
 * is the digest of the first. The lock l-22222222 stands.
 *
 * Every call is answered once, by what the API can pass on. While the log
 * refuses, nothing is stored and the firewall hears nothing. What is stored is
 * within its limits, and the same body again changes nothing. Every record can
 * be written, every message sent.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/grant/intent.h"
#include "broker/identity/mfa.h"
#include "broker/request/revision.h"
#include "ssh/sshkey.h"
#include "ssh/sshsig.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/verbsprocess.h"
#include "wire/json.h"
#include "wire/signed.h"
#include "wire/verbs.h"

int broker_main(int argc, char **argv);
#define main broker_main
#include "gatewayd/broker/main.c"
#undef main

enum flags {
	LOG_TAKES = 1, /* else it refuses */
	BY_HTTPS = 2,  /* else on the admin socket */
	NOT_ROOT = 4,  /* whoever is there */
	SIGNED = 8, /* the body is that of a payload of alice's, over HTTPS */
	STRANGER = 16, /* of a key that nobody has */
};

static jmp_buf serving;

/* ---- the store: in memory, and as it was before each call */

static sqlite3 *db, *before;
static uint8_t *image;
static sqlite3_int64 nimage;

int __real_sqlite3_open_v2(
    const char *path, sqlite3 **ret, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(
    const char *path, sqlite3 **ret, int flags, const char *vfs);

int
__wrap_sqlite3_open_v2(
    const char *path, sqlite3 **ret, int flags, const char *vfs)
{
	int rc = __real_sqlite3_open_v2(":memory:", ret, flags, vfs);

	(void)path;
	db = *ret;
	return rc;
}

static void
copy_store(sqlite3 *to, sqlite3 *from)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");

	must(b != NULL && sqlite3_backup_step(b, -1) == SQLITE_DONE);
	must(sqlite3_backup_finish(b) == SQLITE_OK);
}

/* Its header counts changes, these too. */
static void
take_image(void)
{
	sqlite3_free(image);
	image = sqlite3_serialize(db, "main", &nimage, 0);
	must(image != NULL);
}

static bool
store_is_same(void)
{
	sqlite3_int64 n = 0;
	uint8_t *now = sqlite3_serialize(db, "main", &n, 0);
	bool same;

	must(now != NULL);
	same = n == nimage && memcmp(now, image, (size_t)n) == 0;
	sqlite3_free(now);
	return same;
}

static void
restore(struct broker *b)
{
	/* any change, done or not: what was read at the version before is void
	 */
	must(store_role_remove(b->store, "none", 1) <= 0);
	copy_store(db, before);
	take_image();
	must(broker_load_roles(b) == 0);
	must(broker_load_locks(b) == 0);
}

/* ---- what is stored is good */

static void
check_user(void *arg, const char *name, const struct user *u)
{
	(void)arg;
	must(u != NULL && strcmp(u->name, name) == 0 && id_ok(u->id, 'u'));
	must(str_name_ok(u->name) && !event_actor_own(u->name));
	must(u->state == USER_INVITED || u->state == USER_DISABLED ||
	     (u->state == USER_ACTIVE &&
		 (u->kind == KIND_PERSON ? u->totp.len > 0 : u->nkeys > 0)));
	must(u->nkeys <= LIMIT_KEYS_PER_USER && u->groups.n <= LIMIT_LIST);
	for (unsigned i = 0; i < u->groups.n; i++)
		must(str_name_ok(u->groups.name[i]));
}

static void
check_target(void *arg, const char *name, const struct target *t)
{
	(void)arg;
	must(t != NULL && strcmp(t->name, name) == 0 && id_ok(t->id, 't'));
	must(target_ok(t) && target_nkeys(t) <= LIMIT_HOSTKEYS);
}

static const char bobs[] = "r-22222222", hers[] = "r-33333333";
static char digest[REQUEST_DIGEST_SIZE]; /* of bob's */

/* It is what it was, in a state that there is; none opened anything. */
static void
check_waiting(struct broker *b, const char *id)
{
	static struct request r;

	must(store_request_get(b->store, id, &r) == 0);
	must(request_state_str((enum request_state)r.state)[0] != '\0');
	must(r.state != REQUEST_ACTIVE && r.grant[0] == '\0');
	must(id == hers || strcmp(r.digest, digest) == 0);
}

static void
check_store(struct broker *b)
{
	struct policy_role *roles = NULL;
	size_t n = 0;

	must(store_user_each(b->store, check_user, NULL) == 0);
	must(store_target_each(b->store, check_target, NULL) == 0);
	must(store_role_all(b->store, &roles, &n) == 0);
	for (size_t i = 0; i < n; i++) {
		must(policy_role_ok(&roles[i]) && id_ok(roles[i].id, 'p'));
		must(roles[i].max_s <= LIMIT_GRANT_MAX_S);
		for (unsigned k = 0; k < roles[i].ports.n; k++)
			must(roles[i].ports.port[k] != 0);
	}
	free(roles);
	check_waiting(b, bobs);
	check_waiting(b, hers);
}

/* ---- calls */

static void
call(struct process *r, const struct msg_api_call *m, enum proc from)
{
	r->replies = r->to_firewall = 0;
	must(hand_over(r, from, MSG_API_CALL, m) == 0);
	pump(r);
	must(r->replies == 1 && r->reply.rid == m->rid);
	must(r->reply.status >= 200 && r->reply.status < 600);
}

static void
call_admin(struct process *r, unsigned verb, const char *body)
{
	struct msg_api_call m = {.rid = 7, .verb = (uint16_t)verb};

	m.body.p = (const uint8_t *)body;
	m.body.len = (uint32_t)strlen(body);
	call(r, &m, PROC_ADMIN);
}

static void
check_reply(const struct process *r)
{
	struct problem p = {0};
	json_t *o;

	if (strstr(r->reply.content_type, "json") == NULL ||
	    strstr(r->reply.content_type, "ndjson") != NULL)
		return;
	o = json_parse_object(r->body.p, r->body.len - 1, &p);
	must(o != NULL);
	if (r->reply.status >= 400) {
		must(json_string_value(json_object_get(o, "code")) != NULL);
		must(json_string_value(json_object_get(o, "detail")) != NULL);
	}
	json_decref(o);
}

/* What was set is set: to apply it changes nothing. */
static void
check_again(struct process *r, unsigned verb, const struct bytes *body)
{
	static const struct {
		unsigned verb;
		const char *list;
	} sets[] = {{VERB_USER_ADD, "users"}, {VERB_TARGET_ADD, "targets"},
	    {VERB_TARGET_SET, "targets"}, {VERB_ROLE_ADD, "roles"},
	    {VERB_ROLE_SET, "roles"}};
	struct problem p = {0};

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		json_t *o;
		char *text;

		if (sets[i].verb != verb || r->reply.status >= 300)
			continue;
		o = json_parse_object(body->p, body->len, &p);
		must(o != NULL);
		(void)json_object_del(o, "dry_run");
		o = json_pack("{s:b,s:[o]}", "dry_run", 1, sets[i].list, o);
		text = json_text(o);
		must(text != NULL);
		call_admin(r, VERB_APPLY, text);
		free(text);
		json_decref(o);
		o = json_parse_object(r->body.p, r->body.len - 1, &p);
		must(r->reply.status == 200);
		must(
		    strcmp(json_string_value(json_object_get(
			       json_array_get(json_object_get(o, "changes"), 0),
			       "change")),
			"same") == 0);
		json_decref(o);
	}
}

/* ---- signed calls */

static const char alice_key[] =
    "ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIAjACdlsYUt5J44cPHn5WAzUaANkSUcL1RbxkFi"
    "/UMFb";
static const char other_key[] =
    "ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIAjACdlsYUt5J44cPHn5WAzUaANkSUcL1RbxkFi"
    "/UMFc";
static const char *signer; /* of the call that is made */

int __wrap_sshsig_verify(struct sshkey *ret, const char *armor,
    const char *namespace, const void *p, size_t n);

int
__wrap_sshsig_verify(struct sshkey *ret, const char *armor,
    const char *namespace, const void *p, size_t n)
{
	(void)armor;
	(void)namespace;
	(void)p;
	(void)n;
	return sshkey_parse_line(ret, signer);
}

int __wrap_sshsig_claims(char retfp[static SSHKEY_FP_SIZE],
    char rettype[static SSHSIG_TYPE_SIZE], const char *armor);

int
__wrap_sshsig_claims(char retfp[static SSHKEY_FP_SIZE],
    char rettype[static SSHSIG_TYPE_SIZE], const char *armor)
{
	struct sshkey k;
	const int r = sshkey_parse_line(&k, signer);

	(void)armor;
	rettype[0] = '\0';
	if (r == 0)
		sshkey_fingerprint(retfp, k.blob, k.len);
	return r;
}

/* The nonce that the gateway gives to that address. */
static void
challenge(struct process *r, const struct addr *peer,
    char ret[static LIMIT_NONCE_SIZE])
{
	struct msg_api_call m = {
	    .rid = 8, .verb = VERB_CHALLENGE, .peer = *peer};
	struct problem p = {0};
	json_t *o;

	m.body.p = (const uint8_t *)"{}";
	m.body.len = 2;
	call(r, &m, PROC_API);
	must(r->reply.status == 200);
	o = json_parse_object(r->body.p, r->body.len - 1, &p);
	must(str_copy(ret, LIMIT_NONCE_SIZE,
		 json_string_value(json_object_get(o, "nonce"))) == 0);
	json_decref(o);
}

/* The envelope of m's body into ret; false: no body can be in one. */
static bool
envelope(struct process *r, const struct msg_api_call *m, struct buf *ret)
{
	static unsigned number;
	struct signed_request s = {
	    .time_ms = clock_now().utc_ms, .nsources = 1};
	struct problem p = {0};
	char *text = NULL, *b64;
	int e;

	if ((s.body = json_parse_object(m->body.p, m->body.len, &p)) == NULL)
		return false;
	strcpy(s.verb, verb_get(m->verb)->name);
	strcpy(s.server, r->conf.server_id);
	strcpy(s.tls, r->conf.tls_spki);
	(void)snprintf(
	    s.idempotency, sizeof(s.idempotency), "fuzz-%016u", ++number);
	s.source[0].addr = m->peer;
	challenge(r, &m->peer, s.source[0].nonce);
	e = signed_build(&text, &s);
	json_decref(s.body);
	if (e != 0)
		return false;
	b64 = malloc(str_b64_size(strlen(text)));
	must(b64 != NULL);
	str_b64(b64, (const uint8_t *)text, strlen(text));
	buf_printf(ret, "{\"payload\":\"%s\",\"signature\":\"x\"}", b64);
	free(b64);
	free(text);
	return buf_err(ret) == 0;
}

/* ---- start */

static const char policy[] =
    "{\"users\":[{\"user\":\"alice\",\"groups\":[\"ops\"],\"admin\":true,"
    "\"keys\":[\"ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIAjACdlsYUt5J44cPHn5WAzUaAN"
    "kSUcL1RbxkFi/UMFb alice@laptop\"]},{\"user\":\"bob\",\"groups\":"
    "[\"ops\"],\"keys\":[\"ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIAjACdlsYUt5J44cPHn5WAzUaANkSUcL1RbxkFi/UMFd\"]"
    "}],"
    "\"targets\":[{\"target\":\"web-01\",\"addresses\":[\"198.51.100.1\"],"
    "\"port\":22,\"logins\":[\"deploy\"],\"labels\":{\"env\":\"prod\"},"
    "\"host_keys\":[\"ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIAjACdlsYUt5J44cPHn5WA"
    "zUaANkSUcL1RbxkFi/UMFb\"]},"
    "{\"target\":\"db-01\",\"addresses\":[\"198.51.100.2\"],"
    "\"logins\":[\"deploy\"],\"host_keys\":[\"ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIAjACdlsYUt5J44cPHn5WA"
    "zUaANkSUcL1RbxkFi/UMFb\"]}],"
    "\"roles\":[{\"role\":\"ops\",\"groups\":[\"ops\"],\"labels\":{\"env\":"
    "\"prod\"},\"logins\":[\"deploy\"],\"max\":10800},"
    "{\"role\":\"two\",\"groups\":[\"ops\"],\"targets\":[\"db-01\"],"
    "\"logins\":[\"deploy\"],\"approvals\":[\"1 of ops\"]}]}";

/* To the end: the store's reserve is behind a file of it. */
static char dir[] = "/tmp/sallyport-fuzz.XXXXXX";

static void
make_conf(struct conf *c)
{
	static const uint8_t key[SEAL_KEY_SIZE] = {1};
	char path[LIMIT_PATH_SIZE];
	int fd;

	must(mkdtemp(dir) != NULL);
	strcpy(c->state_dir, dir);
	strcpy(c->server_id, "gw");
	strcpy(c->host, "gw.example.org");
	memset(c->tls_spki, 'a', sizeof(c->tls_spki) - 1);
	c->api[0].port = 8443;
	c->ssh[0].port = 2222;
	c->max_grant_s = LIMIT_GRANT_DEFAULT_S;
	c->mfa_age_s = c->mfa_age_admin_s = LIMIT_MFA_AGE_S;
	c->otp = otp_usual();
	(void)snprintf(path, sizeof(path), "%s/broker", dir);
	must(mkdir(path, 0700) == 0);
	(void)snprintf(path, sizeof(path), "%s/notary", dir);
	must(mkdir(path, 0700) == 0); /* whose disk is looked at */
	(void)snprintf(path, sizeof(path), "%s/broker/seal.key", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(fd >= 0 && write(fd, key, sizeof(key)) == sizeof(key));
	(void)close(fd);
	/* the database is in memory, which has no such file of its own */
	(void)snprintf(path, sizeof(path), "%s/broker/store.db-wal", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(fd >= 0);
	(void)close(fd);
}

static void
clean(void)
{
	char path[LIMIT_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s/broker/seal.key", dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/broker/store.db-wal", dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/broker", dir);
	(void)rmdir(path);
	(void)snprintf(path, sizeof(path), "%s/notary", dir);
	(void)rmdir(path);
	(void)rmdir(dir);
}

/* As if they had enrolled. */
static void
activate(struct broker *b, const char *name)
{
	static struct user u;

	must(store_user_get(b->store, name, &u) == 0);
	u.state = USER_ACTIVE;
	u.kind = KIND_PERSON;
	u.totp.len = 1;
	must(store_user_put(b->store, &u, 1) == 0);
}

/* As if that user had asked for db-01. */
static void
make_waiting(struct broker *b, const char *id, const char *user,
    enum request_state state)
{
	static struct request r;
	struct intent *in = calloc(1, sizeof(*in));

	must(in != NULL);
	name_set(in->user, user);
	name_set(in->target, "db-01");
	text_set(in->reason, sizeof(in->reason), "why");
	must(addr_parse(&in->source[in->nsources++], "192.0.2.7") == 0);
	must(intent_load(b, in) == 0);
	intent_judge(b, in);
	must(in->verdict.verdict == POLICY_APPROVAL);
	r = (struct request){.port = in->verdict.port,
	    .seconds = in->verdict.seconds,
	    .use_within_s = in->verdict.use_within_s,
	    .source4 = in->source[0],
	    .state = (uint8_t)state,
	    .created_ms = broker_now(b).utc_ms,
	    .until_ms = INT64_MAX / 2,
	    .seq = 1};
	text_set(r.id, sizeof(r.id), id);
	name_set(r.user, user);
	memcpy(r.user_id, in->subject.user.id, sizeof(r.user_id));
	name_set(r.target, "db-01");
	memcpy(r.target_id, in->subject.target.id, sizeof(r.target_id));
	name_set(r.login, in->verdict.login);
	name_set(r.role, in->verdict.role);
	memcpy(r.reason, in->reason, sizeof(r.reason));
	must(revision_make(&r, in) == 0);
	must(store_request_put(b->store, &r) == 0);
	if (id == bobs)
		memcpy(digest, r.digest, sizeof(digest));
	intent_free(in);
}

static void
make_approval(struct broker *b, const char *by)
{
	static struct approval_row a;
	static struct user u;

	must(store_user_get(b->store, by, &u) == 0);
	a = (struct approval_row){.level = 1, .groups = u.groups, .seq = 1};
	text_set(a.request, sizeof(a.request), hers);
	name_set(a.user, by);
	memcpy(a.user_id, u.id, sizeof(a.user_id));
	text_set(a.key_fp, sizeof(a.key_fp), u.keys[0].fp);
	must(store_approval_put(b->store, &a) == 0);
}

/* One that stands, and covers nobody who asks. */
static void
make_lock(struct broker *b)
{
	struct lock l = {.id = "l-22222222", .by = "bob", .seq = 1};

	must(lock_set(&l, LOCK_USER, "nobody") == 0);
	must(store_lock_put(b->store, &l) == 0);
	must(broker_load_locks(b) == 0);
}

/* Of root: one that nothing has come of, and one that is whole. */
static void
make_uploads(struct broker *b)
{
	static const char text[] = "{\"roles\":null}\n";
	struct upload u = {.id = "x-22222222",
	    .size = sizeof(text) - 1,
	    .digest = "5f7e19d27ef1fe6b476aaded87bafd78e0370496fbb99c06c4d9d334"
		      "bf42f027",
	    .until_ms = INT64_C(4000000000000),
	    .seq = 1};

	must(store_upload_put(b->store, &u) == 0);
	must(str_copy(u.id, sizeof(u.id), "x-33333333") == 0);
	must(store_upload_put(b->store, &u) == 0);
	must(store_upload_add(b->store, &u, text, sizeof(text) - 1) == 0);
}

/* Does not return: the broker serves from here on. */
int
process_main(const struct process_def *def, void *ctx, int argc, char **argv)
{
	struct process *r = &process;

	(void)argc;
	(void)argv;
	log_init("fuzz", LOG_LV_ERR);
	r->def = *def;
	r->ctx = ctx;
	for (size_t i = 0; i < PEERS; i++)
		r->peers[i].proc = (enum proc)i;
	buf_init(&r->body, LIMIT_MSG_MAX);
	make_conf(&r->conf);
	must(atexit(clean) == 0);
	must(def->start(r, &r->conf) == 0);
	def->peer_up(r, &r->peers[PROC_API]);
	def->peer_up(r, &r->peers[PROC_ADMIN]);
	must(def->ready(r) == PROCESS_LATER);
	pump(r);
	r->takes = true;
	call_admin(r, VERB_APPLY, policy);
	must(r->reply.status == 200);
	activate(ctx, "alice");
	activate(ctx, "bob");
	make_waiting(ctx, bobs, "bob", REQUEST_PENDING);
	make_waiting(ctx, hers, "alice", REQUEST_APPROVED);
	make_approval(ctx, "bob");
	make_lock(ctx);
	make_uploads(ctx);
	must(
	    __real_sqlite3_open_v2(":memory:", &before,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) == SQLITE_OK);
	copy_store(before, db);
	take_image();
	longjmp(serving, 1);
}

/* ---- an input */

/* Up to the next NUL. */
static void
part(const uint8_t **p, size_t *n, char *ret, size_t size)
{
	const uint8_t *nul = memchr(*p, '\0', *n);
	const size_t len = nul != NULL ? (size_t)(nul - *p) : *n;
	const size_t used = len < *n ? len + 1 : len;

	memset(ret, 0, size);
	memcpy(ret, *p, len < size ? len : size - 1);
	*p += used;
	*n -= used;
}

/* The code that alice has just given. */
static void
give_code(struct broker *b, const struct addr *peer)
{
	char fp[SSHKEY_FP_SIZE];
	struct sshkey k;

	must(sshkey_parse_line(&k, alice_key) == 0);
	sshkey_fingerprint(fp, k.blob, k.len);
	mfa_given(b, "alice", fp, peer);
}

/* A copy, with the digest in the place of 64 times z. */
static void
fill_digest(struct bytes *body)
{
	static const char place[] = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
				    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
	static uint8_t copy[LIMIT_BODY_MAX];
	uint8_t *at = NULL;

	if (body->len < sizeof(place) || body->len > sizeof(copy))
		return;
	memcpy(copy, body->p, body->len);
	at = memmem(copy, body->len, place, sizeof(place) - 1);
	if (at == NULL)
		return;
	memcpy(at, digest, sizeof(place) - 1);
	body->p = copy;
}

/* What it says as a call; false: it says none. Borrows from data and env. */
static bool
read_call(struct process *r, const uint8_t *data, size_t size,
    struct msg_api_call *m, struct buf *env)
{
	static char query[LIMIT_QUERY_MAX + 1];
	const uint8_t flags = size >= 2 ? data[1] : 0;

	if (size < 2)
		return false;
	*m = (struct msg_api_call){.rid = 9,
	    .verb = (uint16_t)(1 + data[0] % (VERB_COUNT - 1)),
	    .uid = (flags & NOT_ROOT) != 0 ? 1000 : 0,
	    .loginuid = -1};
	if ((flags & (BY_HTTPS | SIGNED)) != 0) {
		must(addr_parse(&m->peer, "192.0.2.7") == 0);
		m->peer_port = 5555;
		m->uid = m->pid = -1;
	}
	data += 2;
	size -= 2;
	part(&data, &size, m->arg, sizeof(m->arg));
	part(&data, &size, query, sizeof(query));
	part(&data, &size, m->token, sizeof(m->token));
	m->query.p = (const uint8_t *)query;
	m->query.len = (uint32_t)strlen(query);
	m->body.p = data;
	m->body.len = (uint32_t)size;
	fill_digest(&m->body);
	if (verb_get(m->verb)->served == SERVED_BY_API)
		return false;
	signer = (flags & STRANGER) != 0 ? other_key : alice_key;
	buf_reset(env);
	if ((flags & SIGNED) == 0)
		return true;
	if (!envelope(r, m, env))
		return false;
	m->body.p = env->p;
	m->body.len = (uint32_t)env->len;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf env;
	struct process *r = &process;
	struct msg_api_call m;
	const struct verb *v;
	struct broker *b;
	bool https;

	if (r->ctx == NULL && setjmp(serving) == 0)
		(void)broker_main(1, (char *[]){(char[]){"broker"}, NULL});
	b = r->ctx;
	if (env.max == 0)
		buf_init(&env, LIMIT_BODY_MAX);
	if (!read_call(r, data, size, &m, &env))
		return 0;
	if (m.peer.family != 0)
		give_code(b, &m.peer);
	r->takes = (data[1] & LOG_TAKES) != 0;
	https = m.peer.family != 0;
	v = verb_get(m.verb);
	call(r, &m, https ? PROC_API : PROC_ADMIN);
	check_reply(r);
	if (m.uid > 0 && v->auth != AUTH_OPEN)
		must(r->reply.status == 403);
	if (!r->takes)
		must(r->to_firewall == 0);
	if (store_is_same())
		return 0;
	/* an answer may be kept for whoever asks again */
	must(r->takes || (env.len > 0 && v->answer == ANSWER_KEPT));
	check_store(b);
	if (!https)
		check_again(r, m.verb, &m.body);
	restore(b);
	return 0;
}
