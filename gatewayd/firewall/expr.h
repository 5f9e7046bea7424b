/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr - encoders for the few nf_tables expressions the table is made of. A
 * rule is rule_begin, expressions, rule_end. Registers are counted in units
 * of four bytes, r 0..15; a key is its fields in consecutive registers, each
 * padded to four bytes, which is how the sets expect them.
 */
#ifndef FIREWALL_EXPR_H
#define FIREWALL_EXPR_H

#include <stdint.h>

#include "firewall/nl.h"

struct rule {
	struct nlb *b;
	const char *table;
	size_t list;
};

void rule_begin(
    struct rule *r, struct nlb *b, const char *table, const char *chain);
void rule_end(struct rule *r);

void expr_meta(struct rule *r, unsigned reg, uint32_t key);
/* base: NFT_PAYLOAD_* */
void expr_payload(
    struct rule *r, unsigned reg, uint32_t base, uint32_t offset, uint32_t len);
/* dir: IP_CT_DIR_ORIGINAL, IP_CT_DIR_REPLY, or -1 where the key has none. */
void expr_ct(struct rule *r, unsigned reg, uint32_t key, int dir);
/* op: NFT_CMP_* */
void expr_cmp8(struct rule *r, unsigned reg, uint32_t op, uint8_t v);
void expr_cmp32(
    struct rule *r, unsigned reg, uint32_t op, uint32_t v); /* host */
/* In place; only the low n bytes (at most 4) are kept where the mask is 1. */
void expr_mask(struct rule *r, unsigned reg, const void *mask, size_t n);
void expr_lookup(struct rule *r, unsigned reg, const char *set);
void expr_accept(struct rule *r);
void expr_drop(struct rule *r);
void expr_goto(struct rule *r, const char *chain);
void expr_reset(struct rule *r); /* reject with tcp reset */

#endif
