/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events - see the header. Each who waits is looked at once a second: that they
 * may still ask, and whether it is time for a sign of life.
 */
#include "broker/request/events.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/call/params.h"
#include "broker/identity/caller.h"
#include "broker/identity/permission.h"
#include "broker/request/waiting.h"

enum {
	LOOK_MS = 1000,
	BEAT_MS = 5 * 1000,   /* then a part that says nothing */
	NEWS = 512,           /* internal: remembered */
	PART_MAX = 64 * 1024, /* internal: of NEWS lines of 120 bytes */
	SCALE = 1000,         /* numbers of a start a millisecond later */
};

/* A call that waits for something new. */
struct listener {
	struct listener *next, **prev;
	struct call *c;
	uint64_t last;
	int64_t until_boot_ms;
};

struct events {
	struct broker *b;
	struct timer *timer;
	struct listener *list;
	unsigned n;
	uint64_t first, next; /* numbers of what is remembered: [first, next) */
	char request[NEWS][LIMIT_ID_SIZE]; /* number modulo NEWS */
};

/* ---- what is new */

static void
on_changed(void *arg, const char *request)
{
	struct events *v = arg;

	text_set(v->request[v->next % NEWS], LIMIT_ID_SIZE, request);
	v->next++;
	if (v->next - v->first > NEWS)
		v->first = v->next - NEWS;
	if (v->list != NULL)
		timer_set(v->timer, 0);
}

/* In the words of server-sent events, if it is any business of theirs. */
static int
put_news(struct buf *out, const struct call *c, uint64_t number)
{
	const struct events *v = c->b->events;
	struct waiting *w = calloc(1, sizeof(*w));
	int r = GW_ENOMEM;

	if (w == NULL)
		return r;
	r = waiting_read(c->b, v->request[number % NEWS], w);
	if (r == 0 && (waiting_concerns(c, w) || FAULT(events_all)))
		buf_printf(out,
		    "id: %llu\nevent: request\n"
		    "data: {\"request\":\"%s\",\"state\":\"%s\"}\n\n",
		    (unsigned long long)number, w->r.id,
		    waiting_state(c->b, &w->r));
	waiting_free(w);
	return r == GW_ENOENT ? 0 : r;
}

/* ---- who waits for it */

static void
listener_free(void *p)
{
	struct listener *l = p;

	if (l->prev != NULL) {
		*l->prev = l->next;
		if (l->next != NULL)
			l->next->prev = l->prev;
		l->c->b->events->n--;
	}
	free(l);
}

/* All that concerns them behind what they have, or a sign of life. */
static void
answer(struct call *c, uint64_t last)
{
	const struct events *v = c->b->events;
	const uint64_t next = v->next;
	struct buf out;
	int r = 0;

	buf_init(&out, PART_MAX);
	if (last == 0 || last + 1 < v->first || last >= next)
		buf_printf(&out,
		    "retry: 2000\nid: %llu\nevent: %s\ndata: {}\n\n",
		    (unsigned long long)next - 1,
		    last == 0 ? "ready" : "reset");
	else
		for (uint64_t i = last + 1; r == 0 && i < next; i++)
			r = put_news(&out, c, i);
	if (r == 0 && out.len == 0)
		buf_printf(&out, ": nothing is new\n\n");
	if (r == 0)
		r = buf_err(&out);
	if (r == 0)
		call_stream(c, "text/event-stream", out.p, out.len, next - 1);
	else
		call_store_failed(c, r);
	buf_done(&out);
}

/* A lock on them, a group of theirs or their key. */
static const struct lock *
locked(const struct call *c)
{
	const struct lock_facts f = {.user = c->user,
	    .key_fp = c->key_fp,
	    .groups = c->subject != NULL ? &c->subject->user.groups : NULL,
	    .named = true};

	return c->local ? NULL : broker_lock(c->b, &f);
}

static void
look(struct listener *l)
{
	struct call *c = l->c;
	const struct now now = broker_now(c->b);

	if (locked(c) != NULL && !FAULT(events_stay)) {
		call_refuse(c, 403, "locked", NULL, "its user is locked");
		return;
	}
	if ((now.boot_ms >= c->token_end_boot_ms && !c->local) ||
	    (!permission_still(c) && !FAULT(events_stay))) {
		call_refuse(c, 401, "token-wrong", NULL,
		    "the token has expired, or its user may not read any more");
		return;
	}
	if (c->b->events->next - 1 > l->last || now.boot_ms >= l->until_boot_ms)
		answer(c, l->last);
}

static void
on_look(struct process *p, void *arg)
{
	struct events *v = arg;
	struct listener *next = NULL;

	(void)p;
	for (struct listener *l = v->b->storing ? NULL : v->list; l != NULL;
	     l = next) {
		next = l->next;
		look(l);
	}
	if (v->list != NULL)
		timer_set(v->timer, LOOK_MS);
}

/* False: the call is answered. */
static bool
has_place(struct call *c)
{
	const struct events *v = c->b->events;
	unsigned own = 0;

	for (const struct listener *l = v->list; l != NULL; l = l->next)
		if (strcmp(l->c->user, c->user) == 0)
			own++;
	if ((own < LIMIT_STREAMS_USER && v->n < LIMIT_STREAMS) ||
	    FAULT(events_many))
		return true;
	call_refuse(c, 429, "too-many", NULL,
	    "%u streams of events are open: one user may have %d, all of them "
	    "%d",
	    own < LIMIT_STREAMS_USER ? v->n : own, LIMIT_STREAMS_USER,
	    LIMIT_STREAMS);
	return false;
}

void
verb_events(struct call *c)
{
	struct events *v = c->b->events;
	struct listener *l = NULL;
	uint64_t last = 0;

	if (!params_num(c->query, "last", LIMIT_NUMBER_MAX, &last)) {
		call_refuse(c, 400, "bad-field", "last",
		    "last: the number of an event, as its id says");
		return;
	}
	if (locked(c) != NULL && !FAULT(events_stay)) {
		caller_locked(c, locked(c));
		return;
	}
	if (!has_place(c))
		return;
	if (last != v->next - 1) { /* there is something to say */
		answer(c, last);
		return;
	}
	if ((l = call_state(c, sizeof(*l), listener_free)) == NULL)
		return;
	l->c = c;
	l->last = last;
	l->until_boot_ms = broker_now(c->b).boot_ms + BEAT_MS;
	if ((l->next = v->list) != NULL)
		l->next->prev = &l->next;
	l->prev = &v->list;
	if (v->list == NULL)
		timer_set(v->timer, LOOK_MS);
	v->list = l;
	v->n++;
}

/* ---- life */

int
events_new(struct broker *b)
{
	struct events *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return GW_ENOMEM;
	v->b = b;
	if ((v->timer = timer_new(b->process, on_look, v)) == NULL) {
		free(v);
		return GW_ENOMEM;
	}
	/* a number of before this start is none of these */
	v->first = v->next = (uint64_t)clock_now().utc_ms * SCALE;
	store_on_request(b->store, on_changed, v);
	b->events = v;
	return 0;
}

void
events_free(struct broker *b)
{
	if (b->events == NULL)
		return;
	store_on_request(b->store, NULL, NULL);
	timer_free(b->events->timer);
	free(b->events);
	b->events = NULL;
}
