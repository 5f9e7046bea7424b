/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/ruleset.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "firewall/elem.h"
#include "firewall/rules.h"
#include "firewall/sets.h"

enum {
	FAMILY_INET = 1,
	UDATA_KEYBYTEORDER = 0, /* so that nft prints our keys rightly */
	BYTEORDER_BIG = 2,
};

static uint64_t
hash(uint64_t h, const void *p, size_t n)
{
	const uint8_t *c = p;
	size_t i = 0;

	for (i = 0; i < n; i++)
		h = (h ^ c[i]) * 0x100000001b3ULL; /* FNV-1a */
	return h;
}

void
ruleset_done(struct ruleset *rs)
{
	free(rs->protected_);
	free(rs->index);
	memset(rs, 0, sizeof(*rs));
}

/* ---- what is protected: a list, and an index by hash with its places + 1 */

static bool
same(const struct triple *a, const struct triple *b)
{
	return a->port == b->port && a->proto == b->proto &&
	       addr_equal(&a->addr, &b->addr);
}

/* The slot of t, or the free one where it belongs. */
static uint32_t *
slot(const struct ruleset *rs, const struct triple *t)
{
	const uint8_t rest[] = {t->addr.family, t->proto,
	    (uint8_t)(t->port >> 8), (uint8_t)t->port};
	uint64_t h = hash(0xcbf29ce484222325ULL, t->addr.b, sizeof(t->addr.b));
	size_t i = 0;

	h = hash(h, rest, sizeof(rest));
	for (i = (size_t)(h ^ h >> 32) & (rs->nindex - 1);
	     rs->index[i] != 0 && !same(&rs->protected_[rs->index[i] - 1], t);
	     i = (i + 1) & (rs->nindex - 1))
		;
	return &rs->index[i];
}

static int
index_again(struct ruleset *rs, size_t want)
{
	uint32_t *p = calloc(want, sizeof(*p));
	size_t i = 0;

	if (p == NULL)
		return GW_ENOMEM;
	free(rs->index);
	rs->index = p;
	rs->nindex = want;
	for (i = 0; i < rs->nprotected; i++)
		*slot(rs, &rs->protected_[i]) = (uint32_t)i + 1;
	return 0;
}

/* Room for one more; the index stays at most half full. */
static int
make_room(struct ruleset *rs)
{
	size_t cap = rs->cap == 0 ? 64 : rs->cap * 2;
	struct triple *p = NULL;

	if (rs->nprotected >= LIMIT_PROTECTED)
		return GW_ELIMIT;
	if (rs->nprotected < rs->cap)
		return 0;
	if ((p = reallocarray(rs->protected_, cap, sizeof(*p))) == NULL)
		return GW_ENOMEM;
	rs->protected_ = p;
	rs->cap = cap;
	return 0;
}

int
ruleset_protect(struct ruleset *rs, const struct triple *t, bool *retnew)
{
	struct set_key key;
	uint32_t *at = NULL;
	int r = set_key_protected(&key, &t->addr, t->proto, t->port);

	if (r != 0)
		return r;
	*retnew = false;
	if ((rs->nprotected + 1) * 2 > rs->nindex &&
	    (r = index_again(rs, rs->nindex == 0 ? 256 : rs->nindex * 2)) != 0)
		return r;
	if (*slot(rs, t) != 0)
		return 0;
	if ((r = make_room(rs)) != 0)
		return r;
	at = slot(rs, t);
	rs->protected_[rs->nprotected++] = *t;
	*at = (uint32_t)rs->nprotected;
	*retnew = true;
	return 0;
}

void
ruleset_cut(struct ruleset *rs, size_t n)
{
	/* from the end: nothing behind a freed slot was put there later */
	while (rs->nprotected > n) {
		*slot(rs, &rs->protected_[rs->nprotected - 1]) = 0;
		rs->nprotected--;
	}
}

int
ruleset_unprotect(struct ruleset *rs, const struct triple *t)
{
	const uint32_t at = rs->nindex > 0 ? *slot(rs, t) : 0;
	struct triple gone;
	int r = 0;

	if (at == 0)
		return GW_ENOENT;
	gone = rs->protected_[at - 1];
	rs->protected_[at - 1] = rs->protected_[--rs->nprotected];
	if ((r = index_again(rs, rs->nindex)) != 0) {
		rs->protected_[rs->nprotected++] = rs->protected_[at - 1];
		rs->protected_[at - 1] = gone;
	}
	return r;
}

int
ruleset_copy_protected(struct ruleset *ret, const struct ruleset *rs)
{
	bool added = false;
	size_t i = 0;
	int r = 0;

	ret->protected_ = NULL;
	ret->index = NULL;
	ret->nprotected = ret->cap = ret->nindex = 0;
	for (i = 0; i < rs->nprotected && r == 0; i++)
		r = ruleset_protect(ret, &rs->protected_[i], &added);
	return r;
}

static void
put_table(struct nlb *b, uint32_t flags)
{
	(void)nlb_msg(b, NL_NFT(NFT_MSG_NEWTABLE), NLM_F_CREATE, FAMILY_INET);
	nlb_str(b, NFTA_TABLE_NAME, FW_TABLE);
	nlb_u32(b, NFTA_TABLE_FLAGS, flags);
}

static void
put_set(struct nlb *b, enum set_id id)
{
	static const uint8_t order[6] = {
	    UDATA_KEYBYTEORDER, 4, BYTEORDER_BIG, 0, 0, 0};
	const struct set_def *d = set_def(id);
	uint32_t flags = 0, type = 0;
	size_t i = 0, desc = 0, concat = 0, field = 0;

	if (d->timeout)
		flags |= NFT_SET_TIMEOUT;
	if (d->interval)
		flags |= NFT_SET_INTERVAL;
	if (d->fields[1] != FIELD_END)
		flags |= NFT_SET_CONCAT;
	for (i = 0; d->fields[i] != FIELD_END; i++)
		type = type << 6 | d->fields[i];
	(void)nlb_msg(b, NL_NFT(NFT_MSG_NEWSET), NLM_F_CREATE, FAMILY_INET);
	nlb_str(b, NFTA_SET_TABLE, FW_TABLE);
	nlb_str(b, NFTA_SET_NAME, d->name);
	nlb_u32(b, NFTA_SET_ID, (uint32_t)id);
	nlb_u32(b, NFTA_SET_FLAGS, flags);
	nlb_u32(b, NFTA_SET_KEY_TYPE, type);
	nlb_u32(b, NFTA_SET_KEY_LEN, (uint32_t)set_key_size(id));
	desc = nlb_nest(b, NFTA_SET_DESC);
	nlb_u32(b, NFTA_SET_DESC_SIZE, d->size);
	if ((flags & NFT_SET_CONCAT) != 0) {
		concat = nlb_nest(b, NFTA_SET_DESC_CONCAT);
		for (i = 0; d->fields[i] != FIELD_END; i++) {
			field = nlb_nest(b, NFTA_LIST_ELEM);
			nlb_u32(b, NFTA_SET_FIELD_LEN,
			    (uint32_t)set_field_size(d->fields[i]));
			nlb_end(b, field);
		}
		nlb_end(b, concat);
	}
	nlb_end(b, desc);
	nlb_bytes(b, NFTA_SET_USERDATA, order, sizeof(order));
}

static int
put_protected(struct nlb *b, const struct triple *t)
{
	struct set_key k;
	int r = set_key_protected(&k, &t->addr, t->proto, t->port);

	if (r == 0)
		elem_put(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, &k, 0, NULL);
	return r;
}

static void
put_edge(
    struct nlb *b, enum set_id set, const uint8_t *addr, size_t n, bool last)
{
	size_t list = 0, one = 0, key = 0;

	(void)nlb_msg(b, NL_NFT(NFT_MSG_NEWSETELEM), NLM_F_CREATE, FAMILY_INET);
	nlb_str(b, NFTA_SET_ELEM_LIST_TABLE, FW_TABLE);
	nlb_str(b, NFTA_SET_ELEM_LIST_SET, set_def(set)->name);
	list = nlb_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	one = nlb_nest(b, NFTA_LIST_ELEM);
	key = nlb_nest(b, NFTA_SET_ELEM_KEY);
	nlb_bytes(b, NFTA_DATA_VALUE, addr, n);
	nlb_end(b, key);
	if (last)
		nlb_u32(b, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	nlb_end(b, one);
	nlb_end(b, list);
}

/* The first address behind p; false when p reaches to the very end. */
static bool
behind(uint8_t ret[16], const struct prefix *p, size_t n)
{
	size_t i = 0;
	unsigned bit = 0;

	memcpy(ret, p->addr.b, n);
	if (p->bits == 0)
		return false;
	bit = p->bits - 1U;
	i = bit / 8;
	if (ret[i] + (0x80U >> bit % 8) <= 0xff) {
		ret[i] = (uint8_t)(ret[i] + (0x80U >> bit % 8));
		return true;
	}
	ret[i] = (uint8_t)(ret[i] + (0x80U >> bit % 8));
	while (i > 0)
		if (++ret[--i] != 0)
			return true;
	return false;
}

static bool
covered(const struct ruleset *rs, size_t at)
{
	const struct prefix *p = &rs->networks[at];
	const struct prefix *q = NULL;
	size_t i = 0;

	for (i = 0; i < rs->nnetworks; i++) {
		q = &rs->networks[i];
		if (i == at || q->addr.family != p->addr.family ||
		    q->bits > p->bits || !prefix_has(q, &p->addr))
			continue;
		if (q->bits < p->bits || i < at) /* the first of equals stays */
			return true;
	}
	return false;
}

/* Prefixes nest or are apart, so leaving out the covered ones leaves
 * intervals that never overlap, which is all the kernel accepts. */
static void
put_networks(struct nlb *b, const struct ruleset *rs)
{
	const struct prefix *p = NULL;
	uint8_t end[16];
	size_t i = 0, n = 0;
	enum set_id set = SET_NONE;

	for (i = 0; i < rs->nnetworks; i++) {
		p = &rs->networks[i];
		if (covered(rs, i))
			continue;
		set = p->addr.family == 4 ? SET_NETWORKS4 : SET_NETWORKS6;
		n = set_key_size(set);
		put_edge(b, set, p->addr.b, n, false);
		if (behind(end, p, n))
			put_edge(b, set, end, n, true);
	}
}

static int
put_all(struct nlb *b, const struct ruleset *rs, uint32_t flags, bool anew)
{
	struct set_key k;
	size_t i = 0;
	enum set_id s = SET_NONE;
	int r = 0;

	nlb_batch(b);
	if (anew) {
		(void)nlb_msg(b, NL_NFT(NFT_MSG_DELTABLE), 0, FAMILY_INET);
		nlb_str(b, NFTA_TABLE_NAME, FW_TABLE);
	}
	put_table(b, flags);
	for (s = SET_NONE + 1; s < SET_COUNT; s++) {
		put_set(b, s);
		if (!set_def(s)->timeout)
			elem_flush(b, s);
	}
	rules_put(b, rs->poke_uid, rs->leg_uid);
	for (i = 0; i < rs->nprotected; i++)
		if ((r = put_protected(b, &rs->protected_[i])) != 0)
			return r;
	for (i = 0; i < rs->nown; i++) {
		set_key_port(&k, rs->own[i]);
		elem_put(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, &k, 0, NULL);
	}
	put_networks(b, rs);
	return 0;
}

static int
table_exists(struct nl *nl, bool *ret)
{
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	(void)nlb_msg(&b, NL_NFT(NFT_MSG_GETTABLE), 0, FAMILY_INET);
	nlb_str(&b, NFTA_TABLE_NAME, FW_TABLE);
	r = nl_ask(nl, &b, NULL, NULL);
	nlb_done(&b);
	*ret = r == 0;
	return r == GW_ENOENT ? 0 : r;
}

int
ruleset_load(struct nl *nl, const struct ability *can, const struct ruleset *rs,
    enum load_result *ret)
{
	uint32_t flags =
	    can->owner ? NL_TABLE_F_OWNER | NL_TABLE_F_PERSIST : 0U;
	bool there = false;
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	*ret = LOAD_FAILED;
	if ((r = table_exists(nl, &there)) != 0 ||
	    (r = put_all(&b, rs, flags, false)) != 0)
		goto out;
	r = nl_commit(nl, &b, NULL);
	if (r == 0) {
		*ret = there ? LOAD_ADOPTED : LOAD_NEW;
		goto out;
	}
	/* A plain table can never be claimed, an older layout not reused:
	 * delete and create in one transaction. Only what was open is lost. */
	if (!there || r == GW_EDENIED || r == GW_ENOMEM)
		goto out;
	if ((r = put_all(&b, rs, flags, true)) != 0 ||
	    (r = nl_commit(nl, &b, NULL)) != 0)
		goto out;
	*ret = LOAD_REBUILT;
out:
	nlb_done(&b);
	return r;
}

int
ruleset_add(struct nl *nl, const struct triple *t, size_t n)
{
	struct nlb b;
	size_t i = 0;
	int r = 0;

	nlb_init(&b);
	nlb_batch(&b);
	for (i = 0; i < n && r == 0; i++)
		r = put_protected(&b, &t[i]);
	if (r == 0)
		r = nl_commit(nl, &b, NULL);
	nlb_done(&b);
	return r;
}

int
ruleset_remove(struct nl *nl, const struct ability *can, const struct triple *t)
{
	struct set_key k;
	int r = set_key_protected(&k, &t->addr, t->proto, t->port);

	return r == 0 ? elem_remove(nl, can, &k) : r;
}

static int
print_table(void *arg, const struct nl_msg *m)
{
	struct nl_attr tb[NFTA_TABLE_FLAGS + 1];

	nl_parse(tb, ARRAY_LEN(tb), m->p, m->n);
	*(uint64_t *)arg = hash(
	    *(uint64_t *)arg, tb[NFTA_TABLE_FLAGS].p, tb[NFTA_TABLE_FLAGS].n);
	return 0;
}

static int
print_chain(void *arg, const struct nl_msg *m)
{
	static const int what[] = {
	    NFTA_CHAIN_NAME, NFTA_CHAIN_HOOK, NFTA_CHAIN_POLICY};
	struct nl_attr tb[NFTA_CHAIN_COUNTERS + 1];
	uint64_t h = *(uint64_t *)arg;
	size_t i = 0;

	nl_parse(tb, ARRAY_LEN(tb), m->p, m->n);
	if (!nl_is(&tb[NFTA_CHAIN_TABLE], FW_TABLE))
		return 0;
	for (i = 0; i < ARRAY_LEN(what); i++)
		h = hash(h, tb[what[i]].p, tb[what[i]].n);
	*(uint64_t *)arg = h;
	return 0;
}

static int
print_rule(void *arg, const struct nl_msg *m)
{
	struct nl_attr tb[NFTA_RULE_EXPRESSIONS + 1];
	uint64_t h = *(uint64_t *)arg;

	nl_parse(tb, ARRAY_LEN(tb), m->p, m->n);
	if (!nl_is(&tb[NFTA_RULE_TABLE], FW_TABLE))
		return 0;
	h = hash(h, tb[NFTA_RULE_CHAIN].p, tb[NFTA_RULE_CHAIN].n);
	*(uint64_t *)arg =
	    hash(h, tb[NFTA_RULE_EXPRESSIONS].p, tb[NFTA_RULE_EXPRESSIONS].n);
	return 0;
}

int
ruleset_print(struct nl *nl, uint64_t *ret)
{
	uint64_t h = 0xcbf29ce484222325ULL;
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	(void)nlb_msg(&b, NL_NFT(NFT_MSG_GETTABLE), 0, FAMILY_INET);
	nlb_str(&b, NFTA_TABLE_NAME, FW_TABLE);
	if ((r = nl_ask(nl, &b, print_table, &h)) != 0)
		goto out;
	nlb_reset(&b);
	(void)nlb_msg(&b, NL_NFT(NFT_MSG_GETCHAIN), NLM_F_DUMP, FAMILY_INET);
	if ((r = nl_ask(nl, &b, print_chain, &h)) != 0)
		goto out;
	nlb_reset(&b);
	(void)nlb_msg(&b, NL_NFT(NFT_MSG_GETRULE), NLM_F_DUMP, FAMILY_INET);
	nlb_str(&b, NFTA_RULE_TABLE, FW_TABLE);
	if ((r = nl_ask(nl, &b, print_rule, &h)) != 0)
		goto out;
	*ret = h;
out:
	nlb_done(&b);
	return r;
}

int
ruleset_lists_check(struct nl *nl, const struct ruleset *rs)
{
	const struct triple *t = NULL;
	struct set_key k;
	struct elem e;
	size_t i = 0;
	int r = 0;

	for (i = 0; r == 0 && i < rs->nown; i++) {
		set_key_port(&k, rs->own[i]);
		r = elem_get(nl, &e, &k);
	}
	for (i = 0; r == 0 && i < rs->nprotected; i++) {
		t = &rs->protected_[i];
		r = set_key_protected(&k, &t->addr, t->proto, t->port);
		if (r == 0)
			r = elem_get(nl, &e, &k);
	}
	return r;
}

static int
read_generation(void *arg, const struct nl_msg *m)
{
	struct nl_attr tb[NFTA_GEN_ID + 1];

	nl_parse(tb, ARRAY_LEN(tb), m->p, m->n);
	*(uint32_t *)arg = nl_u32(&tb[NFTA_GEN_ID]);
	return 0;
}

int
ruleset_generation(struct nl *nl, uint32_t *ret)
{
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	(void)nlb_msg(&b, NL_NFT(NFT_MSG_GETGEN), 0, 0);
	r = nl_ask(nl, &b, read_generation, ret);
	nlb_done(&b);
	return r;
}

/* fwd sends a packet on at ingress, flow_offload all further ones of a flow. */
static int
goes_round(void *arg, const struct nl_msg *m)
{
	struct nl_attr tb[NFTA_RULE_EXPRESSIONS + 1];
	struct nl_attr ex[NFTA_EXPR_NAME + 1];
	struct nl_attr list, one = {NULL, 0};
	bool *hit = arg;
	uint16_t type = 0;

	nl_parse(tb, ARRAY_LEN(tb), m->p, m->n);
	list = tb[NFTA_RULE_EXPRESSIONS];
	while (nl_next(&list, &type, &one)) {
		nl_parse(ex, ARRAY_LEN(ex), one.p, one.n);
		if (nl_is(&ex[NFTA_EXPR_NAME], "fwd") ||
		    nl_is(&ex[NFTA_EXPR_NAME], "flow_offload"))
			*hit = true;
	}
	return 0;
}

int
ruleset_bypassed(struct nl *nl, bool *ret)
{
	bool hit = false;
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	(void)nlb_msg(&b, NL_NFT(NFT_MSG_GETRULE), NLM_F_DUMP, NFPROTO_UNSPEC);
	r = nl_ask(nl, &b, goes_round, &hit);
	nlb_done(&b);
	if (r == 0)
		*ret = hit;
	return r;
}
