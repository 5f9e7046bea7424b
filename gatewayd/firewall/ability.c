/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/ability.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "firewall/nl.h"

enum {
	FAMILY_INET = 1,
	LONG_MS = 60000,
	SHORT_MS = 30000,
};

static const char set_name[] = "s";
static const uint8_t the_key[2] = {0, 1};

static int
table(struct nl *nl, const char *name, uint16_t msg, uint32_t flags)
{
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	nlb_batch(&b);
	(void)nlb_msg(&b, NL_NFT(msg),
	    msg == NFT_MSG_NEWTABLE ? NLM_F_CREATE | NLM_F_EXCL : 0,
	    FAMILY_INET);
	nlb_str(&b, NFTA_TABLE_NAME, name);
	if (msg == NFT_MSG_NEWTABLE)
		nlb_u32(&b, NFTA_TABLE_FLAGS, flags);
	r = nl_commit(nl, &b, NULL);
	nlb_done(&b);
	return r;
}

static int
set(struct nl *nl, const char *name)
{
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	nlb_batch(&b);
	(void)nlb_msg(&b, NL_NFT(NFT_MSG_NEWSET), NLM_F_CREATE, FAMILY_INET);
	nlb_str(&b, NFTA_SET_TABLE, name);
	nlb_str(&b, NFTA_SET_NAME, set_name);
	nlb_u32(&b, NFTA_SET_ID, 1);
	nlb_u32(&b, NFTA_SET_FLAGS, NFT_SET_TIMEOUT);
	nlb_u32(&b, NFTA_SET_KEY_LEN, sizeof(the_key));
	r = nl_commit(nl, &b, NULL);
	nlb_done(&b);
	return r;
}

static void
put_elem(struct nlb *b, const char *name, uint16_t msg, uint16_t flags,
    uint64_t life_ms)
{
	size_t list = 0, one = 0, key = 0;

	(void)nlb_msg(b, NL_NFT(msg), flags, FAMILY_INET);
	nlb_str(b, NFTA_SET_ELEM_LIST_TABLE, name);
	nlb_str(b, NFTA_SET_ELEM_LIST_SET, set_name);
	list = nlb_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	one = nlb_nest(b, NFTA_LIST_ELEM);
	key = nlb_nest(b, NFTA_SET_ELEM_KEY);
	nlb_bytes(b, NFTA_DATA_VALUE, the_key, sizeof(the_key));
	nlb_end(b, key);
	if (life_ms > 0) {
		nlb_u64(b, NFTA_SET_ELEM_TIMEOUT, life_ms);
		nlb_u64(b, NFTA_SET_ELEM_EXPIRATION, life_ms);
	}
	nlb_end(b, one);
	nlb_end(b, list);
}

static int
change(struct nl *nl, const char *name, uint16_t msg, uint64_t life_ms)
{
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	nlb_batch(&b);
	put_elem(&b, name, msg, msg == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0,
	    life_ms);
	r = nl_commit(nl, &b, NULL);
	nlb_done(&b);
	return r;
}

static int
read_left(void *arg, const struct nl_msg *m)
{
	struct nl_attr tb[NFTA_SET_ELEM_LIST_ELEMENTS + 1];
	struct nl_attr et[NFTA_SET_ELEM_EXPIRATION + 1], one;
	uint16_t type = 0;

	nl_parse(tb, ARRAY_LEN(tb), m->p, m->n);
	if (nl_next(&tb[NFTA_SET_ELEM_LIST_ELEMENTS], &type, &one)) {
		nl_parse(et, ARRAY_LEN(et), one.p, one.n);
		*(uint64_t *)arg = nl_u64(&et[NFTA_SET_ELEM_EXPIRATION]);
	}
	return 0;
}

static bool
try_update(struct nl *nl, const char *name)
{
	uint64_t left = 0;
	struct nlb b;
	int r = 0;

	if (change(nl, name, NFT_MSG_NEWSETELEM, LONG_MS) != 0 ||
	    change(nl, name, NFT_MSG_NEWSETELEM, SHORT_MS) != 0)
		return false;
	nlb_init(&b);
	put_elem(&b, name, NFT_MSG_GETSETELEM, 0, 0);
	r = nl_ask(nl, &b, read_left, &left);
	nlb_done(&b);
	return r == 0 && left > 0 && left <= SHORT_MS;
}

int
ability_probe(struct ability *ret)
{
	struct ability can = {false, false, false};
	struct nl *nl = NULL;
	char name[48];
	int r = 0;

	if ((r = str_fmt(name, sizeof(name), "sallyport_probe_%ld",
		 (long)getpid())) != 0 ||
	    (r = nl_open(&nl, false)) != 0)
		goto out;
	if (table(nl, name, NFT_MSG_NEWTABLE,
		NL_TABLE_F_OWNER | NL_TABLE_F_PERSIST) == 0) {
		can.owner = true;
	} else if ((r = table(nl, name, NFT_MSG_NEWTABLE, 0)) != 0) {
		goto out;
	}
	if ((r = set(nl, name)) == 0) {
		can.update = try_update(nl, name);
		/* Twice: the second time it is certainly not there. */
		can.destroy = change(nl, name, NL_MSG_DESTROYSETELEM, 0) == 0 &&
			      change(nl, name, NL_MSG_DESTROYSETELEM, 0) == 0;
	}
	if (table(nl, name, NFT_MSG_DELTABLE, 0) != 0 && r == 0)
		r = GW_ESTATE;
	if (r == 0)
		*ret = can;
out:
	nl_close(nl);
	return r;
}
