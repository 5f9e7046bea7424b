/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setfind - is a value in a set of somebody else's table?
 */
#ifndef FIREWALL_SETFIND_H
#define FIREWALL_SETFIND_H

#include <stddef.h>
#include <stdint.h>

#include "firewall/nl.h"
#include "firewall/packet.h"

struct set_found {
	enum match in;
	struct nl_attr data; /* of a map; borrowed from place->memory */
};

/* value has the bytes that are known, of which the set may want fewer. A set
 * of several values together, or one that cannot be read: MATCH_MAYBE. */
void setfind(struct set_found *ret, struct rule_place *place,
    const struct nl_attr *set, const uint8_t *value, size_t n);

#endif
