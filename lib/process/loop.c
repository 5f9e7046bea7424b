/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop - the event loop of every process: peers with their send queues, timers,
 * watched descriptors. The one file that uses libevent.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "process/internal.h"

struct frame {
	struct frame *next;
	unsigned type;
	int fds[MSG_FDS_MAX];
	unsigned nfds;
	size_t len;
	uint8_t body[];
};

struct timer {
	struct process *process;
	struct event *ev;
	process_timer_fn *fn;
	void *arg;
};

struct watch {
	struct process *process;
	struct event *ev;
	process_watch_fn *fn;
	void *arg;
	int fd;
};

/* ---- peers */

static void
frame_free(struct frame *f)
{
	if (f == NULL)
		return;
	for (unsigned i = 0; i < f->nfds; i++)
		(void)close(f->fds[i]);
	explicit_bzero(f->body, f->len);
	free(f);
}

void
peer_shut(struct peer *p)
{
	if (p->rd != NULL)
		event_free(p->rd);
	if (p->wr != NULL)
		event_free(p->wr);
	p->rd = p->wr = NULL;
	while (p->out != NULL) {
		struct frame *f = p->out;

		p->out = f->next;
		frame_free(f);
	}
	p->out_end = &p->out;
	p->queued = 0;
	ipc_done(&p->ipc);
}

static void
reap(struct process *r)
{
	for (struct peer **pp = &r->peers; *pp != NULL;) {
		struct peer *p = *pp;

		if (!p->dead) {
			pp = &p->next;
			continue;
		}
		*pp = p->next;
		if (r->control == p)
			r->control = NULL;
		free(p);
	}
	r->reap = false;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	peer_readable(p->process, p);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	while (p->out != NULL) {
		struct frame *f = p->out;
		int e = ipc_send_raw(&p->ipc, f->body, f->len, f->fds, f->nfds);

		if (e == GW_EAGAIN)
			return;
		if (e != 0) {
			peer_lost(p->process, p);
			return;
		}
		p->queued -= f->len;
		if ((p->out = f->next) == NULL)
			p->out_end = &p->out;
		frame_free(f);
	}
	(void)event_del(p->wr);
}

int
peer_new(struct peer **ret, struct process *r, enum proc proc, int fd)
{
	struct peer *p = NULL;
	int fl = fcntl(fd, F_GETFL);

	if (fl < 0 || fcntl(fd, F_SETFL, fl | O_NONBLOCK) != 0)
		return GW_ESYS;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return GW_ENOMEM;
	p->process = r;
	p->proc = proc;
	p->out_end = &p->out;
	p->rd = event_new(r->base, fd, EV_READ | EV_PERSIST, on_readable, p);
	p->wr = event_new(r->base, fd, EV_WRITE | EV_PERSIST, on_writable, p);
	if (p->rd == NULL || p->wr == NULL || event_add(p->rd, NULL) != 0) {
		if (p->rd != NULL)
			event_free(p->rd);
		if (p->wr != NULL)
			event_free(p->wr);
		free(p);
		return GW_ENOMEM;
	}
	ipc_init(&p->ipc, fd, r->def->proc, proc);
	p->next = r->peers;
	r->peers = p;
	*ret = p;
	return 0;
}

size_t
peer_queued(const struct peer *p)
{
	return p == NULL ? 0 : p->queued;
}

static int
enqueue(struct peer *p, const struct buf *b, const int *fds, unsigned nfds)
{
	struct frame *f;

	if (p->queued + b->len > LIMIT_PEER_QUEUE) {
		if (!p->deaf)
			log_warn("%s does not read: link closed",
			    proc_name(p->proc));
		p->deaf = true;
		/* The loop will find it closed. Not here: whoever sends may
		 * walk a list that the loss of a peer changes. */
		(void)shutdown(p->ipc.fd, SHUT_RDWR);
		return GW_ELIMIT;
	}
	if ((f = malloc(sizeof(*f) + b->len)) == NULL)
		return GW_ENOMEM;
	f->next = NULL;
	f->len = b->len;
	f->nfds = 0;
	memcpy(f->body, b->p, b->len);
	for (unsigned i = 0; i < nfds; i++) {
		f->fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
		if (f->fds[i] < 0) {
			frame_free(f);
			return GW_ESYS;
		}
		f->nfds++;
	}
	*p->out_end = f;
	p->out_end = &f->next;
	p->queued += f->len;
	return event_add(p->wr, NULL) == 0 ? 0 : GW_ENOMEM;
}

static int
send_any(struct peer *p, unsigned type, const void *body, const int *fds,
    unsigned nfds)
{
	const struct msg_spec *spec = msg_spec(type);
	struct buf b;
	int e;

	if (p == NULL || p->dead)
		return GW_ECLOSED;
	if (spec == NULL || spec->fds != nfds ||
	    (spec->from & PROC_BIT(p->ipc.self)) == 0 ||
	    (spec->to & PROC_BIT(p->proc)) == 0)
		return GW_EINVAL;
	buf_init(&b, LIMIT_MSG_MAX);
	e = msg_encode(&b, type, body);
	if (e == 0) {
		e = p->out != NULL
			? GW_EAGAIN
			: ipc_send_raw(&p->ipc, b.p, b.len, fds, nfds);
		if (e == GW_EAGAIN)
			e = enqueue(p, &b, fds, nfds);
	}
	buf_done(&b);
	return e;
}

int
peer_send(struct peer *p, unsigned type, const void *body, int fd)
{
	return send_any(p, type, body, &fd, fd < 0 ? 0 : 1);
}

int
peer_send2(struct peer *p, unsigned type, const void *body, int fd0, int fd1)
{
	const int fds[2] = {fd0, fd1};

	return send_any(p, type, body, fds, 2);
}

enum proc
peer_proc(const struct peer *p)
{
	return p->proc;
}

uint64_t
peer_conn(const struct peer *p)
{
	return p->link.conn;
}

const struct msg_sup_link *
peer_link(const struct peer *p)
{
	return &p->link;
}

void
peer_set_state(struct peer *p, enum msg_state s)
{
	p->ipc.state = s;
}

void
peer_set_data(struct peer *p, void *data)
{
	p->data = data;
}

void *
peer_data(const struct peer *p)
{
	return p->data;
}

void
peer_close(struct peer *p)
{
	peer_lost(p->process, p);
}

/* ---- timers, watches */

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct timer *t = arg;

	(void)fd;
	(void)what;
	t->fn(t->process, t->arg);
}

struct timer *
timer_new(struct process *r, process_timer_fn *fn, void *arg)
{
	struct timer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->process = r;
	t->fn = fn;
	t->arg = arg;
	if ((t->ev = evtimer_new(r->base, on_timer, t)) == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void
timer_set(struct timer *t, int64_t in_ms)
{
	struct timeval tv = {0};

	if (in_ms > 0) {
		tv.tv_sec = (time_t)(in_ms / 1000);
		tv.tv_usec = (suseconds_t)(in_ms % 1000 * 1000);
	}
	(void)evtimer_add(t->ev, &tv);
}

void
timer_stop(struct timer *t)
{
	(void)evtimer_del(t->ev);
}

void
timer_free(struct timer *t)
{
	if (t == NULL)
		return;
	event_free(t->ev);
	free(t);
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	unsigned bits = 0;

	if ((what & EV_READ) != 0)
		bits |= WATCH_READ;
	if ((what & EV_WRITE) != 0)
		bits |= WATCH_WRITE;
	w->fn(w->process, (int)fd, bits, w->arg);
}

struct watch *
watch_new(struct process *r, int fd, process_watch_fn *fn, void *arg)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->process = r;
	w->fn = fn;
	w->arg = arg;
	w->fd = fd;
	w->ev = event_new(r->base, fd, EV_READ | EV_PERSIST, on_watch, w);
	if (w->ev == NULL) {
		free(w);
		return NULL;
	}
	return w;
}

void
watch_set(struct watch *w, unsigned what)
{
	short bits = EV_PERSIST;

	(void)event_del(w->ev);
	if (what == 0)
		return;
	if ((what & WATCH_READ) != 0)
		bits |= EV_READ;
	if ((what & WATCH_WRITE) != 0)
		bits |= EV_WRITE;
	(void)event_assign(w->ev, w->process->base, w->fd, bits, on_watch, w);
	(void)event_add(w->ev, NULL);
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	event_free(w->ev);
	free(w);
}

/* ---- the loop */

int
loop_init(struct process *r)
{
	struct event_config *cfg = event_config_new();

	if (cfg == NULL)
		return GW_ENOMEM;
	(void)event_config_set_flag(cfg, EVENT_BASE_FLAG_PRECISE_TIMER);
	r->base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	return r->base != NULL ? 0 : GW_ENOMEM;
}

void
loop_run(struct process *r)
{
	while (!r->broken) {
		if (event_base_loop(r->base, EVLOOP_ONCE) < 0) {
			log_err("the event loop failed: %s", strerror(errno));
			r->status = 1;
			break;
		}
		if (r->reap)
			reap(r);
	}
}

void
loop_break(struct process *r)
{
	r->broken = true;
	(void)event_base_loopbreak(r->base);
}

void
loop_done(struct process *r)
{
	for (struct peer *p = r->peers; p != NULL; p = p->next) {
		/* what was said on the way out should still be heard */
		if (!p->dead && p->out != NULL)
			on_writable(-1, 0, p);
		if (!p->dead)
			peer_shut(p);
		p->dead = true;
	}
	reap(r);
	if (r->base != NULL)
		event_base_free(r->base);
	ipc_room_free(r->body);
	r->body = NULL;
}
