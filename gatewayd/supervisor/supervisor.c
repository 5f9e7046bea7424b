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

struct peer *
supervisor_zygote(const struct supervisor *s, pid_t pid)
{
	for (int i = 0; i < CHILD_COUNT; i++)
		if (s->child[i].pid == pid)
			return s->child[i].peer;
	for (const struct retired *z = s->retired; z != NULL; z = z->next)
		if (z->pid == pid)
			return z->peer;
	return NULL;
}

pid_t
supervisor_zygote_pid(const struct supervisor *s, const struct peer *p)
{
	for (int i = 0; i < CHILD_COUNT; i++)
		if (s->child[i].peer == p &&
		    s->child[i].spec->proc == PROC_ZYGOTE)
			return s->child[i].pid;
	for (const struct retired *z = s->retired; z != NULL; z = z->next)
		if (z->peer == p)
			return z->pid;
	return 0;
}

bool
supervisor_started(const struct supervisor *s, pid_t pid)
{
	for (int i = 0; i < CHILD_COUNT; i++)
		if (s->child[i].pid == pid)
			return true;
	for (const struct retired *z = s->retired; z != NULL; z = z->next)
		if (z->pid == pid)
			return true;
	return false;
}
