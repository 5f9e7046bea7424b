/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target_leg - see target_leg.h.
 */
#include "session/target_leg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "session/chan.h"
#include "session/end.h"
#include "session/key.h"
#include "session/links.h"
#include "session/names.h"
#include "session/session.h"
#include "session/shim.h"
#include "session/text.h"

/* Of a stream that is no SSH: what came. */
static void
hear_first(struct target_leg *t)
{
	static const char ssh[] = "SSH-";
	char first[SHIM_FIRST];
	const size_t n = shim_first(t->leg.fd, first);

	if (n > 0 && (n < strlen(ssh) || memcmp(first, ssh, strlen(ssh)) != 0))
		words_add(&t->words, first, n);
}

/* All that the target has said so far, after which it says nothing more. */
static void
hear(struct target_leg *t)
{
	char *said;

	if (t->leg.ssh == NULL || t->heard)
		return;
	t->heard = true;
	if (t->phase == TG_KEX)
		hear_first(t);
	while ((said = names_next(NAME_OF_BANNER)) != NULL) {
		words_add(&t->words, said, strlen(said));
		free(said);
	}
	if ((said = ssh_get_issue_banner(t->leg.ssh)) != NULL)
		words_add(&t->words, said, strlen(said));
	ssh_string_free_char(said);
	while ((said = names_next(NAME_OF_GOODBYE)) != NULL) {
		t->goodbye = true;
		words_add(&t->words, said, strlen(said));
		free(said);
	}
	names_target(NULL);
}

/* text is ours; the target's words follow it. */
static void
fail(struct session *s, enum end_reason why, const char *text)
{
	struct target_leg *t = s->target;
	char said[LIMIT_TEXT_SIZE / 2];

	hear(t);
	t->told = true;
	t->phase = TG_FAILED;
	words_line(said, sizeof(said), &t->words);
	text_fit(t->text, sizeof(t->text), "%s%s%s", text,
	    said[0] == '\0' ? "" : "; the target says: ", said);
	if (!s->spawn.probe)
		end_begin(s, why, t->text);
	s->busy = true;
}

/* Of a descriptor that libssh has closed itself, with an errno of before. */
static bool
is_socket_error(const char *e)
{
	static const char start[] = "Socket error";

	return e[0] == '\0' || strncmp(e, start, strlen(start)) == 0;
}

static void
fail_ssh(struct session *s, enum end_reason why, const char *doing)
{
	struct target_leg *t = s->target;
	const struct leg *l = &t->leg;
	char text[LIMIT_TEXT_SIZE];
	char safe[LIMIT_TEXT_SIZE - 80];
	const char *e = ssh_get_error(l->ssh);

	hear(t);
	t->no_common = leg_target_lacks(safe, sizeof(safe), s->algorithms, e);
	if (t->no_common == NO_COMMON_NONE) {
		if (t->goodbye)
			e = "it ended the connection";
		else if (shim_eof(l->fd) && is_socket_error(e))
			e = "it closed the connection";
		else if (e[0] == '\0')
			e = "it broke SSH";
		str_escape(safe, sizeof(safe), e, strlen(e));
	}
	text_fit(text, sizeof(text), "sallyport: %s %s: %s", doing,
	    s->spawn.probe ? "the target" : s->grant.target, safe);
	fail(s, why, text);
}

void
target_refusal(const struct target_leg *t, char *ret, size_t size)
{
	const char *e = ssh_get_error(t->leg.ssh);
	const char *own = strstr(e, "error (");

	/* "... error (4) its own words", of RFC 4254's numbers */
	if (own != NULL && (own = strchr(own, ')')) != NULL && own[1] == ' ' &&
	    own[2] != '\0')
		e = own + 2;
	if (e[0] == '\0')
		e = shim_eof(t->leg.fd) ? "it closed the connection"
					: "it does not say why";
	str_escape(ret, size, e, strlen(e));
}

struct teller {
	const char *who;
	struct buf said;
};

static void
tell_line(void *arg, const char *line)
{
	struct teller *t = arg;

	buf_printf(&t->said, "%s says: %s\r\n", t->who, line);
}

void
target_tell(struct session *s, struct chan *c)
{
	struct teller t = {.who = s->grant.target};

	if (s->target->told)
		return;
	s->target->told = true;
	buf_init(&t.said, (size_t)WORDS_LINES * 2 * WORDS_LINE_SIZE);
	words_each(&s->target->words, tell_line, &t);
	/* before the program's own, which may have come together with the
	 * target's yes to it */
	if (t.said.len > 0 && buf_err(&t.said) == 0 &&
	    !stream_front(&c->flow[FLOW_ERR], t.said.p, t.said.len))
		c->broken = true;
	buf_done(&t.said);
}

void
target_dial(struct session *s)
{
	struct msg_ses_dial m = {.rid = link_rid(&s->broker)};

	s->target->phase = TG_DIAL;
	s->target->rid = m.rid;
	s->target->since_ms = s->now.boot_ms;
	s->target->login = s->grant.login;
	s->target->grant = s->grant.grant;
	s->target->sid = s->grant.sid;
	if (link_send(&s->broker, MSG_SES_DIAL, &m) != 0)
		fail(s, END_TARGET_REFUSED,
		    "sallyport: the gateway's broker is not running; try "
		    "again");
}

void
target_dial_failed(struct session *s, const char *text)
{
	char line[LIMIT_TEXT_SIZE];

	s->dialed = true;
	if (s->target->phase != TG_DIAL)
		return;
	if (text[0] == '\0')
		text = "the target could not be reached";
	text_prefixed(line, sizeof(line), text);
	fail(s, END_TARGET_REFUSED, line);
}

void
target_dialed(struct session *s, const struct msg_ses_target *m, int fd)
{
	s->dialed = true;
	if (s->target->phase != TG_DIAL || m->rid != s->target->rid ||
	    s->phase != PH_RELAY) {
		(void)close(fd);
		return;
	}
	target_start(s, fd, &m->host_keys);
}

/* The algorithms to ask for, so that the target shows a key that is pinned. */
static int
pinned_algs(struct target_leg *t)
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
	ssh_session ssh = s->target->leg.ssh;
	const struct leg_algs *algs = leg_algs(s->algorithms, false);
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
	    {SSH_OPTIONS_USER, s->target->login},
	    {SSH_OPTIONS_KNOWNHOSTS, "/nonexistent/known_hosts"},
	    {SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/nonexistent/known_hosts"},
	    {SSH_OPTIONS_CIPHERS_C_S, algs->ciphers},
	    {SSH_OPTIONS_CIPHERS_S_C, algs->ciphers},
	    {SSH_OPTIONS_KEY_EXCHANGE, algs->kex},
	    {SSH_OPTIONS_HMAC_C_S, algs->macs},
	    {SSH_OPTIONS_HMAC_S_C, algs->macs},
	    {SSH_OPTIONS_COMPRESSION, "no"},
	    {SSH_OPTIONS_RSA_MIN_SIZE, &rsa},
	    {SSH_OPTIONS_FD, &s->target->leg.fd},
	    {SSH_OPTIONS_HOSTKEYS, s->target->host_alg},
	};

	for (size_t i = 0; i < ARRAY_LEN(opts); i++) {
		if (opts[i].o == SSH_OPTIONS_HOSTKEYS &&
		    s->target->host_alg[0] == '\0')
			continue;
		if (ssh_options_set(ssh, opts[i].o, opts[i].v) != SSH_OK)
			return GW_EUNSUPPORTED;
	}
	return 0;
}

static int
keep_pinned(struct target_leg *t, const struct bytes *pinned)
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
	if (leg_init(&s->target->leg, fd) != 0) {
		fail(s, END_ABORTED, "sallyport: out of memory");
		return;
	}
	if (keep_pinned(s->target, pinned) != 0 || set_options(s) != 0) {
		fail(s, END_ABORTED,
		    "sallyport: the target's pinned host keys cannot be used");
		return;
	}
	names_target(s->target->leg.ssh);
	s->target->phase = TG_KEX;
	s->busy = true;
}

static void
step_kex(struct session *s)
{
	struct leg *l = &s->target->leg;
	int rc = leg_exchange(l, ssh_connect);

	if (rc == SSH_AGAIN)
		return;
	if (rc != SSH_OK) {
		fail_ssh(s, END_TARGET_REFUSED, "no SSH connection to");
		return;
	}
	if (leg_evented(l) != 0) {
		fail(s, END_ABORTED, "sallyport: out of memory");
		return;
	}
	s->target->phase = TG_HOSTKEY;
	s->busy = true;
}

static bool
is_pinned(const struct target_leg *t, const uint8_t *blob, size_t n)
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

/* What an administrator confirmed, for the record: fingerprints. */
static void
expected_field(struct event_fields *f, const struct target_leg *t)
{
	char fp[128], text[LIMIT_HOSTKEYS * sizeof(fp)];
	size_t at = 0, len = 0;
	struct rd r;
	uint32_t keys;

	text[0] = '\0';
	rd_init(&r, t->pinned, t->npinned);
	keys = rd_u32(&r);
	for (uint32_t i = 0; i < keys && i < LIMIT_HOSTKEYS && !r.bad; i++) {
		const uint8_t *p = rd_string(&r, &len);

		if (r.bad)
			break;
		key_blob_fingerprint(fp, sizeof(fp), p, len);
		(void)snprintf(text + at, sizeof(text) - at, "%s%s",
		    at > 0 ? " " : "", fp);
		at = strlen(text);
	}
	event_str(f, EF_EXPECTED, text);
}

static void
hostkey_changed(struct session *s, ssh_key key)
{
	struct event_fields f;
	char fp[128];
	char text[LIMIT_TEXT_SIZE];

	key_fingerprint(fp, sizeof(fp), key);
	link_event_init(&f, &s->grant);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, "hostkey_changed");
	event_str(&f, EF_FOUND, fp);
	expected_field(&f, s->target);
	link_note(&s->notary, EV_HOSTKEY_CHANGED, &f);
	event_fields_done(&f);
	text_fit(text, sizeof(text),
	    "sallyport: %s shows another host key (%s) than the one an "
	    "administrator confirmed; nothing was sent to it. If it was "
	    "changed on purpose, an administrator confirms the new one with: "
	    "jitctl target set %s --scan",
	    s->grant.target, fp, s->grant.target);
	fail(s, END_HOSTKEY_CHANGED, text);
}

static void
step_hostkey(struct session *s)
{
	struct target_leg *t = s->target;
	ssh_key key = NULL;
	char *b64 = NULL;
	size_t n;

	if (ssh_get_server_publickey(t->leg.ssh, &key) != SSH_OK ||
	    ssh_pki_export_pubkey_base64(key, &b64) != SSH_OK ||
	    (t->shown = malloc(n = strlen(b64) + 1)) == NULL ||
	    str_unb64(t->shown, n, b64, n - 1, &t->nshown) != 0) {
		fail(s, END_ABORTED,
		    "sallyport: the target's host key cannot be read");
		goto out;
	}
	t->key_ok = is_pinned(t, t->shown, t->nshown);
	if (!t->key_ok && !FAULT(session_hostkey)) {
		if (s->spawn.probe)
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

static void
step_cert(struct session *s)
{
	struct target_leg *t = s->target;
	struct msg_nt_cert m = {.rid = 0};

	if (t->rid != 0)
		return; /* asked */
	m.rid = link_rid(&s->notary);
	if (str_copy(m.grant, sizeof(m.grant), t->grant) != 0 ||
	    str_copy(m.sid, sizeof(m.sid), t->sid) != 0 ||
	    (t->key == NULL && key_new(&t->key, t->pubkey) != 0)) {
		fail(s, END_ABORTED,
		    "sallyport: no key for the target could be made");
		return;
	}
	memcpy(m.pubkey, t->pubkey, sizeof(m.pubkey));
	t->rid = m.rid;
	t->asked_ms = s->now.boot_ms;
	if (link_send(&s->notary, MSG_NT_CERT, &m) != 0)
		fail(s, END_AUDIT_FAILED,
		    "sallyport: the gateway's notary is not running; try "
		    "again");
}

void
target_certified(struct session *s, const struct msg_nt_cert_ok *m)
{
	struct target_leg *t = s->target;
	char b64[2 * LIMIT_CERT_MAX];

	if (t->phase != TG_CERT || m->rid != t->rid || t->rid == 0)
		return;
	if (m->result != 0 || str_b64_size(m->cert.len) > sizeof(b64)) {
		fail(s, END_TARGET_REFUSED,
		    "sallyport: the gateway gives this session no certificate: "
		    "its grant has ended");
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

static uint32_t
methods(ssh_session ssh)
{
	static const struct {
		int libssh;
		enum ssh_method ours;
	} rows[] = {
	    {SSH_AUTH_METHOD_PUBLICKEY, SSH_METHOD_PUBLICKEY},
	    {SSH_AUTH_METHOD_PASSWORD, SSH_METHOD_PASSWORD},
	    {SSH_AUTH_METHOD_INTERACTIVE, SSH_METHOD_KEYBOARD},
	};
	int left = ssh_userauth_list(ssh, NULL);
	uint32_t ret = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if ((left & rows[i].libssh) != 0) {
			ret |= rows[i].ours;
			left &= ~rows[i].libssh;
		}
	return left != 0 ? ret | SSH_METHOD_OTHER : ret;
}

/* Would the target take a signature with the certificate? That it does not is
 * said by the answer to the signature as well, but not that it does. True once
 * it is known. */
static bool
ask_target(struct target_leg *t)
{
	const int rc = ssh_userauth_try_publickey(t->leg.ssh, NULL, t->cert);

	if (rc == SSH_AUTH_AGAIN)
		return false;
	t->asked = true;
	t->known = rc == SSH_AUTH_SUCCESS;
	return true;
}

static void
step_login(struct session *s)
{
	struct target_leg *t = s->target;
	struct leg *l = &t->leg;
	char text[LIMIT_TEXT_SIZE];
	int rc;

	if (t->ask_first && !t->asked && !ask_target(t))
		return;
	rc = ssh_userauth_publickey(l->ssh, NULL, t->key);
	switch (rc) {
	case SSH_AUTH_AGAIN:
		return;
	case SSH_AUTH_SUCCESS:
		hear(t);
		t->phase = TG_UP;
		s->active_ms = s->now.boot_ms;
		s->busy = true;
		return;
	case SSH_AUTH_DENIED:
	case SSH_AUTH_PARTIAL:
		t->partial = rc == SSH_AUTH_PARTIAL;
		t->methods = methods(l->ssh);
		if (t->partial)
			text_fit(text, sizeof(text),
			    "sallyport: the target accepts the gateway's "
			    "certificate for %s, but it is not enough: sshd "
			    "there wants another method as well "
			    "(AuthenticationMethods), which no session can "
			    "answer; an administrator reads what to change "
			    "with: jitctl doctor %s",
			    t->login,
			    s->spawn.probe ? "TARGET" : s->grant.target);
		else
			text_fit(text, sizeof(text),
			    "sallyport: the target does not accept the "
			    "gateway's "
			    "certificate for %s; an administrator can find out "
			    "why "
			    "with: "
			    "jitctl doctor %s",
			    t->login,
			    s->spawn.probe ? "TARGET" : s->grant.target);
		fail(s, END_TARGET_REFUSED, text);
		return;
	default:
		fail_ssh(s, END_TARGET_REFUSED, "login failed at");
		return;
	}
}

void
target_notary_relinked(struct session *s)
{
	if (s->target->phase == TG_CERT)
		s->target->rid = 0;
}

bool
target_cert_late(const struct session *s, int64_t before_ms)
{
	const struct target_leg *t = s->target;

	return t->phase == TG_CERT && t->rid != 0 && t->asked_ms < before_ms;
}

static void
read_leg(struct leg *l)
{
	ssh_message m;

	leg_feed(l);
	while (!l->dead && l->event != NULL &&
	       (m = ssh_message_get(l->ssh)) != NULL) {
		/* agent, X11 and forwarded channels from the target */
		(void)ssh_message_reply_default(m);
		ssh_message_free(m);
	}
}

void
target_step(struct session *s)
{
	struct target_leg *t = s->target;

	if (t->leg.ssh == NULL || s->phase != PH_RELAY)
		return;
	read_leg(&t->leg);
	if (t->phase > TG_HOSTKEY && t->phase < TG_UP && t->leg.dead) {
		fail_ssh(s,
		    t->phase == TG_LOGIN ? END_TARGET_REFUSED : END_TARGET_GONE,
		    t->phase == TG_LOGIN ? "login failed at" : "no login at");
		return;
	}
	if (t->phase == TG_KEX)
		step_kex(s);
	if (t->phase == TG_HOSTKEY)
		step_hostkey(s);
	if (t->phase == TG_CERT && !t->no_login)
		step_cert(s);
	if (t->phase == TG_LOGIN)
		step_login(s);
}

void
target_done(struct session *s)
{
	struct target_leg *t = s->target;

	names_target(NULL);
	leg_done(&t->leg);
	free(t->pinned);
	free(t->shown);
	ssh_key_free(t->cert);
	ssh_key_free(t->key);
	t->pinned = t->shown = NULL;
	t->cert = t->key = NULL;
}
