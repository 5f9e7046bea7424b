/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own - see the header.
 */
#include "core/own.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "core/gap.h"
#include "core/grant.h"
#include "core/login.h"

int
own_pick(struct own *ret, const struct policy_role *roles, size_t n,
    const char *user, const struct name_list *groups, int64_t at_ms)
{
	*ret = (struct own){0};
	for (size_t i = 0; i < n; i++) {
		struct own_role *more = NULL;

		if (!policy_is_for(&roles[i], user, groups, at_ms))
			continue;
		more = reallocarray(ret->role, ret->n + 1, sizeof(*ret->role));
		if (more == NULL) {
			own_done(ret);
			return GW_ENOMEM;
		}
		ret->role = more;
		more[ret->n].r = roles[i];
		more[ret->n++].until_ms =
		    policy_for_until_ms(&roles[i], user, groups);
	}
	return 0;
}

void
own_done(struct own *o)
{
	free(o->role);
	*o = (struct own){0};
}

static const struct own_role *
find(const struct own *o, const char *id, bool deny)
{
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->role[i].r.id, id) == 0 &&
		    o->role[i].r.deny == deny)
			return &o->role[i];
	return NULL;
}

/* What is no term of a role (core/gap.h), and who else is in it, or how long a
 * request waits, reaches nobody and nothing more. */
static bool
reaches_alike(const struct policy_role *a, const struct policy_role *b)
{
	static const char *const others[] = {"users", "groups", "note",
	    "pending", "use_within", "unused_after", "approvals", "commands",
	    "reason", "reason_pattern", "ticket_pattern", "max", "mfa_age",
	    "allow", "hardware_key", "record"};
	const struct rolefield *f = rolefields();

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		bool skip = false;

		for (size_t k = 0; k < ARRAY_LEN(others); k++)
			skip = skip || strcmp(f[i].name, others[k]) == 0;
		if (!skip && !rolefield_equal(&f[i], a, b))
			return false;
	}
	return true;
}

static void
put_given(struct buf *ret, const char *user, const struct own_role *before,
    const struct own_role *after)
{
	const struct policy_role *now = &after->r;
	char more[GAP_TEXT_SIZE] = "";

	if (before == NULL) {
		buf_printf(ret, "role %s gives its author %s what it did not\n",
		    now->name, user);
		return;
	}
	gap_role_text(more, &before->r, now);
	if (after->until_ms > before->until_ms)
		buf_printf(ret, "role %s is its author's, %s, for longer\n",
		    now->name, user);
	if (!reaches_alike(&before->r, now))
		buf_printf(ret,
		    "role %s gives its author %s other targets, logins or "
		    "hours than before\n",
		    now->name, user);
	if (more[0] != '\0')
		buf_printf(ret, "role %s gives its author %s more: %s\n",
		    now->name, user, more);
}

void
own_widening(struct buf *ret, const char *user, const struct own *before,
    const struct own *after)
{
	if (FAULT(own_access))
		return;
	for (size_t i = 0; i < after->n; i++)
		if (!after->role[i].r.deny)
			put_given(ret, user,
			    find(before, after->role[i].r.id, false),
			    &after->role[i]);
	for (size_t i = 0; i < before->n; i++) {
		const struct policy_role *was = &before->role[i].r;
		const struct own_role *now = NULL;

		if (!was->deny)
			continue;
		now = find(after, was->id, true);
		if (now == NULL || !reaches_alike(was, &now->r))
			buf_printf(ret,
			    "role %s does not deny its author %s all that it "
			    "did\n",
			    was->name, user);
	}
}

/* ---- targets */

static bool
gets_login(const struct policy_role *r, const char *user,
    const struct target *was, const struct target *now)
{
	for (unsigned i = 0; i < now->logins.n; i++)
		if (!name_list_has(&was->logins, now->logins.name[i]) &&
		    login_gives(&r->logins, user, now->logins.name[i]))
			return true;
	return false;
}

static bool
same_addr(const struct addr *was, const struct addr *now)
{
	return now->family == 0 || addr_equal(was, now);
}

/* Directly, whoever answers at the address is reached: as a session, only a
 * host that takes the gateway's certificates for a target of that name. */
static bool
gets_host(const struct target *was, const struct target *now)
{
	return now->reach == REACH_DIRECT &&
	       (was->reach != REACH_DIRECT || was->port != now->port ||
		   !same_addr(&was->addr4, &now->addr4) ||
		   !same_addr(&was->addr6, &now->addr6));
}

void
own_target_widening(struct buf *ret, const char *user, const struct own *roles,
    const struct target *was, const struct target *now)
{
	for (size_t i = 0; i < roles->n && !FAULT(own_target); i++) {
		const struct policy_role *r = &roles->role[i].r;
		const bool had = was != NULL && policy_reaches(r, was);
		const bool has = policy_reaches(r, now);

		if (r->deny && had && !has)
			buf_printf(ret,
			    "role %s does not deny its author %s the target %s "
			    "any more\n",
			    r->name, user, now->name);
		else if (!r->deny && has && !had)
			buf_printf(ret,
			    "role %s gives its author %s the target %s\n",
			    r->name, user, now->name);
		else if (!r->deny && has &&
			 (gets_login(r, user, was, now) || gets_host(was, now)))
			buf_printf(ret,
			    "role %s gives its author %s more of the target "
			    "%s: a login, or another host directly\n",
			    r->name, user, now->name);
	}
}
