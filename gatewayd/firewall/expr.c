/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/expr.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

static const uint16_t elem_attr = NFTA_LIST_ELEM;
enum { FAMILY_INET = 1 }; /* NFPROTO_INET */

static uint32_t
reg_number(unsigned reg)
{
	return NFT_REG32_00 + reg;
}

void
rule_begin(struct rule *r, struct nlb *b, const char *table, const char *chain)
{
	r->b = b;
	r->table = table;
	(void)nlb_msg(b, NL_NFT(NFT_MSG_NEWRULE), NLM_F_CREATE | NLM_F_APPEND,
	    FAMILY_INET);
	nlb_str(b, NFTA_RULE_TABLE, table);
	nlb_str(b, NFTA_RULE_CHAIN, chain);
	r->list = nlb_nest(b, NFTA_RULE_EXPRESSIONS);
}

void
rule_end(struct rule *r)
{
	nlb_end(r->b, r->list);
}

struct open_expr {
	size_t elem, data;
};

static struct open_expr
begin(struct rule *r, const char *name)
{
	struct open_expr e;

	e.elem = nlb_nest(r->b, elem_attr);
	nlb_str(r->b, NFTA_EXPR_NAME, name);
	e.data = nlb_nest(r->b, NFTA_EXPR_DATA);
	return e;
}

static void
end(struct rule *r, struct open_expr e)
{
	nlb_end(r->b, e.data);
	nlb_end(r->b, e.elem);
}

void
expr_meta(struct rule *r, unsigned reg, uint32_t key)
{
	struct open_expr e = begin(r, "meta");

	nlb_u32(r->b, NFTA_META_KEY, key);
	nlb_u32(r->b, NFTA_META_DREG, reg_number(reg));
	end(r, e);
}

void
expr_payload(
    struct rule *r, unsigned reg, uint32_t base, uint32_t offset, uint32_t len)
{
	struct open_expr e = begin(r, "payload");

	nlb_u32(r->b, NFTA_PAYLOAD_DREG, reg_number(reg));
	nlb_u32(r->b, NFTA_PAYLOAD_BASE, base);
	nlb_u32(r->b, NFTA_PAYLOAD_OFFSET, offset);
	nlb_u32(r->b, NFTA_PAYLOAD_LEN, len);
	end(r, e);
}

void
expr_ct(struct rule *r, unsigned reg, uint32_t key, int dir)
{
	struct open_expr e = begin(r, "ct");

	nlb_u32(r->b, NFTA_CT_KEY, key);
	nlb_u32(r->b, NFTA_CT_DREG, reg_number(reg));
	if (dir >= 0)
		nlb_u8(r->b, NFTA_CT_DIRECTION, (uint8_t)dir);
	end(r, e);
}

static void
value(struct rule *r, uint16_t attr, const void *p, size_t n)
{
	size_t nest = nlb_nest(r->b, attr);

	nlb_bytes(r->b, NFTA_DATA_VALUE, p, n);
	nlb_end(r->b, nest);
}

static void
compare(struct rule *r, unsigned reg, uint32_t op, const void *p, size_t n)
{
	struct open_expr e = begin(r, "cmp");

	nlb_u32(r->b, NFTA_CMP_SREG, reg_number(reg));
	nlb_u32(r->b, NFTA_CMP_OP, op);
	value(r, NFTA_CMP_DATA, p, n);
	end(r, e);
}

void
expr_cmp8(struct rule *r, unsigned reg, uint32_t op, uint8_t v)
{
	compare(r, reg, op, &v, sizeof(v));
}

void
expr_cmp32(struct rule *r, unsigned reg, uint32_t op, uint32_t v)
{
	compare(r, reg, op, &v, sizeof(v));
}

void
expr_mask(struct rule *r, unsigned reg, const void *mask, size_t n)
{
	static const uint8_t zero[4];
	struct open_expr e = begin(r, "bitwise");

	nlb_u32(r->b, NFTA_BITWISE_SREG, reg_number(reg));
	nlb_u32(r->b, NFTA_BITWISE_DREG, reg_number(reg));
	nlb_u32(r->b, NFTA_BITWISE_LEN, (uint32_t)n);
	value(r, NFTA_BITWISE_MASK, mask, n);
	value(r, NFTA_BITWISE_XOR, zero, n);
	end(r, e);
}

void
expr_lookup(struct rule *r, unsigned reg, const char *set)
{
	struct open_expr e = begin(r, "lookup");

	nlb_str(r->b, NFTA_LOOKUP_SET, set);
	nlb_u32(r->b, NFTA_LOOKUP_SREG, reg_number(reg));
	end(r, e);
}

static void
verdict(struct rule *r, int code, const char *chain)
{
	struct open_expr e = begin(r, "immediate");
	size_t data = 0, v = 0;

	nlb_u32(r->b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = nlb_nest(r->b, NFTA_IMMEDIATE_DATA);
	v = nlb_nest(r->b, NFTA_DATA_VERDICT);
	nlb_u32(r->b, NFTA_VERDICT_CODE, (uint32_t)code);
	if (chain != NULL)
		nlb_str(r->b, NFTA_VERDICT_CHAIN, chain);
	nlb_end(r->b, v);
	nlb_end(r->b, data);
	end(r, e);
}

void
expr_accept(struct rule *r)
{
	verdict(r, NF_ACCEPT, NULL);
}

void
expr_drop(struct rule *r)
{
	verdict(r, NF_DROP, NULL);
}

void
expr_goto(struct rule *r, const char *chain)
{
	verdict(r, NFT_GOTO, chain);
}

void
expr_reset(struct rule *r)
{
	struct open_expr e = begin(r, "reject");

	nlb_u32(r->b, NFTA_REJECT_TYPE, NFT_REJECT_TCP_RST);
	nlb_u8(r->b, NFTA_REJECT_ICMP_CODE, 0);
	end(r, e);
}
