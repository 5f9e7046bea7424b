/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sets - the named sets of the table and how an element's key is laid out:
 * fields in order, each padded to four bytes, addresses and ports in network
 * order. Pure.
 */
#ifndef FIREWALL_SETS_H
#define FIREWALL_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "core/element.h"

#define FW_TABLE "sallyport"

enum set_id {
	SET_NONE = 0,
	SET_ENTRY4,
	SET_ENTRY6,
	SET_PATH4,
	SET_PATH6,
	SET_LEG4,
	SET_LEG6,
	SET_CUT4, /* flows to be reset, for seconds */
	SET_CUT6,
	SET_PROTECTED4,
	SET_PROTECTED6,
	SET_NETWORKS4,
	SET_NETWORKS6,
	SET_OWN_PORTS,
	SET_COUNT
};

enum set_field {
	FIELD_END = 0,
	FIELD_IPV4 = 7, /* nft's own type numbers, for its listing */
	FIELD_IPV6 = 8,
	FIELD_PROTO = 12,
	FIELD_PORT = 13,
};

struct set_def {
	const char *name;
	uint8_t fields[5]; /* enum set_field, FIELD_END-terminated */
	bool timeout;      /* dynamic: elements live and die */
	bool interval;
	uint32_t size;
};

enum { SET_KEY_MAX = 40 }; /* internal: the longest of the sets */

struct set_key {
	uint8_t set; /* enum set_id */
	uint8_t n;
	uint8_t b[SET_KEY_MAX];
};

const struct set_def *set_def(enum set_id s); /* s must be a set */
size_t set_key_size(enum set_id s);
size_t set_field_size(enum set_field f);

/* GW_EINVAL for an element no set can hold. */
MUST_CHECK int set_key_of(struct set_key *ret, const struct element *e);
MUST_CHECK int set_key_protected(
    struct set_key *ret, const struct addr *a, uint8_t proto, uint16_t port);
/* A flow as its conntrack entry names it. */
MUST_CHECK int set_key_cut(struct set_key *ret, const struct addr *source,
    uint16_t sport, const struct addr *target, uint16_t port);
void set_key_port(struct set_key *ret, uint16_t port);
bool set_key_equal(const struct set_key *a, const struct set_key *b);
/* The element a key of ENTRY, PATH or LEG stands for, without its end;
 * false for any other set. */
bool set_key_element(struct element *ret, const struct set_key *k);
/* The other way round for PROTECTED; false for any other set. */
bool set_key_triple(struct addr *ret, uint8_t *retproto, uint16_t *retport,
    const struct set_key *k);

#endif
