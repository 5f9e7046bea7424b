/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock - a no to everybody it covers, whatever roles and approvals say: on a
 * user, a group, a role, a target, a login, a source, a key, a grant, or on
 * everything; until it is taken away, or until a time. It goes by names: who is
 * made anew under one that is locked is locked. Pure values.
 */
#ifndef CORE_LOCK_H
#define CORE_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/limits.h"
#include "core/target.h"

/* The numbers are in stores: none changes its meaning. */
enum lock_kind {
	LOCK_NONE = 0,
	LOCK_USER = 1,
	LOCK_GROUP = 2, /* whoever is in it */
	LOCK_ROLE = 3,  /* what it gives, be it that others give it too */
	LOCK_TARGET = 4,
	LOCK_LOGIN = 5,  /* of that name, at every target */
	LOCK_SOURCE = 6, /* a prefix */
	LOCK_KEY = 7,    /* by its fingerprint */
	LOCK_GRANT = 8,
	LOCK_EVERYTHING = 9,
	LOCK_KIND_COUNT
};

struct lock {
	char id[LIMIT_ID_SIZE];      /* "l-7Q2MXK4P" */
	uint8_t kind;                /* enum lock_kind */
	char value[LIMIT_NAME_SIZE]; /* "" of everything */
	struct prefix prefix;        /* of a source: the value, read */
	char by[LIMIT_NAME_SIZE];    /* who set it */
	char reason[LIMIT_REASON_SIZE];
	int64_t created_ms;
	int64_t until_ms; /* 0 = until it is removed */
	/* The same by the boottime of that boot: a clock that is ahead for a
	 * moment lifts no lock. "" = it is not known. */
	char boot_id[CLOCK_BOOT_ID_SIZE];
	int64_t end_boot_ms;
	uint64_t seq;
};

/* What is to be judged; borrowed. NULL and "" are not known, or not part of
 * it. */
struct lock_facts {
	const char *user;
	const struct name_list *groups; /* of the user */
	const char *key_fp;
	const char *target;
	const char *login;
	const char *role;
	const char *grant;
	const struct addr *source;
	unsigned nsources; /* one that is covered is enough */
	bool named;        /* a lock on everything is not asked about */
};

/* "user"; "" for what is none. */
const char *lock_kind_str(enum lock_kind k);
/* LOCK_NONE: there is no such kind. */
enum lock_kind lock_kind_of(const char *word);
/* Sets kind and value, which is what such a thing is called. GW_EINVAL: it is
 * not. */
MUST_CHECK int lock_set(struct lock *l, enum lock_kind k, const char *value);
/* After "value: ", of one that was refused. */
const char *lock_expects(enum lock_kind k);
/* It has not run out, by one of the two clocks at least. */
bool lock_stands(
    const struct lock *l, const struct now *now, const char *boot_id);
/* Of the same thing as another. */
bool lock_same(const struct lock *a, const struct lock *b);
/* The first that covers it; NULL: none does. All of them stand: one that has
 * run out does until it is taken from the list. */
const struct lock *lock_find(
    const struct lock *locks, size_t n, const struct lock_facts *f);
/* "the user bob is locked (l-7Q2MXK4P) by alice until ...: WHY" */
enum { LOCK_TEXT_SIZE = LIMIT_TEXT_SIZE };
void lock_text(char ret[static LOCK_TEXT_SIZE], const struct lock *l);

#endif
