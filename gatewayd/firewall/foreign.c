/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign - see foreign.h. All chains and rules are read first (a set that one
 * names is asked for later, on the same socket), then a packet is walked
 * through each base chain on its way.
 */
#include "firewall/foreign.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "firewall/packet.h"
#include "firewall/sets.h"

enum {
	NAME_SIZE = NFT_NAME_MAXLEN,
	RULES_MAX = 8192,  /* internal: of all tables */
	CHAINS_MAX = 1024, /* internal: likewise */
	TABLES_MAX = 256,  /* internal: that are switched off */
	DEPTH_MAX = 16,    /* internal: the kernel's own */
	FAMILY_INET = 1,
};

struct where {
	uint8_t family;
	char table[NAME_SIZE];
	char chain[NAME_SIZE];
};

struct chain {
	struct where at;
	bool base;  /* of type filter, on the way in */
	bool drops; /* its policy */
};

struct rule {
	struct where at;
	uint8_t *p;
	size_t n;
};

struct survey {
	struct nl *ask;
	struct where *dormant; /* tables that are switched off */
	struct chain *chains;
	struct rule *rules;
	size_t ndormant, nchains, nrules;
	bool too_many;
};

static bool
name_of(char ret[static NAME_SIZE], const struct nl_attr *a)
{
	if (a->p == NULL || a->n == 0 || a->n > NAME_SIZE ||
	    a->p[a->n - 1] != '\0')
		return false;
	memcpy(ret, a->p, a->n);
	return true;
}

/* Ours is known; of the rest, what IP packets meet. */
static bool
is_foreign(const struct where *w)
{
	if (w->family != NFPROTO_IPV4 && w->family != NFPROTO_IPV6 &&
	    w->family != FAMILY_INET)
		return false;
	return w->family != FAMILY_INET || strcmp(w->table, FW_TABLE) != 0;
}

static int
read_table(void *arg, const struct nl_msg *m)
{
	struct survey *s = arg;
	struct nl_attr tb[NFTA_TABLE_FLAGS + 1];
	struct where w = {.family = m->family};

	nl_parse(tb, ARRAY_LEN(tb), m->p, m->n);
	if (!name_of(w.table, &tb[NFTA_TABLE_NAME]) || !is_foreign(&w) ||
	    (nl_u32(&tb[NFTA_TABLE_FLAGS]) & NFT_TABLE_F_DORMANT) == 0)
		return 0;
	if (s->ndormant == TABLES_MAX)
		s->too_many = true;
	else
		s->dormant[s->ndormant++] = w;
	return 0;
}

static bool
is_dormant(const struct survey *s, const struct where *w)
{
	for (size_t i = 0; i < s->ndormant; i++)
		if (s->dormant[i].family == w->family &&
		    strcmp(s->dormant[i].table, w->table) == 0)
			return true;
	return false;
}

static int
read_chain(void *arg, const struct nl_msg *m)
{
	struct survey *s = arg;
	struct nl_attr tb[NFTA_CHAIN_TYPE + 1];
	struct nl_attr hook[NFTA_HOOK_PRIORITY + 1];
	struct chain c = {.at.family = m->family};
	uint32_t num = 0;

	nl_parse(tb, ARRAY_LEN(tb), m->p, m->n);
	nl_parse(hook, ARRAY_LEN(hook), tb[NFTA_CHAIN_HOOK].p,
	    tb[NFTA_CHAIN_HOOK].n);
	if (!name_of(c.at.table, &tb[NFTA_CHAIN_TABLE]) ||
	    !name_of(c.at.chain, &tb[NFTA_CHAIN_NAME]) || !is_foreign(&c.at))
		return 0;
	num = nl_u32(&hook[NFTA_HOOK_HOOKNUM]);
	c.base = tb[NFTA_CHAIN_HOOK].p != NULL &&
		 nl_is(&tb[NFTA_CHAIN_TYPE], "filter") &&
		 (num == NF_INET_PRE_ROUTING || num == NF_INET_LOCAL_IN) &&
		 !is_dormant(s, &c.at);
	c.drops = tb[NFTA_CHAIN_POLICY].p != NULL &&
		  nl_u32(&tb[NFTA_CHAIN_POLICY]) == NF_DROP;
	if (s->nchains == CHAINS_MAX)
		s->too_many = true;
	else
		s->chains[s->nchains++] = c;
	return 0;
}

static int
read_rule(void *arg, const struct nl_msg *m)
{
	struct survey *s = arg;
	struct nl_attr tb[NFTA_RULE_EXPRESSIONS + 1];
	const struct nl_attr *e = &tb[NFTA_RULE_EXPRESSIONS];
	struct rule *r = &s->rules[s->nrules];

	if (s->nrules == RULES_MAX) {
		s->too_many = true;
		return 0;
	}
	nl_parse(tb, ARRAY_LEN(tb), m->p, m->n);
	memset(r, 0, sizeof(*r));
	r->at.family = m->family;
	if (!name_of(r->at.table, &tb[NFTA_RULE_TABLE]) ||
	    !name_of(r->at.chain, &tb[NFTA_RULE_CHAIN]) ||
	    !is_foreign(&r->at) || e->n == 0)
		return 0;
	if ((r->p = malloc(e->n)) == NULL)
		return GW_ENOMEM;
	memcpy(r->p, e->p, e->n);
	r->n = e->n;
	s->nrules++;
	return 0;
}

static int
dump(struct survey *s, uint16_t type,
    int (*cb)(void *arg, const struct nl_msg *m))
{
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	(void)nlb_msg(&b, type, NLM_F_DUMP, NFPROTO_UNSPEC);
	r = nl_ask(s->ask, &b, cb, s);
	nlb_done(&b);
	return r;
}

static int
survey_make(struct survey *s, struct nl *ask)
{
	int r = 0;

	memset(s, 0, sizeof(*s));
	s->ask = ask;
	s->dormant = calloc(TABLES_MAX, sizeof(*s->dormant));
	s->chains = calloc(CHAINS_MAX, sizeof(*s->chains));
	s->rules = calloc(RULES_MAX, sizeof(*s->rules));
	if (s->dormant == NULL || s->chains == NULL || s->rules == NULL)
		return GW_ENOMEM;
	if ((r = dump(s, NL_NFT(NFT_MSG_GETTABLE), read_table)) != 0 ||
	    (r = dump(s, NL_NFT(NFT_MSG_GETCHAIN), read_chain)) != 0)
		return r;
	return dump(s, NL_NFT(NFT_MSG_GETRULE), read_rule);
}

static void
survey_done(struct survey *s)
{
	for (size_t i = 0; i < s->nrules; i++)
		free(s->rules[i].p);
	free(s->rules);
	free(s->chains);
	free(s->dormant);
}

/* ---- a packet's walk */

struct walk {
	struct survey *s;
	struct packet p;
	bool may_pass; /* a rule met may have accepted it */
	bool may_drop;
	bool may_return; /* to where the policy may be the next */
};

static bool
same_chain(const struct where *a, const struct where *b)
{
	return a->family == b->family && strcmp(a->table, b->table) == 0 &&
	       strcmp(a->chain, b->chain) == 0;
}

static enum ruling_does walk_chain(
    struct walk *w, const struct where *at, unsigned depth);

/* What a matching rule does, jumps followed. */
static enum ruling_does
follow(struct walk *w, const struct where *at, const struct ruling *r,
    unsigned depth)
{
	struct where to = *at;
	enum ruling_does does = r->does;

	if (does != RULING_JUMP && does != RULING_GOTO)
		return does;
	if (depth == DEPTH_MAX || !name_of(to.chain, &r->chain))
		return RULING_UNKNOWN;
	does = walk_chain(w, &to, depth + 1);
	if (does != RULING_NOTHING)
		return does;
	return r->does == RULING_GOTO ? RULING_RETURN : RULING_NOTHING;
}

/* RULING_ACCEPT, RULING_DROP, or RULING_NOTHING at its end. */
static enum ruling_does
walk_chain(struct walk *w, const struct where *at, unsigned depth)
{
	struct rule_place place = {w->s->ask, at->family, at->table, NULL};
	enum ruling_does does = RULING_NOTHING;

	for (size_t i = 0; i < w->s->nrules; i++) {
		const struct rule *rule = &w->s->rules[i];
		struct ruling r;

		if (!same_chain(&rule->at, at))
			continue;
		packet_judge(
		    &r, &w->p, &place, (struct nl_attr){rule->p, rule->n});
		does = r.match == MATCH_NO ? RULING_NOTHING
					   : follow(w, at, &r, depth);
		if (does == RULING_NOTHING)
			continue;
		if (r.match == MATCH_YES && does != RULING_UNKNOWN)
			break;
		/* it goes on as if that had not matched */
		w->may_return = w->may_return || does == RULING_RETURN;
		w->may_pass = w->may_pass || does == RULING_ACCEPT ||
			      does == RULING_UNKNOWN;
		w->may_drop = w->may_drop || does == RULING_DROP ||
			      does == RULING_UNKNOWN;
		does = RULING_NOTHING;
	}
	free(place.memory);
	return does == RULING_RETURN ? RULING_NOTHING : does;
}

static enum foreign_is
walk_base(struct survey *s, const struct chain *c, const struct packet *p)
{
	struct walk w = {.s = s, .p = *p};
	enum ruling_does does = walk_chain(&w, &c->at, 0);

	if (does == RULING_NOTHING)
		does = c->drops ? RULING_DROP : RULING_ACCEPT;
	if (does == RULING_DROP)
		return w.may_pass || (w.may_return && !c->drops)
			   ? FOREIGN_MAY_DROP
			   : FOREIGN_DROPS;
	return w.may_drop || (w.may_return && c->drops) ? FOREIGN_MAY_DROP
							: FOREIGN_PASSES;
}

/* ---- all of it */

static bool
meets(const struct chain *c, uint8_t family)
{
	return c->base && (c->at.family == FAMILY_INET ||
			      (c->at.family == NFPROTO_IPV4) == (family == 4));
}

/* What is worst so far, all of it: each chain once, with its ports. */
struct found {
	struct foreign f;
	const struct chain *of; /* the last one in the text */
};

static void
tell(struct found *x, const struct chain *c, const struct packet *p,
    enum foreign_is is)
{
	struct foreign *f = &x->f;
	const char *family = c->at.family == FAMILY_INET    ? "inet"
			     : c->at.family == NFPROTO_IPV4 ? "ip"
							    : "ip6";
	size_t n;

	if (is > f->is || is == FOREIGN_PASSES)
		return;
	if (is < f->is) {
		*f = (struct foreign){.is = is};
		x->of = NULL;
	}
	n = strlen(f->text);
	if (x->of == c)
		(void)snprintf(f->text + n, sizeof(f->text) - n,
		    "; TCP port %u over IPv%u", (unsigned)p->port,
		    (unsigned)p->family);
	else
		(void)snprintf(f->text + n, sizeof(f->text) - n,
		    "%stable %s %.64s, chain %.64s %s TCP port %u over "
		    "IPv%u%s",
		    n > 0 ? "; " : "", family, c->at.table, c->at.chain,
		    is == FOREIGN_DROPS ? "drops" : "may drop",
		    (unsigned)p->port, (unsigned)p->family,
		    c->drops ? " (its policy is drop)" : "");
	x->of = c;
}

int
foreign_look(
    struct foreign *ret, struct nl *ask, const uint16_t *ports, size_t n)
{
	struct found x = {.f = {.is = FOREIGN_PASSES}};
	struct survey s;
	int r = survey_make(&s, ask);

	*ret = (struct foreign){.is = FOREIGN_UNKNOWN};
	if (r != 0)
		goto out;
	for (size_t i = 0; i < s.nchains; i++)
		for (size_t k = 0; k < n * 2; k++) {
			const struct packet p = {
			    k % 2 == 0 ? 4 : 6, ports[k / 2]};

			if (meets(&s.chains[i], p.family) && !FAULT(foreign))
				tell(&x, &s.chains[i], &p,
				    walk_base(&s, &s.chains[i], &p));
		}
	if (s.too_many && x.f.is == FOREIGN_PASSES) {
		x.f.is = FOREIGN_MAY_DROP;
		text_set(x.f.text, sizeof(x.f.text),
		    "other tables have more rules than are read: look at them "
		    "with nft list ruleset");
	}
	*ret = x.f;
out:
	survey_done(&s);
	return r;
}
