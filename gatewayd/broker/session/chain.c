/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain - history.show: from any id of it all that hangs together, in order: a
 * request, who said yes or no, its grants (one for each address that it was
 * moved to), their sessions and recordings, each with the number of the last
 * record of it. It goes on where one reply has no room for all sessions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/ids.h"
#include "base/str.h"
#include "broker/call/params.h"
#include "broker/call/put.h"
#include "broker/grant/history.h"
#include "broker/grant/live.h"
#include "broker/session/past.h"
#include "broker/session/session.h"

enum { PAGE = 200 }; /* sessions of a reply */

struct chain {
	struct call *c;
	json_t *items;
	char request[LIMIT_ID_SIZE]; /* its id; a row of that name or none */
	char grant[LIMIT_ID_SIZE];   /* the one that was found by it */
	char user[LIMIT_NAME_SIZE], user_id[LIMIT_ID_SIZE]; /* whose it is */
	char live[LIMIT_ID_SIZE]; /* the grant that is open; "" = none */
	char after[LIMIT_NAME_SIZE], next[LIMIT_NAME_SIZE];
	unsigned sessions;
	int err;
};

static void
chain_free(void *p)
{
	struct chain *x = p;

	json_decref(x->items);
	free(x);
}

/* ---- which chain */

static void
of_grant(struct chain *x, const struct grant *g)
{
	text_set(x->request, sizeof(x->request), g->req);
	text_set(x->grant, sizeof(x->grant), g->id);
	name_set(x->user, g->user);
	text_set(x->user_id, sizeof(x->user_id), g->user_id);
}

static int
find_grant(struct chain *x, const char *id)
{
	const struct live_grant *lg = grant_find(x->c->b, id);
	struct grant_row row;
	int r = 0;

	if (lg != NULL && lg->state == GRANT_ACTIVE &&
	    lg->g.reach != REACH_PROBE)
		of_grant(x, &lg->g);
	else if ((r = store_grant_get(x->c->b->store, id, &row)) == 0)
		of_grant(x, &row.grant);
	return r;
}

static int
find_session(struct chain *x, const char *sid)
{
	struct session_row row;
	int r = store_session_get(x->c->b->store, sid, &row);

	if (r == 0)
		return find_grant(x, row.grant);
	for (const struct session *s = x->c->b->sessions;
	     r == GW_ENOENT && s != NULL; s = s->next)
		if (!s->gone && s->owner == NULL && strcmp(s->sid, sid) == 0)
			return find_grant(x, s->grant_id);
	return r;
}

static int
find_use(struct chain *x, const char *id)
{
	struct glass_use use;
	int r = store_glass_get(x->c->b->store, id, &use);

	return r == 0 ? find_grant(x, use.grant) : r;
}

static void
first_grant(void *arg, const struct grant_row *g)
{
	struct chain *x = arg;

	if (x->grant[0] == '\0')
		of_grant(x, &g->grant);
}

/* A request that waited, or the name that the grants of one have that did not.
 */
static int
find_request(struct chain *x, const char *id)
{
	struct request *r = calloc(1, sizeof(*r));
	int e = GW_ENOMEM;

	if (r == NULL)
		return e;
	if ((e = store_request_get(x->c->b->store, id, r)) == 0) {
		text_set(x->request, sizeof(x->request), id);
		name_set(x->user, r->user);
		text_set(x->user_id, sizeof(x->user_id), r->user_id);
	} else if (e == GW_ENOENT && (e = store_grant_of(x->c->b->store, id,
					  first_grant, x)) == 0) {
		for (const struct live_grant *lg = x->c->b->grants;
		     lg != NULL && x->grant[0] == '\0'; lg = lg->next)
			if (lg->g.reach != REACH_PROBE &&
			    strcmp(lg->g.req, id) == 0)
				of_grant(x, &lg->g);
		e = x->grant[0] != '\0' ? 0 : GW_ENOENT;
	}
	free(r);
	return e;
}

static int
find(struct chain *x, const char *id)
{
	if (id_ok(id, 'r'))
		return find_request(x, id);
	if (id_ok(id, 'g'))
		return find_grant(x, id);
	if (id_ok(id, 's'))
		return find_session(x, id);
	return id_ok(id, 'b') ? find_use(x, id) : GW_ENOENT;
}

/* ---- what is told */

static json_t *
step(struct chain *x, const char *what, const char *id, const char *who,
    int64_t at_ms, uint64_t seq)
{
	json_t *o = json_object();

	put_str(o, "step", what);
	put_str(o, "id", id);
	put_str(o, "user", who);
	put_time(o, "at", at_ms);
	put_num(o, "record", (int64_t)seq);
	if (json_array_append(x->items, o) != 0)
		x->err = GW_ENOMEM;
	return o;
}

static void
add_approval(void *arg, const struct approval_row *a)
{
	struct chain *x = arg;
	json_t *o = step(x, "approval", a->request, a->user, a->at_ms, a->seq);

	put_num(o, "level", a->level);
	put_str(o, "state", "approved");
	put_str(o, "text", a->note);
	json_decref(o);
}

/* A no, by whomever; only the log says when. */
static void
add_end(struct chain *x, const struct request *r)
{
	json_t *o = NULL;

	if (request_waits(r) || r->state == REQUEST_ACTIVE)
		return;
	o = step(x, "end", r->id, r->by, 0, r->seq);
	put_str(o, "state", request_state_str((enum request_state)r->state));
	put_str(o, "text", r->note);
	json_decref(o);
}

static int
add_request(struct chain *x)
{
	struct broker *b = x->c->b;
	struct request *r = calloc(1, sizeof(*r));
	json_t *o = NULL;
	int e =
	    r != NULL ? store_request_get(b->store, x->request, r) : GW_ENOMEM;

	if (e == 0) {
		const enum request_state s =
		    request_state_at(r, broker_now(b).utc_ms);

		o = step(x, "request", r->id, r->user, r->created_ms, r->seq);
		put_str(o, "target", r->target);
		put_str(o, "login", r->login);
		put_num(o, "port", r->port);
		put_str(o, "role", r->role);
		put_deciding(o, r->role, r->roles);
		put_num(o, "for", r->seconds);
		put_str(o, "state", request_state_str(s));
		put_str(o, "text", r->reason);
		put_str(o, "ticket", r->ticket);
		put_str(o, "digest", r->digest);
		put_str(o, "by", r->by);
		put_str(o, "note", r->note);
		put_str(o, "approved_by", r->approved_by);
		json_decref(o);
		e = store_approval_each(b->store, r->id, add_approval, x);
		add_end(x, r);
	}
	free(r);
	return e == GW_ENOENT ? 0 : e;
}

static void
put_grant(json_t *o, const struct grant *g)
{
	put_str(o, "request", g->req);
	put_str(o, "target", g->target);
	put_str(o, "login", g->login);
	put_num(o, "port", g->port);
	put_str(o, "role", g->role);
	put_deciding(o, g->role, g->roles);
	put_str(o, "text", g->reason);
	if (o != NULL)
		(void)json_object_set_new(o, "sources", grant_sources_json(g));
}

static void
add_grant(void *arg, const struct grant_row *g)
{
	struct chain *x = arg;
	json_t *o = step(
	    x, "grant", g->grant.id, g->grant.user, g->grant.start_ms, g->seq);

	put_grant(o, &g->grant);
	put_time(o, "end", g->ended_ms);
	put_str(o, "state", past_grant_state(x->c->b, g->grant.id, NULL));
	put_str(o, "reason", end_reason_str((enum end_reason)g->reason));
	put_num(o, "sessions",
	    past_sessions(x->c->b, g->grant.id, NULL, g->sessions));
	json_decref(o);
}

static int
add_grants(struct chain *x)
{
	int r = store_grant_of(x->c->b->store, x->request, add_grant, x);

	for (const struct live_grant *lg = x->c->b->grants; lg != NULL;
	     lg = lg->next) {
		json_t *o = NULL;

		if (lg->state != GRANT_ACTIVE ||
		    strcmp(lg->g.req, x->request) != 0)
			continue;
		text_set(x->live, sizeof(x->live), lg->g.id);
		o = step(
		    x, "grant", lg->g.id, lg->g.user, lg->g.start_ms, lg->seq);
		put_grant(o, &lg->g);
		put_time(o, "end", lg->g.end_ms);
		put_str(o, "state", past_grant_state(x->c->b, lg->g.id, lg));
		put_str(o, "reason", "");
		put_num(o, "sessions",
		    past_sessions(x->c->b, lg->g.id, lg, lg->sessions));
		json_decref(o);
	}
	return r;
}

static void
put_session(json_t *o, const char *grant, const char *source, bool recorded,
    const char *sid)
{
	put_str(o, "grant", grant);
	put_str(o, "source", source);
	put_bool(o, "recorded", recorded);
	put_str(o, "recording", recorded ? sid : "");
}

static void
add_session(void *arg, const struct session_row *s)
{
	struct chain *x = arg;
	json_t *o = step(x, "session", s->sid, s->user, s->start_ms, s->seq);

	put_session(o, s->grant, s->source, s->recorded, s->sid);
	put_time(o, "end", s->end_ms);
	put_str(o, "state", "ended");
	put_str(o, "reason", end_reason_str((enum end_reason)s->reason));
	put_count(o, "bytes_in", s->bytes_in);
	put_count(o, "bytes_out", s->bytes_out);
	json_decref(o);
	x->sessions++;
	(void)snprintf(x->next, sizeof(x->next), "%lld.%s",
	    (long long)s->start_ms, s->sid);
}

static void
add_running(struct chain *x)
{
	char source[ADDR_TEXT_SIZE];

	for (const struct session *s = x->c->b->sessions; s != NULL;
	     s = s->next) {
		json_t *o = NULL;

		if (s->gone || !s->leg || s->owner != NULL ||
		    x->live[0] == '\0' || strcmp(s->grant_id, x->live) != 0)
			continue;
		addr_format(source, &s->client);
		o = step(x, "session", s->sid, s->user, s->start_ms, s->seq);
		put_session(o, s->grant_id, source, s->recorded, s->sid);
		put_time(o, "end", 0);
		put_str(o, "state", "active");
		put_str(o, "reason", "");
		json_decref(o);
	}
}

static int
add_sessions(struct chain *x)
{
	const char *dot = strchr(x->after, '.');
	struct past_place place = {.id = dot != NULL ? dot + 1 : ""};
	char digits[LIMIT_NAME_SIZE] = "";
	uint64_t ms = 0;
	int r;

	if (dot != NULL)
		memcpy(digits, x->after, (size_t)(dot - x->after));
	if (dot != NULL && str_u64(digits, 0, INT64_MAX, &ms) == 0)
		place.start_ms = (int64_t)ms;
	r = store_session_chain(
	    x->c->b->store, x->request, x->live, &place, PAGE, add_session, x);
	if (r == 0 && x->sessions < PAGE)
		add_running(x);
	return r;
}

/* ---- the verb */

static void
answer(struct call *c, struct chain *x)
{
	json_t *o = NULL;
	int r = 0;

	if (x->after[0] == '\0') {
		r = add_request(x);
		if (r == 0)
			r = add_grants(x);
	} else {
		const struct live_grant *lg = NULL;

		for (lg = c->b->grants; lg != NULL; lg = lg->next)
			if (lg->state == GRANT_ACTIVE &&
			    strcmp(lg->g.req, x->request) == 0)
				text_set(x->live, sizeof(x->live), lg->g.id);
	}
	if (r == 0)
		r = add_sessions(x);
	if (r == 0)
		r = x->err;
	if (r != 0) {
		call_store_failed(c, r);
		return;
	}
	o = json_object();
	put_str(o, "id", c->arg);
	put_str(o, "request", x->request);
	if (o != NULL)
		(void)json_object_set(o, "items", x->items);
	if (x->sessions == PAGE) {
		put_bool(o, "more", true);
		put_str(o, "next", x->next);
	}
	call_reply(c, 200, o);
}

void
verb_history_show(struct call *c)
{
	struct chain *x = call_state(c, sizeof(*x), chain_free);
	int r;

	if (x == NULL)
		return;
	x->c = c;
	if (!params_text(c->query, "after", x->after, sizeof(x->after)) ||
	    (x->after[0] != '\0' && !str_name_ok(x->after))) {
		call_refuse(c, 400, "bad-field", "after",
		    "after: what an answer called \"next\" was expected");
		return;
	}
	if ((x->items = json_array()) == NULL) {
		call_unavailable(c, "memory");
		return;
	}
	history_flush(c->b);
	r = find(x, c->arg);
	if (r != 0 && r != GW_ENOENT)
		call_store_failed(c, r);
	else if (r != 0 ||
		 (!past_everybody(c) &&
		     (strcmp(x->user, c->user) != 0 ||
			 !grant_same_id(x->user_id, call_user_id(c)))))
		call_refuse(c, 404, "not-found", "id",
		    "you have to do with nothing of that id: see jitctl "
		    "history");
	else
		answer(c, x);
}
