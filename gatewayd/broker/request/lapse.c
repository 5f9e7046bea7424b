/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lapse - see the header.
 */
#include "broker/request/lapse.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "core/event.h"

enum { LOOK_MS = 1000 };

struct lapse {
	struct broker *b;
	struct timer *timer;
	struct request r;  /* whose record is being written, */
	struct proposal p; /* or its */
};

static void
written(void *arg, int result, uint64_t seq)
{
	struct lapse *l = arg;
	const enum request_state was = (enum request_state)l->r.state;
	int r = result;

	l->r.state = REQUEST_LAPSED;
	l->r.by[0] = '\0'; /* nobody's word */
	l->r.note[0] = '\0';
	l->r.seq = seq;
	if (r == 0)
		r = store_request_move(l->b->store, &l->r, was);
	if (r != 0 && r != GW_ESTATE)
		log_warn("request %s has lapsed and is not stored as such: %s",
		    l->r.id, err_str(r));
	timer_set(l->timer, r == 0 ? 0 : LOOK_MS); /* there may be more */
}

static int
record(struct lapse *l)
{
	const struct request *r = &l->r;
	struct event_fields f;
	int e;

	event_fields_init(&f);
	event_str(&f, EF_REQ, r->id);
	event_str(&f, EF_USER, r->user);
	event_str(&f, EF_USER_ID, r->user_id);
	event_str(&f, EF_OWNER, r->owner);
	event_str(&f, EF_TARGET, r->target);
	event_str(&f, EF_TARGET_ID, r->target_id);
	event_str(&f, EF_LOGIN, r->login);
	event_str(&f, EF_ROLE, r->role);
	event_roles(&f, r->roles);
	event_str(&f, EF_REASON,
	    r->state == REQUEST_PENDING ? "unapproved" : "unused");
	e = process_append(l->b->process, EV_REQUEST_LAPSE, &f, written, l);
	event_fields_done(&f);
	return e;
}

/* ---- changes that no second admin signed for */

static void
proposal_written(void *arg, int result, uint64_t seq)
{
	struct lapse *l = arg;
	int r = result;

	l->p.state = REQUEST_LAPSED;
	l->p.by[0] = '\0';
	l->p.note[0] = '\0';
	l->p.seq = seq;
	if (r == 0)
		r = store_proposal_move(l->b->store, &l->p, REQUEST_PENDING);
	if (r != 0 && r != GW_ESTATE)
		log_warn("change %s has lapsed and is not stored as such: %s",
		    l->p.id, err_str(r));
	proposal_done(&l->p);
	timer_set(l->timer, r == 0 ? 0 : LOOK_MS);
}

/* 0: one has lapsed, and is being written down. */
static int
proposal_due(struct lapse *l)
{
	struct store *s = l->b->store;
	struct event_fields f;
	char id[LIMIT_NAME_SIZE];
	int r = store_proposal_due(s, broker_now(l->b).utc_ms, id);

	if (r != 0 || (r = store_proposal_get(s, id, &l->p)) != 0)
		return r;
	event_fields_init(&f);
	event_str(&f, EF_CHANGE, l->p.id);
	event_str(&f, EF_USER, l->p.user);
	event_str(&f, EF_USER_ID, l->p.user_id);
	event_str(&f, EF_SHA256, l->p.digest);
	r = process_append(
	    l->b->process, EV_CHANGE_LAPSE, &f, proposal_written, l);
	event_fields_done(&f);
	if (r != 0)
		proposal_done(&l->p);
	return r;
}

static void
on_look(struct process *p, void *arg)
{
	struct lapse *l = arg;
	struct broker *b = l->b;
	char id[LIMIT_NAME_SIZE];
	int r;

	(void)p;
	if (!b->recovered || b->storing) {
		timer_set(l->timer, LOOK_MS);
		return;
	}
	if (proposal_due(l) == 0)
		return;
	r = store_request_due(b->store, broker_now(b).utc_ms, id);
	if (r == 0)
		r = store_request_get(b->store, id, &l->r);
	if (r == 0)
		r = record(l);
	if (r != 0 && r != GW_ENOENT)
		log_warn("requests that lapse: %s", err_str(r));
	if (r != 0)
		timer_set(l->timer, LOOK_MS);
}

int
lapse_new(struct broker *b)
{
	struct lapse *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return GW_ENOMEM;
	l->b = b;
	if ((l->timer = timer_new(b->process, on_look, l)) == NULL) {
		free(l);
		return GW_ENOMEM;
	}
	b->lapse = l;
	timer_set(l->timer, LOOK_MS);
	return 0;
}

void
lapse_free(struct broker *b)
{
	if (b->lapse != NULL)
		timer_free(b->lapse->timer);
	free(b->lapse);
	b->lapse = NULL;
}
