/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aside - see the header. Who asks often is not told often: a look reads what
 * waits, and judges the newest of it.
 */
#include "broker/request/aside.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/put.h"
#include "broker/request/waiting.h"

enum {
	LOOKED = 64,         /* internal: users that are remembered, */
	AGAIN_MS = 5 * 1000, /* and for how long */
	NEWEST = 16,         /* internal: that are judged */
};

struct looked {
	char user_id[LIMIT_ID_SIZE];
	int64_t boot_ms;
};

static struct looked looked[LOOKED];

static bool
is_soon(const struct call *c)
{
	const int64_t now = broker_now(c->b).boot_ms;
	const char *id = call_user_id(c);
	size_t oldest = 0;

	for (size_t i = 0; i < LOOKED; i++) {
		if (strcmp(looked[i].user_id, id) == 0) {
			if (looked[i].boot_ms <= now &&
			    now - looked[i].boot_ms < AGAIN_MS)
				return true;
			oldest = i;
			break;
		}
		if (looked[i].boot_ms < looked[oldest].boot_ms)
			oldest = i;
	}
	text_set(looked[oldest].user_id, LIMIT_ID_SIZE, id);
	looked[oldest].boot_ms = now;
	return false;
}

struct newest {
	struct request *r;
	unsigned n;
};

static void
keep(void *arg, const struct request *r)
{
	struct newest *x = arg;

	if (x->n < NEWEST)
		x->r[x->n++] = *r;
}

/* Is anybody of theirs asked for a yes by a role? */
static bool
may_approve_any(const struct call *c)
{
	const struct broker *b = c->b;

	for (size_t i = 0; c->subject != NULL && i < b->nroles; i++)
		for (unsigned k = 0; k < b->roles[i].approvals.n; k++)
			if (quorum_counts(&b->roles[i].approvals,
				b->roles[i].approvals.quorum[k].level,
				call_user_id(c), &c->subject->user.groups))
				return true;
	return false;
}

/* NULL after a failure: it is no part of the answer. */
static struct waiting *
judged(const struct call *c, const struct request *r)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->r = *r;
	if (waiting_judge(c->b, w) == 0)
		return w;
	waiting_free(w);
	return NULL;
}

static void
add(const struct call *c, const struct newest *x, json_t *o)
{
	json_t *own = json_array();
	unsigned others = 0;

	for (unsigned i = 0; i < x->n; i++) {
		const struct request *r = &x->r[i];
		const bool mine = strcmp(r->user_id, call_user_id(c)) == 0;
		struct waiting *w = NULL;

		if (request_state_at(r, broker_now(c->b).utc_ms) ==
			REQUEST_LAPSED ||
		    (mine && r->at_ms != 0) || (w = judged(c, r)) == NULL)
			continue;
		others += !mine && r->state == REQUEST_PENDING &&
			  waiting_may_approve(c, w);
		if ((mine || FAULT(aside_of_all)) && w->held[0] == '\0' &&
		    (r->state == REQUEST_APPROVED || waiting_met(w)))
			(void)json_array_append_new(own, json_string(r->id));
		waiting_free(w);
	}
	if (others > 0)
		put_num(o, "waits_for_you", others);
	if (json_array_size(own) > 0)
		(void)json_object_set(o, "approved", own);
	json_decref(own);
}

void
aside_waits(const struct call *c, json_t *o)
{
	struct newest x = {0};

	/* a policy that is being stored would begin again for it */
	if (c->b->storing || call_user_id(c)[0] == '\0' || is_soon(c) ||
	    (x.r = calloc(NEWEST, sizeof(*x.r))) == NULL)
		return;
	if (store_request_waiting(c->b->store,
		may_approve_any(c) ? NULL : call_user_id(c), keep, &x) == 0)
		add(c, &x, o);
	free(x.r);
}
