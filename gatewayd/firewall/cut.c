/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/cut.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "firewall/elem.h"
#include "firewall/fw.h"
#include "firewall/poke.h"
#include "firewall/sets.h"

enum {
	CUT_LIFE_MS = 3000,  /* in the cut set, if nobody removes it */
	POKE_AGAIN_MS = 600, /* ends answer at most every 500 ms */
};

struct pending {
	struct fw_flow flow;
	struct ct_flow ct;
	struct set_key key;
	int64_t poke_ms, due_ms; /* boottime */
	bool poked_again;
};

struct cut {
	struct cut_opts o;
	struct poke poke;
	struct pending *p;
	size_t n, cap;
};

int
cut_new(struct cut **ret, const struct cut_opts *opts)
{
	struct cut *c = NULL;
	int r = GW_ENOMEM;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		goto out;
	c->o = *opts;
	if ((r = poke_open(&c->poke)) != 0)
		goto out;
	*ret = c;
	c = NULL;
out:
	cut_free(c);
	return r;
}

void
cut_free(struct cut *c)
{
	if (c == NULL)
		return;
	poke_close(&c->poke);
	free(c->p);
	free(c);
}

static void
poke_ends(struct cut *c, const struct pending *p)
{
	const struct ct_end *o = &p->ct.original, *r = &p->ct.reply;

	/* To the client, as if from the address it dialled; then to the
	 * target. The owner of our own socket learns it from the broker. */
	if (p->flow.element.kind != ELEMENT_LEG)
		poke_send(&c->poke, &o->target, o->port, &o->source, o->sport);
	if (p->flow.element.kind != ELEMENT_ENTRY)
		poke_send(&c->poke, &r->target, r->port, &r->source, r->sport);
}

static void
report(struct cut *c, struct pending *p, const struct now *now)
{
	p->flow.packets_in = p->ct.packets_in;
	p->flow.bytes_in = p->ct.bytes_in;
	p->flow.packets_out = p->ct.packets_out;
	p->flow.bytes_out = p->ct.bytes_out;
	p->flow.start_ms = (int64_t)(p->ct.start_ns / 1000000);
	p->flow.end_ms = now->utc_ms;
	if (c->o.on_flow != NULL)
		c->o.on_flow(c->o.arg, &p->flow);
}

/* A failure leaves an entry that no rule accepts, or a key in the cut set:
 * both time out by themselves, and the record has what was read before. */
static int
finish(struct cut *c, struct pending *p, const struct now *now)
{
	int r = conntrack_get(c->o.ask, &p->ct);

	if (r == 0)
		r = conntrack_delete(c->o.ask, &p->ct);
	if (p->key.set != SET_NONE && (r == 0 || r == GW_ENOENT))
		r = elem_remove(c->o.nft, c->o.can, &p->key);
	report(c, p, now);
	return r;
}

struct collect {
	struct cut *c;
	const struct cut_want *w;
	const struct now *now;
	struct cut_totals *totals;
	size_t first; /* pending from here on are this call's */
};

static int
grow(struct cut *c)
{
	struct pending *p = NULL;
	size_t cap = c->cap == 0 ? 64 : c->cap * 2;

	if (c->n < c->cap)
		return 0;
	if (cap > LIMIT_SET_CUT)
		return GW_ELIMIT;
	if ((p = reallocarray(c->p, cap, sizeof(*p))) == NULL)
		return GW_ENOMEM;
	c->p = p;
	c->cap = cap;
	return 0;
}

static int
found(void *arg, size_t index, const struct ct_flow *f)
{
	struct collect *g = arg;
	const struct cut_want *w = &g->w[index];
	struct pending *p = NULL;
	int r = 0;

	if ((r = grow(g->c)) != 0)
		return r;
	p = &g->c->p[g->c->n];
	memset(p, 0, sizeof(*p));
	p->ct = *f;
	p->flow.element = w->element;
	p->flow.source = f->original.source;
	p->flow.sport = f->original.sport;
	p->flow.target = f->reply.source;
	p->flow.port = f->reply.sport;
	p->flow.proto = f->proto;
	memcpy(p->flow.grant, w->grant, sizeof(p->flow.grant));
	memcpy(p->flow.id, w->id, sizeof(p->flow.id));
	p->poke_ms = g->now->boot_ms + POKE_AGAIN_MS;
	p->due_ms = g->now->boot_ms;
	if (f->proto == IPPROTO_TCP) {
		p->due_ms += CUT_DELAY_MS;
		r = set_key_cut(&p->key, &f->original.source, f->original.sport,
		    &f->reply.source, f->reply.sport);
		if (r != 0)
			return r;
	}
	g->c->n++;
	if (g->totals == NULL || w->element.kind == ELEMENT_ENTRY)
		return 0;
	g->totals->flows++;
	g->totals->packets_in += f->packets_in;
	g->totals->bytes_in += f->bytes_in;
	g->totals->packets_out += f->packets_out;
	g->totals->bytes_out += f->bytes_out;
	return 0;
}

/* All flows of one opening into the cut set, as few transactions as can be. */
static int
mark(struct cut *c, size_t first)
{
	enum { PER_BATCH = 500 };
	size_t i = first, n = 0;
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	while (r == 0 && i < c->n) {
		nlb_batch(&b);
		for (n = 0; i < c->n && n < PER_BATCH; i++) {
			if (c->p[i].key.set == SET_NONE)
				continue;
			elem_put(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
			    &c->p[i].key, CUT_LIFE_MS, NULL);
			n++;
		}
		if (n > 0)
			r = nl_commit(c->o.nft, &b, NULL);
	}
	nlb_done(&b);
	return r;
}

int
cut_flows(struct cut *c, const struct cut_want *w, size_t n,
    const struct now *now, struct cut_totals *totals)
{
	struct collect g = {c, w, now, totals, c->n};
	const struct element **list = NULL;
	size_t i = 0;
	int r = 0, r2 = 0;

	if (n == 0 || FAULT(fw_cut))
		return 0;
	if ((list = calloc(n, sizeof(*list))) == NULL)
		return GW_ENOMEM;
	for (i = 0; i < n; i++)
		list[i] = &w[i].element;
	r = conntrack_of(c->o.ask, list, n, found, &g);
	free(list);
	if (c->n > g.first)
		r2 = mark(c, g.first);
	for (i = g.first; i < c->n; i++)
		if (c->p[i].ct.proto == IPPROTO_TCP)
			poke_ends(c, &c->p[i]);
	return r != 0 ? r : r2;
}

int
cut_forget(struct cut *c, const struct element *leg, const struct now *now)
{
	struct pending *p = NULL;
	struct set_key k;
	size_t i = 0;
	int r =
	    set_key_cut(&k, &leg->source, leg->sport, &leg->target, leg->port);

	for (i = 0; i < c->n && r == 0; i++) {
		p = &c->p[i];
		if (!set_key_equal(&p->key, &k))
			continue;
		r = finish(c, p, now);
		*p = c->p[--c->n];
		return r == GW_ENOENT ? 0 : r;
	}
	return r;
}

int64_t
cut_tick(struct cut *c, const struct now *now)
{
	int64_t next = INT64_MAX, at = 0;
	struct pending *p = NULL;
	size_t i = 0;

	while (i < c->n) {
		p = &c->p[i];
		if (p->due_ms <= now->boot_ms) {
			(void)finish(c, p, now);
			*p = c->p[--c->n];
			continue;
		}
		if (!p->poked_again && p->poke_ms <= now->boot_ms) {
			poke_ends(c, p);
			p->poked_again = true;
		}
		at = p->poked_again ? p->due_ms : p->poke_ms;
		if (at < next)
			next = at;
		i++;
	}
	return c->n == 0 ? -1 : next - now->boot_ms;
}
