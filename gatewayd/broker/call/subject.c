/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subject - see the header.
 */
#include <string.h>

#include "broker/broker.h"
#include "broker/call/subject.h"

int
subject_user(struct broker *b, struct subject *s, const char *name)
{
	const uint64_t changes = store_changes(b->store);

	if (s->user_changes == changes && strcmp(s->user.name, name) == 0)
		return 0;
	s->user_changes = changes;
	return store_user_get(b->store, name, &s->user);
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
