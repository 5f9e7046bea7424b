/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/sets.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"

#define V4 FIELD_IPV4
#define V6 FIELD_IPV6
#define PROTO FIELD_PROTO
#define PORT FIELD_PORT
static const struct set_def sets[SET_COUNT] = {
    [SET_ENTRY4] = {"entry4", {V4, PORT}, true, false, LIMIT_SET_GRANTS},
    [SET_ENTRY6] = {"entry6", {V6, PORT}, true, false, LIMIT_SET_GRANTS},
    [SET_PATH4] = {"path4", {V4, V4, PROTO, PORT}, true, false,
	LIMIT_SET_GRANTS},
    [SET_PATH6] = {"path6", {V6, V6, PROTO, PORT}, true, false,
	LIMIT_SET_GRANTS},
    [SET_LEG4] = {"leg4", {V4, PORT, V4, PORT}, true, false, LIMIT_SET_LEGS},
    [SET_LEG6] = {"leg6", {V6, PORT, V6, PORT}, true, false, LIMIT_SET_LEGS},
    [SET_CUT4] = {"cut4", {V4, PORT, V4, PORT}, true, false, LIMIT_SET_CUT},
    [SET_CUT6] = {"cut6", {V6, PORT, V6, PORT}, true, false, LIMIT_SET_CUT},
    [SET_PROTECTED4] = {"protected4", {V4, PROTO, PORT}, false, false,
	LIMIT_SET_PROTECTED},
    [SET_PROTECTED6] = {"protected6", {V6, PROTO, PORT}, false, false,
	LIMIT_SET_PROTECTED},
    [SET_NETWORKS4] = {"networks4", {V4}, false, true, 64},
    [SET_NETWORKS6] = {"networks6", {V6}, false, true, 64},
    [SET_OWN_PORTS] = {"own_ports", {PORT}, false, false, 64},
};

const struct set_def *
set_def(enum set_id s)
{
	if (s <= SET_NONE || s >= SET_COUNT)
		abort();
	return &sets[s];
}

size_t
set_field_size(enum set_field f)
{
	switch (f) {
	case FIELD_IPV4:
		return 4;
	case FIELD_IPV6:
		return 16;
	case FIELD_PROTO:
		return 1;
	case FIELD_PORT:
		return 2;
	case FIELD_END:
	default:
		return 0;
	}
}

size_t
set_key_size(enum set_id s)
{
	const struct set_def *d = set_def(s);
	size_t i = 0, n = 0;

	if (d->fields[1] == FIELD_END) /* no concatenation, no padding */
		return set_field_size(d->fields[0]);
	for (i = 0; d->fields[i] != FIELD_END; i++)
		n += (set_field_size(d->fields[i]) + 3) & ~(size_t)3;
	return n;
}

static void
put(struct set_key *k, const void *p, size_t n)
{
	size_t padded = (n + 3) & ~(size_t)3;

	if (k->n + padded > SET_KEY_MAX)
		abort();
	memcpy(k->b + k->n, p, n);
	k->n = (uint8_t)(k->n + padded);
}

static void
put_port(struct set_key *k, uint16_t port)
{
	uint16_t v = htons(port);

	put(k, &v, sizeof(v));
}

static void
put_addr(struct set_key *k, const struct addr *a)
{
	put(k, a->b, a->family == 4 ? 4 : 16);
}

static void
start(struct set_key *k, enum set_id four, const struct addr *a)
{
	memset(k, 0, sizeof(*k));
	k->set = (uint8_t)(a->family == 4 ? four : four + 1);
}

static bool
addr_ok(const struct addr *a)
{
	return a->family == 4 || a->family == 6;
}

static bool
proto_ok(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

/* One flow, from where to where. */
static int
flow_key(struct set_key *ret, enum set_id four, const struct addr *source,
    uint16_t sport, const struct addr *target, uint16_t port)
{
	if (!addr_ok(source) || source->family != target->family)
		return GW_EINVAL;
	start(ret, four, source);
	put_addr(ret, source);
	put_port(ret, sport);
	put_addr(ret, target);
	put_port(ret, port);
	return 0;
}

int
set_key_of(struct set_key *ret, const struct element *e)
{
	if (e->port == 0)
		return GW_EINVAL;
	switch (e->kind) {
	case ELEMENT_ENTRY:
		if (!addr_ok(&e->source))
			return GW_EINVAL;
		start(ret, SET_ENTRY4, &e->source);
		put_addr(ret, &e->source);
		put_port(ret, e->port);
		return 0;
	case ELEMENT_PATH:
		if (!addr_ok(&e->source) || !proto_ok(e->proto) ||
		    e->target.family != e->source.family)
			return GW_EINVAL;
		start(ret, SET_PATH4, &e->source);
		put_addr(ret, &e->source);
		put_addr(ret, &e->target);
		put(ret, &e->proto, 1);
		put_port(ret, e->port);
		return 0;
	case ELEMENT_LEG:
		if (e->sport == 0 || e->proto != IPPROTO_TCP)
			return GW_EINVAL;
		return flow_key(
		    ret, SET_LEG4, &e->source, e->sport, &e->target, e->port);
	default:
		return GW_EINVAL;
	}
}

int
set_key_protected(
    struct set_key *ret, const struct addr *a, uint8_t proto, uint16_t port)
{
	if (!addr_ok(a) || !proto_ok(proto) || port == 0)
		return GW_EINVAL;
	start(ret, SET_PROTECTED4, a);
	put_addr(ret, a);
	put(ret, &proto, 1);
	put_port(ret, port);
	return 0;
}

int
set_key_cut(struct set_key *ret, const struct addr *source, uint16_t sport,
    const struct addr *target, uint16_t port)
{
	return flow_key(ret, SET_CUT4, source, sport, target, port);
}

void
set_key_port(struct set_key *ret, uint16_t port)
{
	uint16_t v = htons(port);

	memset(ret, 0, sizeof(*ret));
	ret->set = SET_OWN_PORTS;
	ret->n = sizeof(v);
	memcpy(ret->b, &v, sizeof(v));
}

bool
set_key_equal(const struct set_key *a, const struct set_key *b)
{
	return a->set == b->set && a->n == b->n &&
	       memcmp(a->b, b->b, a->n) == 0;
}

static void
get_addr(struct addr *ret, const uint8_t **p, uint8_t family)
{
	size_t n = family == 4 ? 4 : 16;

	memset(ret, 0, sizeof(*ret));
	ret->family = family;
	memcpy(ret->b, *p, n);
	*p += n;
}

static uint16_t
get_port(const uint8_t **p)
{
	uint16_t v = (uint16_t)((*p)[0] << 8 | (*p)[1]);

	*p += 4;
	return v;
}

bool
set_key_element(struct element *ret, const struct set_key *k)
{
	const uint8_t *p = k->b;

	memset(ret, 0, sizeof(*ret));
	if (k->set < SET_ENTRY4 || k->set > SET_LEG6 ||
	    k->n != set_key_size(k->set))
		return false;
	ret->proto = IPPROTO_TCP;
	switch (k->set) {
	case SET_ENTRY4:
	case SET_ENTRY6:
		ret->kind = ELEMENT_ENTRY;
		get_addr(&ret->source, &p, k->set == SET_ENTRY4 ? 4 : 6);
		break;
	case SET_PATH4:
	case SET_PATH6:
		ret->kind = ELEMENT_PATH;
		get_addr(&ret->source, &p, k->set == SET_PATH4 ? 4 : 6);
		get_addr(&ret->target, &p, ret->source.family);
		ret->proto = p[0];
		p += 4;
		break;
	default:
		ret->kind = ELEMENT_LEG;
		get_addr(&ret->source, &p, k->set == SET_LEG4 ? 4 : 6);
		ret->sport = get_port(&p);
		get_addr(&ret->target, &p, ret->source.family);
		break;
	}
	ret->port = get_port(&p);
	return true;
}

bool
set_key_triple(struct addr *ret, uint8_t *retproto, uint16_t *retport,
    const struct set_key *k)
{
	const uint8_t *p = k->b;

	if ((k->set != SET_PROTECTED4 && k->set != SET_PROTECTED6) ||
	    k->n != set_key_size(k->set))
		return false;
	get_addr(ret, &p, k->set == SET_PROTECTED4 ? 4 : 6);
	*retproto = p[0];
	p += 4;
	*retport = get_port(&p);
	return true;
}
