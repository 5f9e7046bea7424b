/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quorum - how many people of which groups have to approve, in which order.
 * Pure values.
 *
 * A role lists its quorums as text, "1 of sre" or "2 of security or leads".
 * Each is a level: those of level 2 are asked when level 1 is met. Where
 * several roles apply, each level has what all of them want there. An approval
 * counts at the level that it was given at, once, for each quorum there whose
 * groups its approver is in.
 *
 * What an agent asks for, and no role wants approved, its owner approves. Where
 * the owner's own roles want approvals, theirs is none: they would approve what
 * they cannot approve for themselves.
 */
#ifndef CORE_QUORUM_H
#define CORE_QUORUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "core/target.h"

struct quorum {
	uint8_t level; /* from 1 */
	uint8_t people;
	uint8_t ngroups;
	bool owner; /* the agent's, and no group */
	char group[LIMIT_QUORUM_GROUPS][LIMIT_NAME_SIZE]; /* any of them */
};

struct quorum_list {
	unsigned n;
	struct quorum quorum[LIMIT_QUORUMS];
	/* of what an agent asks for; "" of anything else */
	char owner_id[LIMIT_ID_SIZE];
	bool not_owner; /* theirs counts for nothing */
};

/* One that was given. Borrowed. */
struct approval {
	const char *user_id;
	uint8_t level;
	const struct name_list *groups; /* of the approver */
};

struct quorum_state {
	bool met;
	uint8_t level;       /* that is asked now; 0 if met */
	unsigned have, want; /* of its quorum that lacks most */
	unsigned at;         /* which that is, in the list */
};

/* Adds one of the next level, by its text. GW_EINVAL: it is none; GW_ELIMIT. */
MUST_CHECK int quorum_add(struct quorum_list *l, const char *text);
/* Its text; QUORUM_TEXT_SIZE is enough for any. */
enum { QUORUM_TEXT_SIZE = 8 + LIMIT_QUORUM_GROUPS * (LIMIT_NAME_SIZE + 4) };
void quorum_text(char ret[static QUORUM_TEXT_SIZE], const struct quorum *q);
bool quorum_equal(const struct quorum_list *a, const struct quorum_list *b);
/* Is all that was wanted still wanted, by no wider groups? */
bool quorum_covers(
    const struct quorum_list *now, const struct quorum_list *was);
/* Adds to *all what l wants on the same levels. GW_ELIMIT: that is too much
 * for one request, and *all is not to be used. */
MUST_CHECK int quorum_merge(
    struct quorum_list *all, const struct quorum_list *l);
/* Of an agent's request: its owner is asked, unless others are. By the owner's
 * own roles approvals are wanted, or not. */
void quorum_own(struct quorum_list *l, const char *owner_id, bool wanted);
/* How far n approvals go. Two by the same user_id are one; those by own_id, who
 * asks, are none. */
void quorum_judge(struct quorum_state *ret, const struct quorum_list *l,
    const struct approval *a, size_t n, const char *own_id);
/* Some of them have to be of that group. */
bool quorum_names(const struct quorum_list *l, const char *group);
/* Would one by that user, of these groups, count at that level? */
bool quorum_counts(const struct quorum_list *l, uint8_t level,
    const char *user_id, const struct name_list *groups);

#endif
