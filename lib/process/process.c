/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process - the shared skeleton: control socket, links, dispatch, evidence. The
 * event loop itself is loop.c; nothing here knows what one process does.
 */
#include "process/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "process/internal.h"
#include "sys/confine.h"

enum {
	APPENDS_WAITING_MAX = 1024, /* internal: records without notary */
	RELINK_MS = 1000,           /* what died is linked again sooner */
};

struct append {
	struct append *next;
	uint32_t rid;
	process_durable_fn *fn;
	void *arg;
};

/* A record that waits for the notary to come back. */
struct parked {
	struct parked *next;
	uint16_t event;
	uint32_t len;
	uint8_t fields[];
};

void *
process_ctx(struct process *r)
{
	return r->ctx;
}

const char *
process_instance(struct process *r)
{
	return r->config.instance;
}

uint32_t
process_rid(struct process *r)
{
	if (++r->rid == 0)
		r->rid = 1;
	return r->rid;
}

void
process_exit(struct process *r, int status)
{
	r->status = status;
	loop_break(r);
}

struct peer *
process_peer(struct process *r, enum proc proc)
{
	for (struct peer *p = r->peers; p != NULL; p = p->next)
		if (p->proc == proc && !p->dead && proc != PROC_SESSION)
			return p;
	return NULL;
}

struct peer *
process_session(struct process *r, uint64_t conn)
{
	for (struct peer *p = r->peers; p != NULL; p = p->next)
		if (p->proc == PROC_SESSION && !p->dead && p->link.conn == conn)
			return p;
	return NULL;
}

/* ---- evidence */

static void
append_answer(struct process *r, const struct msg_log_durable *m)
{
	for (struct append **a = &r->appends; *a != NULL; a = &(*a)->next) {
		struct append *hit = *a;

		if (hit->rid != m->rid)
			continue;
		*a = hit->next;
		hit->fn(hit->arg, msg_error(m->result), m->seq);
		free(hit);
		return;
	}
}

/* The notary is gone: nobody will answer what waits. */
static void
append_lost(struct process *r)
{
	struct append *list = r->appends;

	r->appends = NULL;
	while (list != NULL) {
		struct append *a = list;

		list = a->next;
		a->fn(a->arg, GW_ECLOSED, 0);
		free(a);
	}
}

static int
append_park(struct process *r, enum event_code ev, const struct bytes *fields)
{
	struct parked *k;
	struct parked **end = &r->parked;

	if (r->nparked >= APPENDS_WAITING_MAX)
		return GW_ELIMIT;
	if ((k = malloc(sizeof(*k) + fields->len)) == NULL)
		return GW_ENOMEM;
	k->next = NULL;
	k->event = (uint16_t)ev;
	k->len = fields->len;
	if (fields->len > 0)
		memcpy(k->fields, fields->p, fields->len);
	while (*end != NULL)
		end = &(*end)->next;
	*end = k;
	r->nparked++;
	return 0;
}

/* No notary comes any more. */
void
append_forget(struct process *r)
{
	append_lost(r);
	while (r->parked != NULL) {
		struct parked *k = r->parked;

		r->parked = k->next;
		free(k);
	}
}

static void
append_unpark(struct process *r, struct peer *notary)
{
	while (r->parked != NULL) {
		struct parked *k = r->parked;
		struct msg_log_append m = {.event = k->event};

		m.fields.p = k->fields;
		m.fields.len = k->len;
		if (peer_send(notary, MSG_LOG_APPEND, &m, -1) != 0)
			return;
		r->parked = k->next;
		r->nparked--;
		free(k);
	}
}

int
process_append(struct process *r, enum event_code ev,
    const struct event_fields *f, process_durable_fn *fn, void *arg)
{
	struct peer *notary = process_peer(r, PROC_NOTARY);
	struct msg_log_append m = {.event = (uint16_t)ev};
	struct append *a = NULL;
	int e;

	if (f != NULL && r->def->append != NULL && fn == NULL)
		return r->def->append(r, ev, f);
	if (f != NULL) {
		if ((e = buf_err(&f->b)) != 0)
			return e;
		m.fields.p = f->b.p;
		m.fields.len = (uint32_t)f->b.len;
	}
	if (fn == NULL) {
		/* no notary, or one that has gone and we do not know it yet */
		e = peer_send(notary, MSG_LOG_APPEND, &m, -1);
		return e == GW_ECLOSED ? append_park(r, ev, &m.fields) : e;
	}
	if (notary == NULL)
		return GW_ECLOSED;
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return GW_ENOMEM;
	m.rid = process_rid(r);
	if ((e = peer_send(notary, MSG_LOG_APPEND, &m, -1)) != 0) {
		free(a);
		return e;
	}
	a->rid = m.rid;
	a->fn = fn;
	a->arg = arg;
	a->next = r->appends;
	r->appends = a;
	return 0;
}

/* ---- links */

static void
audit_protocol(struct process *r, const struct peer *p, const char *what)
{
	struct event_fields f;

	log_warn("%s sent %s: link closed", proc_name(p->proc), what);
	event_fields_init(&f);
	event_str(&f, EF_PROCESS, proc_name(p->proc));
	if (p->link.conn != 0)
		event_num(&f, EF_CONN, (int64_t)p->link.conn);
	event_str(&f, EF_MSG, what);
	(void)process_append(r, EV_PEER_PROTOCOL, &f, NULL, NULL);
	event_fields_done(&f);
}

/* Does this process ask for its link to p when it is lost? One of the two does:
 * that is how the table of messages has it (SUP_RELINK). */
static bool
links_itself(const struct process *r, enum proc p)
{
	return r->control != NULL && r->def->proc < p && p != PROC_SESSION &&
	       (r->linked & PROC_BIT(p)) != 0;
}

/* A process that ended is started and linked again by the supervisor. A link
 * that was lost between two that live (one said what is not allowed, or did
 * not read) would be missed for ever: it is asked for, until it is there. */
void
process_relink(struct process *r, void *arg)
{
	struct msg_sup_relink m = {0};
	bool missing = false;

	(void)arg;
	for (unsigned p = 0; p < PROC_COUNT; p++) {
		if (!links_itself(r, (enum proc)p) ||
		    process_peer(r, (enum proc)p) != NULL)
			continue;
		missing = true;
		m.proc = (uint8_t)p;
		/* without the supervisor we end */
		(void)peer_send(r->control, MSG_SUP_RELINK, &m, -1);
	}
	if (missing)
		timer_set(r->relink, RELINK_MS);
}

void
peer_lost(struct process *r, struct peer *p)
{
	if (p->dead)
		return;
	p->dead = true;
	peer_shut(p);
	if (p->proc == PROC_SUPERVISOR) {
		/* nobody left to serve; the kernel keeps the doors */
		log_warn("the supervisor is gone: exiting");
		process_exit(r, 1);
		return;
	}
	if (links_itself(r, p->proc) && !FAULT(no_relink))
		timer_set(r->relink, RELINK_MS);
	if (p->proc == PROC_NOTARY)
		append_lost(r);
	if (p->announced && r->def->peer_down != NULL)
		r->def->peer_down(r, p);
	r->reap = true;
}

static bool
have_needs(const struct process *r)
{
	return (r->linked & r->def->needs) == r->def->needs;
}

static int
enter_sandbox(struct process *r)
{
	const struct process_sandbox *s = r->def->sandbox;

	return s == NULL ? 0 : confine_enter(r->def->proc, s->ro, s->rw);
}

static int
become_ready(struct process *r)
{
	int later = 0;
	int e;

	if (r->ready || !r->started || !have_needs(r))
		return 0;
	if (r->def->ready != NULL && (later = r->def->ready(r)) < 0)
		return later;
	if ((e = enter_sandbox(r)) != 0) {
		log_err("cannot enter the sandbox: %s", err_str(e));
		return e;
	}
	r->ready = true;
	return later == PROCESS_LATER ? 0 : process_ready(r);
}

int
process_ready(struct process *r)
{
	struct msg_empty m = {0};

	return peer_send(r->control, MSG_SUP_READY, &m, -1);
}

void
process_alive(struct process *r)
{
	struct msg_empty m = {0};

	if (!FAULT(no_alive))
		(void)peer_send(r->control, MSG_SUP_ALIVE, &m, -1);
}

static int
on_link(struct process *r, const struct msg_sup_link *m, int fd)
{
	struct peer *old = m->proc == PROC_SESSION
			       ? process_session(r, m->conn)
			       : process_peer(r, (enum proc)m->proc);
	struct peer *p = NULL;
	int e;

	if (old != NULL)
		peer_lost(r, old);
	if ((e = peer_new(&p, r, (enum proc)m->proc, fd)) != 0) {
		(void)close(fd);
		return e;
	}
	p->link = *m;
	p->announced = true;
	r->linked |= PROC_BIT(m->proc);
	if (m->proc == PROC_NOTARY)
		append_unpark(r, p);
	if (r->def->peer_up != NULL)
		r->def->peer_up(r, p);
	return become_ready(r);
}

static int
on_config(struct process *r, const struct msg_sup_config *m)
{
	int e;

	if (r->started) {
		const struct conf old = r->config.conf;

		r->config.conf = m->conf;
		if (r->def->reload != NULL)
			r->def->reload(r, &old);
		return 0;
	}
	r->config = *m;
	if (FAULT_BUILD && m->faults[0] != '\0')
		(void)setenv("SALLYPORT_FAULTS", m->faults, 1);
	(void)clock_now(); /* before the sandbox, for such a build */
	if (r->def->start != NULL &&
	    (e = r->def->start(r, &r->config.conf)) != 0)
		return e;
	r->started = true;
	return become_ready(r);
}

int64_t
process_unheard_ms(const struct process *r)
{
	return clock_now().boot_ms - r->heard_boot_ms;
}

static int
on_control(struct process *r, const struct ipc_msg *m)
{
	const struct msg_sup_listener *l = m->body;

	switch (m->type) {
	case MSG_SUP_CONFIG:
		return on_config(r, m->body);
	case MSG_SUP_LINK:
		return on_link(r, m->body, m->fds[0]);
	case MSG_SUP_LISTENER:
		if (r->def->listener == NULL)
			return GW_EPROTO;
		return r->def->listener(r, m->fds[0], l->tls != 0);
	case MSG_SUP_BEAT:
		r->heard_boot_ms = clock_now().boot_ms;
		process_alive(r);
		return 0;
	case MSG_SUP_STOP:
		if (r->def->stop != NULL)
			r->def->stop(r);
		else
			process_exit(r, 0);
		return 0;
	default:
		return 1; /* perhaps the process's own table knows it */
	}
}

static int
dispatch(struct process *r, struct peer *p, const struct ipc_msg *m)
{
	int e;

	if (p->proc == PROC_SUPERVISOR && (e = on_control(r, m)) != 1)
		return e;
	if (!r->started)
		return GW_ESTATE; /* nothing is served before SUP_CONFIG */
	if (m->type == MSG_LOG_DURABLE && p->proc == PROC_NOTARY) {
		append_answer(r, m->body);
		return 0;
	}
	for (size_t i = 0; i < r->def->nhandlers; i++)
		if (r->def->handlers[i].type == m->type)
			return r->def->handlers[i].fn(r, p, m);
	return GW_EPROTO;
}

static void
dispatch_failed(struct process *r, struct peer *p, struct ipc_msg *m, int e)
{
	char what[96];

	/* While the supervisor sets us up, what fails is our start and not its
	 * message. */
	if (p == r->control && !r->ready) {
		log_err("cannot start: %s",
		    e == GW_ESYS ? strerror(errno) : err_str(e));
		ipc_msg_close(m);
		process_exit(r, 1);
		return;
	}
	ipc_msg_close(m);
	(void)snprintf(
	    what, sizeof(what), "%s: %s", msg_spec(m->type)->name, err_str(e));
	audit_protocol(r, p, what);
	peer_lost(r, p);
}

/* All frames that are there now, but not for ever: others wait too. */
void
peer_readable(struct process *r, struct peer *p)
{
	for (int turn = 0; turn < 64 && !p->dead; turn++) {
		struct ipc_msg m = {.body = r->body};
		int e = ipc_recv(&p->ipc, &m);

		if (e == GW_EAGAIN)
			return;
		if (e == GW_ECLOSED) {
			peer_lost(r, p);
			return;
		}
		if (e != 0) {
			audit_protocol(r, p, "a message that is not allowed");
			peer_lost(r, p);
			return;
		}
		if ((e = dispatch(r, p, &m)) != 0) {
			dispatch_failed(r, p, &m, e);
			return;
		}
	}
}

void
peer_drain(struct peer *p)
{
	struct process *r = p->process;

	/* the end of what it sent closes p, unless somebody else has its
	 * socket */
	for (int turn = 0; turn < 64 && !p->dead; turn++)
		peer_readable(r, p);
	peer_lost(r, p);
}

/* ---- the supervisor, which is no child */

int
process_adopt(struct process *r, struct peer **ret, enum proc proc,
    const struct msg_sup_link *link, int fd)
{
	struct peer *p = NULL;
	int e;

	if ((e = peer_new(&p, r, proc, fd)) != 0) {
		(void)close(fd);
		return e;
	}
	p->link = *link;
	p->announced = true;
	*ret = p;
	return 0;
}

void
process_reload(struct process *r, const struct conf *conf)
{
	r->config.conf = *conf;
}

void
process_notary_up(struct process *r)
{
	struct peer *notary = process_peer(r, PROC_NOTARY);

	if (notary != NULL)
		append_unpark(r, notary);
}
