/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_door - how long from a signed request at the broker's socket to the
 * open door in the kernel, against what the disk alone takes. Starts the real
 * broker, notary and firewall in a network namespace of its own and plays only
 * their neighbours: the supervisor and the API. Prints one line of numbers;
 * scripts/bench makes the table.
 *
 *   bench_door FOLDER COUNT     FOLDER is on the disk to measure
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/note.h"
#include "base/clock.h"
#include "base/safefile.h"
#include "base/str.h"
#include "ssh/sshkey.h"
#include "sys/totp.h"
#include "tests/unit/support/proc_harness.h"
#include <openssl/evp.h>

#include "wire/json.h"
#include "wire/signed.h"
#include "wire/verbs.h"

enum { COUNT_MAX = 5000, SYNC_BYTES = 600 };

struct bench {
	char dir[256];
	struct conf conf;
	struct secret user_key;
	uint8_t user_pub[32];
	struct proc_harness notary, firewall, broker;
	struct testlink api, admin;
	uint32_t rid;
	struct addr source;
};

static void
die(const char *what)
{
	(void)fprintf(stderr, "bench_door: %s\n", what);
	exit(1);
}

static void
lo_up(void)
{
	struct ifreq ifr = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(ifr.ifr_name, "lo", 3);
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr) != 0)
		die("cannot bring up lo");
	(void)close(fd);
}

static void
seed_file(struct bench *b, const char *name, char *retline, size_t size)
{
	struct secret seed = {0};
	uint8_t pub[32];
	char path[400];

	(void)snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	if (secret_random(&seed, 32) != 0 ||
	    safefile_write(path, seed.p, seed.len, 0600, 0, 0) != 0)
		die("cannot write a key");
	if (retline != NULL &&
	    (sshkey_ed25519_public(pub, &seed) != 0 ||
		sshkey_ed25519_line(retline, size, pub) != 0))
		die("cannot make a key");
	secret_free(&seed);
}

static void
log_key(struct bench *b)
{
	struct secret seed = {0};
	struct note_key key;
	uint8_t pub[32];
	char path[400];
	char vkey[NOTE_VKEY_SIZE];

	(void)snprintf(path, sizeof(path), "%s/notary/log.seed", b->dir);
	if (secret_random(&seed, 32) != 0 ||
	    safefile_write(path, seed.p, seed.len, 0600, 0, 0) != 0 ||
	    sshkey_ed25519_public(pub, &seed) != 0 ||
	    note_key_init(&key, "sallyport/bench", pub) != 0)
		die("cannot make the log's key");
	note_vkey_format(vkey, &key);
	if (str_copy(b->conf.log_key, sizeof(b->conf.log_key), vkey) != 0)
		die("vkey too long");
	secret_free(&seed);
}

static void
make_state(struct bench *b)
{
	static const char *const folders[] = {
	    "", "/notary", "/notary/log", "/broker", "/firewall"};
	struct conf *c = &b->conf;
	char path[400];

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", b->dir, folders[i]);
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			die("cannot make a folder");
	}
	(void)snprintf(c->server_id, sizeof(c->server_id), "bench");
	(void)snprintf(c->host, sizeof(c->host), "127.0.0.1");
	(void)snprintf(c->state_dir, sizeof(c->state_dir), "%s", b->dir);
	memset(c->tls_spki, 'a', 64);
	c->ssh[0].addr.family = 4;
	c->ssh[0].port = 2222;
	c->api[0] = c->ssh[0];
	c->api[0].port = 8443;
	c->entry = ENTRY_GRANT;
	c->max_grant_s = LIMIT_GRANT_MAX_S;
	c->mfa_age_s = c->mfa_age_admin_s = 3600;
	c->otp = otp_usual();
	seed_file(b, "notary/host.seed", c->host_key, sizeof(c->host_key));
	seed_file(b, "notary/ca.seed", c->ca_key, sizeof(c->ca_key));
	seed_file(
	    b, "notary/ca-next.seed", c->ca_next_key, sizeof(c->ca_next_key));
	seed_file(b, "broker/seal.key", NULL, 0);
	log_key(b);
}

static void
pair(struct proc_harness *a, struct proc_harness *b)
{
	struct msg_sup_link m = {0};
	int fd[2];

	if (ipc_pair(fd) != 0)
		die("no socket pair");
	m.proc = (uint8_t)b->proc;
	proc_harness_fd(a, MSG_SUP_LINK, &m, fd[0]);
	m.proc = (uint8_t)a->proc;
	proc_harness_fd(b, MSG_SUP_LINK, &m, fd[1]);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void
start(struct bench *b)
{
	static struct testlink unused[6];

	proc_harness_start(
	    &b->notary, PROC_NOTARY, "sallyport-notary", "", &b->conf);
	proc_harness_start(
	    &b->firewall, PROC_FIREWALL, "sallyport-firewall", "", &b->conf);
	proc_harness_start(
	    &b->broker, PROC_BROKER, "sallyport-broker", "", &b->conf);
	pair(&b->notary, &b->firewall);
	pair(&b->notary, &b->broker);
	pair(&b->firewall, &b->broker);
	proc_harness_link(&b->broker, &b->api, PROC_API, 0);
	proc_harness_link(&b->broker, &b->admin, PROC_ADMIN, 0);
	proc_harness_link(&b->broker, &unused[0], PROC_RECORDER, 0);
	proc_harness_link(&b->broker, &unused[1], PROC_SHIPPER, 0);
	proc_harness_link(&b->notary, &unused[2], PROC_API, 0);
	proc_harness_link(&b->notary, &unused[3], PROC_ADMIN, 0);
	proc_harness_link(&b->notary, &unused[4], PROC_RECORDER, 0);
	proc_harness_link(&b->notary, &unused[5], PROC_SHIPPER, 0);
	proc_harness_ready(&b->notary);
	proc_harness_ready(&b->firewall);
	proc_harness_ready(&b->broker);
}

/* Sends a call; returns the reply as JSON and how long it took. */
static json_t *
call(struct bench *b, struct testlink *l, enum api_verb verb, const char *body,
    int64_t *retus)
{
	struct msg_api_call m = {.rid = ++b->rid,
	    .verb = (uint16_t)verb,
	    .peer = b->source,
	    .peer_port = 40000,
	    .uid = l == &b->admin ? 0 : -1,
	    .loginuid = -1,
	    .pid = -1};
	const struct msg_api_reply *r;
	struct problem p = {0};
	int64_t t0;
	json_t *o;

	m.body.p = (const uint8_t *)body;
	m.body.len = (uint32_t)strlen(body);
	if (l == &b->admin)
		memset(&m.peer, 0, sizeof(m.peer));
	t0 = clock_mono_us();
	testlink_send(l, MSG_API_CALL, &m);
	r = testlink_want(l, MSG_API_REPLY);
	if (retus != NULL)
		*retus = clock_mono_us() - t0;
	if (r->status >= 300) {
		(void)fprintf(stderr, "status %u: %.*s\n", r->status,
		    (int)r->body.len, (const char *)r->body.p);
		die("a call was refused");
	}
	if ((o = json_parse_object(r->body.p, r->body.len, &p)) == NULL)
		die(p.text);
	return o;
}

/* SSHSIG armor with our own key: what ssh-keygen -Y sign makes. */
static char *
sign(const struct bench *b, const char *text)
{
	uint8_t hash[64];
	uint8_t sig[64];
	struct buf data, blob;
	char *armor;
	size_t size;
	unsigned n = 0;

	if (EVP_Digest(text, strlen(text), hash, &n, EVP_sha512(), NULL) != 1)
		die("no hash");
	buf_init(&data, 4096);
	buf_init(&blob, 4096);
	buf_put(&data, "SSHSIG", 6);
	buf_cstring(&data, SIGNED_NAMESPACE);
	buf_cstring(&data, "");
	buf_cstring(&data, "sha512");
	buf_string(&data, hash, sizeof(hash));
	if (sshkey_ed25519_sign(sig, &b->user_key, data.p, data.len) != 0)
		die("cannot sign");
	buf_reset(&data);
	buf_cstring(&data, "ssh-ed25519");
	buf_string(&data, b->user_pub, 32);
	buf_put(&blob, "SSHSIG", 6);
	buf_u32(&blob, 1);
	buf_string(&blob, data.p, data.len);
	buf_cstring(&blob, SIGNED_NAMESPACE);
	buf_cstring(&blob, "");
	buf_cstring(&blob, "sha512");
	buf_reset(&data);
	buf_cstring(&data, "ssh-ed25519");
	buf_string(&data, sig, sizeof(sig));
	buf_string(&blob, data.p, data.len);
	size = str_b64_size(blob.len) + 128;
	if ((armor = calloc(1, size)) == NULL)
		die("out of memory");
	(void)strcpy(armor, "-----BEGIN SSH SIGNATURE-----\n");
	str_b64(armor + strlen(armor), blob.p, blob.len);
	(void)strcat(armor, "\n-----END SSH SIGNATURE-----\n");
	buf_done(&data);
	buf_done(&blob);
	return armor;
}

/* The envelope of a verb with this body, and a code if given. */
static char *
envelope(struct bench *b, const char *verb, json_t *body, const char *code)
{
	struct signed_request s = {.nsources = 1, .body = body};
	struct now now = clock_now();
	json_t *ch = call(b, &b->api, VERB_CHALLENGE, "{}", NULL);
	json_t *o = json_object();
	char *text = NULL, *armor, *b64, *out;
	char salt[33] = "";

	(void)snprintf(s.verb, sizeof(s.verb), "%s", verb);
	(void)snprintf(s.server, sizeof(s.server), "bench");
	(void)snprintf(s.tls, sizeof(s.tls), "%s", b->conf.tls_spki);
	s.time_ms = now.utc_ms;
	s.source[0].addr = b->source;
	(void)snprintf(s.source[0].nonce, sizeof(s.source[0].nonce), "%s",
	    json_string_value(json_object_get(ch, "nonce")));
	(void)snprintf(s.idempotency, sizeof(s.idempotency),
	    "bench-%010u-%" PRId64, b->rid, now.utc_ms);
	if (code != NULL && signed_commit(s.commit, salt, code) != 0)
		die("no commitment");
	if (signed_build(&text, &s) != 0)
		die("cannot build");
	armor = sign(b, text);
	if ((b64 = calloc(1, str_b64_size(strlen(text)))) == NULL)
		die("out of memory");
	str_b64(b64, (const uint8_t *)text, strlen(text));
	(void)json_object_set_new(o, "payload", json_string(b64));
	(void)json_object_set_new(o, "signature", json_string(armor));
	if (code != NULL) {
		(void)json_object_set_new(o, "code", json_string(code));
		(void)json_object_set_new(o, "salt", json_string(salt));
	}
	out = json_text(o);
	json_decref(o);
	json_decref(ch);
	free(text);
	free(armor);
	free(b64);
	return out;
}

static int64_t
unbase32(struct secret *ret, const char *s)
{
	static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t acc = 0;
	unsigned bits = 0;
	size_t n = 0;

	if (secret_new(ret, 20) != 0)
		die("out of memory");
	for (; *s != '\0' && n < ret->len; s++) {
		const char *p = strchr(abc, *s);

		if (p == NULL)
			die("not base32");
		acc = acc << 5 | (uint32_t)(p - abc);
		if ((bits += 5) >= 8) {
			bits -= 8;
			ret->p[n++] = (uint8_t)(acc >> bits);
		}
	}
	return (int64_t)n;
}

static void
admin_call(struct bench *b, enum api_verb verb, const char *body)
{
	json_decref(call(b, &b->admin, verb, body, NULL));
}

/* A user with a key and TOTP, two hundred roles' worth of nothing, a target. */
static void
populate(struct bench *b, struct secret *retseed)
{
	const struct otp usual = otp_usual();
	char line[256];
	char body[1024];
	char code[TOTP_CODE_SIZE];
	char *env;
	json_t *o, *in;
	const char *invite;

	if (secret_random(&b->user_key, 32) != 0 ||
	    sshkey_ed25519_public(b->user_pub, &b->user_key) != 0 ||
	    sshkey_ed25519_line(line, sizeof(line), b->user_pub) != 0)
		die("no user key");
	(void)snprintf(
	    body, sizeof(body), "{\"user\":\"alice\",\"keys\":[\"%s\"]}", line);
	o = call(b, &b->admin, VERB_USER_ADD, body, NULL);
	invite =
	    strrchr(json_string_value(json_object_get(o, "invitation")), ':') +
	    1;
	in = json_pack("{s:s}", "invite", invite);
	env = envelope(b, "enroll.begin", in, NULL);
	json_decref(in);
	json_decref(o);
	o = call(b, &b->api, VERB_ENROLL, env, NULL);
	free(env);
	(void)unbase32(
	    retseed, json_string_value(json_object_get(o, "secret")));
	json_decref(o);
	if (totp_code(code, retseed, &usual,
		clock_now().utc_ms / 1000 / OTP_PERIOD_S) != 0)
		die("no code");
	in = json_object();
	env = envelope(b, "enroll.confirm", in, code);
	json_decref(in);
	json_decref(call(b, &b->api, VERB_ENROLL_CONFIRM, env, NULL));
	free(env);
	(void)snprintf(body, sizeof(body),
	    "{\"target\":\"web-01\",\"addresses\":[\"192.0.2.11\"],"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]}",
	    line);
	admin_call(b, VERB_TARGET_ADD, body);
	admin_call(b, VERB_ROLE_ADD,
	    "{\"role\":\"ops\",\"users\":[\"alice\"],\"targets\":[\"web-01\"],"
	    "\"logins\":[\"deploy\"],\"mfa_age\":3600}");
}

static int
by_value(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a;
	const int64_t y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t
percentile(int64_t *v, int n, int p)
{
	int at = (n * p + 99) / 100 - 1;

	qsort(v, (size_t)n, sizeof(*v), by_value);
	return v[at < 0 ? 0 : at];
}

static int64_t
one_sync(int fd)
{
	static const char bytes[SYNC_BYTES];
	int64_t t0 = clock_mono_us();

	if (write(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes) ||
	    fdatasync(fd) != 0)
		die("cannot write to the disk");
	return clock_mono_us() - t0;
}

int
main(int argc, char **argv)
{
	static int64_t door[COUNT_MAX], sync_us[COUNT_MAX];
	static struct bench b;
	const struct otp usual = otp_usual();
	struct secret seed = {0};
	char code[TOTP_CODE_SIZE];
	char path[400];
	uint64_t n;
	int fd;

	if (argc != 3 || str_u64(argv[2], 10, COUNT_MAX, &n) != 0 ||
	    str_copy(b.dir, sizeof(b.dir), argv[1]) != 0)
		die("usage: bench_door FOLDER COUNT");
	if (unshare(CLONE_NEWNET) != 0 || totp_init() != 0)
		die("must be root");
	lo_up();
	if (addr_parse(&b.source, "198.51.100.7") != 0)
		die("address");
	make_state(&b);
	start(&b);
	populate(&b, &seed);
	(void)snprintf(path, sizeof(path), "%s/sync.dat", b.dir);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		die("cannot make a file");
	for (int i = 0; i < (int)n; i++) {
		/* each is another one: the same would be open already */
		json_t *body = json_pack("{s:s,s:s,s:i,s:o}", "target",
		    "web-01", "login", "deploy", "for", 300, "reason",
		    json_sprintf("bench %d", i));
		char *env;

		/* the first needs a code, of a step not yet used */
		if (i == 0 &&
		    totp_code(code, &seed, &usual,
			clock_now().utc_ms / 1000 / OTP_PERIOD_S + 1) != 0)
			die("no code");
		env =
		    envelope(&b, "request.create", body, i == 0 ? code : NULL);
		json_decref(call(&b, &b.api, VERB_REQUEST, env, &door[i]));
		sync_us[i] = one_sync(fd);
		free(env);
		json_decref(body);
	}
	(void)printf("door_p50_us=%" PRId64 " door_p99_us=%" PRId64
		     " sync_p50_us=%" PRId64 " sync_p99_us=%" PRId64 "\n",
	    percentile(door, (int)n, 50), percentile(door, (int)n, 99),
	    percentile(sync_us, (int)n, 50), percentile(sync_us, (int)n, 99));
	/* measured: no need for an orderly end */
	(void)kill(b.broker.pid, SIGKILL);
	(void)kill(b.firewall.pid, SIGKILL);
	(void)kill(b.notary.pid, SIGKILL);
	secret_free(&seed);
	secret_free(&b.user_key);
	return 0;
}
