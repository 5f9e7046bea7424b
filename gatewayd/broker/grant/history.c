/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history - rows about what has ended, kept for lists. They are written a
 * moment later and together: a thousand grants that end in one second must
 * not wait for a thousand disk writes. Losing some in a crash loses no
 * evidence: that is the log.
 */
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/grant/history.h"

enum { FLUSH_MS = 100 };

struct row {
	struct row *next;
	bool is_grant;
	struct grant_row grant;
	struct session_row session;
};

struct history {
	struct row *rows, **end;
	struct timer *timer;
};

/* What can wait gives way to a policy, rather than the other way round. */
static void
on_timer(struct process *r, void *arg)
{
	struct broker *b = arg;

	(void)r;
	if (b->storing)
		timer_set(b->history->timer, FLUSH_MS);
	else
		history_flush(b);
}

int
history_new(struct broker *b)
{
	struct history *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return GW_ENOMEM;
	if ((h->timer = timer_new(b->process, on_timer, b)) == NULL) {
		free(h);
		return GW_ENOMEM;
	}
	h->end = &h->rows;
	b->history = h;
	return 0;
}

static int
write_rows(struct broker *b, const struct row *list)
{
	int r = store_begin(b->store);

	if (r != 0)
		return r;
	for (; list != NULL && r == 0; list = list->next)
		r = list->is_grant
			? store_grant_put(b->store, &list->grant)
			: store_session_put(b->store, &list->session);
	if (r == 0)
		return store_commit(b->store);
	store_rollback(b->store);
	return r;
}

void
history_flush(struct broker *b)
{
	struct history *h = b->history;
	int r;

	if (h == NULL || h->rows == NULL)
		return;
	if ((r = write_rows(b, h->rows)) != 0)
		log_err("the history of grants and sessions was not written: "
			"%s (%s); the log has it",
		    err_str(r), store_error(b->store));
	while (h->rows != NULL) {
		struct row *x = h->rows;

		h->rows = x->next;
		free(x);
	}
	h->end = &h->rows;
}

void
history_free(struct broker *b)
{
	if (b->history == NULL)
		return;
	history_flush(b);
	timer_free(b->history->timer);
	free(b->history);
	b->history = NULL;
}

static struct row *
add(struct broker *b)
{
	struct history *h = b->history;
	struct row *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	if (h->rows == NULL)
		timer_set(h->timer, FLUSH_MS);
	*h->end = x;
	h->end = &x->next;
	return x;
}

void
history_grant(struct broker *b, const struct grant_row *g)
{
	struct row *x = add(b);

	if (x == NULL)
		return;
	x->is_grant = true;
	x->grant = *g;
}

void
history_session(struct broker *b, const struct session_row *s)
{
	struct row *x = add(b);

	if (x != NULL)
		x->session = *s;
}
