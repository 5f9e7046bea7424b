/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login - who is at the door: proved by a signature over the session id that
 * the notary signed, and let in by a live grant of that user, for that target
 * and login, from that address.
 *
 * MUST: an offered key proves nothing; only a signature over this connection's
 * session id does. MUST: a stranger learns nothing from a refusal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/grant/live.h"
#include "broker/grant/recheck.h"
#include "broker/session/attempt.h"
#include "broker/session/list.h"
#include "broker/session/login.h"
#include "broker/session/session.h"
#include "ssh/sshauth.h"

struct door {
	char login[LIMIT_NAME_SIZE];
	char target[LIMIT_NAME_SIZE];
	char user[LIMIT_NAME_SIZE]; /* the key's, "" = nobody's */
	char user_id[LIMIT_ID_SIZE];
	char owner[LIMIT_NAME_SIZE]; /* whose agent that is */
	char source[ADDR_TEXT_SIZE];
	struct sshkey key;
	char key_fp[SSHKEY_FP_SIZE];
	bool outside; /* of no person, who is in none of their networks */
	char unknown_type[64]; /* of a key this version does not know; or "" */
};

static bool
parse_name(struct door *d, const char *s)
{
	const char *at = strchr(s, '@');
	size_t n;

	if (at == NULL || (n = (size_t)(at - s)) >= sizeof(d->login))
		return false;
	memcpy(d->login, s, n);
	d->login[n] = '\0';
	name_set(d->target, at + 1);
	return str_name_ok(d->login) && str_name_ok(d->target);
}

/* Fills what can be known before a signature; user stays "" in every doubt. */
static void
identify(struct session *s, const struct msg_ses_auth *m, struct door *d)
{
	struct user *u = calloc(1, sizeof(*u));
	struct rd blob;
	size_t n = 0;

	memset(d, 0, sizeof(*d));
	addr_format(d->source, &s->client);
	sshkey_fingerprint(d->key_fp, m->blob.p, m->blob.len);
	(void)sshkey_unknown_type(
	    d->unknown_type, sizeof(d->unknown_type), m->blob.p, m->blob.len);
	/* of some the session knows no more than the type */
	rd_init(&blob, m->blob.p, m->blob.len);
	if (rd_string(&blob, &n) == NULL || rd_done(&blob) == 0)
		d->key_fp[0] = '\0';
	if (u == NULL ||
	    sshkey_parse_blob(&d->key, m->blob.p, m->blob.len) != 0)
		goto out;
	if (store_user_by_key(s->b->store, d->key_fp, d->user) != 0 ||
	    store_user_get(s->b->store, d->user, u) != 0 ||
	    u->state != USER_ACTIVE)
		d->user[0] = '\0';
	else {
		memcpy(d->user_id, u->id, sizeof(d->user_id));
		memcpy(d->owner, u->owner, sizeof(d->owner));
	}
	d->outside = u->kind != KIND_PERSON &&
		     !prefix_list_has(&u->sources, &s->client) &&
		     !FAULT(machine_login);
out:
	free(u);
}

static int
verify_form(const struct session *s, const struct msg_ses_auth *m,
    const struct door *d, const struct sshkey *host)
{
	const struct sshauth a = {.sid = s->xid,
	    .nsid = s->nxid,
	    .user = m->user,
	    .alg = m->alg,
	    .key = m->blob.p,
	    .nkey = m->blob.len,
	    .host_key = host == NULL ? NULL : host->blob,
	    .nhost_key = host == NULL ? 0 : host->len};
	struct buf b;
	int r;

	buf_init(&b, LIMIT_PUBKEY_MAX * 2);
	sshauth_signed(&b, &a);
	if ((r = buf_err(&b)) == 0)
		r = sshkey_verify(&d->key, m->alg, m->sig.p, m->sig.len,
		    m->sk_flags, m->sk_counter, b.p, b.len);
	buf_done(&b);
	return r;
}

/* What the client signed, rebuilt from what the notary signed and from nothing
 * the session says about itself. It may have signed our host key as well, which
 * is ours to know too: a newer libssh takes that form, and whether it came in
 * the one or the other cannot be seen in what a security key signs. */
static int
verify(
    const struct session *s, const struct msg_ses_auth *m, const struct door *d)
{
	struct sshkey host;
	int r;

	if (s->nxid == 0)
		return GW_ESTATE;
	if ((r = verify_form(s, m, d, NULL)) != 0 && !FAULT(no_hostbound) &&
	    sshkey_parse_line(&host, s->b->conf->host_key) == 0)
		r = verify_form(s, m, d, &host);
	return r;
}

static int
say_no(struct session *s, const struct msg_ses_auth *m, const char *text)
{
	struct msg_ses_auth_no no = {.rid = m->rid, .query = m->query};

	text_set(no.text, sizeof(no.text), text);
	return peer_send(
	    process_session(s->b->process, s->conn), MSG_SES_AUTH_NO, &no, -1);
}

static void
login_fields(const struct session *s, const struct door *d,
    const struct msg_ses_auth *m, struct event_fields *f)
{
	event_fields_init(f);
	event_str(f, EF_USER, d->user);
	event_str(f, EF_USER_ID, d->user_id);
	event_str(f, EF_OWNER, d->owner);
	event_str(f, EF_LOGIN, d->login);
	event_str(f, EF_TARGET, d->target);
	event_num(f, EF_CONN, (int64_t)s->conn);
	event_str(f, EF_SRC, d->source);
	event_num(f, EF_SRC_PORT, s->client_port);
	event_str(f, EF_KEY_FP, d->key_fp);
	event_str(f, EF_METHOD, "publickey");
	event_str(f, EF_CLIENT, m->client_version);
}

static void
refused(struct session *s, const struct door *d, const struct msg_ses_auth *m,
    enum attempt_rank rank, const char *reason)
{
	const struct attempt a = {.rank = rank,
	    .reason = reason,
	    .name = m->user,
	    .user = d->user,
	    .user_id = d->user_id,
	    .owner = d->owner,
	    .login = d->login,
	    .target = d->target,
	    .key_fp = d->key_fp,
	    .key_type = d->unknown_type,
	    .client = m->client_version};

	attempt_note(s, &a);
}

/* Why nobody is known by that key. */
static const char *
unknown(const struct door *d)
{
	return d->unknown_type[0] != '\0' ? "unknown_key_type" : "unknown_key";
}

/* Whoever offers a key nobody has learns nothing but what everybody may know. A
 * certificate is offered along with its key, of which this is said then. */
static void
unknown_text(char *ret, size_t size, const struct door *d)
{
	ret[0] = '\0';
	if (d->unknown_type[0] != '\0' &&
	    strstr(d->unknown_type, "-cert-v01@") == NULL)
		(void)snprintf(ret, size,
		    "sallyport: this version does not know keys of the type "
		    "%s, only " SSHKEY_TYPES,
		    d->unknown_type);
}

static void
no_grant_text(char *ret, size_t size, const struct session *s,
    const struct door *d, bool parsed)
{
	if (!parsed)
		(void)snprintf(ret, size,
		    "sallyport: say who you want to be and where: ssh -p %u "
		    "LOGIN@TARGET@gateway (yours: jitctl targets ls)",
		    (unsigned)s->b->conf->ssh[0].port);
	else
		(void)snprintf(ret, size,
		    "sallyport: no live grant for %s as %s from %s; ask: "
		    "jitctl request %s --login %s --reason 'WHY'",
		    d->target, d->login, d->source, d->target, d->login);
}

/* A lock on what is theirs: of a target they may know nothing. */
static bool
locked_text(
    char *ret, size_t size, const struct session *s, const struct door *d)
{
	const struct lock_facts f = {.user = d->user,
	    .key_fp = d->key_fp,
	    .source = &s->client,
	    .nsources = 1};
	const struct lock *l = broker_lock(s->b, &f);
	char text[LOCK_TEXT_SIZE];

	if (l == NULL || FAULT(locked_login))
		return false;
	lock_text(text, l);
	(void)snprintf(ret, size, "sallyport: %.*s",
	    (int)(size - sizeof("sallyport: ")), text);
	return true;
}

struct login { /* until auth.login is durable */
	struct session *s;
	struct msg_ses_auth_ok ok;
};

/* With the end that its grant has by now. */
static int
send_ok(struct peer *p, struct login *l)
{
	if (l->s->grant != NULL) {
		l->ok.end_ms = l->s->grant->g.end_ms;
		l->ok.end_boot_ms = l->s->grant->g.end_boot_ms;
	}
	return peer_send(p, MSG_SES_AUTH_OK, &l->ok, -1);
}

static void
login_durable(void *arg, int result, uint64_t seq)
{
	struct login *l = arg;
	struct session *s = l->s;
	struct peer *p = process_session(s->b->process, s->conn);

	(void)seq;
	const struct msg_ses_auth m = {.rid = l->ok.rid};

	s->pending--;
	if (s->gone || p == NULL) {
		session_release(s);
	} else if (s->state != SES_AUTHED) {
		/* its grant ended in this moment, and it was stopped */
		if (say_no(s, &m, "sallyport: the grant has ended") != 0)
			log_warn("a session could not be refused");
	} else if (result != 0) {
		s->state = SES_NEW;
		s->grant = NULL;
		if (say_no(s, &m,
			"sallyport: the gateway cannot write its "
			"log now: try again") != 0)
			peer_close(p);
	} else if (send_ok(p, l) == 0) {
		peer_set_state(p, MST_READY);
		s->admitted = true;
		session_is_users(s);
		attempts_end(s, NULL);
	}
	free(l);
}

static unsigned
sessions_of(const struct live_grant *lg)
{
	unsigned n = 0;

	for (const struct session *s = lg->b->sessions; s != NULL; s = s->next)
		if (!s->gone && s->grant == lg)
			n++;
	return n;
}

/* What its roles say now of a session by it. */
struct terms {
	bool hold; /* it may run what it was opened for */
	unsigned hardware;
	unsigned sessions;
	struct command_list commands;
};

static void
read_terms(struct terms *ret, const struct live_grant *lg)
{
	struct subject *x = calloc(1, sizeof(*x));
	struct policy_result v;
	char digest[COMMAND_DIGEST_SIZE];

	memset(ret, 0, sizeof(*ret));
	if (x != NULL && recheck_verdict(x, lg, &v)) {
		command_digest(digest, &v.commands);
		ret->hold =
		    strcmp(digest, lg->g.commands) == 0 || FAULT(command_terms);
		ret->sessions = v.max_sessions;
		ret->hardware = v.hardware;
		ret->commands = v.commands;
	}
	if (x != NULL)
		subject_clear(x);
	free(x);
	if (FAULT(many_sessions))
		ret->sessions = LIMIT_SESSIONS_PER_GRANT;
}

static const char *
hardware_words(unsigned h)
{
	return h == HARDWARE_VERIFIED ? "with its PIN or a fingerprint"
				      : "touched";
}

static void
bind_grant(struct session *s, struct live_grant *lg, const struct door *d,
    const struct msg_ses_auth *m)
{
	s->grant = lg;
	s->state = SES_AUTHED;
	do {
		id_new(s->sid, 's');
	} while (session_by_sid(s->b, s->sid) != s);
	text_set(s->grant_id, sizeof(s->grant_id), lg->g.id);
	name_set(s->user, d->user);
	name_set(s->target, d->target);
	name_set(s->login, d->login);
	memcpy(s->user_id, lg->g.user_id, sizeof(s->user_id));
	memcpy(s->target_id, lg->g.target_id, sizeof(s->target_id));
	text_set(s->key_fp, sizeof(s->key_fp), d->key_fp);
	text_set(
	    s->client_version, sizeof(s->client_version), m->client_version);
	s->record = lg->g.record != 0;
	s->start_ms = broker_now(s->b).utc_ms;
}

/* Proved and allowed: on disk first, then the session hears of it. */
static int
admit(struct session *s, struct live_grant *lg, const struct door *d,
    const struct msg_ses_auth *m, const struct terms *t)
{
	struct login *l = calloc(1, sizeof(*l));
	struct event_fields f;
	int r;

	if (l == NULL)
		return GW_ENOMEM;
	bind_grant(s, lg, d, m);
	l->s = s;
	l->ok.rid = m->rid;
	text_set(l->ok.grant, sizeof(l->ok.grant), lg->g.id);
	text_set(l->ok.sid, sizeof(l->ok.sid), s->sid);
	name_set(l->ok.user, s->user);
	name_set(l->ok.login, s->login);
	name_set(l->ok.target, s->target);
	l->ok.caps = lg->g.caps;
	l->ok.record = lg->g.glass != 0 ? RECORD_ALL : lg->g.record;
	l->ok.idle_s = s->b->conf->idle_s;
	l->ok.commands = t->commands;
	login_fields(s, d, m, &f);
	event_str(&f, EF_TARGET_ID, lg->g.target_id);
	event_str(&f, EF_GRANT, lg->g.id);
	event_str(&f, EF_REQ, lg->g.req);
	event_str(&f, EF_SID, s->sid);
	event_str(&f, EF_OUTCOME, "success");
	s->pending++;
	r = process_append(s->b->process, EV_AUTH_LOGIN, &f, login_durable, l);
	event_fields_done(&f);
	if (r != 0)
		login_durable(l, r, 0);
	return 0;
}

/* An offer without a signature may be anybody's, for public keys are public. So
 * a key that somebody has is told to sign whatever is open to them, and which
 * doors are is said to whoever can. */
static int
answer_query(struct session *s, const struct msg_ses_auth *m,
    const struct door *d, bool parsed, const struct live_grant *lg)
{
	struct msg_ses_auth_ok ok = {.rid = m->rid, .query = 1};
	char text[LIMIT_TEXT_SIZE];

	if (lg == NULL)
		refused(s, d, m, ATTEMPT_OFFER,
		    d->user[0] == '\0' ? unknown(d)
		    : parsed           ? "no_grant"
				       : "no_target");
	if (d->user[0] != '\0' && (lg != NULL || !FAULT(offers_tell)))
		return peer_send(process_session(s->b->process, s->conn),
		    MSG_SES_AUTH_OK, &ok, -1);
	unknown_text(text, sizeof(text), d);
	return say_no(s, m, text);
}

int
on_ses_auth(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_ses_auth *m = msg->body;
	struct broker *b = process_ctx(r);
	struct session *s = session_find(b, peer_conn(p));
	struct live_grant *lg = NULL;
	struct door d;
	struct terms t = {.hold = false};
	char text[LIMIT_TEXT_SIZE];
	bool parsed;

	if (s == NULL || s->state != SES_NEW || s->owner != NULL ||
	    s->pending > 0)
		return GW_ESTATE;
	if (!b->recovered)
		return say_no(
		    s, m, "sallyport: the gateway is starting: try again");
	identify(s, m, &d);
	parsed = parse_name(&d, m->user);
	if (d.user[0] != '\0' && parsed)
		lg = grant_lookup(
		    b, d.user, d.user_id, d.target, d.login, &s->client);
	if (m->query != 0)
		return answer_query(s, m, &d, parsed, lg);
	if (++s->tries > LIMIT_AUTH_TRIES) {
		refused(s, &d, m, ATTEMPT_SIGNED, "too_many_tries");
		return GW_ELIMIT;
	}
	if (d.user[0] == '\0') {
		refused(s, &d, m, ATTEMPT_SIGNED, unknown(&d));
		unknown_text(text, sizeof(text), &d);
		return say_no(s, m, text);
	}
	if (verify(s, m, &d) != 0) {
		refused(s, &d, m, ATTEMPT_SIGNED, "bad_signature");
		return say_no(s, m, "");
	}
	if (locked_text(text, sizeof(text), s, &d)) {
		refused(s, &d, m, ATTEMPT_PROVED, "locked");
		return say_no(s, m, text);
	}
	if (d.outside) {
		refused(s, &d, m, ATTEMPT_PROVED, "wrong_source");
		return say_no(s, m,
		    "sallyport: a machine logs in from its own networks alone, "
		    "and this is none of them");
	}
	if (lg != NULL)
		read_terms(&t, lg);
	if (lg == NULL || !t.hold) {
		refused(s, &d, m, ATTEMPT_PROVED,
		    parsed ? "no_grant" : "no_target");
		no_grant_text(text, sizeof(text), s, &d, parsed);
		return say_no(s, m, text);
	}
	if (sshkey_hardware(d.key.type, m->sk_flags) < t.hardware &&
	    !FAULT(login_any_key)) {
		refused(s, &d, m, ATTEMPT_PROVED, "hardware_key");
		(void)snprintf(text, sizeof(text),
		    "sallyport: the role of grant %s wants a security key "
		    "(sk-*): %s; sign in with that one: ssh -i FILE",
		    lg->g.id, hardware_words(t.hardware));
		return say_no(s, m, text);
	}
	if (sessions_of(lg) >= t.sessions) {
		refused(s, &d, m, ATTEMPT_PROVED, "too_many_sessions");
		(void)snprintf(text, sizeof(text),
		    "sallyport: grant %s has %u session%s already, and no "
		    "more at a time; yours: jitctl sessions ls",
		    lg->g.id, t.sessions, t.sessions == 1 ? "" : "s");
		return say_no(s, m, text);
	}
	return admit(s, lg, &d, m, &t);
}
