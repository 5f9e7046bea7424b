/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subject - see the header.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "broker/broker.h"
#include "broker/call/subject.h"

/* The owner, as they were when the agent was made; and the delegation, if it is
 * of these two and by a key that is the owner's still. */
static int
read_behalf(struct store *s, const struct user *agent, struct behalf *ret)
{
	struct user *u = calloc(1, sizeof(*u));
	int r = u != NULL ? store_user_get(s, agent->owner, u) : GW_ENOMEM;

	if (r == 0 && strcmp(u->id, agent->owner_id) == 0 &&
	    u->kind == KIND_PERSON) {
		name_set(ret->owner, u->name);
		memcpy(ret->owner_id, u->id, sizeof(ret->owner_id));
		ret->groups = u->groups;
		ret->stands = u->state == USER_ACTIVE;
		r = store_delegation_get(s, agent->name, &ret->d);
		if (r == GW_ECORRUPT)
			r = GW_ENOENT;
		if (r == 0 && (strcmp(ret->d.agent_id, agent->id) != 0 ||
				  strcmp(ret->d.owner_id, u->id) != 0))
			memset(&ret->d, 0, sizeof(ret->d));
		if (ret->d.id[0] != '\0' && !user_has_key(u, ret->d.key_fp) &&
		    !FAULT(delegation_key))
			memset(&ret->d, 0, sizeof(ret->d));
	}
	if (u != NULL)
		explicit_bzero(u, sizeof(*u));
	free(u);
	return r == GW_ENOENT ? 0 : r;
}

int
subject_user(struct broker *b, struct subject *s, const char *name)
{
	const uint64_t changes = store_changes(b->store);
	int r;

	if (s->user_changes == changes && strcmp(s->user.name, name) == 0)
		return 0;
	s->user_changes = changes;
	memset(&s->behalf, 0, sizeof(s->behalf));
	r = store_user_get(b->store, name, &s->user);
	if (r == 0 && s->user.kind == KIND_AGENT &&
	    (r = read_behalf(b->store, &s->user, &s->behalf)) != 0)
		subject_clear(s);
	return r;
}

int
subject_target(struct broker *b, struct subject *s, const char *name)
{
	const uint64_t changes = store_changes(b->store);

	if (s->target_changes == changes && strcmp(s->target.name, name) == 0)
		return 0;
	s->target_changes = changes;
	return store_target_get(b->store, name, &s->target);
}

void
subject_clear(struct subject *s)
{
	explicit_bzero(s, sizeof(*s));
}
