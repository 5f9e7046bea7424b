/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verbsprocess - see the header.
 */
#include "tests/fuzz/verbsprocess.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "audit/record.h"
#include "base/err.h"
#include "core/event.h"
#include "core/shutport.h"
#include "tests/fuzz/fuzz.h"

struct process process;

struct timer {
	struct timer *next;
	process_timer_fn *fn;
	void *arg;
	bool due; /* at once; what is later never comes */
};

static struct timer *timers;

struct watch {
	int unused;
};

void *
process_ctx(struct process *r)
{
	return r->ctx;
}

void
process_exit(struct process *r, int status)
{
	(void)r;
	(void)status;
	abort(); /* no call ends the broker */
}

int
process_ready(struct process *r)
{
	(void)r;
	return 0;
}

uint32_t
process_rid(struct process *r)
{
	return ++r->rid;
}

/* No supervisor: nothing can be started that would dial. */
int64_t
process_unheard_ms(const struct process *r)
{
	(void)r;
	return 0;
}

struct peer *
process_peer(struct process *r, enum proc proc)
{
	return proc != PROC_SUPERVISOR ? &r->peers[proc] : NULL;
}

struct peer *
process_session(struct process *r, uint64_t conn)
{
	(void)r;
	(void)conn;
	return NULL;
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
	(void)p;
	(void)s;
}

void
peer_close(struct peer *p)
{
	(void)p;
}

size_t
peer_queued(const struct peer *p)
{
	(void)p;
	return 0;
}

struct timer *
timer_new(struct process *r, process_timer_fn *fn, void *arg)
{
	struct timer *t = calloc(1, sizeof(*t));

	(void)r;
	must(t != NULL);
	*t = (struct timer){.next = timers, .fn = fn, .arg = arg};
	timers = t;
	return t;
}

void
timer_set(struct timer *t, int64_t in_ms)
{
	t->due = in_ms <= 0;
}

void
timer_stop(struct timer *t)
{
	t->due = false;
}

void
timer_free(struct timer *t)
{
	struct timer **tp = &timers;

	while (*tp != NULL && *tp != t)
		tp = &(*tp)->next;
	if (*tp != NULL)
		*tp = t->next;
	free(t);
}

/* Nobody is there: the doctor's knocks go nowhere. */
int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len);
int
__wrap_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	(void)fd;
	(void)addr;
	(void)len;
	errno = ECONNREFUSED;
	return -1;
}

struct watch *
watch_new(struct process *r, int fd, process_watch_fn *fn, void *arg)
{
	(void)r;
	(void)fd;
	(void)fn;
	(void)arg;
	return calloc(1, sizeof(struct watch));
}

void
watch_set(struct watch *w, unsigned what)
{
	(void)w;
	(void)what;
}

void
watch_free(struct watch *w)
{
	free(w);
}

/* ---- what it says, and what comes back */

static struct coming *
coming(struct process *r)
{
	must(r->nqueue < QUEUE_MAX);
	memset(&r->queue[r->nqueue], 0, sizeof(r->queue[0]));
	return &r->queue[r->nqueue++];
}

/* A record that can be written, and whose writer may. */
static void
check_record(
    struct process *r, enum event_code ev, const struct event_fields *f)
{
	struct record rec = {.seq = r->seq, .event = ev, .origin = PROC_BROKER};
	struct record back;
	struct buf json, line;

	must(event_may_write(ev, PROC_BROKER));
	strcpy(rec.id, "01987654-aaaa-7bbb-8ccc-0123456789ab");
	strcpy(rec.node, "gw");
	strcpy(rec.boot, "b");
	buf_init(&json, LIMIT_RECORD_MAX);
	buf_init(&line, LIMIT_RECORD_MAX);
	if (f != NULL)
		must(buf_err(&f->b) == 0 &&
		     event_fields_json(&json, f->b.p, f->b.len) == 0);
	must(record_format(&line, &rec, json.p, json.len) == 0);
	must(record_parse(&back, line.p, line.len) == 0);
	buf_done(&json);
	buf_done(&line);
}

int
process_append(struct process *r, enum event_code ev,
    const struct event_fields *f, process_durable_fn *fn, void *arg)
{
	struct coming *c;

	check_record(r, ev, f);
	if (fn == NULL)
		return 0;
	c = coming(r);
	c->durable = fn;
	c->arg = arg;
	c->result = r->takes ? 0 : GW_ESYS;
	return 0;
}

static void
take_reply(struct process *r, const struct msg_api_reply *m)
{
	r->replies++;
	r->reply = *m;
	buf_reset(&r->body);
	buf_put(&r->body, m->body.p, m->body.len);
	buf_u8(&r->body, '\0');
	must(buf_err(&r->body) == 0);
}

static const uint8_t all_shut[SHUTPORT_MAX];

/* The others say no where they may; the firewall shuts. */
static void
answer(struct process *r, const struct peer *p, unsigned type, uint32_t rid)
{
	const uint8_t no = msg_result(GW_EDENIED);
	struct coming *c = coming(r);

	c->from = p->proc;
	c->m.rid = rid;
	switch (type) {
	case MSG_NT_FOLD_GET:
		c->type = MSG_NT_FOLD_END;
		c->m.fold_end.seq = r->seq;
		break;
	case MSG_FW_SYNC_END:
		c->type = MSG_FW_SYNCED;
		break;
	case MSG_FW_CLOSE:
		c->type = MSG_FW_CLOSED;
		break;
	case MSG_FW_PROTECT:
		c->type = MSG_FW_PROTECTED;
		c->m.protected_.results.p = all_shut;
		c->m.protected_.results.len = sizeof(all_shut);
		break;
	case MSG_NT_GRANT_OPEN:
		c->type = MSG_NT_GRANT_OPENED;
		c->m.opened.result = no;
		break;
	case MSG_NT_READ:
		c->type = MSG_NT_LINES;
		break;
	case MSG_NT_MFA_BURN:
		c->type = MSG_NT_MFA_BURNED;
		c->m.burned.result = no;
		break;
	case MSG_NT_GRANT_CLOSE:
		c->type = MSG_NT_GRANT_CLOSED;
		break;
	case MSG_REC_READ:
		c->type = MSG_REC_BYTES;
		c->m.bytes.result = no;
		break;
	case MSG_REC_LOOK:
		c->type = MSG_REC_LOOKED;
		break;
	default:
		r->nqueue--; /* no answer */
		break;
	}
}

int
peer_send(struct peer *p, unsigned type, const void *body, int fd)
{
	struct process *r = &process;
	uint32_t rid = 0;
	struct buf b;

	if (p == NULL)
		return GW_ECLOSED;
	/* nothing is open without the notary, which opens nothing here */
	must(fd == -1 && type != MSG_FW_OPEN);
	must(msg_allowed(type, PROC_BROKER, p->proc, MST_READY, 0) == 0);
	buf_init(&b, LIMIT_MSG_MAX);
	must(msg_encode(&b, type, body) == 0);
	buf_done(&b);
	memcpy(&rid, body, sizeof(rid));
	if (type == MSG_API_REPLY)
		take_reply(r, body);
	else if (p->proc == PROC_FIREWALL)
		r->to_firewall++;
	answer(r, p, type, rid);
	return 0;
}

int
hand_over(struct process *r, enum proc from, unsigned type, const void *body)
{
	const struct ipc_msg msg = {
	    .type = type, .body = (void *)(uintptr_t)body, .fds = {-1, -1}};

	for (size_t i = 0; i < r->def.nhandlers; i++)
		if (r->def.handlers[i].type == type)
			return r->def.handlers[i].fn(r, &r->peers[from], &msg);
	abort();
}

static bool
fire(struct process *r)
{
	struct timer *t = timers;

	while (t != NULL && !t->due)
		t = t->next;
	if (t == NULL)
		return false;
	t->due = false;
	t->fn(r, t->arg);
	return true;
}

void
pump(struct process *r)
{
	do {
		for (size_t i = 0; i < r->nqueue; i++) {
			struct coming c = r->queue[i];

			if (c.durable != NULL)
				c.durable(c.arg, c.result,
				    c.result == 0 ? ++r->seq : 0);
			else
				must(hand_over(r, c.from, c.type, &c.m) == 0);
		}
		r->nqueue = 0;
	} while (fire(r));
}
