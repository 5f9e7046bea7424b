/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet - see packet.h. The registers of nf_tables, byte by byte, with what is
 * known of each; an expression that is not known here makes all of it "maybe".
 */
#include "firewall/packet.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "firewall/setfind.h"

enum {
	REGISTERS = 64, /* bytes: 4 of 16, or 16 of 4 */
	TCP_FLAGS_AT = 13,
	TCP_SYN = 0x02,
	CT_STATE_NEW = 1 << (IP_CT_NEW % IP_CT_IS_REPLY + 1),
};

enum known { KNOWN_NOT = 0, KNOWN_VALUE, KNOWN_NOT_LOOPBACK };

struct machine {
	const struct packet *p;
	struct rule_place *place;
	struct ruling *out;
	uint8_t b[REGISTERS];
	uint8_t known[REGISTERS]; /* enum known */
};

typedef void expr_fn(struct machine *m, struct nl_attr *tb);

/* The first byte of a register; REGISTERS = none. */
static size_t
at(const struct nl_attr *reg, size_t n)
{
	const uint32_t r = nl_u32(reg);
	size_t i = REGISTERS;

	if (r >= NFT_REG_1 && r <= NFT_REG_4)
		i = (r - NFT_REG_1) * 16;
	else if (r >= NFT_REG32_00 && r <= NFT_REG32_15)
		i = (r - NFT_REG32_00) * 4;
	return reg->p != NULL && i + n <= REGISTERS ? i : REGISTERS;
}

static void
put(struct machine *m, const struct nl_attr *reg, const void *value, size_t n,
    enum known known)
{
	const size_t i = at(reg, n);

	if (i == REGISTERS)
		return;
	if (value != NULL)
		memcpy(m->b + i, value, n);
	memset(m->known + i, (int)known, n);
}

/* What is there when all of it is known; else NULL. */
static const uint8_t *
get(const struct machine *m, const struct nl_attr *reg, size_t n)
{
	const size_t i = at(reg, n);

	if (i == REGISTERS || n == 0)
		return NULL;
	for (size_t k = 0; k < n; k++)
		if (m->known[i + k] != KNOWN_VALUE)
			return NULL;
	return m->b + i;
}

static void
match(struct machine *m, enum match is)
{
	if (is == MATCH_NO || m->out->match == MATCH_NO)
		m->out->match = MATCH_NO;
	else if (is == MATCH_MAYBE)
		m->out->match = MATCH_MAYBE;
}

static struct nl_attr
value_of(const struct nl_attr *data)
{
	struct nl_attr tb[NFTA_DATA_VERDICT + 1];

	nl_parse(tb, ARRAY_LEN(tb), data->p, data->n);
	return tb[NFTA_DATA_VALUE];
}

/* ---- what is looked at */

static void
do_meta(struct machine *m, struct nl_attr *tb)
{
	const uint8_t tcp = IPPROTO_TCP;
	const uint8_t nf = m->p->family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	const uint8_t ether[2] = {
	    m->p->family == 4 ? 0x08 : 0x86, m->p->family == 4 ? 0x00 : 0xdd};
	const struct nl_attr *to = &tb[NFTA_META_DREG];

	if (to->p == NULL)
		return; /* sets a mark */
	put(m, to, NULL, 16, KNOWN_NOT);
	put(m, to, NULL, 4, KNOWN_NOT); /* where 16 do not fit */
	switch (nl_u32(&tb[NFTA_META_KEY])) {
	case NFT_META_L4PROTO:
		put(m, to, &tcp, 1, KNOWN_VALUE);
		break;
	case NFT_META_NFPROTO:
		put(m, to, &nf, 1, KNOWN_VALUE);
		break;
	case NFT_META_PROTOCOL:
		put(m, to, ether, 2, KNOWN_VALUE);
		break;
	case NFT_META_IIF:
		put(m, to, NULL, 4, KNOWN_NOT_LOOPBACK);
		break;
	case NFT_META_IIFNAME:
		put(m, to, NULL, 16, KNOWN_NOT_LOOPBACK);
		break;
	default:
		break;
	}
}

static void
do_payload(struct machine *m, struct nl_attr *tb)
{
	const struct nl_attr *to = &tb[NFTA_PAYLOAD_DREG];
	const uint32_t offset = nl_u32(&tb[NFTA_PAYLOAD_OFFSET]);
	const uint32_t n = nl_u32(&tb[NFTA_PAYLOAD_LEN]);
	const size_t i = at(to, n);

	if (i == REGISTERS || n > 16)
		return;
	for (uint32_t k = 0; k < n; k++) {
		const uint32_t o = offset + k;

		m->known[i + k] = KNOWN_NOT;
		if (nl_u32(&tb[NFTA_PAYLOAD_BASE]) !=
			NFT_PAYLOAD_TRANSPORT_HEADER ||
		    (o != 2 && o != 3 && o != TCP_FLAGS_AT))
			continue;
		m->known[i + k] = KNOWN_VALUE;
		m->b[i + k] = (uint8_t)(o == 2   ? m->p->port >> 8
					: o == 3 ? m->p->port
						 : TCP_SYN);
	}
}

static void
do_ct(struct machine *m, struct nl_attr *tb)
{
	const uint32_t state = CT_STATE_NEW;
	const struct nl_attr *to = &tb[NFTA_CT_DREG];

	put(m, to, NULL, 16, KNOWN_NOT);
	put(m, to, NULL, 4, KNOWN_NOT);
	if (nl_u32(&tb[NFTA_CT_KEY]) == NFT_CT_STATE)
		put(m, to, &state, sizeof(state), KNOWN_VALUE);
}

static void
do_bitwise(struct machine *m, struct nl_attr *tb)
{
	const struct nl_attr mask = value_of(&tb[NFTA_BITWISE_MASK]);
	const struct nl_attr xor = value_of(&tb[NFTA_BITWISE_XOR]);
	const uint32_t n = nl_u32(&tb[NFTA_BITWISE_LEN]);
	const uint8_t *from = get(m, &tb[NFTA_BITWISE_SREG], n);
	uint8_t v[16] = {0};

	if (n > sizeof(v))
		return;
	if (from == NULL || mask.n != n || xor.n != n) {
		put(m, &tb[NFTA_BITWISE_DREG], NULL, n, KNOWN_NOT);
		return;
	}
	for (uint32_t k = 0; k < n; k++)
		v[k] = (uint8_t)((from[k] & mask.p[k]) ^ xor.p[k]);
	put(m, &tb[NFTA_BITWISE_DREG], v, n, KNOWN_VALUE);
}

/* ---- what is wanted */

/* Of the interface only that it is not the loopback. */
static enum match
match_interface(const struct machine *m, const struct nl_attr *reg,
    const struct nl_attr *want, bool equal)
{
	const size_t i = at(reg, want->n);
	const uint32_t index = 1;

	if (i == REGISTERS || m->known[i] != KNOWN_NOT_LOOPBACK)
		return MATCH_MAYBE;
	if (!nl_is(want, "lo") &&
	    !(want->n == 16 && memcmp(want->p, "lo", 3) == 0) &&
	    !(want->n == sizeof(index) &&
		memcmp(want->p, &index, sizeof(index)) == 0))
		return MATCH_MAYBE;
	return equal ? MATCH_NO : MATCH_YES;
}

static void
do_cmp(struct machine *m, struct nl_attr *tb)
{
	const struct nl_attr want = value_of(&tb[NFTA_CMP_DATA]);
	const uint8_t *is = get(m, &tb[NFTA_CMP_SREG], want.n);
	const uint32_t op = nl_u32(&tb[NFTA_CMP_OP]);
	int d = 0;

	if (is == NULL || want.n == 0) {
		match(m, match_interface(
			     m, &tb[NFTA_CMP_SREG], &want, op == NFT_CMP_EQ));
		return;
	}
	d = memcmp(is, want.p, want.n);
	match(m,
	    (op == NFT_CMP_EQ && d == 0) || (op == NFT_CMP_NEQ && d != 0) ||
		    (op == NFT_CMP_LT && d < 0) ||
		    (op == NFT_CMP_LTE && d <= 0) ||
		    (op == NFT_CMP_GT && d > 0) || (op == NFT_CMP_GTE && d >= 0)
		? MATCH_YES
		: MATCH_NO);
}

static void
do_range(struct machine *m, struct nl_attr *tb)
{
	const struct nl_attr from = value_of(&tb[NFTA_RANGE_FROM_DATA]);
	const struct nl_attr to = value_of(&tb[NFTA_RANGE_TO_DATA]);
	const uint8_t *is = get(m, &tb[NFTA_RANGE_SREG], from.n);
	bool in = false;

	if (is == NULL || from.n != to.n) {
		match(m, MATCH_MAYBE);
		return;
	}
	in = memcmp(is, from.p, from.n) >= 0 && memcmp(is, to.p, to.n) <= 0;
	match(m, in == (nl_u32(&tb[NFTA_RANGE_OP]) == NFT_RANGE_EQ) ? MATCH_YES
								    : MATCH_NO);
}

/* ---- what is done */

static void
verdict(struct machine *m, const struct nl_attr *data)
{
	struct nl_attr tb[NFTA_DATA_VERDICT + 1];
	struct nl_attr v[NFTA_VERDICT_CHAIN + 1];

	nl_parse(tb, ARRAY_LEN(tb), data->p, data->n);
	nl_parse(
	    v, ARRAY_LEN(v), tb[NFTA_DATA_VERDICT].p, tb[NFTA_DATA_VERDICT].n);
	m->out->chain = v[NFTA_VERDICT_CHAIN];
	switch ((int)nl_u32(&v[NFTA_VERDICT_CODE])) {
	case NF_ACCEPT:
		m->out->does = RULING_ACCEPT;
		break;
	case NF_DROP:
		m->out->does = RULING_DROP;
		break;
	case NFT_CONTINUE:
		m->out->does = RULING_NOTHING;
		break;
	case NFT_RETURN:
		m->out->does = RULING_RETURN;
		break;
	case NFT_JUMP:
		m->out->does = RULING_JUMP;
		break;
	case NFT_GOTO:
		m->out->does = RULING_GOTO;
		break;
	default: /* a queue */
		m->out->does = RULING_UNKNOWN;
		break;
	}
}

static void
do_immediate(struct machine *m, struct nl_attr *tb)
{
	const struct nl_attr v = value_of(&tb[NFTA_IMMEDIATE_DATA]);

	if (nl_u32(&tb[NFTA_IMMEDIATE_DREG]) == NFT_REG_VERDICT)
		verdict(m, &tb[NFTA_IMMEDIATE_DATA]);
	else if (v.n > 0 && v.n <= 16)
		put(m, &tb[NFTA_IMMEDIATE_DREG], v.p, v.n, KNOWN_VALUE);
}

static void
do_lookup(struct machine *m, struct nl_attr *tb)
{
	const bool inverted =
	    (nl_u32(&tb[NFTA_LOOKUP_FLAGS]) & NFT_LOOKUP_F_INV) != 0;
	const bool map = tb[NFTA_LOOKUP_DREG].p != NULL;
	const size_t i = at(&tb[NFTA_LOOKUP_SREG], 1);
	struct set_found f = {.in = MATCH_MAYBE};
	size_t n = 0;

	while (i + n < REGISTERS && m->known[i + n] == KNOWN_VALUE)
		n++;
	if (n > 0)
		setfind(&f, m->place, &tb[NFTA_LOOKUP_SET], m->b + i, n);
	if (inverted && f.in != MATCH_MAYBE)
		f.in = f.in == MATCH_YES ? MATCH_NO : MATCH_YES;
	match(m, f.in);
	if (map && nl_u32(&tb[NFTA_LOOKUP_DREG]) != NFT_REG_VERDICT) {
		put(m, &tb[NFTA_LOOKUP_DREG], NULL, 4, KNOWN_NOT);
		return;
	}
	if (map && f.in == MATCH_YES)
		verdict(m, &f.data);
	else if (map)
		m->out->does = RULING_UNKNOWN;
}

static void
do_reject(struct machine *m, struct nl_attr *tb)
{
	(void)tb;
	m->out->does = RULING_DROP;
}

static void
do_nothing(struct machine *m, struct nl_attr *tb)
{
	(void)m;
	(void)tb;
}

/* Of iptables: what it matches only it knows; most targets let a packet go on.
 */
static void
do_old_target(struct machine *m, struct nl_attr *tb)
{
	if (nl_is(&tb[NFTA_TARGET_NAME], "REJECT") ||
	    nl_is(&tb[NFTA_TARGET_NAME], "TARPIT"))
		m->out->does = RULING_DROP;
	else if (nl_is(&tb[NFTA_TARGET_NAME], "NFQUEUE"))
		m->out->does = RULING_UNKNOWN;
}

static void
do_old_match(struct machine *m, struct nl_attr *tb)
{
	if (!nl_is(&tb[NFTA_MATCH_NAME], "comment"))
		match(m, MATCH_MAYBE);
}

static const struct {
	const char *name;
	expr_fn *fn;
} exprs[] = {
    {"meta", do_meta},
    {"payload", do_payload},
    {"ct", do_ct},
    {"bitwise", do_bitwise},
    {"cmp", do_cmp},
    {"range", do_range},
    {"immediate", do_immediate},
    {"lookup", do_lookup},
    {"reject", do_reject},
    {"counter", do_nothing},
    {"log", do_nothing},
    {"objref", do_nothing},
    {"last", do_nothing},
    {"notrack", do_nothing},
    {"target", do_old_target},
    {"match", do_old_match},
};

enum { EXPR_ATTRS = 12 };

static void
run(struct machine *m, const struct nl_attr *expr)
{
	struct nl_attr ex[NFTA_EXPR_DATA + 1];
	struct nl_attr tb[EXPR_ATTRS];

	nl_parse(ex, ARRAY_LEN(ex), expr->p, expr->n);
	nl_parse(tb, ARRAY_LEN(tb), ex[NFTA_EXPR_DATA].p, ex[NFTA_EXPR_DATA].n);
	for (size_t i = 0; i < ARRAY_LEN(exprs); i++)
		if (nl_is(&ex[NFTA_EXPR_NAME], exprs[i].name)) {
			exprs[i].fn(m, tb);
			return;
		}
	memset(m->known, KNOWN_NOT, sizeof(m->known));
	match(m, MATCH_MAYBE);
}

void
packet_judge(struct ruling *ret, const struct packet *p,
    struct rule_place *place, struct nl_attr expressions)
{
	struct machine m = {.p = p, .place = place, .out = ret};
	struct nl_attr one;
	uint16_t type = 0;

	*ret = (struct ruling){.match = MATCH_YES, .does = RULING_NOTHING};
	while (ret->match != MATCH_NO && nl_next(&expressions, &type, &one))
		run(&m, &one);
}
