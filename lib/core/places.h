/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places - whether one connection more may come in from somewhere, so that few
 * sources cannot take all places. Counted are
 *
 *	source    an IPv4 address, an IPv6 /64
 *	network   an IPv4 /24, an IPv6 /56
 *	site      an IPv6 /48
 *	strangers sources without a live grant or token
 *	all
 *
 * A source that has a live grant or token (core/known.h) is counted as a source
 * and in all, not by where it is: its neighbours cannot shut it out. Pure.
 */
#ifndef CORE_PLACES_H
#define CORE_PLACES_H

#include <stdbool.h>

#include "base/addr.h"
#include "core/conf.h"

/* What there are too many of; the last is the one yes. */
enum place {
	PLACE_UNKNOWN = 0,
	PLACE_OF_SOURCE,
	PLACE_OF_NETWORK,
	PLACE_OF_SITE,
	PLACE_OF_STRANGERS,
	PLACE_OF_ALL,
	PLACE_FREE,
};

struct places {
	struct addr who;
	bool known;
	unsigned source, network, site, strangers, all; /* so far */
};

/* Begin, count each connection there is, judge. */
void places_begin(struct places *p, const struct addr *who, bool known);
void places_count(struct places *p, const struct addr *other, bool known);
enum place places_judge(const struct places *p, const struct conf_caps *caps,
    unsigned max_strangers, unsigned max_all);
/* Would who have a place of this kind if other left? */
bool places_shared(const struct places *p, enum place kind,
    const struct addr *other, bool known);
/* For evidence: "too_many_from_network". */
const char *place_str(enum place kind);
/* For the one who is refused: a clause after "sallyport: ". */
const char *place_text(enum place kind);

#endif
