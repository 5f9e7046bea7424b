/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list - see the header.
 */
#include "broker/request/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/ids.h"
#include "broker/call/listing.h"
#include "broker/call/put.h"
#include "broker/identity/approvers.h"
#include "broker/request/answer.h"
#include "broker/request/habit.h"
#include "broker/request/revision.h"

/* ---- one */

/* For which it opens by itself. */
static void
put_sources(json_t *o, const struct request *r)
{
	json_t *list = json_array();

	put_addr(list, &r->source4);
	put_addr(list, &r->source6);
	if (json_object_set_new(o, "sources", list) != 0)
		put_str(o, "sources", "");
}

static json_t *
row_json(const struct broker *b, const struct request *r)
{
	json_t *o = json_object();

	put_str(o, "request", r->id);
	put_str(o, "user", r->user);
	put_str(o, "user_id", r->user_id);
	if (r->owner[0] != '\0')
		put_str(o, "owner", r->owner);
	put_str(o, "target", r->target);
	put_str(o, "target_id", r->target_id);
	put_str(o, "login", r->login);
	put_num(o, "port", r->port);
	put_num(o, "for", r->seconds);
	put_str(o, "why", r->reason);
	put_str(o, "ticket", r->ticket);
	put_str(o, "role", r->role);
	put_deciding(o, r->role, r->roles);
	put_bool(o, "role_named", r->role_named);
	put_str(o, "state", waiting_state(b, r));
	put_time(o, "created", r->created_ms);
	put_time(o, "until", request_waits(r) ? r->until_ms : 0);
	put_time(o, "at", r->at_ms);
	if (r->at_ms != 0)
		put_sources(o, r);
	put_str(o, "grant", r->grant);
	put_str(o, "by", r->by);
	put_str(o, "approved_by", r->approved_by);
	put_str(o, "note", r->note);
	return o;
}

static json_t *
approvals_json(const struct approvals *a)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < a->n; i++) {
		const struct approval_row *row = &a->row[i];
		json_t *o = json_object();

		put_str(o, "user", row->user);
		put_num(o, "level", row->level);
		put_time(o, "at", row->at_ms);
		put_str(o, "note", row->note);
		(void)json_array_append_new(list, o);
	}
	return list;
}

/* Who approved it so far: once it is opened the row has them. */
static void
put_approved_by(json_t *o, const struct approvals *a)
{
	char names[LIMIT_APPROVED_SIZE] = "";
	size_t n = 0;

	for (size_t i = 0; a != NULL && i < a->n && n < sizeof(names); i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s",
		    i > 0 ? " " : "", a->row[i].user);
	put_str(o, "approved_by", names);
}

/* What is wanted now: "1 of sre", and how many of these there are. */
static void
put_asked(json_t *o, const struct policy_result *v)
{
	char text[QUORUM_TEXT_SIZE];

	if ((v->verdict != POLICY_APPROVAL && !v->locked) || v->needs.n == 0 ||
	    v->approved.met)
		return;
	quorum_text(text, &v->needs.quorum[v->approved.at]);
	put_str(o, "asked", text);
	put_num(o, "have", v->approved.have);
	put_num(o, "want", v->approved.want);
	if (o != NULL)
		(void)json_object_set_new(
		    o, "wants", wants_json(&v->needs, v->approved.level));
}

/* That nobody, or not enough people, can approve it. */
static int
put_lack(json_t *o, struct broker *b, const struct waiting *w)
{
	const struct policy_result *v = &w->in->verdict;
	struct approvers *a = NULL;
	struct shortage lack = {0};
	int r = 0;

	if (v->verdict != POLICY_APPROVAL || v->needs.n == 0)
		return 0;
	if ((r = approvers_read(b, &v->needs, &a)) == 0 &&
	    approvers_lack(&lack, a, &v->needs, w->r.user_id))
		put_str(o, "unapprovable", lack.text);
	approvers_free(a);
	return r;
}

json_t *
request_json(const struct call *c, const struct waiting *w)
{
	const struct policy_result *v = &w->in->verdict;
	json_t *o = row_json(c->b, &w->r);
	const bool waits =
	    request_state_at(&w->r, broker_now(c->b).utc_ms) == REQUEST_PENDING;

	if (o == NULL)
		return NULL;
	if (waits && waiting_met(w))
		put_str(o, "state", request_state_str(REQUEST_APPROVED));
	/* nobody can approve it any more: it has to be asked for again */
	else if (waits && v->verdict != POLICY_DENY &&
		 !revision_same(&w->r, w->in))
		put_str(o, "state", "changed");
	if (w->r.approved_by[0] == '\0')
		put_approved_by(o, w->in->approvals);
	(void)json_object_set_new(o, "needs", needs_json(&v->needs));
	(void)json_object_set_new(
	    o, "approvals", approvals_json(w->in->approvals));
	if (waits)
		put_asked(o, v);
	if (request_waits(&w->r) && w->held[0] != '\0')
		put_str(o, "held", w->held);
	put_bool(o, "yours", strcmp(w->r.user_id, call_user_id(c)) == 0);
	put_bool(o, "may_approve", waits && waiting_may_approve(c, w));
	return o;
}

json_t *
request_whole_json(const struct call *c, const struct waiting *w)
{
	json_t *o = request_json(c, w);

	if (o == NULL || !request_waits(&w->r) ||
	    (put_lack(o, c->b, w) == 0 && habit_put(o, c, w) == 0))
		return o;
	json_decref(o);
	return NULL;
}

void
verb_request_show(struct call *c)
{
	struct waiting *w = call_state(c, sizeof(*w), waiting_free);
	json_t *o = NULL;
	int r;

	if (w == NULL)
		return;
	r = id_ok(c->arg, 'r') ? waiting_read(c->b, c->arg, w) : GW_ENOENT;
	if (r != 0 && r != GW_ENOENT) {
		call_store_failed(c, r);
		return;
	}
	if (r == GW_ENOENT || !waiting_concerns(c, w)) {
		call_refuse(c, 404, "not-found", "request",
		    "you have to do with no request of that id: see jitctl "
		    "requests");
		return;
	}
	if ((o = request_whole_json(c, w)) != NULL) {
		/* as it is: its digest is over these bytes */
		(void)json_object_set_new(
		    o, "revision", json_string(w->r.revision));
		put_str(o, "digest", w->r.digest);
	}
	call_reply(c, 200, o);
}

/* ---- all */

/* Rows are copied: judging each reads the store as well. */
struct found {
	struct request *r;
	size_t n, cap;
	bool failed;
};

static void
keep(void *arg, const struct request *r)
{
	struct found *f = arg;
	struct request *more = NULL;

	if (f->n == f->cap) {
		f->cap = f->cap == 0 ? 16 : f->cap * 2;
		more = reallocarray(f->r, f->cap, sizeof(*more));
		if (more == NULL) {
			f->failed = true;
			f->cap = f->n;
			return;
		}
		f->r = more;
	}
	f->r[f->n++] = *r;
}

static void
found_done(struct found *f)
{
	free(f->r);
}

/* As it is told to the caller; NULL: it is no business of theirs, or they did
 * not ask for it. *reterr: an error of the store. */
static json_t *
item_json(const struct call *c, const struct listing *l,
    const struct request *r, int *reterr)
{
	struct waiting *w = calloc(1, sizeof(*w));
	json_t *o = NULL;

	*reterr = GW_ENOMEM;
	if (w == NULL)
		return NULL;
	w->r = *r;
	*reterr = waiting_judge(c->b, w);
	if (*reterr == 0 &&
	    (l->all ? waiting_concerns(c, w)
		    : c->local || strcmp(r->user_id, call_user_id(c)) == 0 ||
			  waiting_may_approve(c, w) ||
			  (w->held[0] != '\0' && waiting_asks(c, w))))
		o = request_json(c, w);
	waiting_free(w);
	return o;
}

static json_t *
kept_json(const void *what)
{
	return json_incref((json_t *)(uintptr_t)what);
}

static int
list_waiting(
    struct call *c, struct listing *l, const struct found *f, json_t *kept)
{
	int r = 0;

	l->live_json = kept_json;
	for (size_t i = 0; r == 0 && i < f->n; i++) {
		json_t *o = item_json(c, l, &f->r[i], &r);

		if (o == NULL)
			continue;
		(void)json_array_append_new(kept, o);
		r = listing_live(
		    l, &(struct listing_place){.start_ms = f->r[i].created_ms,
			   .id = f->r[i].id,
			   .what = o});
	}
	listing_sort(l);
	return r;
}

static int
list_over(struct call *c, struct listing *l, const struct found *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->n; i++) {
		json_t *o = item_json(c, l, &f->r[i], &r);

		if (o == NULL)
			continue;
		listing_ended(l,
		    &(struct listing_place){.start_ms = f->r[i].created_ms,
			.id = f->r[i].id,
			.what = o},
		    kept_json);
		json_decref(o);
	}
	return r;
}

/* May a request of somebody else's be any business of theirs? Who is asked by
 * no role is spared the look at each. */
static bool
may_see_others(const struct call *c, const struct listing *l)
{
	const struct broker *b = c->b;

	if (c->local || (l->all && c->rights != RIGHT_NONE) ||
	    store_owns(b->store, call_user_id(c)) == 0)
		return true;
	for (size_t i = 0; c->subject != NULL && i < b->nroles; i++)
		for (unsigned k = 0; k < b->roles[i].approvals.n; k++)
			if (quorum_counts(&b->roles[i].approvals,
				b->roles[i].approvals.quorum[k].level,
				call_user_id(c), &c->subject->user.groups))
				return true;
	return false;
}

static int
list(struct call *c, struct listing *l)
{
	const bool mine = !listing_everybody(l, c);
	struct found waits = {0}, over = {0};
	json_t *kept = json_array();
	struct listing_place after;
	int r = store_request_waiting(c->b->store,
	    may_see_others(c, l) ? NULL : call_user_id(c), keep, &waits);

	if (r == 0 && waits.failed)
		r = GW_ENOMEM;
	if (r == 0)
		r = list_waiting(c, l, &waits, kept);
	listing_after(l, &after);
	if (r == 0 && l->all)
		r = store_request_over(c->b->store,
		    mine ? call_user_id(c) : NULL, after.start_ms, after.id,
		    LIMIT_LIST_PAGE, keep, &over);
	if (r == 0 && over.failed)
		r = GW_ENOMEM;
	if (r == 0)
		r = list_over(c, l, &over);
	listing_ended(l, NULL, NULL);
	found_done(&waits);
	found_done(&over);
	json_decref(kept);
	return r;
}

/* The caller's own and those that wait for their yes; with all=1 also what
 * waits no more, and to auditors (and root on the admin socket) everybody's. */
void
verb_requests(struct call *c)
{
	listing_answer(c, list);
}
