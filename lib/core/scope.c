/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope - see the header. What a field says is compared by the texts of its
 * values, whatever they are.
 */
#include "core/scope.h"

#include <string.h>

static bool
has_value(const struct rolefield *f, const struct policy_role *r,
    const struct rolefield_value *v)
{
	struct rolefield_value x;

	for (unsigned i = 0; i < rolefield_count(f, r); i++) {
		rolefield_get(&x, f, r, i);
		if (strcmp(x.text, v->text) == 0 &&
		    strcmp(x.more, v->more) == 0)
			return true;
	}
	return false;
}

/* All values of a are values of b. */
static bool
is_within(const struct rolefield *f, const struct policy_role *a,
    const struct policy_role *b)
{
	struct rolefield_value x;

	for (unsigned i = 0; i < rolefield_count(f, a); i++) {
		rolefield_get(&x, f, a, i);
		if (!has_value(f, b, &x))
			return false;
	}
	return true;
}

static bool
is_less(const struct rolefield *f, const struct policy_role *was,
    const struct policy_role *now)
{
	const unsigned had = rolefield_count(f, was);
	const unsigned has = rolefield_count(f, now);

	switch (f->kind) {
	case ROLE_LABELS:
	case ROLE_SELECTORS:
		/* all of them have to hold; without any, nothing is meant */
		return !is_within(f, now, was) || (had > 0 && has == 0);
	case ROLE_PREFIXES:
	case ROLE_HOURS: /* one has to hold; none: nothing has to */
		return has > 0 && (had == 0 || !is_within(f, was, now));
	case ROLE_ALTERNATIVES:
		return false; /* where none holds the role refuses */
	default:
		return !is_within(f, was, now);
	}
}

const struct rolefield *
scope_lost(const struct policy_role *was, const struct policy_role *now)
{
	const struct rolefield *f = rolefields();

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		if (f[i].merge == ROLE_SELECTS && f[i].kind != ROLE_NAME &&
		    is_less(&f[i], was, now))
			return &f[i];
	return NULL;
}
