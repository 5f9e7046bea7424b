/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places - see the header.
 */
#include "core/places.h"

#include "base/fault.h"

static bool
same(const struct addr *a, const struct addr *b, unsigned bits4, unsigned bits6)
{
	const unsigned bits = a->family == 4 ? bits4 : bits6;
	const struct addr na = addr_masked(a, bits), nb = addr_masked(b, bits);

	return addr_equal(&na, &nb);
}

static bool
same_network(const struct addr *a, const struct addr *b)
{
	return same(a, b, 24, 56) && !FAULT(no_prefixes);
}

static bool
same_site(const struct addr *a, const struct addr *b)
{
	return a->family == 6 && same(a, b, 32, 48) && !FAULT(no_prefixes);
}

void
places_begin(struct places *p, const struct addr *who, bool known)
{
	*p = (struct places){.who = *who, .known = known};
}

void
places_count(struct places *p, const struct addr *other, bool known)
{
	p->all++;
	p->source += addr_same_source(&p->who, other);
	if (known)
		return;
	p->strangers++;
	p->network += same_network(&p->who, other);
	p->site += same_site(&p->who, other);
}

enum place
places_judge(const struct places *p, const struct conf_caps *caps,
    unsigned max_strangers, unsigned max_all)
{
	if (p->source >= caps->source)
		return PLACE_OF_SOURCE;
	if (!p->known && p->network >= caps->network)
		return PLACE_OF_NETWORK;
	if (!p->known && p->site >= caps->site)
		return PLACE_OF_SITE;
	if (!p->known && p->strangers >= max_strangers)
		return PLACE_OF_STRANGERS;
	return p->all >= max_all ? PLACE_OF_ALL : PLACE_FREE;
}

bool
places_shared(const struct places *p, enum place kind, const struct addr *other,
    bool known)
{
	switch (kind) {
	case PLACE_OF_SOURCE:
		return addr_same_source(&p->who, other);
	case PLACE_OF_NETWORK:
		return !known && same_network(&p->who, other);
	case PLACE_OF_SITE:
		return !known && same_site(&p->who, other);
	case PLACE_OF_STRANGERS:
		return !known;
	case PLACE_OF_ALL:
		return !known || p->known;
	case PLACE_UNKNOWN:
	case PLACE_FREE:
	default:
		return false;
	}
}

const char *
place_str(enum place kind)
{
	switch (kind) {
	case PLACE_OF_SOURCE:
		return "too_many_from_source";
	case PLACE_OF_NETWORK:
		return "too_many_from_network";
	case PLACE_OF_SITE:
		return "too_many_from_site";
	case PLACE_OF_STRANGERS:
		return "too_many_strangers";
	case PLACE_OF_ALL:
		return "too_many_sessions";
	case PLACE_UNKNOWN:
	case PLACE_FREE:
	default:
		return "unknown";
	}
}

const char *
place_text(enum place kind)
{
	switch (kind) {
	case PLACE_OF_SOURCE:
		return "your address has too many connections here: close some";
	case PLACE_OF_NETWORK:
	case PLACE_OF_SITE:
		return "your network has too many connections here: try again, "
		       "or tell the gateway's admins";
	case PLACE_OF_STRANGERS:
	case PLACE_OF_ALL:
		return "the gateway has too many connections: try again";
	case PLACE_UNKNOWN:
	case PLACE_FREE:
	default:
		return "the gateway cannot serve you now: try again";
	}
}
