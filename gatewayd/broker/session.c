/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session - SSH sessions as the broker sees them: who is at the door (proved
 * by a signature over the session id the notary signed), by which grant, and
 * the end. A session belongs to one grant and dies with it, whatever else is
 * open.
 *
 * MUST: an offered key proves nothing; only a signature over this connection's
 * session id does. MUST: a stranger learns nothing from a refusal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"

enum {
	USERAUTH_REQUEST = 50, /* RFC 4252 */
	EARLY_MAX = 64,
	STOP_MS = (LIMIT_CLIENT_TAIL_S + 3) * 1000, /* then it is killed */
};

/* ---- the list */

struct session *
session_find(struct broker *b, uint64_t conn)
{
	for (struct session *s = b->sessions; s != NULL; s = s->next)
		if (s->conn == conn && !s->gone)
			return s;
	return NULL;
}

struct session *
session_by_sid(struct broker *b, const char *sid)
{
	for (struct session *s = b->sessions; s != NULL; s = s->next)
		if (!s->gone && s->sid[0] != '\0' && strcmp(s->sid, sid) == 0)
			return s;
	return NULL;
}

struct session *
session_get(struct broker *b, uint64_t conn)
{
	struct session *s = session_find(b, conn);

	if (s != NULL)
		return s;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->b = b;
	s->conn = conn;
	s->state = SES_NEW;
	s->fd = -1;
	s->next = b->sessions;
	b->sessions = s;
	return s;
}

void
session_release(struct session *s)
{
	struct broker *b = s->b;

	if (!s->gone || s->pending > 0)
		return;
	for (struct session **sp = &b->sessions; *sp != NULL; sp = &(*sp)->next)
		if (*sp == s) {
			*sp = s->next;
			break;
		}
	timer_free(s->timer);
	watch_free(s->watch);
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s);
}

/* ---- links */

void
session_up(struct broker *b, struct peer *p)
{
	struct session *s = session_get(b, peer_conn(p));

	if (s == NULL) {
		peer_close(p);
		return;
	}
	s->linked = true;
	s->client = peer_link(p)->peer;
	s->client_port = peer_link(p)->peer_port;
	/* we were started anew: the fold knew this session before its link */
	if (s->state == SES_LIVE || s->state == SES_ENDING)
		peer_set_state(p, MST_LIVE);
	if (s->probe != NULL)
		probe_up(s);
}

void
session_down(struct broker *b, struct peer *p)
{
	struct session *s = session_find(b, peer_conn(p));

	if (s == NULL)
		return;
	s->linked = false;
	if (s->probe != NULL)
		probe_down(s); /* ends the session too */
	else
		session_over(s, END_ABORTED, 0, 0, -1);
}

/* The notary's word may overtake the supervisor's. A few are kept for a link
 * to come; a session that had gone before leaves one of them behind. */
static struct session *
session_early(struct broker *b, uint64_t conn)
{
	struct session *last = NULL;
	unsigned n = 0;

	for (struct session *s = b->sessions; s != NULL; s = s->next)
		if (!s->linked && !s->leg && !s->gone && s->state == SES_NEW &&
		    s->probe == NULL && s->pending == 0) {
			n++;
			last = s; /* the list's end is its oldest */
		}
	if (n >= EARLY_MAX) {
		last->gone = true;
		session_release(last);
	}
	return session_get(b, conn);
}

int
on_nt_sid(struct role *r, struct peer *p, const void *body, const int *fds)
{
	const struct msg_nt_sid *m = body;
	struct session *s = NULL;

	(void)p;
	(void)fds;
	if (m->sid.len == 0 || m->sid.len > sizeof(s->xid))
		return GW_EPROTO;
	if ((s = session_find(role_ctx(r), m->conn)) == NULL &&
	    (s = session_early(role_ctx(r), m->conn)) == NULL)
		return GW_ENOMEM;
	/* the first exchange only: a session id never changes (RFC 4253) */
	if (s->nxid == 0) {
		memcpy(s->xid, m->sid.p, m->sid.len);
		s->nxid = m->sid.len;
	}
	return 0;
}

/* ---- authentication */

struct door {
	char login[LIMIT_NAME_SIZE];
	char target[LIMIT_NAME_SIZE];
	char user[LIMIT_NAME_SIZE]; /* the key's, "" = nobody's */
	char source[ADDR_TEXT_SIZE];
	struct sshkey key;
	char key_fp[SSHKEY_FP_SIZE];
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
look(struct session *s, const struct msg_ses_auth *m, struct door *d)
{
	struct user *u = calloc(1, sizeof(*u));

	memset(d, 0, sizeof(*d));
	addr_format(d->source, &s->client);
	if (u == NULL ||
	    sshkey_parse_blob(&d->key, m->blob.p, m->blob.len) != 0)
		goto out;
	sshkey_fingerprint(d->key_fp, d->key.blob, d->key.len);
	if (store_user_by_key(s->b->store, d->key_fp, d->user) != 0 ||
	    store_user_get(s->b->store, d->user, u) != 0 ||
	    u->state != USER_ACTIVE)
		d->user[0] = '\0';
out:
	free(u);
}

/* RFC 4252 section 7: what the client signed, rebuilt from what the notary
 * signed and from nothing the session says about itself. */
static int
verify(
    const struct session *s, const struct msg_ses_auth *m, const struct door *d)
{
	struct buf b;
	int r;

	if (FAULT(no_sig_check))
		return 0;
	if (s->nxid == 0)
		return GW_ESTATE;
	buf_init(&b, LIMIT_PUBKEY_MAX * 2);
	buf_string(&b, s->xid, s->nxid);
	buf_u8(&b, USERAUTH_REQUEST);
	buf_cstring(&b, m->user);
	buf_cstring(&b, "ssh-connection");
	buf_cstring(&b, "publickey");
	buf_u8(&b, 1);
	buf_cstring(&b, m->alg);
	buf_string(&b, m->blob.p, m->blob.len);
	if ((r = buf_err(&b)) == 0)
		r = sshkey_verify(&d->key, m->alg, m->sig.p, m->sig.len,
		    m->sk_flags, m->sk_counter, b.p, b.len);
	buf_done(&b);
	return r;
}

static int
say_no(struct session *s, const struct msg_ses_auth *m, const char *text)
{
	struct msg_ses_auth_no no = {.rid = m->rid, .query = m->query};

	text_set(no.text, sizeof(no.text), text);
	return peer_send(
	    role_session(s->b->role, s->conn), MSG_SES_AUTH_NO, &no, -1);
}

static void
login_fields(const struct session *s, const struct door *d,
    const struct msg_ses_auth *m, struct event_fields *f)
{
	event_fields_init(f);
	event_str(f, EF_USER, d->user);
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
record_denied(const struct session *s, const struct door *d,
    const struct msg_ses_auth *m, const char *reason)
{
	struct event_fields f;

	login_fields(s, d, m, &f);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, reason);
	if (role_append(s->b->role, EV_AUTH_LOGIN_DENIED, &f, NULL, NULL) != 0)
		log_warn("a refused login could not be recorded");
	event_fields_done(&f);
}

static void
no_grant_text(char *ret, size_t size, const struct door *d, bool parsed)
{
	if (!parsed)
		(void)snprintf(ret, size,
		    "sallyport: say who you want to be and where: ssh "
		    "LOGIN@TARGET@gateway (yours: jitctl targets ls)");
	else
		(void)snprintf(ret, size,
		    "sallyport: no live grant for %s as %s from %s; ask: "
		    "jitctl request %s --login %s",
		    d->target, d->login, d->source, d->target, d->login);
}

struct login { /* until auth.login is durable */
	struct session *s;
	struct msg_ses_auth_ok ok;
};

static void
login_durable(void *arg, int result, uint64_t seq)
{
	struct login *l = arg;
	struct session *s = l->s;
	struct peer *p = role_session(s->b->role, s->conn);

	(void)seq;
	const struct msg_ses_auth m = {.rid = l->ok.rid};

	s->pending--;
	if (s->gone || p == NULL) {
		session_release(s);
	} else if (s->state != SES_AUTHED) {
		/* its grant ended in this moment, and it was told */
		if (say_no(s, &m, "sallyport: the grant has ended") != 0)
			log_warn("a session could not be refused");
	} else if (result != 0) {
		s->state = SES_NEW;
		s->grant = NULL;
		if (say_no(s, &m,
			"sallyport: the gateway cannot write its "
			"log now: try again") != 0)
			peer_close(p);
	} else if (peer_send(p, MSG_SES_AUTH_OK, &l->ok, -1) == 0) {
		peer_set_state(p, MST_READY);
	}
	free(l);
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
	text_set(s->key_fp, sizeof(s->key_fp), d->key_fp);
	text_set(
	    s->client_version, sizeof(s->client_version), m->client_version);
	s->record = lg->g.record != 0;
	s->start_ms = broker_now(s->b).utc_ms;
	s->use_leg = true;
}

/* Proved and allowed: on disk first, then the session hears of it. */
static int
admit(struct session *s, struct live_grant *lg, const struct door *d,
    const struct msg_ses_auth *m)
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
	l->ok.record = lg->g.record;
	l->ok.end_ms = lg->g.end_ms;
	l->ok.end_boot_ms = lg->g.end_boot_ms;
	l->ok.idle_s = s->b->conf->idle_s;
	login_fields(s, d, m, &f);
	event_str(&f, EF_GRANT, lg->g.id);
	event_str(&f, EF_REQ, lg->g.req);
	event_str(&f, EF_SID, s->sid);
	event_str(&f, EF_OUTCOME, "success");
	s->pending++;
	r = role_append(s->b->role, EV_AUTH_LOGIN, &f, login_durable, l);
	event_fields_done(&f);
	if (r != 0)
		login_durable(l, r, 0);
	return 0;
}

static int
answer_query(struct session *s, const struct msg_ses_auth *m,
    const struct door *d, bool parsed, const struct live_grant *lg)
{
	struct msg_ses_auth_ok ok = {.rid = m->rid, .query = 1};
	char text[LIMIT_TEXT_SIZE] = "";

	if (lg != NULL)
		return peer_send(role_session(s->b->role, s->conn),
		    MSG_SES_AUTH_OK, &ok, -1);
	/* whoever offers a key nobody has learns nothing */
	if (d->user[0] != '\0')
		no_grant_text(text, sizeof(text), d, parsed);
	return say_no(s, m, text);
}

int
on_ses_auth(struct role *r, struct peer *p, const void *body, const int *fds)
{
	const struct msg_ses_auth *m = body;
	struct broker *b = role_ctx(r);
	struct session *s = session_find(b, peer_conn(p));
	struct live_grant *lg = NULL;
	struct door d;
	char text[LIMIT_TEXT_SIZE];
	bool parsed;

	(void)fds;
	if (s == NULL || s->state != SES_NEW || s->probe != NULL ||
	    s->pending > 0)
		return GW_ESTATE;
	if (!b->recovered)
		return say_no(
		    s, m, "sallyport: the gateway is starting: try again");
	look(s, m, &d);
	parsed = parse_name(&d, m->user);
	if (d.user[0] != '\0' && parsed)
		lg = grant_lookup(b, d.user, d.target, d.login, &s->client);
	if (m->query != 0)
		return answer_query(s, m, &d, parsed, lg);
	if (++s->tries > LIMIT_AUTH_TRIES) {
		record_denied(s, &d, m, "too_many_tries");
		return GW_ELIMIT;
	}
	if (d.user[0] == '\0') {
		record_denied(s, &d, m, "unknown_key");
		return say_no(s, m, "");
	}
	if (verify(s, m, &d) != 0) {
		record_denied(s, &d, m, "bad_signature");
		return say_no(s, m, "");
	}
	if (lg == NULL) {
		record_denied(s, &d, m, parsed ? "no_grant" : "no_target");
		no_grant_text(text, sizeof(text), &d, parsed);
		return say_no(s, m, text);
	}
	return admit(s, lg, &d, m);
}

/* ---- the way to the target (dial.c does it) */

static void
dial_no(struct session *s, const char *why)
{
	struct msg_ses_dial_no no = {.rid = s->dial_rid};

	text_set(no.text, sizeof(no.text), why);
	s->state = SES_AUTHED;
	if (peer_send(role_session(s->b->role, s->conn), MSG_SES_DIAL_NO, &no,
		-1) != 0)
		log_warn("a session could not be told that dialing failed");
}

static void
leg_done(struct session *s, enum end_reason reason, uint64_t in, uint64_t out,
    int64_t status)
{
	if (!s->leg)
		return;
	if (!s->cut)
		firewall_close(s->b, s->sid, reason);
	s->cut = true;
	s->leg = false;
	close_leg(s->b, s->sid, reason, s->user, in, out, status);
}

static void
user_dialed(struct session *s, int fd, const char *why)
{
	struct target *t = NULL;
	struct msg_ses_target m = {.rid = s->dial_rid, .addr = s->addr};
	struct peer *p = role_session(s->b->role, s->conn);

	if (fd < 0) {
		leg_done(s, END_TARGET_GONE, 0, 0, -1);
		dial_no(s, why);
		return;
	}
	m.port = s->port;
	if ((t = calloc(1, sizeof(*t))) == NULL ||
	    store_target_get(s->b->store, s->target, t) != 0 ||
	    target_nkeys(t) == 0) {
		leg_done(s, END_TARGET_GONE, 0, 0, -1);
		dial_no(s, "this target has no pinned host key: ask an admin "
			   "to run jitctl target add --scan");
	} else {
		m.host_keys.p = t->host_keys;
		m.host_keys.len = t->host_keys_len;
		s->state = SES_LIVE;
		if (s->grant != NULL)
			s->grant->sessions++;
		if (peer_send(p, MSG_SES_TARGET, &m, fd) == 0)
			peer_set_state(p, MST_LIVE);
	}
	free(t);
	(void)close(fd);
}

int
on_ses_dial(struct role *r, struct peer *p, const void *body, const int *fds)
{
	const struct msg_ses_dial *m = body;
	struct session *s = session_find(role_ctx(r), peer_conn(p));

	(void)fds;
	if (s == NULL || s->state != SES_AUTHED || s->pending > 0)
		return GW_ESTATE;
	s->dial_rid = m->rid;
	if (s->grant == NULL) {
		dial_no(s, "the grant has ended");
		return 0;
	}
	s->state = SES_DIALING;
	s->port = s->grant->g.port;
	s->addr = s->grant->g.addr4.family != 0 ? s->grant->g.addr4
						: s->grant->g.addr6;
	s->dialed = user_dialed;
	dial_start(s);
	return 0;
}

/* ---- the end */

static void
on_stop_timer(struct role *r, void *arg)
{
	struct session *s = arg;
	struct msg_sup_conn m = {.conn = s->conn};

	/* it was told and did not go: its leg is cut, now it goes itself */
	log_warn("a session did not end when told: killed");
	if (peer_send(role_peer(r, PROC_SUPERVISOR), MSG_SUP_KILL, &m, -1) != 0)
		log_err("the supervisor could not be asked to kill a session");
	session_over(s, s->reason, 0, 0, -1);
}

void
session_stop(struct session *s, enum end_reason reason, const char *text)
{
	struct msg_ses_stop m = {.reason = (uint8_t)reason};

	if (s->gone || s->state == SES_ENDING)
		return;
	text_set(m.text, sizeof(m.text), text);
	s->pending++; /* a link that breaks now must not free it under us */
	/* first the word, so that the session knows why the leg falls silent */
	if (s->linked && peer_send(role_session(s->b->role, s->conn),
			     MSG_SES_STOP, &m, -1) != 0)
		log_warn("a session could not be told to stop; its leg goes");
	if (s->state == SES_DIALING)
		dial_cancel(s);
	if (s->leg && !s->cut) {
		firewall_close(s->b, s->sid, reason);
		s->cut = true;
	}
	s->reason = reason;
	s->state = SES_ENDING;
	timer_free(s->timer);
	s->timer = NULL;
	if (!s->gone &&
	    (s->timer = timer_new(s->b->role, on_stop_timer, s)) != NULL)
		timer_set(s->timer, STOP_MS);
	s->pending--;
	session_release(s);
}

void
session_over(struct session *s, enum end_reason reason, uint64_t in,
    uint64_t out, int64_t status)
{
	/* one reason for all: what we told it counts, not what it noticed */
	const enum end_reason why = s->state == SES_ENDING ? s->reason : reason;
	const bool was_live = s->leg && s->probe == NULL;
	struct session_row row = {.start_ms = s->start_ms,
	    .end_ms = broker_now(s->b).utc_ms,
	    .reason = (uint8_t)why,
	    .recorded = s->record,
	    .bytes_in = in,
	    .bytes_out = out,
	    .seq = s->leg_seq};

	if (s->gone)
		return;
	if (s->state == SES_DIALING)
		dial_cancel(s);
	leg_done(s, why, in, out, status);
	if (was_live) {
		text_set(row.sid, sizeof(row.sid), s->sid);
		text_set(row.grant, sizeof(row.grant), s->grant_id);
		name_set(row.user, s->user);
		name_set(row.target, s->target);
		name_set(row.login, s->login);
		addr_format(row.source, &s->client);
		history_session(s->b, &row);
	}
	s->gone = true;
	s->grant = NULL;
	timer_free(s->timer);
	s->timer = NULL;
	session_release(s);
}

int
on_ses_end(struct role *r, struct peer *p, const void *body, const int *fds)
{
	const struct msg_ses_end *m = body;
	struct session *s = session_find(role_ctx(r), peer_conn(p));

	(void)fds;
	if (m->reason == END_NONE || m->reason >= END_REASON_COUNT)
		return GW_EPROTO;
	if (s != NULL && s->probe == NULL)
		session_over(s, (enum end_reason)m->reason, m->bytes_in,
		    m->bytes_out, m->exit);
	return 0;
}
