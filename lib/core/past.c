/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past - see the header.
 */
#include "core/past.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "core/policy.h"

static bool
is(const char *want, const char *have)
{
	return want == NULL || want[0] == '\0' || strcmp(want, have) == 0;
}

/* A whole word of it. */
static bool
has_word(const char *want, const char *words)
{
	const size_t n = want != NULL ? strlen(want) : 0;

	if (n == 0)
		return true;
	for (const char *p = words; *p != '\0'; p += *p == ' ' ? 1 : 0) {
		const size_t len = strcspn(p, " ");

		if (len == n && memcmp(p, want, n) == 0)
			return true;
		p += len;
	}
	return false;
}

/* Any of those that decided. */
static bool
has_role(const char *want, const char *roles)
{
	return want == NULL || want[0] == '\0' ||
	       policy_roles_have(roles, want);
}

bool
past_matches(const struct past *want, const struct past *row)
{
	return is(want->user, row->user) && is(want->target, row->target) &&
	       is(want->login, row->login) && has_role(want->role, row->role) &&
	       is(want->state, row->state) &&
	       has_word(want->approvers, row->approvers);
}

bool
past_state_ok(const char *state)
{
	static const char *const words[] = {"pending", "approved", "active",
	    "ending", "ended", "denied", "withdrawn", "lapsed"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(state, words[i]) == 0)
			return true;
	return false;
}
