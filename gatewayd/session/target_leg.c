/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target - the way to the target: a connected socket from the broker, key
 * exchange, the pinned host key, a certificate from the notary for a key made
 * here, login. One step per turn, nothing blocks. Nothing is authenticated to
 * a host whose key is not pinned.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "session/hooks.h"
#include "session/session.h"
#include "session/shim.h"
#include "session/text.h"

/* AES-GCM first: libssh's own order costs twice the time on AES-NI hosts. CTR
 * last, for clients that have no AEAD (paramiko before 3). */
const char ssh_ciphers[] = "aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
			   "chacha20-poly1305@openssh.com,"
			   "aes256-ctr,aes128-ctr";
/* No group exchange: it would read the moduli file. */
const char ssh_kex[] =
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,"
    "ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group16-sha512,"
    "diffie-hellman-group18-sha512,diffie-hellman-group14-sha256";
const char ssh_macs[] =
    "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"
    "hmac-sha2-256,hmac-sha2-512";

static void
fail(struct session *s, enum end_reason why, const char *text)
{
	s->target.phase = TG_FAILED;
	text_fmt(s->target.text, sizeof(s->target.text), "%.400s", text);
	if (!s->probe.on)
		end_begin(s, why, text);
	s->busy = true;
}

static void
fail_ssh(struct session *s, enum end_reason why, const char *doing)
{
	char text[LIMIT_TEXT_SIZE];
	char safe[256];
	const char *e = ssh_get_error(s->target_leg.ssh);

	str_escape(safe, sizeof(safe), e, strlen(e));
	text_fmt(text, sizeof(text), "sallyport: %s %s: %s", doing,
	    s->probe.on ? "the target" : s->auth.grant.target, safe);
	fail(s, why, text);
}

void
target_dial(struct session *s)
{
	struct msg_ses_dial m = {.rid = session_rid(s)};

	s->target.phase = TG_DIAL;
	s->target.rid = m.rid;
	s->target.since_ms = s->now.boot_ms;
	s->target.login = s->auth.grant.login;
	s->target.grant = s->auth.grant.grant;
	s->target.sid = s->auth.grant.sid;
	if (link_send(s, &s->broker, MSG_SES_DIAL, &m) != 0)
		fail(s, END_TARGET_REFUSED,
		    "sallyport: the gateway's broker is away; try again");
}

void
target_refused(struct session *s, const char *text)
{
	char line[LIMIT_TEXT_SIZE];

	if (s->target.phase != TG_DIAL)
		return;
	if (text[0] == '\0')
		text = "the target could not be reached";
	text_fmt(line, sizeof(line), "%s%.450s",
	    strncmp(text, "sallyport:", 10) == 0 ? "" : "sallyport: ", text);
	fail(s, END_TARGET_REFUSED, line);
}

void
target_dialed(struct session *s, const struct msg_ses_target *m, int fd)
{
	if (s->target.phase != TG_DIAL || m->rid != s->target.rid ||
	    s->phase != PH_RELAY) {
		(void)close(fd);
		return;
	}
	target_start(s, fd, &m->host_keys);
}

/* The algorithms to ask for, so that the target shows a key that is pinned. */
static int
pinned_algs(struct target *t)
{
	struct rd r;
	struct rd blob;
	uint32_t n;
	size_t len;
	size_t used = 0;
	char type[64];
	const char *alg;
	const uint8_t *p;

	if (t->host_alg[0] != '\0' || t->npinned == 0)
		return 0;
	rd_init(&r, t->pinned, t->npinned);
	n = rd_u32(&r);
	for (uint32_t i = 0; i < n && !r.bad; i++) {
		p = rd_string(&r, &len);
		rd_init(&blob, p, len);
		rd_cstring(&blob, type, sizeof(type));
		if (r.bad || blob.bad)
			return GW_EPROTO;
		alg = strcmp(type, "ssh-rsa") == 0 ? "rsa-sha2-512,rsa-sha2-256"
						   : type;
		if (strstr(t->host_alg, alg) != NULL)
			continue;
		if (str_fmt(t->host_alg + used, sizeof(t->host_alg) - used,
			"%s%s", used == 0 ? "" : ",", alg) != 0)
			return GW_ELIMIT;
		used = strlen(t->host_alg);
	}
	return rd_done(&r);
}

static int
set_options(struct session *s)
{
	ssh_session ssh = s->target_leg.ssh;
	const bool no = false;
	const int rsa = 2048;
	/* Files that cannot be opened are named so that nothing is looked for
	 * in a home folder. */
	const struct {
		enum ssh_options_e o;
		const void *v;
	} opts[] = {
	    {SSH_OPTIONS_PROCESS_CONFIG, &no},
	    {SSH_OPTIONS_SSH_DIR, "/nonexistent"},
	    {SSH_OPTIONS_HOST, "target"},
	    {SSH_OPTIONS_USER, s->target.login},
	    {SSH_OPTIONS_KNOWNHOSTS, "/nonexistent/known_hosts"},
	    {SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/nonexistent/known_hosts"},
	    {SSH_OPTIONS_CIPHERS_C_S, ssh_ciphers},
	    {SSH_OPTIONS_CIPHERS_S_C, ssh_ciphers},
	    {SSH_OPTIONS_KEY_EXCHANGE, ssh_kex},
	    {SSH_OPTIONS_HMAC_C_S, ssh_macs},
	    {SSH_OPTIONS_HMAC_S_C, ssh_macs},
	    {SSH_OPTIONS_COMPRESSION, "no"},
	    {SSH_OPTIONS_RSA_MIN_SIZE, &rsa},
	    {SSH_OPTIONS_FD, &s->target_leg.fd},
	    {SSH_OPTIONS_HOSTKEYS, s->target.host_alg},
	};

	for (size_t i = 0; i < ARRAY_LEN(opts); i++) {
		if (opts[i].o == SSH_OPTIONS_HOSTKEYS &&
		    s->target.host_alg[0] == '\0')
			continue;
		if (ssh_options_set(ssh, opts[i].o, opts[i].v) != SSH_OK)
			return GW_EUNSUPPORTED;
	}
	return 0;
}

static int
keep_pinned(struct target *t, const struct bytes *pinned)
{
	free(t->pinned);
	t->npinned = 0;
	if ((t->pinned = malloc(pinned->len + 1)) == NULL)
		return GW_ENOMEM;
	if (pinned->len > 0)
		memcpy(t->pinned, pinned->p, pinned->len);
	t->npinned = pinned->len;
	return pinned_algs(t);
}

void
target_start(struct session *s, int fd, const struct bytes *pinned)
{
	if (leg_init(&s->target_leg, fd) != 0) {
		fail(s, END_ABORTED, "sallyport: out of memory");
		return;
	}
	if (keep_pinned(&s->target, pinned) != 0 || set_options(s) != 0) {
		fail(s, END_ABORTED,
		    "sallyport: the target's pinned host keys cannot be used");
		return;
	}
	s->target.phase = TG_KEX;
	s->busy = true;
}

static void
step_kex(struct session *s)
{
	struct leg *l = &s->target_leg;
	size_t before;
	int rc;

	do {
		before = shim_rx(l->fd);
		rc = ssh_connect(l->ssh);
	} while (
	    rc == SSH_AGAIN && shim_rx(l->fd) > 0 && shim_rx(l->fd) != before);
	if (rc == SSH_AGAIN && !(shim_eof(l->fd) && shim_rx(l->fd) == 0))
		return;
	if (rc != SSH_OK) {
		fail_ssh(s, END_TARGET_REFUSED, "no SSH connection to");
		return;
	}
	if (leg_evented(l) != 0) {
		fail(s, END_ABORTED, "sallyport: out of memory");
		return;
	}
	s->target.phase = TG_HOSTKEY;
	s->busy = true;
}

static bool
is_pinned(const struct target *t, const uint8_t *blob, size_t n)
{
	struct rd r;
	uint32_t keys;
	size_t len;
	const uint8_t *p;
	bool found = false;

	rd_init(&r, t->pinned, t->npinned);
	keys = rd_u32(&r);
	for (uint32_t i = 0; i < keys && !r.bad; i++) {
		p = rd_string(&r, &len);
		if (!r.bad && len == n && memcmp(p, blob, n) == 0)
			found = true;
	}
	return found && rd_done(&r) == 0;
}

static void
fingerprint(char *ret, size_t size, ssh_key key)
{
	unsigned char *hash = NULL;
	size_t n = 0;
	char *text = NULL;

	ret[0] = '\0';
	if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &n) !=
	    SSH_OK)
		return;
	text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, n);
	if (text != NULL)
		text_fmt(ret, size, "%s", text);
	ssh_string_free_char(text);
	ssh_clean_pubkey_hash(&hash);
}

static void
hostkey_changed(struct session *s, ssh_key key)
{
	struct event_fields f;
	char fp[128];
	char text[LIMIT_TEXT_SIZE];

	fingerprint(fp, sizeof(fp), key);
	event_fields_init(&f);
	link_event_common(s, &f);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, "hostkey_changed");
	event_str(&f, EF_FOUND, fp);
	event_str(&f, EF_EXPECTED, s->target.host_alg);
	link_note(s, EV_HOSTKEY_CHANGED, &f);
	event_fields_done(&f);
	text_fmt(text, sizeof(text),
	    "sallyport: %s shows another host key (%s) than the one an "
	    "administrator confirmed; nothing was sent to it. If the key was "
	    "changed on purpose: jitctl target add %s --scan",
	    s->auth.grant.target, fp, s->auth.grant.target);
	fail(s, END_HOSTKEY_CHANGED, text);
}

static void
step_hostkey(struct session *s)
{
	struct target *t = &s->target;
	ssh_key key = NULL;
	char *b64 = NULL;
	size_t n;

	if (ssh_get_server_publickey(s->target_leg.ssh, &key) != SSH_OK ||
	    ssh_pki_export_pubkey_base64(key, &b64) != SSH_OK ||
	    (t->seen = malloc(n = strlen(b64) + 1)) == NULL ||
	    str_unb64(t->seen, n, b64, n - 1, &t->nseen) != 0) {
		fail(s, END_ABORTED, "sallyport: cannot read the host key");
		goto out;
	}
	t->key_ok = is_pinned(t, t->seen, t->nseen);
	if (!t->key_ok && !FAULT(session_hostkey)) {
		if (s->probe.on)
			fail(s, END_HOSTKEY_CHANGED,
			    "the host key is not a pinned one");
		else
			hostkey_changed(s, key);
		goto out;
	}
	t->phase = TG_CERT;
	t->rid = 0;
	s->busy = true;
out:
	ssh_string_free_char(b64);
	ssh_key_free(key);
}

char *
target_key_text(const uint8_t pub[static 32], const uint8_t seed[static 32])
{
	static const char head[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
	static const char tail[] = "\n-----END OPENSSH PRIVATE KEY-----\n";
	struct buf all;
	struct buf blob;
	struct buf priv;
	char *text = NULL;
	size_t n;

	buf_init(&all, 1024);
	buf_init(&blob, 256);
	buf_init(&priv, 512);
	buf_cstring(&blob, "ssh-ed25519");
	buf_string(&blob, pub, 32);
	buf_u32(&priv, 0x53616c79); /* twice the same: "decrypted well" */
	buf_u32(&priv, 0x53616c79);
	buf_put(&priv, blob.p, blob.len);
	buf_u32(&priv, 64);
	buf_put(&priv, seed, 32);
	buf_put(&priv, pub, 32);
	buf_cstring(&priv, "");
	for (uint8_t i = 1; priv.len % 8 != 0; i++)
		buf_u8(&priv, i);
	buf_put(&all, "openssh-key-v1", 15);
	buf_cstring(&all, "none");
	buf_cstring(&all, "none");
	buf_cstring(&all, "");
	buf_u32(&all, 1);
	buf_string(&all, blob.p, blob.len);
	buf_string(&all, priv.p, priv.len);
	if (buf_err(&all) != 0 || buf_err(&blob) != 0 || buf_err(&priv) != 0)
		goto out;
	n = sizeof(head) + str_b64_size(all.len) + sizeof(tail);
	if ((text = malloc(n)) == NULL)
		goto out;
	memcpy(text, head, sizeof(head));
	str_b64(text + strlen(text), all.p, all.len);
	memcpy(text + strlen(text), tail, sizeof(tail));
out:
	buf_done(&all);
	buf_done(&blob);
	buf_done(&priv);
	return text;
}

static int
make_key(struct target *t, uint8_t retpub[static 32])
{
	EVP_PKEY *pk = NULL;
	struct secret seed = {0};
	char *text = NULL;
	size_t n = 32;
	int r;

	if ((r = secret_random(&seed, 32)) != 0)
		goto out;
	r = GW_ECRYPTO;
	pk = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, seed.p, seed.len);
	if (pk == NULL || EVP_PKEY_get_raw_public_key(pk, retpub, &n) != 1 ||
	    (text = target_key_text(retpub, seed.p)) == NULL ||
	    ssh_pki_import_privkey_base64(text, NULL, NULL, NULL, &t->key) !=
		SSH_OK)
		goto out;
	r = 0;
out:
	EVP_PKEY_free(pk);
	secret_free(&seed);
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
	return r;
}

static void
step_cert(struct session *s)
{
	struct target *t = &s->target;
	struct msg_nt_cert m = {.rid = 0};

	if (t->rid != 0)
		return; /* asked */
	m.rid = session_rid(s);
	if (str_copy(m.grant, sizeof(m.grant), t->grant) != 0 ||
	    str_copy(m.sid, sizeof(m.sid), t->sid) != 0 ||
	    (t->key == NULL && make_key(t, m.pubkey) != 0)) {
		fail(s, END_ABORTED, "sallyport: no key could be made");
		return;
	}
	t->rid = m.rid;
	t->asked_ms = s->now.boot_ms;
	if (link_send(s, &s->notary, MSG_NT_CERT, &m) != 0)
		fail(s, END_AUDIT_FAILED,
		    "sallyport: the gateway's notary is away; try again");
}

void
target_certified(struct session *s, const struct msg_nt_cert_ok *m)
{
	struct target *t = &s->target;
	char b64[2 * LIMIT_CERT_MAX];

	if (t->phase != TG_CERT || m->rid != t->rid || t->rid == 0)
		return;
	if (m->result != 0 || str_b64_size(m->cert.len) > sizeof(b64)) {
		fail(s, END_TARGET_REFUSED,
		    "sallyport: the notary signs no certificate for this "
		    "session: its grant has ended");
		return;
	}
	str_b64(b64, m->cert.p, m->cert.len);
	if (ssh_pki_import_cert_base64(
		b64, SSH_KEYTYPE_ED25519_CERT01, &t->cert) != SSH_OK ||
	    ssh_pki_copy_cert_to_privkey(t->cert, t->key) != SSH_OK) {
		fail(s, END_ABORTED,
		    "sallyport: the certificate cannot be used");
		return;
	}
	t->phase = TG_LOGIN;
	s->busy = true;
}

static void
step_login(struct session *s)
{
	struct leg *l = &s->target_leg;
	char text[LIMIT_TEXT_SIZE];
	int rc = ssh_userauth_publickey(l->ssh, NULL, s->target.key);

	switch (rc) {
	case SSH_AUTH_AGAIN:
		return;
	case SSH_AUTH_SUCCESS:
		s->target.phase = TG_UP;
		s->active_ms = s->now.boot_ms;
		s->busy = true;
		return;
	case SSH_AUTH_DENIED:
	case SSH_AUTH_PARTIAL:
		text_fmt(text, sizeof(text),
		    "sallyport: the target does not accept the gateway's "
		    "certificate for %s; an administrator can see why with: "
		    "jitctl doctor %s",
		    s->target.login,
		    s->probe.on ? "TARGET" : s->auth.grant.target);
		fail(s, END_TARGET_REFUSED, text);
		return;
	default:
		fail_ssh(s, END_TARGET_REFUSED, "login failed at");
		return;
	}
}

void
target_step(struct session *s)
{
	struct target *t = &s->target;

	if (t->phase > TG_HOSTKEY && t->phase < TG_UP && s->target_leg.dead) {
		fail_ssh(s, END_TARGET_GONE, "the connection was closed by");
		return;
	}
	if (t->phase == TG_KEX)
		step_kex(s);
	if (t->phase == TG_HOSTKEY)
		step_hostkey(s);
	if (t->phase == TG_CERT && (!s->probe.on || s->probe.req.login))
		step_cert(s);
	if (t->phase == TG_LOGIN)
		step_login(s);
}

void
target_done(struct session *s)
{
	struct target *t = &s->target;

	free(t->pinned);
	free(t->seen);
	ssh_key_free(t->cert);
	ssh_key_free(t->key);
	t->pinned = t->seen = NULL;
	t->cert = t->key = NULL;
}
