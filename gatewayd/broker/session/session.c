/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session - SSH sessions as the broker knows them: the list, the way to the
 * target, the end. A session belongs to one grant (auth.c) and dies with it,
 * whatever else is open.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/wait.h"
#include "broker/grant/close.h"
#include "broker/grant/firewall.h"
#include "broker/grant/history.h"
#include "broker/grant/live.h"
#include "broker/session/attempt.h"
#include "broker/session/dial.h"
#include "broker/session/list.h"
#include "broker/session/renew.h"
#include "broker/session/session.h"

enum {
	/* then it is killed: the user has read why, the recorder has all */
	STOP_MS = (LIMIT_CLIENT_TAIL_S + LIMIT_FREEZE_S + 3) * 1000,
	PARTING_MS = 2000, /* from its last word to its end; likewise */
};

/* ---- what grants ask of sessions */

static void
on_grant_ended(struct live_grant *lg, const struct grant_ending *e)
{
	char text[LIMIT_TEXT_SIZE];

	for (struct session *s = lg->b->sessions, *next = NULL; s != NULL;
	     s = next) {
		next = s->next;
		if (s->grant != lg)
			continue;
		grant_end_text(text, lg, e, &s->client);
		session_stop(s, e->reason, e->by, text);
	}
}

static void
on_grant_gone(struct live_grant *lg)
{
	for (struct session *s = lg->b->sessions; s != NULL; s = s->next)
		if (s->grant == lg)
			s->grant = NULL;
}

static unsigned
count_live(const struct live_grant *lg)
{
	unsigned n = 0;

	for (const struct session *s = lg->b->sessions; s != NULL; s = s->next)
		n += s->grant == lg && s->state == SES_LIVE;
	return n;
}

void
session_init(struct broker *b)
{
	static const struct grant_hooks hooks = {.ended = on_grant_ended,
	    .gone = on_grant_gone,
	    .renew = renew_legs,
	    .moved = renew_moved,
	    .count = count_live};

	b->grant_hooks = &hooks;
}

/* ---- links */

static void
kill_session(struct process *r, uint64_t conn)
{
	const struct msg_sup_conn m = {.conn = conn};

	if (peer_send(process_peer(r, PROC_SUPERVISOR), MSG_SUP_KILL, &m, -1) !=
	    0)
		log_err("the supervisor could not be asked to kill a session");
}

/* A session that has said its last word. */
struct parting {
	uint64_t conn;
	struct timer *timer;
};

static void
on_parting(struct process *r, void *arg)
{
	struct parting *p = arg;

	if (process_session(r, p->conn) != NULL && !FAULT(parting)) {
		log_warn(
		    "a session did not end although it said so: it is killed");
		kill_session(r, p->conn);
	}
	timer_free(p->timer);
	free(p);
}

/* It is in none of our books from now on: we see to it that it goes. */
static void
part(struct process *r, uint64_t conn)
{
	struct parting *p = calloc(1, sizeof(*p));

	if (p == NULL || (p->timer = timer_new(r, on_parting, p)) == NULL) {
		free(p);
		kill_session(r, conn);
		return;
	}
	p->conn = conn;
	timer_set(p->timer, PARTING_MS);
}

static void
send_stop(struct session *s, const char *text)
{
	struct msg_ses_stop m = {.reason = (uint8_t)s->reason};

	text_set(m.text, sizeof(m.text), text);
	if (peer_send(process_session(s->b->process, s->conn), MSG_SES_STOP, &m,
		-1) != 0)
		log_warn(
		    "a session could not be asked to stop; its leg is cut");
}

void
session_is_users(const struct session *s)
{
	const struct msg_sup_conn m = {.conn = s->conn};
	struct peer *p = process_peer(s->b->process, PROC_SUPERVISOR);

	if (p != NULL && peer_send(p, MSG_SUP_LOGGED_IN, &m, -1) != 0)
		log_debug("a login could not be told");
}

void
session_up(struct broker *b, struct peer *p)
{
	struct session *s = session_get(b, peer_conn(p));

	if (s == NULL) {
		peer_close(p);
		return;
	}
	s->linked = true;
	s->relinked = !b->recovered;
	s->client = peer_link(p)->peer;
	s->client_port = peer_link(p)->peer_port;
	/* we were started anew: the fold knew this session before its link */
	if (s->state == SES_LIVE || s->state == SES_ENDING)
		peer_set_state(p, MST_LIVE);
	if (s->state == SES_LIVE)
		session_is_users(s); /* the one before may not have */
	if (s->state == SES_ENDING && !FAULT(stop_late))
		send_stop(s, ""); /* it was ended before it could hear it */
	if (s->state == SES_LIVE)
		renew_follow(s); /* its grant may end at another time now */
	if (s->owner != NULL)
		s->owner->up(s);
}

void
session_down(struct broker *b, struct peer *p)
{
	struct session *s = session_find(b, peer_conn(p));

	if (s == NULL)
		return;
	s->linked = false;
	if (s->owner != NULL)
		s->owner->down(s);
	else
		session_lost(s, END_ABORTED);
	/* if it has not ended, it is beyond our reach */
	if (!FAULT(parting))
		kill_session(b->process, peer_conn(p));
}

int
on_nt_sid(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_sid *m = msg->body;
	struct session *s = NULL;

	(void)p;
	if (m->sid.len == 0 || m->sid.len > sizeof(s->xid))
		return GW_EPROTO;
	if ((s = session_find(process_ctx(r), m->conn)) == NULL &&
	    (s = session_early(process_ctx(r), m->conn)) == NULL)
		return GW_ENOMEM;
	/* the first exchange only: a session id never changes (RFC 4253) */
	if (s->nxid == 0) {
		memcpy(s->xid, m->sid.p, m->sid.len);
		s->nxid = m->sid.len;
	}
	return 0;
}

/* ---- the way to the target (dial.c does it) */

static const struct grant *
grant_of(const struct session *s)
{
	return s->grant != NULL ? &s->grant->g : NULL;
}

static void
dial_no(struct session *s, const char *why)
{
	struct msg_ses_dial_no no = {.rid = s->dial_rid};

	text_set(no.text, sizeof(no.text), why);
	s->state = SES_AUTHED;
	if (peer_send(process_session(s->b->process, s->conn), MSG_SES_DIAL_NO,
		&no, -1) != 0)
		log_warn("a session could not hear that dialing failed");
}

static void
leg_done(struct session *s, enum end_reason reason, uint64_t in, uint64_t out,
    int64_t status)
{
	const char *by = reason == END_LOGOUT ? s->user : "gateway";

	if (!s->leg)
		return;
	if (!s->cut)
		firewall_close(s->b, s->sid, grant_of(s), reason);
	s->cut = true;
	s->leg = false;
	close_leg(s->b, s->sid, reason, s->by[0] != '\0' ? s->by : by, in, out,
	    status);
}

static void
user_dialed(struct session *s, enum dial_result result, int fd, const char *why)
{
	struct target *t = NULL;
	struct msg_ses_target m = {.rid = s->dial_rid, .addr = s->addr};
	struct peer *p = process_session(s->b->process, s->conn);
	char no_key[LIMIT_NAME_SIZE + 128];

	if (result != DIAL_DONE) {
		leg_done(s, END_TARGET_GONE, 0, 0, -1);
		dial_no(s, why);
		return;
	}
	m.port = s->port;
	if ((t = calloc(1, sizeof(*t))) == NULL ||
	    store_target_get(s->b->store, s->target, t) != 0 ||
	    target_nkeys(t) == 0) {
		leg_done(s, END_TARGET_GONE, 0, 0, -1);
		(void)snprintf(no_key, sizeof(no_key),
		    "this target has no pinned host key: ask an admin to run "
		    "jitctl target set %s --scan",
		    s->target);
		dial_no(s, no_key);
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
on_ses_dial(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_ses_dial *m = msg->body;
	struct session *s = session_find(process_ctx(r), peer_conn(p));

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
on_stop_timer(struct process *r, void *arg)
{
	struct session *s = arg;

	/* its leg is cut, and it did not end by itself */
	log_warn("a session did not end when asked: it is killed");
	kill_session(r, s->conn);
	session_lost(s, s->reason);
}

void
session_stop(
    struct session *s, enum end_reason reason, const char *by, const char *text)
{
	if (s->gone || s->state == SES_ENDING)
		return;
	s->reason = reason;
	s->pending++; /* a link that breaks now must not free it under us */
	/* first the word, so that the session knows why the leg falls silent */
	if (s->linked)
		send_stop(s, text);
	if (s->state == SES_DIALING)
		dial_cancel(s);
	if (s->leg && !s->cut) {
		firewall_close(s->b, s->sid, grant_of(s), reason);
		s->cut = true;
	}
	text_set(s->by, sizeof(s->by), by);
	s->state = SES_ENDING;
	timer_free(s->timer);
	s->timer = NULL;
	if (!s->gone &&
	    (s->timer = timer_new(s->b->process, on_stop_timer, s)) != NULL)
		timer_set(s->timer, STOP_MS);
	s->pending--;
	session_release(s);
}

/* Closes the leg, writes the history, forgets it. */
static void
session_over(struct session *s, enum end_reason reason, uint64_t in,
    uint64_t out, int64_t status)
{
	/* one reason for all: ours counts, not what it noticed */
	const enum end_reason why = s->state == SES_ENDING ? s->reason : reason;
	/* a probe has left its session by now; its connection number says it */
	const bool was_live = s->leg && (s->conn & CONN_PROBE) == 0;
	struct session_row row = {.start_ms = s->start_ms,
	    .end_ms = broker_now(s->b).utc_ms,
	    .reason = (uint8_t)why,
	    .recorded = s->recorded,
	    .bytes_in = in,
	    .bytes_out = out,
	    .seq = s->leg_seq};

	if (s->gone)
		return;
	attempts_end(s, NULL);
	if (s->state == SES_DIALING)
		dial_cancel(s);
	leg_done(s, why, in, out, status);
	if (was_live) {
		text_set(row.sid, sizeof(row.sid), s->sid);
		text_set(row.grant, sizeof(row.grant), s->grant_id);
		name_set(row.user, s->user);
		memcpy(row.user_id, s->user_id, sizeof(row.user_id));
		memcpy(row.target_id, s->target_id, sizeof(row.target_id));
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

void
session_lost(struct session *s, enum end_reason reason)
{
	session_over(s, reason, EVENT_COUNT_UNKNOWN, EVENT_COUNT_UNKNOWN, -1);
}

static void
asked_recorded(struct broker *b, void *arg, const void *body)
{
	const struct msg_rec_bytes *m = body;
	char *sid = arg;
	struct session *s = session_by_sid(b, sid);

	if (m != NULL && s != NULL)
		s->recorded = m->result == 0;
	free(sid);
}

void
session_ask_recorded(struct session *s)
{
	struct msg_rec_read m = {0}; /* of its first byte: none */
	char *sid = strdup(s->sid);

	s->recorded = s->record; /* in doubt, what was wanted */
	text_set(m.sid, sizeof(m.sid), s->sid);
	if (sid == NULL || ask(s->b, PROC_RECORDER, MSG_REC_READ, &m,
			       MSG_REC_BYTES, asked_recorded, sid) != 0)
		free(sid);
}

/* A copy is not recorded, nor is a session that never had a terminal. */
int
on_rec_started(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_rec_started *m = msg->body;
	struct session *s = session_by_sid(process_ctx(r), m->sid);

	(void)p;
	if (s != NULL)
		s->recorded = true;
	return 0;
}

/* A session speaks for itself only. What others decide (revoked, released,
 * killed, ...) is known here and not learned from it. */
static enum end_reason
own_reason(const struct session *s, enum end_reason said)
{
	const struct now now = broker_now(s->b);

	switch (said) {
	case END_LOGOUT:
	case END_IDLE:
	case END_TARGET_GONE:
	case END_CLIENT_GONE:
	case END_TARGET_REFUSED:
	case END_HOSTKEY_CHANGED:
	case END_PROTOCOL:
	case END_AUDIT_FAILED:
	case END_SHUTDOWN: /* the supervisor told it */
		return said;
	case END_EXPIRED: /* its clock and ours are one */
		if (s->grant != NULL &&
		    grant_left_ms(&s->grant->g, &now, clock_boot_id()) <= 0)
			return said;
		return END_ABORTED;
	default:
		return FAULT(any_reason) ? said : END_ABORTED;
	}
}

static uint64_t
countable(uint64_t said)
{
	return said < LIMIT_NUMBER_MAX ? said : LIMIT_NUMBER_MAX;
}

int
on_ses_end(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_ses_end *m = msg->body;
	struct session *s = session_find(process_ctx(r), peer_conn(p));

	if (!end_reason_known(m->reason))
		return GW_EPROTO;
	if (s == NULL || s->owner != NULL)
		return 0;
	part(r, s->conn);
	attempts_end(s, m);
	session_over(s, own_reason(s, (enum end_reason)m->reason),
	    countable(m->bytes_in), countable(m->bytes_out), m->exit);
	return 0;
}
