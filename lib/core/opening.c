/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opening - see the header.
 */
#include "core/opening.h"

enum { TRIES = 32 }; /* internal: windows that open, and help nothing */

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
change_of(const struct hours_list *l, const struct policy_facts *f)
{
	int64_t until_ms = HOURS_NEVER;

	(void)hours_judge(l, f->zones, f->when_ms, &until_ms);
	return until_ms;
}

/* When the hours of a role next open or shut. */
static int64_t
role_change(const struct policy_role *r, const struct policy_facts *f)
{
	struct hours_list one = {.n = 1};
	int64_t ms = change_of(&r->hours, f);

	for (unsigned i = 0; i < r->any_of.n; i++) {
		if (!r->any_of.of[i].timed)
			continue;
		one.hours[0] = r->any_of.of[i].hours;
		ms = sooner(ms, change_of(&one, f));
	}
	return ms;
}

static int64_t
next_change(
    const struct policy_facts *f, const struct policy_role *roles, size_t n)
{
	int64_t ms = HOURS_NEVER;

	for (size_t i = 0; i < n; i++)
		if (policy_holds(&roles[i], f) &&
		    policy_concerns(
			&roles[i], f->user, f->groups, f->target, f->when_ms))
			ms = sooner(ms, role_change(&roles[i], f));
	return ms;
}

int64_t
opening_find(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t nroles)
{
	const int64_t last_ms = f->when_ms + (int64_t)LIMIT_AT_AHEAD_S * 1000;
	struct policy_facts at = *f;

	for (unsigned i = 0; f->target != NULL && i < TRIES; i++) {
		at.when_ms = next_change(&at, roles, nroles);
		if (at.when_ms >= last_ms)
			return 0;
		policy_decide(ret, &at, roles, nroles);
		if (ret->verdict != POLICY_DENY || ret->would_pass)
			return at.when_ms;
	}
	return 0;
}
