/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delegation - see the header.
 */
#include "core/delegation.h"

#include "core/grant.h"

bool
delegation_ok(const struct delegation *d)
{
	return d->agent[0] != '\0' && d->owner[0] != '\0' && d->logins.n > 0 &&
	       d->caps != 0 && (d->caps & ~(uint32_t)CAP_DEFAULT) == 0 &&
	       (d->roles.n > 0 || d->targets.n > 0 || d->select.n > 0) &&
	       d->max_s >= LIMIT_GRANT_MIN_S && d->max_s <= LIMIT_GRANT_MAX_S &&
	       d->until_ms > d->created_ms &&
	       d->until_ms - d->created_ms <=
		   (int64_t)LIMIT_DELEGATION_S * 1000;
}

bool
delegation_covers(const struct delegation *d, const struct target *t)
{
	if (d->targets.n == 0 && d->select.n == 0)
		return d->roles.n > 0;
	return name_list_has(&d->targets, t->name) ||
	       selector_list_holds(&d->select, &t->labels);
}
