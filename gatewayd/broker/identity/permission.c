/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permission - see the header.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "broker/call/call.h"
#include "broker/identity/permission.h"

void
permission_load(struct call *c, const char *name)
{
	struct user *u = calloc(1, sizeof(*u));

	if (u != NULL && store_user_get(c->b->store, name, u) == 0) {
		name_set(c->user, u->name);
		c->user_state = u->state;
		c->admin = u->admin;
		c->auditor = u->auditor;
	}
	free(u);
}

bool
permission_rank(const struct call *c)
{
	if (c->local || FAULT(any_rank))
		return true;
	switch (c->verb->who) {
	case WHO_ANYONE:
		return true;
	case WHO_USER:
		return c->user[0] != '\0';
	case WHO_AUDITOR:
		return c->auditor || c->admin;
	case WHO_ADMIN:
		return c->admin;
	default:
		return false;
	}
}

bool
permission_still(struct call *c)
{
	char owner[LIMIT_NAME_SIZE] = "";

	if (c->local)
		return true;
	c->user_state = USER_NONE;
	permission_load(c, c->user);
	return c->user_state == USER_ACTIVE && permission_rank(c) &&
	       store_user_by_key(c->b->store, c->key_fp, owner) == 0 &&
	       strcmp(owner, c->user) == 0;
}

/* An invited user may do nothing but enrol. */
bool
permission_state(const struct call *c)
{
	if (c->local || c->user_state == USER_ACTIVE)
		return true;
	if (c->verb->id == VERB_ENROLL)
		return c->user_state != USER_DISABLED;
	return c->verb->id == VERB_ENROLL_CONFIRM &&
	       c->user_state == USER_INVITED;
}
