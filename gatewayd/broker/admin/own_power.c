/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_power - see the header.
 */
#include "broker/admin/own_power.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "broker/broker.h"

int
own_power_read(struct call *c, struct own *ret)
{
	struct broker *b = c->b;
	struct user *u = NULL;
	int r = GW_ENOMEM;

	*ret = (struct own){0};
	if (c->local || c->user[0] == '\0')
		return 0;
	if ((u = calloc(1, sizeof(*u))) != NULL)
		r = store_user_get(b->store, c->user, u);
	if (r == 0)
		r = own_pick(ret, b->roles, b->nroles, c->user, &u->groups,
		    broker_now(b).utc_ms);
	if (u != NULL)
		explicit_bzero(u, sizeof(*u));
	free(u);
	return r == GW_ENOENT ? 0 : r; /* who is gone has nothing */
}

int
own_power_target(struct buf *ret, struct call *c, const struct own *roles,
    const struct target *t)
{
	struct target *was = NULL;
	const size_t had = ret->len;
	bool known = true;
	int r;

	if (roles->n == 0)
		return 0;
	if ((was = calloc(1, sizeof(*was))) == NULL)
		return GW_ENOMEM;
	if ((r = store_target_get(c->b->store, t->name, was)) == 0)
		own_target_widening(ret, c->user, roles, was, t);
	free(was);
	if (r != GW_ENOENT)
		return r;
	own_target_widening(ret, c->user, roles, NULL, t);
	r = ret->len > had ? store_target_known(c->b->store, t, &known) : 0;
	if (!known)
		ret->len = had;
	return r;
}
