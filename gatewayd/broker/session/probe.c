/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe - a session without a client, to look at a target. It goes there
 * like any other session: a grant (60 s, reach "probe", in the name of
 * the admin who asked), a leg, a certificate. Nothing gets there by a side
 * door.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/grant/intent.h"
#include "broker/grant/live.h"
#include "broker/grant/open.h"
#include "broker/identity/caller.h"
#include "broker/session/dial.h"
#include "broker/session/list.h"
#include "broker/session/probe.h"
#include "broker/session/session.h"

struct probe {
	struct broker *b;
	struct call *c;
	struct probe_wish w;
	probe_fn *fn;
	struct session *s; /* NULL once it is gone */
	struct timer *timer;
	struct probe_result result;
	char name[LIMIT_NAME_SIZE]; /* of the target, if it has one */
	char grant[LIMIT_ID_SIZE];
	bool waiting;  /* for the notary: freed when it answers */
	bool reported; /* its process ends by itself */
	bool done;
};

static void
probe_free(struct probe *p)
{
	timer_free(p->timer);
	free(p);
}

/* Ends everything the probe had, then reports. */
static void
finish(struct probe *p, const char *why)
{
	struct live_grant *lg = grant_find(p->b, p->grant);
	struct session *s = p->s;
	struct msg_sup_conn kill = {0};

	if (p->done)
		return;
	p->done = true;
	if (why != NULL)
		text_set(p->result.text, sizeof(p->result.text), why);
	if (s != NULL) {
		kill.conn = s->conn;
		s->owner = NULL;
		s->probe = NULL;
		p->s = NULL;
		if (s->linked && !p->reported &&
		    peer_send(process_peer(p->b->process, PROC_SUPERVISOR),
			MSG_SUP_KILL, &kill, -1) != 0)
			log_warn("a probe could not be ended");
		s->state = SES_ENDING;
		s->reason = END_LOGOUT;
		dial_cancel(s);
		session_lost(s, END_LOGOUT);
	}
	if (lg != NULL && lg->state == GRANT_ACTIVE)
		grant_end(lg, END_RELEASED, p->c->user, NULL);
	p->fn(p->c, &p->result);
	p->c = NULL;
	if (!p->waiting)
		probe_free(p);
}

static void
on_timer(struct process *r, void *arg)
{
	(void)r;
	finish(arg, "the probe took too long");
}

static void
on_dialed(struct session *s, enum dial_result result, int fd, const char *why)
{
	struct probe *p = s->probe;
	struct msg_ses_probe m = {.login = p->w.login ? 1 : 0};
	const struct target *t = p->w.target;

	p->result.dialed = result;
	if (result != DIAL_DONE) {
		finish(p, why);
		return;
	}
	m.rid = process_rid(p->b->process);
	text_set(m.host_alg, sizeof(m.host_alg), p->w.host_alg);
	text_set(m.grant, sizeof(m.grant), s->grant_id);
	text_set(m.sid, sizeof(m.sid), s->sid);
	name_set(m.user, s->login);
	if (t != NULL && t->host_keys_len > 0) {
		m.host_keys.p = t->host_keys;
		m.host_keys.len = t->host_keys_len;
	} else {
		m.host_keys.p = (const uint8_t *)"\0\0\0"; /* none: u32 0 */
		m.host_keys.len = 4;
	}
	s->state = SES_LIVE;
	if (peer_send(process_session(p->b->process, s->conn), MSG_SES_PROBE,
		&m, fd) != 0)
		finish(p, "the probe's process went away");
	(void)close(fd);
}

static void
dial(struct probe *p)
{
	struct session *s = p->s;

	s->addr = p->w.addr;
	s->port = p->w.port;
	s->state = SES_DIALING;
	s->dialed = on_dialed;
	dial_start(s);
}

static void
opened(void *arg, const struct intent *in, const struct opened *o)
{
	struct probe *p = arg;

	(void)in;
	p->waiting = false;
	if (p->done) { /* nobody waits for it any more */
		if (o->grant != NULL)
			grant_end(o->grant, END_ABORTED, "gateway", NULL);
		probe_free(p);
		return;
	}
	if (o->result == OPEN_DONE)
		dial(p);
	else
		finish(p, o->result == OPEN_TAKEN_AWAY
			      ? "your permissions changed meanwhile"
			  : o->result == OPEN_DISK_FULL
			      ? "the disk of the log has no room, or none that "
				"can be looked at: nothing opens"
			  : o->error == GW_ENOMEM
			      ? "out of memory"
			      : "the gateway's log did not allow the probe");
}

/* Its process is there. */
static void
probe_up(struct session *s)
{
	struct probe *p = s->probe;
	struct intent *in = intent_new(p->c);

	if (in == NULL) {
		finish(p, "out of memory");
		return;
	}
	in->probe = true;
	in->addr = p->w.addr;
	in->port = p->w.port;
	name_set(in->target, p->name);
	if (p->w.target != NULL)
		in->subject.target = *p->w.target; /* for its id */
	name_set(in->login, s->login);
	text_set(in->reason, sizeof(in->reason), p->c->verb->name);
	id_new(s->sid, 's');
	text_set(p->grant, sizeof(p->grant), in->grant);
	text_set(s->grant_id, sizeof(s->grant_id), in->grant);
	p->waiting = true;
	open_start(p->b, in, opened, p);
}

static void
probe_down(struct session *s)
{
	finish(s->probe, "the probe's process went away");
}

int
on_sup_probe(struct process *r, struct peer *peer, const struct ipc_msg *msg)
{
	const struct msg_sup_conn *m = msg->body;
	struct session *s = session_find(process_ctx(r), m->conn);

	(void)peer;
	if (s != NULL && s->probe != NULL)
		finish(s->probe,
		    "no process could be started for the probe: try again in a "
		    "moment");
	return 0;
}

int
on_ses_probed(struct process *r, struct peer *peer, const struct ipc_msg *msg)
{
	const struct msg_ses_probed *m = msg->body;
	struct session *s = session_find(process_ctx(r), peer_conn(peer));
	struct probe *p = s != NULL ? s->probe : NULL;
	struct probe_result *x = NULL;

	if (p == NULL)
		return 0;
	x = &p->result;
	x->seen = *m;
	x->seen.host_key.p = x->key;
	x->seen.host_key.len = 0;
	if (m->host_key.len > 0 && m->host_key.len <= sizeof(x->key)) {
		memcpy(x->key, m->host_key.p, m->host_key.len);
		x->seen.host_key.len = m->host_key.len;
	}
	text_set(x->text, sizeof(x->text), m->text);
	p->reported = true;
	finish(p, NULL);
	return 0;
}

/* A protected port needs a leg, whatever name the target goes by; and a target
 * that was removed is still protected. */
static void
find_name(char ret[static LIMIT_NAME_SIZE], struct broker *b,
    const struct probe_wish *w)
{
	if (w->target != NULL)
		name_set(ret, w->target->name);
	else if (store_target_at(b->store, &w->addr, w->port, "", ret) != 0)
		name_set(ret, PROBE_UNNAMED);
}

static const char *
login_of(const struct probe_wish *w)
{
	return w->target != NULL ? w->target->logins.name[0] : "probe";
}

bool
probe_locked(struct call *c, const struct probe_wish *w)
{
	char name[LIMIT_NAME_SIZE];
	const struct lock_facts f = {.user = c->user,
	    .groups = c->subject != NULL ? &c->subject->user.groups : NULL,
	    .key_fp = c->key_fp,
	    .target = name,
	    .login = login_of(w),
	    .source = &c->peer,
	    .nsources = 1};
	const struct lock *l = NULL;

	find_name(name, c->b, w);
	if ((l = broker_lock(c->b, &f)) == NULL || FAULT(locked_probe))
		return false;
	caller_locked(c, l);
	return true;
}

void
probe_start(struct call *c, const struct probe_wish *w, probe_fn *fn)
{
	static const struct session_owner owner = {
	    .up = probe_up, .down = probe_down};
	struct probe *p = calloc(1, sizeof(*p));
	struct msg_sup_conn m = {0};
	struct probe_result none = {.addr = w->addr, .text = "out of memory"};
	const int64_t left_ms = w->until_ms - broker_now(c->b).boot_ms;

	if (p == NULL) {
		fn(c, &none);
		return;
	}
	p->b = c->b;
	p->c = c;
	p->w = *w;
	p->fn = fn;
	p->result.addr = w->addr;
	find_name(p->name, p->b, w);
	m.conn = CONN_PROBE | (c->b->next_probe++ & (CONN_PROBE - 1));
	p->timer = timer_new(c->b->process, on_timer, p);
	p->s = session_get(c->b, m.conn);
	if (p->timer == NULL || p->s == NULL) {
		finish(p, "out of memory");
		return;
	}
	p->s->probe = p;
	p->s->owner = &owner;
	name_set(p->s->user, c->user);
	name_set(p->s->login, login_of(w));
	timer_set(p->timer, left_ms);
	if (peer_send(process_peer(c->b->process, PROC_SUPERVISOR),
		MSG_SUP_PROBE, &m, -1) != 0)
		finish(p, "no process could be started for the probe");
}
