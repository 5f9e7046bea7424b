/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules - the chains and rules themselves, as expressions; the text twin that
 * nft prints is in the head of rules.c. Puts messages, sends nothing.
 */
#ifndef FIREWALL_RULES_H
#define FIREWALL_RULES_H

#include <sys/types.h>

#include "firewall/nl.h"

/* Creates missing chains, empties all, puts every rule. The sets must be
 * there or be put into the same batch before. */
void rules_put(struct nlb *b, uid_t poke_uid, uid_t leg_uid);

#endif
