/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policyrole - a role by itself (policy.h): is it one, and whom and what does
 * it concern? Pure.
 */
#include <string.h>

#include "base/str.h"
#include "core/policy.h"

static bool
any_group(const struct policy_role *r, const struct name_list *groups)
{
	for (unsigned i = 0; groups != NULL && i < groups->n; i++)
		if (name_list_has(&r->groups, groups->name[i]))
			return true;
	return false;
}

bool
policy_is_for(const struct policy_role *r, const char *user,
    const struct name_list *groups)
{
	/* a deny role that names nobody is meant for everybody */
	if (r->deny && r->users.n == 0 && r->groups.n == 0)
		return true;
	return name_list_has(&r->users, user) || any_group(r, groups);
}

static bool
by_labels(const struct policy_role *r)
{
	return r->labels.n > 0 || r->select.n > 0;
}

/* All that it says of them; if it says nothing, none. */
static bool
has_labels(const struct policy_role *r, const struct target *t)
{
	return by_labels(r) &&
	       (r->labels.n == 0 ||
		   label_list_covers(&t->labels, &r->labels)) &&
	       (r->select.n == 0 ||
		   selector_list_holds(&r->select, &t->labels));
}

bool
policy_reaches(const struct policy_role *r, const struct target *t)
{
	if (r->deny && r->targets.n == 0 && !by_labels(r))
		return true;
	return name_list_has(&r->targets, t->name) || has_labels(r, t);
}

bool
policy_concerns(const struct policy_role *role, const char *user,
    const struct name_list *groups, const struct target *t)
{
	return t != NULL && policy_is_for(role, user, groups) &&
	       policy_reaches(role, t);
}

/* ---- roles as values */

bool
policy_role_ok(const struct policy_role *r)
{
	if (!str_name_ok(r->name) || r->max_s > LIMIT_GRANT_MAX_S)
		return false;
	if (r->deny)
		return r->commands.n == 0;
	return r->max_s >= LIMIT_GRANT_MIN_S &&
	       (r->users.n > 0 || r->groups.n > 0) &&
	       (r->targets.n > 0 || by_labels(r)) && r->logins.n > 0 &&
	       r->ports.n > 0 && r->caps != 0;
}

bool
policy_role_equal(const struct policy_role *a, const struct policy_role *b)
{
	const struct rolefield *f = rolefields();

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		if (!rolefield_equal(&f[i], a, b))
			return false;
	return true;
}
