/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alternative - what of several things has to hold for a role to give what it
 * gives: "hours=mon-fri 08:00-18:00 UTC", "group=oncall; reason=INC-[0-9]+
 * .*", "select=env=test". All parts of one alternative have to hold, and one
 * alternative. Pure.
 */
#ifndef CORE_ALTERNATIVE_H
#define CORE_ALTERNATIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "core/hours.h"
#include "core/selector.h"
#include "core/target.h"

/* Each part: "" or none where nothing is said of it. */
struct alternative {
	bool timed;
	struct hours hours;
	char group[LIMIT_NAME_SIZE]; /* the user is in it */
	bool selects;
	struct selector select;             /* of the target's labels */
	char reason[LIMIT_PATTERN_MAX + 1]; /* what it must look like */
};

struct alternative_list {
	unsigned n;
	struct alternative of[LIMIT_ALTERNATIVES];
};

/* Everything is borrowed. */
struct alternative_facts {
	const struct name_list *groups; /* NULL: none */
	const struct label_list *labels;
	const char *reason;             /* NULL: whichever is wanted */
	const struct zone_table *zones; /* NULL: none is known */
	bool anytime;                   /* as if hours were open */
	int64_t at_ms;
};

/* Adds one by its text: parts with "; " between, each once, the reason last.
 * GW_EINVAL: it is none, or too long; GW_EEXIST; GW_ELIMIT. */
MUST_CHECK int alternative_add(struct alternative_list *l, const char *text);
/* Its text: the same for all ways to write it. */
void alternative_text(
    char ret[static LIMIT_TEXT_SIZE], const struct alternative *a);
bool alternative_equal(
    const struct alternative_list *a, const struct alternative_list *b);

/* What is the case for one of them; *ret_until_ms as hours_judge() has it. A
 * zone that is not known makes it false. */
bool alternative_holds(const struct alternative *a,
    const struct alternative_facts *f, int64_t *ret_until_ms);
/* One of them holds, or there is none in the list; until then one does, which
 * need not be the same. */
bool alternative_list_holds(const struct alternative_list *l,
    const struct alternative_facts *f, int64_t *ret_until_ms);
/* One of them is about that group. */
bool alternative_names(const struct alternative_list *l, const char *group);
/* The first zone that is not in t, or NULL. */
const char *alternative_unknown(
    const struct alternative_list *l, const struct zone_table *t);

#endif
