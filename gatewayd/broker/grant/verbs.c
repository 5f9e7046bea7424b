/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verbs - grant.list, grant.release, grant.revoke.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/listing.h"
#include "broker/call/order.h"
#include "broker/call/put.h"
#include "broker/grant/firewall.h"
#include "broker/grant/history.h"
#include "broker/grant/live.h"
#include "broker/grant/verbs.h"

/* Whose it is: also of one who has the name of another, removed before. */
bool
grant_is_own(const struct call *c, const struct grant *g)
{
	return strcmp(g->user, c->user) == 0 &&
	       grant_same_id(g->user_id, call_user_id(c));
}

/* Its user goes there without us, and need not know its name. */
static json_t *
addresses_json(const struct grant *g)
{
	json_t *list = json_array();

	put_addr(list, &g->addr4);
	put_addr(list, &g->addr6);
	return list;
}

static json_t *
common_json(const struct grant *g)
{
	json_t *o = json_object();

	if (o == NULL)
		return NULL;
	put_str(o, "grant", g->id);
	put_str(o, "user", g->user);
	put_str(o, "user_id", g->user_id);
	if (g->owner[0] != '\0')
		put_str(o, "owner", g->owner);
	put_str(o, "target", g->target);
	put_str(o, "target_id", g->target_id);
	put_str(o, "login", g->login);
	put_num(o, "port", g->port);
	(void)json_object_set_new(o, "sources", grant_sources_json(g));
	put_str(o, "role", g->role);
	put_deciding(o, g->role, g->roles);
	put_str(o, "role_id", g->role_id);
	put_time(o, "start", g->start_ms);
	put_str(o, "why", g->reason);
	put_str(o, "reach", grant_reach_str((enum grant_reach)g->reach));
	if (g->reach == REACH_DIRECT)
		(void)json_object_set_new(o, "addresses", addresses_json(g));
	return o;
}

json_t *
grant_json(const struct live_grant *lg)
{
	const struct now now = broker_now(lg->b);
	json_t *o = common_json(&lg->g);
	put_time(o, "end", lg->g.end_ms);
	put_num(o, "left_s",
	    (grant_left_ms(&lg->g, &now, clock_boot_id()) + 999) / 1000);
	put_str(o, "state", "active");
	put_str(o, "reason", "");
	put_num(o, "sessions", grant_sessions(lg));
	return o;
}

static json_t *
over_json(const void *what)
{
	const struct grant_row *g = what;
	json_t *o = common_json(&g->grant);

	put_time(o, "end", g->ended_ms);
	put_num(o, "left_s", 0);
	put_str(o, "state", "ended");
	put_str(o, "reason", end_reason_str((enum end_reason)g->reason));
	put_num(o, "sessions", g->sessions);
	return o;
}

/* Ended, and not yet shut as far as we know: the kernel's own timeout is what
 * is left then. */
static json_t *
ending_json(const struct shut *x)
{
	const struct now now = broker_now(x->b);
	json_t *o = common_json(&x->g);

	put_time(o, "end", x->ordered_utc_ms);
	put_num(o, "left_s",
	    (grant_left_ms(&x->g, &now, clock_boot_id()) + 999) / 1000);
	put_str(o, "state", "ending");
	put_str(o, "reason", end_reason_str(x->reason));
	put_num(o, "sessions", 0);
	return o;
}

/* What is open, or may be: one of the two. */
struct open_grant {
	const struct live_grant *lg;
	const struct shut *shut;
};

struct walk {
	struct listing *list;
	const struct call *c;
	bool everybody;
	struct open_grant *open; /* room for all */
	size_t n;
};

static json_t *
open_json(const void *what)
{
	const struct open_grant *x = what;

	return x->lg != NULL ? grant_json(x->lg) : ending_json(x->shut);
}

static void
list_ended(void *arg, const struct grant_row *g)
{
	const struct walk *w = arg;
	const struct listing_place p = {
	    .start_ms = g->grant.start_ms, .id = g->grant.id, .what = g};

	if (!firewall_is_ending(w->c->b, g->grant.id))
		listing_ended(w->list, &p, over_json);
}

static int
list_open(struct walk *w, const struct grant *g, const struct open_grant *x)
{
	const struct listing_place p = {
	    .start_ms = g->start_ms, .id = g->id, .what = &w->open[w->n]};

	if (g->reach == REACH_PROBE ||
	    (!w->everybody && !grant_is_own(w->c, g)))
		return 0;
	w->open[w->n++] = *x;
	return listing_live(w->list, &p);
}

static int
list_all_open(struct walk *w)
{
	const struct broker *b = w->c->b;
	size_t n = 1;
	int r = 0;

	for (const struct live_grant *lg = b->grants; lg != NULL; lg = lg->next)
		n++;
	for (const struct shut *x = b->shuts; x != NULL; x = x->next)
		n++;
	if ((w->open = calloc(n, sizeof(*w->open))) == NULL)
		return GW_ENOMEM;
	for (const struct live_grant *lg = b->grants; lg != NULL && r == 0;
	     lg = lg->next)
		if (lg->state == GRANT_ACTIVE)
			r = list_open(
			    w, &lg->g, &(struct open_grant){.lg = lg});
	for (const struct shut *x = b->shuts; x != NULL && r == 0; x = x->next)
		if (strcmp(x->id, x->g.id) == 0) /* not a leg's */
			r = list_open(
			    w, &x->g, &(struct open_grant){.shut = x});
	return r;
}

static int
list(struct call *c, struct listing *l)
{
	struct walk w = {
	    .list = l, .c = c, .everybody = listing_everybody(l, c)};
	struct listing_place after;
	int r = 0;

	l->live_json = open_json;
	r = list_all_open(&w);
	listing_sort(l);
	if (l->all && r == 0) {
		history_flush(c->b);
		listing_after(l, &after);
		r = store_grant_each(c->b->store, w.everybody ? NULL : c->user,
		    call_user_id(c), after.start_ms, after.id, LIMIT_LIST_PAGE,
		    list_ended, &w);
	}
	listing_ended(l, NULL, NULL);
	free(w.open);
	return r;
}

/* What is open now; with all=1 also what has ended, and to auditors (and root
 * on the admin socket) everybody's. */
void
verb_grants(struct call *c)
{
	listing_answer(c, list);
}

/* It is over, and the caller may know: say since when. */
static bool
say_ended(struct call *c, const char *id, bool own)
{
	struct grant_row g;
	char when[32];

	history_flush(c->b);
	if (store_grant_get(c->b->store, id, &g) != 0 ||
	    (own && !grant_is_own(c, &g.grant)))
		return false;
	str_time(when, sizeof(when), g.ended_ms);
	call_refuse(c, 409, "conflict", "grant",
	    "%s has ended already: %s at %.19sZ", id,
	    end_reason_str((enum end_reason)g.reason), when);
	return true;
}

struct live_grant *
grant_named(struct call *c, bool own)
{
	struct problem p = {0};
	struct live_grant *lg = NULL;
	const char *id = NULL;

	if (json_get_str(
		c->req.body, "grant", true, LIMIT_ID_SIZE - 1, &id, &p) != 0) {
		call_problem(c, &p);
		return NULL;
	}
	if (id_ok(id, 'g'))
		lg = grant_find(c->b, id);
	if (lg != NULL && lg->state == GRANT_ACTIVE &&
	    lg->g.reach != REACH_PROBE && (!own || grant_is_own(c, &lg->g)))
		return lg;
	if (id_ok(id, 'g') && say_ended(c, id, own))
		return NULL;
	call_refuse(c, 404, "not-found", "grant",
	    own ? "you have no live grant of that id: see jitctl grants"
		: "there is no live grant of that id: see jitctl grants "
		  "--all");
	return NULL;
}

static struct live_grant *
only_grant(struct call *c, bool own)
{
	static const char *const keys[] = {"grant", "reason", NULL};
	struct problem p = {0};
	const char *why = NULL;

	if (json_only(c->req.body, keys, &p) == 0 &&
	    json_get_str(
		c->req.body, "reason", false, LIMIT_REASON_MAX, &why, &p) == 0)
		return grant_named(c, own);
	call_problem(c, &p);
	return NULL;
}

/* The cut does not wait for the log. Whose order it was goes there right ahead
 * of grant.close, whose record the answer waits for. */
static void
end_ordered(struct call *c, struct live_grant *lg, enum end_reason reason)
{
	struct event_fields f;

	call_fields(c, &f);
	event_str(&f, EF_GRANT, lg->g.id);
	event_str(&f, EF_USER, lg->g.user);
	event_str(&f, EF_USER_ID, lg->g.user_id);
	call_owner(c, &f, lg->g.owner);
	event_str(&f, EF_TARGET, lg->g.target);
	event_str(&f, EF_TARGET_ID, lg->g.target_id);
	event_str(&f, EF_REASON, end_reason_str(reason));
	event_str(&f, EF_WHY,
	    json_string_value(json_object_get(c->req.body, "reason")));
	if (process_append(c->b->process, EV_GRANT_TERMINATE, &f, NULL, NULL) !=
	    0)
		log_err("who ended %s could not be recorded", lg->g.id);
	event_fields_done(&f);
	order_begin(c);
	grant_end(lg, reason, c->user, c);
}

void
verb_release(struct call *c)
{
	struct live_grant *lg = only_grant(c, !c->local);

	if (lg != NULL)
		end_ordered(c, lg, END_RELEASED);
}

void
verb_revoke(struct call *c)
{
	struct live_grant *lg = only_grant(c, false);

	if (lg != NULL)
		end_ordered(c, lg, END_REVOKED);
}
