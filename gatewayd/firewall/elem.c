/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/elem.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"

enum {
	FAMILY_INET = 1,
	UDATA_COMMENT = 0, /* nft's type-length-value for element user data */
	TRIES = 4,         /* internal: it may expire between get and set */
};

static void
put_comment(struct nlb *b, const char *comment)
{
	uint8_t tlv[2 + 64];
	size_t n = strlen(comment) + 1;

	if (n > sizeof(tlv) - 2)
		return;
	tlv[0] = UDATA_COMMENT;
	tlv[1] = (uint8_t)n;
	memcpy(tlv + 2, comment, n);
	nlb_bytes(b, NFTA_SET_ELEM_USERDATA, tlv, n + 2);
}

static void
put_list(struct nlb *b, enum set_id set)
{
	nlb_str(b, NFTA_SET_ELEM_LIST_TABLE, FW_TABLE);
	nlb_str(b, NFTA_SET_ELEM_LIST_SET, set_def(set)->name);
}

static void
put_key(struct nlb *b, const struct set_key *k)
{
	size_t n = nlb_nest(b, NFTA_SET_ELEM_KEY);

	nlb_bytes(b, NFTA_DATA_VALUE, k->b, k->n);
	nlb_end(b, n);
}

void
elem_put(struct nlb *b, uint16_t msg, uint16_t flags, const struct set_key *k,
    int64_t life_ms, const char *comment)
{
	size_t list = 0, one = 0;

	(void)nlb_msg(b, NL_NFT(msg), flags, FAMILY_INET);
	put_list(b, k->set);
	list = nlb_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	one = nlb_nest(b, NFTA_LIST_ELEM);
	put_key(b, k);
	if (life_ms > 0 && !FAULT(fw_timeout)) {
		/* Both: the same timeout again would not move the end. */
		nlb_u64(b, NFTA_SET_ELEM_TIMEOUT, (uint64_t)life_ms);
		nlb_u64(b, NFTA_SET_ELEM_EXPIRATION, (uint64_t)life_ms);
	}
	if (comment != NULL)
		put_comment(b, comment);
	nlb_end(b, one);
	nlb_end(b, list);
}

void
elem_flush(struct nlb *b, enum set_id set)
{
	(void)nlb_msg(b, NL_NFT(NFT_MSG_DELSETELEM), 0, FAMILY_INET);
	put_list(b, set);
}

static int
read_elem(struct elem *ret, enum set_id set, const void *p, size_t n)
{
	struct nl_attr tb[NFTA_SET_ELEM_USERDATA + 1], key[2];
	size_t want = set_key_size(set), len = 0;
	uint64_t left = 0;

	nl_parse(tb, ARRAY_LEN(tb), p, n);
	nl_parse(key, ARRAY_LEN(key), tb[NFTA_SET_ELEM_KEY].p,
	    tb[NFTA_SET_ELEM_KEY].n);
	left = nl_u64(&tb[NFTA_SET_ELEM_EXPIRATION]);
	if (key[NFTA_DATA_VALUE].n != want || left > INT64_MAX)
		return GW_EPROTO;
	memset(ret, 0, sizeof(*ret));
	ret->key.set = (uint8_t)set;
	ret->key.n = (uint8_t)want;
	memcpy(ret->key.b, key[NFTA_DATA_VALUE].p, want);
	ret->left_ms = (int64_t)left;
	if (tb[NFTA_SET_ELEM_USERDATA].n > 2 &&
	    tb[NFTA_SET_ELEM_USERDATA].p[0] == UDATA_COMMENT) {
		len = tb[NFTA_SET_ELEM_USERDATA].n - 2;
		if (len < sizeof(ret->comment))
			memcpy(ret->comment, tb[NFTA_SET_ELEM_USERDATA].p + 2,
			    len);
	}
	return 0;
}

struct reading {
	enum set_id set;
	int (*cb)(void *arg, const struct elem *e);
	void *arg;
};

static int
read_list(void *arg, const struct nl_msg *m)
{
	struct reading *rd = arg;
	struct nl_attr tb[NFTA_SET_ELEM_LIST_ELEMENTS + 1], list, one;
	struct elem e;
	uint16_t type = 0;
	int r = 0;

	nl_parse(tb, ARRAY_LEN(tb), m->p, m->n);
	list = tb[NFTA_SET_ELEM_LIST_ELEMENTS];
	while (r == 0 && nl_next(&list, &type, &one)) {
		if ((r = read_elem(&e, rd->set, one.p, one.n)) == 0)
			r = rd->cb(rd->arg, &e);
	}
	return r;
}

static int
keep(void *arg, const struct elem *e)
{
	*(struct elem *)arg = *e;
	return 0;
}

int
elem_get(struct nl *nl, struct elem *ret, const struct set_key *k)
{
	struct elem found;
	struct reading rd = {k->set, keep, &found};
	struct nlb b;
	int r = 0;

	memset(&found, 0, sizeof(found));
	nlb_init(&b);
	elem_put(&b, NFT_MSG_GETSETELEM, 0, k, 0, NULL);
	r = nl_ask(nl, &b, read_list, &rd);
	nlb_done(&b);
	if (r == 0 && !set_key_equal(&found.key, k))
		r = GW_ENOENT;
	if (r == 0)
		*ret = found;
	return r;
}

int
elem_dump(struct nl *nl, enum set_id set,
    int (*cb)(void *arg, const struct elem *e), void *arg)
{
	struct reading rd = {set, cb, arg};
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	(void)nlb_msg(&b, NL_NFT(NFT_MSG_GETSETELEM), NLM_F_DUMP, FAMILY_INET);
	put_list(&b, set);
	r = nl_ask(nl, &b, read_list, &rd);
	nlb_done(&b);
	return r;
}

int
elem_replace(struct nl *nl, const struct set_key *k, int64_t life_ms,
    const char *comment)
{
	struct elem old;
	struct nlb b;
	int r = 0, have = 0, i = 0;

	if (life_ms < ELEM_LIFE_MIN_MS || life_ms > ELEM_LIFE_MAX_MS)
		return GW_EINVAL;

	nlb_init(&b);
	for (i = 0; i < TRIES; i++) {
		have = elem_get(nl, &old, k);
		if (have != 0 && have != GW_ENOENT) {
			r = have;
			break;
		}
		nlb_batch(&b);
		if (have == 0)
			elem_put(&b, NFT_MSG_DELSETELEM, 0, k, 0, NULL);
		elem_put(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, k,
		    life_ms, comment);
		r = nl_commit(nl, &b, NULL);
		if (r != GW_ENOENT && r != GW_EEXIST)
			break;
	}
	nlb_done(&b);
	return r;
}

int
elem_set(struct nl *nl, const struct ability *can, const struct set_key *k,
    int64_t life_ms, const char *comment)
{
	struct nlb b;
	int r = 0;

	if (life_ms < ELEM_LIFE_MIN_MS || life_ms > ELEM_LIFE_MAX_MS)
		return GW_EINVAL;
	if (!can->update)
		return elem_replace(nl, k, life_ms, comment);
	nlb_init(&b);
	nlb_batch(&b);
	elem_put(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, k, life_ms, comment);
	r = nl_commit(nl, &b, NULL);
	nlb_done(&b);
	return r;
}

int
elem_remove(struct nl *nl, const struct ability *can, const struct set_key *k)
{
	uint16_t msg =
	    can->destroy ? NL_MSG_DESTROYSETELEM : NFT_MSG_DELSETELEM;
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	nlb_batch(&b);
	elem_put(&b, msg, 0, k, 0, NULL);
	r = nl_commit(nl, &b, NULL);
	nlb_done(&b);
	return r == GW_ENOENT ? 0 : r;
}
