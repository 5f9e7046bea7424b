/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules as nft would print them (v4; v6 alike; SYN = flags & (fin | syn |
 * rst | ack) == syn):
 *
 * chain input   { hook input priority 50; policy accept
 *   ip saddr . l4proto . th sport @protected4 goto leg_in
 *   ip daddr . l4proto . th dport @protected4 goto served_in
 *   iif lo accept      # behind them: the gateway may be a target itself
 *   tcp dport @own_ports goto door }
 * chain forward { hook forward priority 50; policy accept
 *   ip daddr . l4proto . th dport @protected4 goto transit
 *   ip saddr . l4proto . th sport @protected4 goto transit }
 * chain output  { hook output priority 50; policy accept
 *   oif lo, ip daddr . l4proto . th dport @protected4 goto itself
 *   oif lo accept
 *   skuid FIREWALL, length 40 (v6: 60), tcp flags == ack accept       # poke
 *   tcp sport @own_ports goto door_out
 *   ip daddr . l4proto . th dport @protected4 goto egress
 *   ip saddr . l4proto . th sport @protected4 goto served_out }
 * chain door      { CUT reset; ENTRY goto open; NET goto open; SHUT }
 * chain door_out  { rst accept; ENTRY, reply goto open; NET, reply goto open;
 *                   drop }
 * chain transit   { CUT reset; PATH goto open; SHUT }
 * chain served_in { RST accept; CUT reset; PATH goto open; LEG, original goto
 *                   open; SHUT }
 * chain served_out{ RST accept; PATH, reply goto open; drop }
 * chain leg_in    { RST accept; CUT reset; LEG, reply goto open; new tcp, no
 *                   SYN reset; SHUT }
 * chain egress    { RST accept; rst, skuid BROKER accept; LEG, original goto
 *                   leg_out; drop }
 * chain itself    { LEG, original goto leg_out; accept }   # served_in judges
 * chain leg_out   { new tcp, no SYN drop; skuid BROKER goto open; established,
 *                   no SYN accept; drop }
 * chain open      { established accept; new udp accept; new tcp SYN accept;
 *                   new tcp reset; drop }
 *
 * ENTRY = ct original saddr . ct reply proto-src @entry4
 * NET   = ct original saddr @networks4
 * PATH  = ct original saddr . ct reply saddr . ct protocol . ct reply
 *         proto-src @path4
 * LEG   = ct original saddr . ct original proto-src . ct reply saddr . ct reply
 *         proto-src @leg4 (the gateway's address too: somebody else may have
 *         the same port at another of its addresses)
 * CUT   = ct original saddr . ct original proto-src . ct reply saddr . ct reply
 *         proto-src @cut4
 * SHUT  = tcp, ct established: reset; everything else: drop
 * RST   = a tcp reset of a flow conntrack knows: it ends things, and without
 *         it neither reject nor a closing socket would reach its peer
 * rst   = also of one that conntrack has forgotten (conntrack -F): what our own
 *         socket still says to the peer of a connection that cannot go on.
 *         With bytes on their way its number is not the one the peer waits for,
 *         which asks again: what answers that is the reset in open (of a
 * client) and the one in leg_in (of a target, which is no stranger)
 *
 * Only the broker dials: once its socket is closed anybody may have that port,
 * and the leg may live on for a while (a broker that was killed, for one). What
 * an earlier owner still has to say, a FIN or an ACK, belongs to no user; a SYN
 * can be "established" where conntrack has not seen the end.
 *
 * Untracked and invalid packets have no tuple, so no lookup matches: drop.
 * In output nothing is rejected: the reset would go to our own socket.
 */
#include "firewall/rules.h"

#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "base/fault.h"
#include "firewall/expr.h"
#include "firewall/sets.h"

enum {
	FAMILY_INET = 1,
	PRIORITY = 50,
	STATE_ESTABLISHED = 1 << 1,
	STATE_RELATED = 1 << 2,
	STATE_NEW = 1 << 3,
	TCP_FLAGS_AT = 13,
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_ACK = 0x10,
	TCP_ALL = 0xff,
	DIR_ANY = -1,
	LO = 1, /* the loopback interface's index in every namespace */
};

/* What a flow may be found in, by its conntrack tuple. */
enum match { ENTRY, NETWORKS, PATH, LEG, CUT, MATCHES };

struct family {
	uint8_t nfproto;
	unsigned regs; /* of an address */
	uint32_t ct_src, saddr, daddr, size;
	uint32_t poke_len;
	enum set_id protected_, set[MATCHES];
};

static const struct family families[] = {
    {NFPROTO_IPV4, 1, NFT_CT_SRC_IP, 12, 16, 4, 40, SET_PROTECTED4,
	{SET_ENTRY4, SET_NETWORKS4, SET_PATH4, SET_LEG4, SET_CUT4}},
    {NFPROTO_IPV6, 4, NFT_CT_SRC_IP6, 8, 24, 16, 60, SET_PROTECTED6,
	{SET_ENTRY6, SET_NETWORKS6, SET_PATH6, SET_LEG6, SET_CUT6}},
};

/* A part of a key, in its order; ADDRESS is the family's ct_src. */
enum { ADDRESS = 0, PARTS = 4 };

struct part {
	uint32_t key; /* NFT_CT_* */
	uint8_t dir;
};

#define ORIGINAL(key)                                                          \
	{                                                                      \
		NFT_CT_##key, IP_CT_DIR_ORIGINAL                               \
	}
#define REPLY(key)                                                             \
	{                                                                      \
		NFT_CT_##key, IP_CT_DIR_REPLY                                  \
	}
#define FROM                                                                   \
	{                                                                      \
		ADDRESS, IP_CT_DIR_ORIGINAL                                    \
	}
#define BY                                                                     \
	{                                                                      \
		ADDRESS, IP_CT_DIR_REPLY                                       \
	} /* who answers */

static const struct {
	size_t n;
	struct part part[PARTS];
} matches[MATCHES] = {
    [ENTRY] = {2, {FROM, REPLY(PROTO_SRC)}},
    [NETWORKS] = {1, {FROM}},
    [PATH] = {4, {FROM, BY, ORIGINAL(PROTOCOL), REPLY(PROTO_SRC)}},
    [LEG] = {4, {FROM, ORIGINAL(PROTO_SRC), BY, REPLY(PROTO_SRC)}},
    [CUT] = {4, {FROM, ORIGINAL(PROTO_SRC), BY, REPLY(PROTO_SRC)}},
};

static const struct {
	const char *name;
	int hook; /* -1: reached by goto */
} chains[] = {
    {"open", -1},
    {"door", -1},
    {"door_out", -1},
    {"transit", -1},
    {"served_in", -1},
    {"served_out", -1},
    {"leg_in", -1},
    {"egress", -1},
    {"itself", -1},
    {"leg_out", -1},
    {"input", NF_INET_LOCAL_IN},
    {"forward", NF_INET_FORWARD},
    {"output", NF_INET_LOCAL_OUT},
};

static void
lookup(struct rule *r, unsigned reg, enum set_id set)
{
	expr_lookup(r, reg, set_def(set)->name);
}

static void
is_proto(struct rule *r, uint8_t proto)
{
	expr_meta(r, 0, NFT_META_L4PROTO);
	expr_cmp8(r, 0, NFT_CMP_EQ, proto);
}

static void
is_state(struct rule *r, uint32_t bits)
{
	expr_ct(r, 0, NFT_CT_STATE, DIR_ANY);
	expr_mask(r, 0, &bits, sizeof(bits));
	expr_cmp32(r, 0, NFT_CMP_NEQ, 0);
}

static void
is_direction(struct rule *r, int dir)
{
	if (dir == DIR_ANY)
		return;
	expr_ct(r, 0, NFT_CT_DIRECTION, DIR_ANY);
	expr_cmp8(r, 0, NFT_CMP_EQ, (uint8_t)dir);
}

/* The protocol must have been checked before. */
static void
is_flags(struct rule *r, uint8_t mask, uint8_t want)
{
	expr_payload(r, 0, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS_AT, 1);
	expr_mask(r, 0, &mask, sizeof(mask));
	expr_cmp8(r, 0, NFT_CMP_EQ, want);
}

static void
is_family(struct rule *r, const struct family *f)
{
	expr_meta(r, 0, NFT_META_NFPROTO);
	expr_cmp8(r, 0, NFT_CMP_EQ, f->nfproto);
}

static void
put_chains(struct nlb *b)
{
	size_t i = 0, hook = 0;

	for (i = 0; i < ARRAY_LEN(chains); i++) {
		(void)nlb_msg(
		    b, NL_NFT(NFT_MSG_NEWCHAIN), NLM_F_CREATE, FAMILY_INET);
		nlb_str(b, NFTA_CHAIN_TABLE, FW_TABLE);
		nlb_str(b, NFTA_CHAIN_NAME, chains[i].name);
		if (chains[i].hook < 0)
			continue;
		hook = nlb_nest(b, NFTA_CHAIN_HOOK);
		nlb_u32(b, NFTA_HOOK_HOOKNUM, (uint32_t)chains[i].hook);
		nlb_u32(b, NFTA_HOOK_PRIORITY, PRIORITY);
		nlb_end(b, hook);
		nlb_u32(b, NFTA_CHAIN_POLICY, NF_ACCEPT);
		nlb_str(b, NFTA_CHAIN_TYPE, "filter");
	}
	(void)nlb_msg(b, NL_NFT(NFT_MSG_DELRULE), 0, FAMILY_INET);
	nlb_str(b, NFTA_RULE_TABLE, FW_TABLE);
}

static void
is_oif_lo(struct rule *r)
{
	expr_meta(r, 0, NFT_META_OIF);
	expr_cmp32(r, 0, NFT_CMP_EQ, LO);
}

/* Packets whose own address, protocol and port are protected. */
static void
put_protected(
    struct nlb *b, const char *chain, bool source, bool lo, const char *to)
{
	const struct family *f = NULL;
	struct rule r;
	size_t i = 0;

	for (i = 0; i < ARRAY_LEN(families); i++) {
		f = &families[i];
		rule_begin(&r, b, FW_TABLE, chain);
		if (lo)
			is_oif_lo(&r);
		is_family(&r, f);
		expr_payload(&r, 0, NFT_PAYLOAD_NETWORK_HEADER,
		    source ? f->saddr : f->daddr, f->size);
		expr_meta(&r, f->regs, NFT_META_L4PROTO);
		expr_payload(&r, f->regs + 1, NFT_PAYLOAD_TRANSPORT_HEADER,
		    source ? 0 : 2, 2);
		lookup(&r, 0, f->protected_);
		expr_goto(&r, to);
		rule_end(&r);
	}
}

static void
put_own(struct nlb *b, const char *chain, bool source, const char *to)
{
	struct rule r;

	rule_begin(&r, b, FW_TABLE, chain);
	is_proto(&r, IPPROTO_TCP);
	expr_payload(&r, 0, NFT_PAYLOAD_TRANSPORT_HEADER, source ? 0 : 2, 2);
	lookup(&r, 0, SET_OWN_PORTS);
	expr_goto(&r, to);
	rule_end(&r);
}

static void
put_lo(struct nlb *b, const char *chain, uint32_t key)
{
	struct rule r;

	rule_begin(&r, b, FW_TABLE, chain);
	expr_meta(&r, 0, key);
	expr_cmp32(&r, 0, NFT_CMP_EQ, LO);
	expr_accept(&r);
	rule_end(&r);
}

static void
is_user(struct rule *r, uid_t uid)
{
	expr_meta(r, 0, NFT_META_SKUID);
	expr_cmp32(r, 0, NFT_CMP_EQ, uid);
}

static void
put_poke(struct nlb *b, uid_t uid)
{
	struct rule r;
	size_t i = 0;

	for (i = 0; i < ARRAY_LEN(families); i++) {
		rule_begin(&r, b, FW_TABLE, "output");
		is_family(&r, &families[i]);
		is_proto(&r, IPPROTO_TCP);
		is_user(&r, uid);
		expr_meta(&r, 0, NFT_META_LEN);
		expr_cmp32(&r, 0, NFT_CMP_EQ, families[i].poke_len);
		is_flags(&r, TCP_ALL, TCP_ACK);
		expr_accept(&r);
		rule_end(&r);
	}
}

/* Flows of m continue in a chain, or are reset (to NULL). The keys of leg and
 * cut leave the protocol out: it is TCP. */
static void
put_match(
    struct nlb *b, const char *chain, enum match m, int dir, const char *to)
{
	const struct family *f = NULL;
	const struct part *p = NULL;
	struct rule r;
	size_t i = 0, k = 0;
	unsigned reg = 0;

	for (i = 0; i < ARRAY_LEN(families); i++) {
		f = &families[i];
		rule_begin(&r, b, FW_TABLE, chain);
		if (m == LEG || m == CUT)
			is_proto(&r, IPPROTO_TCP);
		is_direction(&r, dir);
		reg = 0;
		for (k = 0; k < matches[m].n; k++) {
			p = &matches[m].part[k];
			expr_ct(&r, reg, p->key == ADDRESS ? f->ct_src : p->key,
			    p->dir);
			reg += p->key == ADDRESS ? f->regs : 1;
		}
		lookup(&r, 0, f->set[m]);
		if (to == NULL)
			expr_reset(&r);
		else
			expr_goto(&r, to);
		rule_end(&r);
	}
}

/* Who may talk to the gateway's own port. */
static void
put_entry(struct nlb *b, const char *chain, int dir)
{
	put_match(b, chain, ENTRY, dir, "open");
	put_match(b, chain, NETWORKS, dir, "open");
}

static void
put_drop(struct nlb *b, const char *chain)
{
	struct rule r;

	rule_begin(&r, b, FW_TABLE, chain);
	expr_drop(&r);
	rule_end(&r);
}

static void
put_tcp_state(struct nlb *b, const char *chain, uint32_t state, bool reset)
{
	struct rule r;

	rule_begin(&r, b, FW_TABLE, chain);
	is_proto(&r, IPPROTO_TCP);
	is_state(&r, state);
	if (reset)
		expr_reset(&r);
	else
		expr_accept(&r);
	rule_end(&r);
}

/* The end of every judging chain: whoever still sends learns it is over, a
 * stranger learns nothing. */
static void
put_shut(struct nlb *b, const char *chain)
{
	if (FAULT(fw_established))
		put_tcp_state(b, chain, STATE_ESTABLISHED, false);
	put_tcp_state(b, chain, STATE_ESTABLISHED, true);
	put_drop(b, chain);
}

static void
begin_rst(struct rule *r, struct nlb *b, const char *chain)
{
	rule_begin(r, b, FW_TABLE, chain);
	is_proto(r, IPPROTO_TCP);
	is_flags(r, TCP_RST | TCP_SYN, TCP_RST);
}

static void
put_rst(struct nlb *b, const char *chain)
{
	struct rule r;

	begin_rst(&r, b, chain);
	is_state(&r, STATE_ESTABLISHED | STATE_RELATED);
	expr_accept(&r);
	rule_end(&r);
}

static void
put_out_rst(struct nlb *b, const char *chain)
{
	put_rst(b, chain);
	if (FAULT(fw_established))
		put_tcp_state(b, chain, STATE_ESTABLISHED, false);
}

/* Of our own sockets, known to conntrack or not. uid: NULL = whoever's. */
static void
put_last_rst(struct nlb *b, const char *chain, const uid_t *uid)
{
	struct rule r;

	if (FAULT(fw_rst_known))
		return;
	begin_rst(&r, b, chain);
	if (uid != NULL)
		is_user(&r, *uid);
	expr_accept(&r);
	rule_end(&r);
}

/* In mid-stream of what conntrack does not know. */
static void
put_forgotten(struct nlb *b, const char *chain, bool reset)
{
	struct rule r;

	rule_begin(&r, b, FW_TABLE, chain);
	is_proto(&r, IPPROTO_TCP);
	is_state(&r, STATE_NEW);
	is_flags(&r, TCP_SYN, 0);
	if (reset)
		expr_reset(&r);
	else
		expr_drop(&r);
	rule_end(&r);
}

static void
put_open(struct nlb *b)
{
	struct rule r;

	rule_begin(&r, b, FW_TABLE, "open");
	is_state(&r, STATE_ESTABLISHED);
	expr_accept(&r);
	rule_end(&r);
	rule_begin(&r, b, FW_TABLE, "open");
	is_proto(&r, IPPROTO_UDP);
	is_state(&r, STATE_NEW);
	expr_accept(&r);
	rule_end(&r);
	rule_begin(&r, b, FW_TABLE, "open");
	is_proto(&r, IPPROTO_TCP);
	is_state(&r, STATE_NEW);
	is_flags(&r, TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK, TCP_SYN);
	expr_accept(&r);
	rule_end(&r);
	put_tcp_state(b, "open", STATE_NEW, true);
	put_drop(b, "open");
}

static void
put_accept(struct nlb *b, const char *chain)
{
	struct rule r;

	rule_begin(&r, b, FW_TABLE, chain);
	expr_accept(&r);
	rule_end(&r);
}

static void
put_leg_out(struct nlb *b, uid_t uid)
{
	struct rule r;

	/* silence: a reset would end our socket, and with it all that could
	 * still tell the target */
	put_forgotten(b, "leg_out", false);
	rule_begin(&r, b, FW_TABLE, "leg_out");
	if (!FAULT(fw_leg_uid))
		is_user(&r, uid);
	expr_goto(&r, "open");
	rule_end(&r);
	rule_begin(&r, b, FW_TABLE, "leg_out");
	is_proto(&r, IPPROTO_TCP);
	is_state(&r, STATE_ESTABLISHED);
	is_flags(&r, TCP_SYN, 0);
	expr_accept(&r);
	rule_end(&r);
	put_drop(b, "leg_out");
}

void
rules_put(struct nlb *b, uid_t poke_uid, uid_t leg_uid)
{
	put_chains(b);
	if (!FAULT(fw_from_target))
		put_protected(b, "input", true, false, "leg_in");
	put_protected(b, "input", false, false, "served_in");
	put_lo(b, "input", NFT_META_IIF);
	if (!FAULT(fw_door))
		put_own(b, "input", false, "door");
	if (!FAULT(fw_transit))
		put_protected(b, "forward", false, false, "transit");
	if (!FAULT(fw_from_target))
		put_protected(b, "forward", true, false, "transit");
	put_protected(b, "output", false, true, "itself");
	put_lo(b, "output", NFT_META_OIF);
	put_poke(b, poke_uid);
	if (!FAULT(fw_door))
		put_own(b, "output", true, "door_out");
	if (!FAULT(fw_egress))
		put_protected(b, "output", false, false, "egress");
	put_protected(b, "output", true, false, "served_out");

	put_match(b, "door", CUT, DIR_ANY, NULL);
	put_entry(b, "door", IP_CT_DIR_ORIGINAL);
	put_shut(b, "door");
	put_out_rst(b, "door_out");
	put_last_rst(b, "door_out", NULL);
	put_entry(b, "door_out", IP_CT_DIR_REPLY);
	put_drop(b, "door_out");
	put_match(b, "transit", CUT, DIR_ANY, NULL);
	put_match(b, "transit", PATH, DIR_ANY, "open");
	put_shut(b, "transit");
	put_rst(b, "served_in");
	put_match(b, "served_in", CUT, DIR_ANY, NULL);
	put_match(b, "served_in", PATH, IP_CT_DIR_ORIGINAL, "open");
	put_match(b, "served_in", LEG, IP_CT_DIR_ORIGINAL, "open");
	put_shut(b, "served_in");
	put_out_rst(b, "served_out");
	put_match(b, "served_out", PATH, IP_CT_DIR_REPLY, "open");
	put_drop(b, "served_out");
	put_rst(b, "leg_in");
	put_match(b, "leg_in", CUT, DIR_ANY, NULL);
	put_match(b, "leg_in", LEG, IP_CT_DIR_REPLY, "open");
	put_forgotten(b, "leg_in", true);
	put_shut(b, "leg_in");
	put_out_rst(b, "egress");
	put_last_rst(b, "egress", &leg_uid);
	put_match(b, "egress", LEG, IP_CT_DIR_ORIGINAL, "leg_out");
	put_drop(b, "egress");
	put_match(b, "itself", LEG, IP_CT_DIR_ORIGINAL, "leg_out");
	put_accept(b, "itself");
	put_leg_out(b, leg_uid);
	put_open(b);
}
