/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access - what a change of policy makes of whose access: who gains, loses or
 * keeps otherwise which target as which login, by which roles. Each pair is
 * judged as a request is (core/policy.h), as if it came from a place and at a
 * time that the roles give. Pure.
 *
 * Users whom the same roles are for are judged once, as are targets that the
 * same roles reach: what it costs grows with the kinds of them, not with all.
 */
#ifndef CORE_ACCESS_H
#define CORE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "core/policy.h"

enum access_is { ACCESS_NONE = 0, ACCESS_GAINED, ACCESS_LOST, ACCESS_CHANGED };

/* What somebody has. */
struct access {
	bool any;
	struct name_list roles; /* that count, */
	struct policy_role all; /* and what they are together */
};

struct access_names {
	char (*name)[LIMIT_NAME_SIZE];
	size_t n;
};

/* What all of these users have at all of these targets. Borrowed. */
struct access_change {
	enum access_is is;
	const struct access_names *users, *targets;
	const struct name_list *logins;
	const struct access *before, *after;
	/* Of one that changed, by the rows of core/rolefield.h. A list that
	 * says when or from where differs where that of a role does which
	 * counts before and after; so do its users where the end of them does.
	 */
	bool differs[ROLE_FIELD_COUNT];
};

typedef void access_fn(void *arg, const struct access_change *c);

struct access_diff;

/* Roles are borrowed until it is freed; who is in one until a moment is before
 * that. NULL: out of memory. */
struct access_diff *access_diff_new(const struct policy_role *before,
    size_t nbefore, const struct policy_role *after, size_t nafter,
    int64_t at_ms);
void access_diff_free(struct access_diff *d); /* NULL is a no-op */
/* Adds one, as they are before and after; NULL: not there, or shut out. In the
 * order in which they are to be told. GW_ENOMEM. */
MUST_CHECK int access_diff_user(struct access_diff *d, const char *name,
    enum user_kind kind, const struct name_list *before,
    const struct name_list *after);
MUST_CHECK int access_diff_target(struct access_diff *d,
    const struct target *before, const struct target *after);
/* Tells all that changes. GW_ELIMIT: more than max pairs of kinds would have to
 * be judged, and the rest was not. */
MUST_CHECK int access_diff_run(
    struct access_diff *d, size_t max, access_fn *fn, void *arg);

#endif
