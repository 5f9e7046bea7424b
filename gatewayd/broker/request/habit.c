/* SPDX-License-Identifier: Apache-2.0 */
/*
 * habit - see the header.
 */
#include "broker/request/habit.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "broker/call/put.h"
#include "broker/grant/history.h"
#include "broker/grant/live.h"

enum {
	DAYS = 90,
	ROWS = 500, /* internal: of grants, and of requests */
};

struct habit {
	const struct waiting *w;
	int64_t since_ms;
	unsigned rows; /* looked at: with ROWS there may be more */
	unsigned times, denied;
	int64_t last_ms, last_denied_ms;
	uint32_t longest_s;
	bool any, target, login, role, network;
};

static bool
same_target(const struct request *r, const char *name, const char *id)
{
	return strcmp(r->target, name) == 0 && grant_same_id(r->target_id, id);
}

static bool
in_network(const struct addr *asked, const struct addr *was)
{
	const struct addr a = addr_network(asked), b = addr_network(was);

	return asked->family != 0 && addr_equal(&a, &b);
}

/* One that they had open. */
static void
count(struct habit *h, const struct grant *g, int64_t end_ms)
{
	const struct request *r = &h->w->r;
	const bool target = same_target(r, g->target, g->target_id);
	const bool login = target && strcmp(g->login, r->login) == 0;
	const bool role = strcmp(g->role, r->role) == 0;
	const int64_t s = (end_ms - g->start_ms) / 1000;

	if (g->reach == REACH_PROBE || strcmp(g->user, r->user) != 0 ||
	    !grant_same_id(g->user_id, r->user_id))
		return;
	h->any = true;
	h->target = h->target || target;
	h->login = h->login || login;
	h->role = h->role || role;
	h->network = h->network || in_network(&r->source4, &g->source4) ||
		     in_network(&r->source6, &g->source6);
	if (s > (int64_t)h->longest_s)
		h->longest_s = (uint32_t)s;
	if (!login || !role)
		return;
	h->times++;
	if (g->start_ms > h->last_ms)
		h->last_ms = g->start_ms;
}

static void
reach(struct habit *h, int64_t at_ms)
{
	if (++h->rows == ROWS && at_ms > h->since_ms)
		h->since_ms = at_ms;
}

/* As long as it was given: it may have been ended earlier. */
static void
one_grant(void *arg, const struct grant_row *g, bool asked)
{
	(void)asked;
	count(arg, &g->grant, g->grant.end_ms);
	reach(arg, g->grant.start_ms);
}

static void
one_request(void *arg, const struct request *r)
{
	struct habit *h = arg;
	const struct request *own = &h->w->r;

	reach(h, r->created_ms);
	if (r->state != REQUEST_DENIED ||
	    strcmp(r->user_id, own->user_id) != 0 ||
	    !same_target(own, r->target, r->target_id) ||
	    strcmp(r->login, own->login) != 0)
		return;
	h->denied++;
	if (r->created_ms > h->last_denied_ms)
		h->last_denied_ms = r->created_ms;
}

static int
look(struct habit *h, struct broker *b)
{
	const struct past_want w = {.user = h->w->r.user,
	    .since_ms = h->since_ms,
	    .before_ms = INT64_MAX,
	    .before_id = "",
	    .max = ROWS};
	int r;

	history_flush(b);
	for (const struct live_grant *lg = b->grants; lg != NULL; lg = lg->next)
		if (lg->state == GRANT_ACTIVE)
			count(h, &lg->g, lg->g.end_ms);
	if ((r = store_grant_past(b->store, &w, one_grant, h)) != 0)
		return r;
	h->rows = 0;
	return store_request_past(b->store, &w, one_request, h);
}

static json_t *
new_json(const struct habit *h)
{
	json_t *a = json_array();

	if (!h->target)
		(void)json_array_append_new(a, json_string("target"));
	if (!h->login)
		(void)json_array_append_new(a, json_string("login"));
	if (!h->role)
		(void)json_array_append_new(a, json_string("role"));
	if (h->any && h->w->r.seconds > h->longest_s)
		(void)json_array_append_new(a, json_string("longer"));
	if (h->any && !h->network)
		(void)json_array_append_new(a, json_string("source"));
	return a;
}

int
habit_put(json_t *o, const struct call *c, const struct waiting *w)
{
	struct habit h = {.w = w,
	    .since_ms = broker_now(c->b).utc_ms - (int64_t)DAYS * 86400 * 1000};
	json_t *to = NULL;
	int r;

	if (!FAULT(habit_of_all) &&
	    (strcmp(w->r.user_id, call_user_id(c)) == 0 ||
		(c->rights == RIGHT_NONE && !c->local && !waiting_asks(c, w))))
		return 0;
	if (h.since_ms < 0)
		h.since_ms = 0;
	if ((r = look(&h, c->b)) != 0)
		return r;
	to = json_object();
	put_time(to, "since", h.since_ms);
	put_num(to, "times", h.times);
	put_time(to, "last", h.last_ms);
	put_num(to, "denied", h.denied);
	put_time(to, "last_denied", h.last_denied_ms);
	put_num(to, "longest", h.longest_s);
	if (to != NULL) {
		(void)json_object_set_new(to, "new", new_json(&h));
		(void)json_object_set_new(o, "habit", to);
	}
	return 0;
}
