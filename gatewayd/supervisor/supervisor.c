/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor - see the header: who is who among the processes.
 */
#include "supervisor/supervisor.h"

#include <stddef.h>

struct child *
supervisor_child(struct supervisor *s, enum proc proc)
{
	for (int i = 0; i < CHILD_COUNT; i++)
		if (s->child[i].spec != NULL && s->child[i].spec->proc == proc)
			return &s->child[i];
	return NULL;
}

struct peer *
supervisor_peer(struct supervisor *s, enum proc proc)
{
	struct child *c = supervisor_child(s, proc);

	return c != NULL ? c->peer : NULL;
}
