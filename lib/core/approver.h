/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approver - can what wants approval be approved at all? Of the people there
 * are, who can say yes now, and are they enough for all levels: nobody approves
 * twice, so that each level needs others. Pure.
 *
 * What is told is so. Where one level wants several quorums at once, there may
 * be too few people for it and nothing is told.
 */
#ifndef CORE_APPROVER_H
#define CORE_APPROVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/limits.h"
#include "core/kind.h"
#include "core/quorum.h"
#include "core/target.h"

/* Somebody who is in a group. Borrowed. */
struct approver {
	const char *name, *id;
	const struct name_list *groups;
	enum user_kind kind;
	bool enrolled; /* active, with a key and a second factor */
	bool disabled;
	bool locked; /* they, a group of theirs, or each of their keys */
	const char (*key)[64];
	unsigned nkeys;
};

/* All of them, by group: a copy. */
struct approvers;

MUST_CHECK int approvers_new(struct approvers **ret);
void approvers_free(struct approvers *a); /* NULL is a no-op */
/* Two who have an id or a key in common count as one. */
MUST_CHECK int approvers_add(struct approvers *a, const struct approver *p);

struct shortage {
	unsigned want, have; /* people; all of a quorum, or of several levels */
	bool no_group;       /* none of its groups has anybody in it */
	char text[LIMIT_TEXT_SIZE]; /* a sentence without its end */
};

/* Is something of it wanted from more people than there are? own_id ("" =
 * nobody's) asks, and does not count. False: no. */
bool approvers_lack(struct shortage *ret, struct approvers *a,
    const struct quorum_list *l, const char *own_id);

#endif
