/* SPDX-License-Identifier: Apache-2.0 */
/*
 * review - who holds which role, when they used it last, and whether they
 * should keep it: a line for each way into a role, by name or by a group; then
 * the roles and the people that nobody and nothing used. What they are is a
 * function of facts and a moment, in whatever order the facts come. Pure.
 */
#ifndef CORE_REVIEW_H
#define CORE_REVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "core/policy.h"

/* The numbers are in stores: none changes its meaning. */
enum review_kind {
	REVIEW_NONE = 0,
	REVIEW_MEMBER = 1, /* somebody in a role: what is answered */
	REVIEW_ROLE = 2,   /* nobody used it for so long */
	REVIEW_USER = 3,   /* they used nothing for so long */
};
enum review_answer {
	REVIEW_UNANSWERED = 0,
	REVIEW_KEEP = 1,
	REVIEW_REMOVE = 2,
};

struct review_line {
	uint32_t n;   /* from 1 */
	uint8_t kind; /* enum review_kind */
	char user[LIMIT_NAME_SIZE], user_id[LIMIT_ID_SIZE];
	char role[LIMIT_NAME_SIZE], role_id[LIMIT_ID_SIZE];
	char via[LIMIT_NAME_SIZE]; /* the group; "" = by name */
	int64_t until_ms;          /* of that: MEMBER_ALWAYS */
	int64_t last_ms;           /* a grant under it began; 0 = never */
	uint64_t times;
	uint8_t advice;            /* REVIEW_KEEP or REVIEW_REMOVE, */
	char why[LIMIT_NAME_SIZE]; /* and why */
	uint8_t answer;            /* enum review_answer */
	char by[LIMIT_NAME_SIZE];
	char note[LIMIT_REASON_SIZE];
	int64_t at_ms;
	char done[LIMIT_REASON_SIZE]; /* at the end: "removed", "left: ..." */
	uint64_t seq;
};

struct review_facts {
	bool nobody, disabled; /* of the user: there is none, or shut out */
	int64_t until_ms, last_ms;
	int64_t now_ms, unused_ms;
};

/* REVIEW_KEEP, or REVIEW_REMOVE in doubt. *retwhy is constant. */
enum review_answer review_advise(
    const struct review_facts *f, const char **retwhy);

/* Everything is borrowed. */
struct review_member {
	char name[LIMIT_NAME_SIZE], id[LIMIT_ID_SIZE];
	bool disabled;
	bool machine;
	struct name_list groups;
};

struct review_use {
	char user[LIMIT_NAME_SIZE], user_id[LIMIT_ID_SIZE];
	char role[LIMIT_NAME_SIZE], role_id[LIMIT_ID_SIZE];
	int64_t last_ms;
	uint64_t times;
};

typedef void review_use_fn(void *arg, const struct review_use *u);
/* Of what was judged by all of roles (policy_roles_text()): the use of each.
 * u has the deciding one; of the others the name alone is known. */
void review_use_each(const struct review_use *u, const char *roles,
    review_use_fn *fn, void *arg);

struct review_in {
	const struct policy_role *roles;
	size_t nroles;
	const struct review_member *members;
	size_t nmembers;
	const struct review_use *uses;
	size_t nuses;
	int64_t now_ms, unused_ms;
	/* Of these alone; empty = of all. */
	struct name_list only_roles, only_groups, only_users;
};

/* All lines, numbered, in the one order that there is; free(). Of roles that
 * give something: one that denies is nobody's right. GW_ENOMEM, GW_ELIMIT. */
MUST_CHECK int review_build(
    struct review_line **ret, size_t *retn, const struct review_in *in);
/* "alice ops via sre": as records have a line. */
enum { REVIEW_TEXT_SIZE = 3 * LIMIT_NAME_SIZE + 8 };
void review_text(
    char ret[static REVIEW_TEXT_SIZE], const struct review_line *l);

/* Why a line that is to be removed cannot be, or NULL: a membership of a group
 * is left where it is also what something else goes by that was not to be
 * removed. lines are all of the review, as answered. */
const char *review_left(const struct review_line *l,
    const struct review_line *lines, size_t n, const struct policy_role *roles,
    size_t nroles);

/* "member", "role", "user"; "keep", "remove", "" */
const char *review_kind_str(enum review_kind k);
const char *review_answer_str(enum review_answer a);

#endif
