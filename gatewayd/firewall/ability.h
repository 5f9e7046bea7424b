/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ability - what this kernel's nf_tables can do, found out by trying it in a
 * scratch table that is gone afterwards. Version numbers are not asked.
 */
#ifndef FIREWALL_ABILITY_H
#define FIREWALL_ABILITY_H

#include <stdbool.h>

#include "base/attr.h"

struct ability {      /* all false: the oldest kernel we know */
	bool owner;   /* a table can be owned and outlive its owner (6.9) */
	bool update;  /* an element's end can be moved in place (6.12) */
	bool destroy; /* DESTROYSETELEM (6.3) */
};

/* GW_EDENIED without CAP_NET_ADMIN, GW_EUNSUPPORTED without nf_tables. */
MUST_CHECK int ability_probe(struct ability *ret);

#endif
