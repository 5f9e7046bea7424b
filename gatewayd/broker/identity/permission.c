/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permission - see the header.
 */
#include <string.h>

#include "base/fault.h"
#include "broker/call/call.h"
#include "broker/call/subject.h"
#include "broker/identity/permission.h"

void
permission_load(struct call *c, const char *name)
{
	struct subject *x = call_subject(c);

	if (x == NULL || subject_user(c->b, x, name) != 0)
		return;
	name_set(c->user, x->user.name);
	c->user_state = x->user.state;
	if (x->user.kind == KIND_AGENT && !x->behalf.stands &&
	    !FAULT(owner_gone))
		c->user_state = USER_DISABLED; /* its owner is */
	c->rights = x->user.rights;
	c->kind = x->user.kind;
}

bool
permission_from(const struct call *c)
{
	const struct prefix_list *l = NULL;

	if (c->local || c->timed || c->user[0] == '\0' ||
	    c->kind == KIND_PERSON || FAULT(machine_from))
		return true;
	if (c->subject == NULL)
		return false;
	l = &c->subject->user.sources;
	for (unsigned i = 0; i < c->req.nsources; i++)
		if (!prefix_list_has(l, &c->req.source[i].addr))
			return false;
	return prefix_list_has(l, &c->peer);
}

bool
permission_kind(const struct call *c)
{
	if (c->local || c->user[0] == '\0' || c->kind == KIND_PERSON ||
	    FAULT(machine_may))
		return true;
	if (c->verb->code != CODE_NONE && c->verb->code != CODE_INSIDE)
		return false;
	return c->verb->who == WHO_ANYONE || c->verb->who == WHO_STRANGER ||
	       c->verb->who == WHO_USER;
}

bool
permission_has_key(const struct call *c)
{
	return c->subject != NULL && c->user[0] != '\0' &&
	       strcmp(c->subject->user.name, c->user) == 0 &&
	       user_has_key(&c->subject->user, c->key_fp);
}

bool
permission_rank(const struct call *c)
{
	if (c->local || FAULT(any_rank))
		return true;
	switch (c->verb->who) {
	case WHO_ANYONE:
	case WHO_STRANGER:
		return true;
	case WHO_INVITED:
	case WHO_USER:
	case WHO_PERSON:
		return c->user[0] != '\0';
	default:
		return verb_rights(c->verb) != RIGHT_NONE &&
		       right_may(c->rights, verb_rights(c->verb));
	}
}

const struct lock *
permission_lock(const struct call *c)
{
	struct addr from[LIMIT_SOURCES + 1] = {c->peer};
	struct lock_facts f = {.user = c->user, .key_fp = c->key_fp};
	const enum verb_lock locks = verb_barred_by(c->verb);

	if (c->local || locks == LOCKS_NONE || FAULT(locked_caller))
		return NULL;
	if (c->subject != NULL)
		f.groups = &c->subject->user.groups;
	f.named = locks != LOCKS_ALL;
	if (locks != LOCKS_NAME) {
		f.source = from;
		f.nsources = 1;
	}
	for (unsigned i = 0; !f.named && i < c->req.nsources; i++)
		from[f.nsources++] = c->req.source[i].addr;
	return broker_lock(c->b, &f);
}

bool
permission_reaches(const struct call *c, const struct target *t)
{
	for (size_t i = 0; c->subject != NULL && i < c->b->nroles; i++)
		if (policy_gives(&c->b->roles[i]) &&
		    policy_is_for_kind(&c->b->roles[i], c->kind) &&
		    policy_concerns(&c->b->roles[i], c->user,
			&c->subject->user.groups, t, broker_now(c->b).utc_ms))
			return true;
	return false;
}

bool
permission_still(struct call *c)
{
	if (c->local)
		return true;
	c->user_state = USER_NONE;
	permission_load(c, c->user);
	return c->user_state == USER_ACTIVE && permission_rank(c) &&
	       permission_from(c) && permission_kind(c) &&
	       permission_has_key(c) && permission_lock(c) == NULL;
}

bool
permission_kept(struct call *c, const char *nothing)
{
	struct problem p = {0};

	if (permission_still(c))
		return true;
	problem_set(&p, 403, "forbidden", NULL,
	    "your permissions changed meanwhile: %s", nothing);
	call_undone(c, &p);
	return false;
}

/* An invited user may do nothing but enrol. */
bool
permission_state(const struct call *c)
{
	if (c->local || c->user_state == USER_ACTIVE)
		return true;
	switch (c->verb->who) {
	case WHO_STRANGER:
		return c->user_state != USER_DISABLED;
	case WHO_INVITED:
		return c->user_state == USER_INVITED;
	default:
		return false;
	}
}
