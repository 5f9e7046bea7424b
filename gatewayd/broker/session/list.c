/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list - see the header.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"
#include "broker/session/attempt.h"
#include "broker/session/list.h"
#include "broker/session/session.h"

enum { EARLY_MAX = 64 }; /* internal: the oldest goes */

struct session *
session_find(struct broker *b, uint64_t conn)
{
	for (struct session *s = b->sessions; s != NULL; s = s->next)
		if (s->conn == conn && !s->gone)
			return s;
	return NULL;
}

struct session *
session_by_sid(struct broker *b, const char *sid)
{
	for (struct session *s = b->sessions; s != NULL; s = s->next)
		if (!s->gone && s->sid[0] != '\0' && strcmp(s->sid, sid) == 0)
			return s;
	return NULL;
}

struct session *
session_get(struct broker *b, uint64_t conn)
{
	struct session *s = session_find(b, conn);

	if (s != NULL)
		return s;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->b = b;
	s->conn = conn;
	s->state = SES_NEW;
	s->fd = -1;
	s->next = b->sessions;
	b->sessions = s;
	return s;
}

void
session_release(struct session *s)
{
	struct broker *b = s->b;

	if (!s->gone || s->pending > 0)
		return;
	for (struct session **sp = &b->sessions; *sp != NULL; sp = &(*sp)->next)
		if (*sp == s) {
			*sp = s->next;
			break;
		}
	timer_free(s->timer);
	watch_free(s->watch);
	if (s->fd >= 0)
		(void)close(s->fd);
	attempts_free(s);
	free(s);
}

void
sessions_shift(struct broker *b, int64_t utc_ms, int64_t ahead_ms)
{
	for (struct session *s = b->sessions; s != NULL; s = s->next)
		if (s->start_ms > utc_ms)
			s->start_ms -= ahead_ms;
}

struct session *
session_early(struct broker *b, uint64_t conn)
{
	struct session *last = NULL;
	unsigned n = 0;

	for (struct session *s = b->sessions; s != NULL; s = s->next)
		if (!s->linked && !s->leg && !s->gone && s->state == SES_NEW &&
		    s->owner == NULL && s->pending == 0) {
			n++;
			last = s; /* the list's end is its oldest */
		}
	if (n >= EARLY_MAX) {
		last->gone = true;
		session_release(last);
	}
	return session_get(b, conn);
}
