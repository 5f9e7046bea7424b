/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policyrole - a role by itself (policy.h): is it one, and whom and what does
 * it concern? Pure.
 */
#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "core/policy.h"

bool
policy_holds(const struct policy_role *r, const struct policy_facts *f)
{
	return !r->report_only || r == f->trial || FAULT(report_only);
}

bool
policy_gives(const struct policy_role *r)
{
	return !r->deny && !r->report_only;
}

int64_t
policy_for_until_ms(const struct policy_role *r, const char *user,
    const struct name_list *groups)
{
	int64_t until_ms = member_until_ms(&r->users, user);

	/* a deny role that names nobody is meant for everybody */
	if (r->deny && r->users.names.n == 0 && r->groups.names.n == 0)
		return MEMBER_ALWAYS;
	for (unsigned i = 0; groups != NULL && i < groups->n; i++) {
		const int64_t ms = member_until_ms(&r->groups, groups->name[i]);

		if (ms > until_ms)
			until_ms = ms;
	}
	return until_ms > 0 && FAULT(member_ended) ? MEMBER_ALWAYS : until_ms;
}

bool
policy_is_for(const struct policy_role *r, const char *user,
    const struct name_list *groups, int64_t at_ms)
{
	return policy_for_until_ms(r, user, groups) > at_ms;
}

bool
policy_is_for_kind(const struct policy_role *r, enum user_kind kind)
{
	if (r->deny || FAULT(any_kind))
		return true;
	switch (kind) {
	case KIND_PERSON:
	case KIND_AGENT:
		return !r->machine;
	case KIND_MACHINE:
		return r->machine;
	case KIND_NONE:
		break;
	}
	return false;
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
    const struct name_list *groups, const struct target *t, int64_t at_ms)
{
	return t != NULL && policy_is_for(role, user, groups, at_ms) &&
	       policy_reaches(role, t);
}

/* ---- roles as values */

/* What a machine may is said beforehand: nobody looks on. */
static bool
fits_machine(const struct policy_role *r)
{
	if (!r->machine || FAULT(machine_wide))
		return true;
	if (r->max_s > LIMIT_MACHINE_S)
		return false;
	for (unsigned i = 0; r->commands.n == 0 && i < r->logins.n; i++)
		if (login_is_own(r->logins.name[i]))
			return false;
	return true;
}

bool
policy_role_ok(const struct policy_role *r)
{
	if (!str_name_ok(r->name) || r->max_s > LIMIT_GRANT_MAX_S)
		return false;
	if (r->deny)
		return r->commands.n == 0 && r->any_of.n == 0 && !r->machine;
	return fits_machine(r) && r->max_s >= LIMIT_GRANT_MIN_S &&
	       (r->users.names.n > 0 || r->groups.names.n > 0) &&
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
