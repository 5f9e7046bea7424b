/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet - what one rule of somebody else's table does with the first packet of
 * a TCP connection from anywhere to a port of ours. A rule may ask for what
 * nobody knows beforehand (from where, how often): then it may do it.
 */
#ifndef FIREWALL_PACKET_H
#define FIREWALL_PACKET_H

#include <stdint.h>

#include "firewall/nl.h"

struct packet {
	uint8_t family; /* 4 or 6 */
	uint16_t port;
};

enum match { MATCH_MAYBE = 0, MATCH_NO, MATCH_YES };

enum ruling_does {
	RULING_UNKNOWN = 0,
	RULING_NOTHING, /* the next rule */
	RULING_ACCEPT,
	RULING_DROP,
	RULING_JUMP,
	RULING_GOTO,
	RULING_RETURN,
};

struct ruling {
	enum match match;
	enum ruling_does does;
	struct nl_attr chain; /* of a jump; borrowed from the expressions */
};

/* Where a rule is, for the sets that it names. */
struct rule_place {
	struct nl *ask;
	uint8_t family;
	const char *table;
	void *memory; /* of what a set said; to be freed after the ruling */
};

/* NFTA_RULE_EXPRESSIONS of a rule. */
void packet_judge(struct ruling *ret, const struct packet *p,
    struct rule_place *place, struct nl_attr expressions);

#endif
