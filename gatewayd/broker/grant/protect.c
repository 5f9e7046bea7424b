/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protect - see the header.
 */
#include "broker/grant/protect.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/call/order.h"
#include "broker/call/wait.h"
#include "core/shutport.h"

enum {
	BUCKETS = 16384, /* a power of two */
	AGAIN_MS = 1000, /* what the firewall refused */
};

/* All ports that one target_protect() wanted. */
struct wanted {
	struct order order;
};

struct waiter {
	struct waiter *next;
	struct wanted *of;
};

struct port {
	struct port *next;     /* in its bucket */
	struct port *next_out; /* in the queue, or in a list under way */
	struct shutport p;
	bool shut;   /* as the firewall said */
	bool queued; /* in the queue or under way */
	struct waiter *waiters;
};

struct protections {
	struct broker *b;
	struct port *bucket[BUCKETS];
	struct port *out, **out_end; /* to be sent */
	struct timer *again;
	unsigned under_way; /* lists that are not answered */
};

/* A list under way. */
struct list {
	struct port *first;
	unsigned n;
};

static void send_next(struct protections *x);

static size_t
bucket(const struct shutport *p)
{
	uint64_t h = p->port;

	for (size_t i = 0; i < sizeof(p->addr.b); i++)
		h = (h ^ p->addr.b[i]) * 0x100000001b3ULL;
	return (size_t)(h ^ h >> 32) & (BUCKETS - 1);
}

static struct port *
find(const struct broker *b, const struct shutport *p)
{
	struct port *at = b->protections->bucket[bucket(p)];

	while (at != NULL &&
	       (at->p.port != p->port || !addr_equal(&at->p.addr, &p->addr)))
		at = at->next;
	return at;
}

static struct port *
get(struct broker *b, const struct shutport *p)
{
	struct port *at = find(b, p);
	const size_t i = bucket(p);

	if (at != NULL || (at = calloc(1, sizeof(*at))) == NULL)
		return at;
	at->p = *p;
	at->next = b->protections->bucket[i];
	b->protections->bucket[i] = at;
	b->unprotected++;
	return at;
}

static void
set_shut(struct broker *b, struct port *at, bool shut)
{
	if (at->shut != shut)
		b->unprotected += shut ? -1U : 1U;
	at->shut = shut;
	while (shut && at->waiters != NULL) {
		struct waiter *w = at->waiters;

		at->waiters = w->next;
		if (order_done(&w->of->order, 1))
			free(w->of);
		free(w);
	}
}

/* Perhaps of a target that is no more. Not shut, and nobody waits for it. */
static void
forget(struct broker *b, struct port *gone)
{
	struct port **p = &b->protections->bucket[bucket(&gone->p)];

	while (*p != gone)
		p = &(*p)->next;
	*p = gone->next;
	b->unprotected--;
	free(gone);
}

static void
push(struct protections *x, struct port *at)
{
	if (at->queued)
		return;
	at->queued = true;
	at->next_out = NULL;
	*x->out_end = at;
	x->out_end = &at->next_out;
}

/* Its answer; NULL: the firewall is gone, and the next sync names all. */
static void
answered(struct broker *b, void *arg, const void *body)
{
	const struct msg_fw_protected *m = body;
	struct protections *x = b->protections;
	struct list *l = arg;
	struct port *at = l->first;

	x->under_way--;
	for (unsigned i = 0; at != NULL && i < l->n; i++) {
		struct port *next = at->next_out;
		const bool shut =
		    m != NULL && i < m->results.len && m->results.p[i] == 0;

		at->queued = false;
		if (shut) {
			set_shut(b, at, true);
		} else if (m != NULL) {
			log_err("the firewall did not shut port %u of %s: "
				"asked again",
			    (unsigned)at->p.port, at->p.target);
			push(x, at);
			timer_set(x->again, AGAIN_MS);
		}
		at = next;
	}
	free(l);
	if (m != NULL && x->under_way == 0)
		send_next(x);
}

/* Up to SHUTPORT_MAX of the queue. GW_ENOENT when it is empty. */
static int
send_list(struct protections *x)
{
	struct msg_fw_protect m = {0};
	struct list *l = NULL;
	struct port *last = NULL;
	struct buf b;
	int r = GW_ENOMEM;

	if (x->out == NULL)
		return GW_ENOENT;
	buf_init(&b, LIMIT_BODY_MAX);
	if ((l = calloc(1, sizeof(*l))) == NULL)
		goto out;
	l->first = x->out;
	for (struct port *at = x->out; at != NULL && l->n < SHUTPORT_MAX;
	     at = at->next_out) {
		shutport_put(&b, &at->p);
		l->n++;
		last = at;
	}
	if ((r = buf_err(&b)) != 0)
		goto out;
	m.ports.p = b.p;
	m.ports.len = (uint32_t)b.len;
	if ((r = ask(x->b, PROC_FIREWALL, MSG_FW_PROTECT, &m, MSG_FW_PROTECTED,
		 answered, l)) != 0)
		goto out;
	x->out = last->next_out;
	last->next_out = NULL;
	if (x->out == NULL)
		x->out_end = &x->out;
	x->under_way++;
	l = NULL;
out:
	free(l);
	buf_done(&b);
	return r;
}

/* Without a firewall nothing is sent: it hears all when it is back, before
 * anything opens. */
static void
send_next(struct protections *x)
{
	const int r =
	    x->under_way == 0 || FAULT(protect_flood) ? send_list(x) : 0;

	if (r != 0 && r != GW_ENOENT)
		log_warn("the firewall process is away: targets are protected "
			 "when it is back");
}

static void
on_again(struct process *r, void *arg)
{
	(void)r;
	send_next(arg);
}

int
protect_new(struct broker *b)
{
	struct protections *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return GW_ENOMEM;
	x->b = b;
	x->out_end = &x->out;
	if ((x->again = timer_new(b->process, on_again, x)) == NULL) {
		free(x);
		return GW_ENOMEM;
	}
	b->protections = x;
	return 0;
}

/* Each of a target's addresses; LIMIT_SOURCES at most. */
static unsigned
ports_of(const struct target *t, struct shutport ret[static 2])
{
	const struct addr *const both[] = {&t->addr4, &t->addr6};
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		if (both[i]->family == 0)
			continue;
		memset(&ret[n], 0, sizeof(ret[n]));
		ret[n].addr = *both[i];
		ret[n].proto = IPPROTO_TCP;
		ret[n].port = t->port;
		text_set(ret[n].target, sizeof(ret[n].target), t->name);
		memcpy(ret[n].target_id, t->id, sizeof(t->id));
		n++;
	}
	return n;
}

static bool
wait_for(struct port *at, struct wanted *x)
{
	struct waiter *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return false;
	w->of = x;
	w->next = at->waiters;
	at->waiters = w;
	return true;
}

void
protect_target(struct broker *b, const struct target *t)
{
	struct wanted *x = calloc(1, sizeof(*x));
	struct shutport p[2];
	const unsigned n = ports_of(t, p);
	unsigned open = 0;

	for (unsigned i = 0; i < n; i++) {
		struct port *at = get(b, &p[i]);

		if (at != NULL && at->shut)
			continue;
		if (at == NULL || x == NULL || !wait_for(at, x)) {
			log_err("out of memory: %s is shut later", t->name);
			continue;
		}
		open++;
		at->p = p[i]; /* of another target, perhaps */
		push(b->protections, at);
	}
	if (open > 0)
		order_add(b, &x->order, ORDER_PROTECT, open);
	else
		free(x);
	send_next(b->protections);
}

bool
protect_is_shut(const struct broker *b, const struct target *t)
{
	struct shutport p[2];
	const unsigned n = ports_of(t, p);

	for (unsigned i = 0; i < n; i++) {
		const struct port *at = find(b, &p[i]);

		if ((at == NULL || !at->shut) && !FAULT(say_protected))
			return false;
	}
	return n > 0;
}

void
protect_lost(struct broker *b)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct port *at = b->protections->bucket[i], *next = NULL;

		for (; at != NULL; at = next) {
			next = at->next;
			set_shut(b, at, false);
			if (!at->queued && at->waiters == NULL)
				forget(b, at);
		}
	}
}

/* ---- root's word */

struct again {
	struct broker *b;
	const struct shutport *p;
};

static void
again_one(void *arg, const char *name, const struct target *t)
{
	const struct again *x = arg;
	struct shutport p[2];
	const unsigned n = t != NULL ? ports_of(t, p) : 0;

	for (unsigned i = 0; i < n; i++) {
		if (p[i].port != x->p->port ||
		    !addr_equal(&p[i].addr, &x->p->addr))
			continue;
		log_warn("port %u of target %s was un-protected by root: the "
			 "target is still there, so it is shut again",
		    (unsigned)p[i].port, name);
		protect_target(x->b, t);
		return;
	}
}

int
on_fw_unprotected(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_fw_unprotected *m = msg->body;
	struct broker *b = process_ctx(r);
	const struct shutport which = {
	    .addr = m->addr, .proto = m->proto, .port = m->port};
	const struct again x = {b, &which};
	struct port *at = find(b, &which);

	(void)p;
	if (at == NULL)
		return 0;
	set_shut(b, at, false);
	if (!at->queued && at->waiters == NULL)
		forget(b, at);
	if (store_target_each(b->store, again_one, (void *)(uintptr_t)&x) != 0)
		log_err("the targets cannot be read: one that was un-protected "
			"is shut with the next synchronisation");
	return 0;
}

static void
whose(const struct broker *b, const struct addr *a, uint16_t port,
    char ret[static LIMIT_NAME_SIZE])
{
	const int r = store_target_at(b->store, a, port, "", ret);

	if (r != 0 && r != GW_ENOENT)
		log_err("the targets cannot be read");
}

int
on_whose(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_fw_unprotect *m = msg->body;
	struct msg_sup_whose_is reply = {.rid = m->rid};

	if (m->proto == IPPROTO_TCP) /* targets have no other */
		whose(process_ctx(r), &m->addr, m->port, reply.target);
	return peer_send(p, MSG_SUP_WHOSE_IS, &reply, -1);
}

/* ---- a synchronisation */

static void
want_one(void *arg, const char *name, const struct target *t)
{
	struct broker *b = arg;
	struct shutport p[2];
	const unsigned n = t != NULL ? ports_of(t, p) : 0;

	if (t == NULL)
		log_err("target %s cannot be read: it is not protected", name);
	for (unsigned i = 0; i < n; i++) {
		struct port *at = get(b, &p[i]);

		if (at == NULL) {
			log_err("out of memory: %s is not protected", name);
			continue;
		}
		at->p = p[i]; /* of another target, perhaps */
		push(b->protections, at);
	}
}

int
protect_all(struct broker *b)
{
	int r = store_target_each(b->store, want_one, b);

	/* all at once: until they are shut nothing is served that could wait */
	while (r == 0)
		r = send_list(b->protections);
	return r == GW_ENOENT ? 0 : r;
}
