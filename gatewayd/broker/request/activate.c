/* SPDX-License-Identifier: Apache-2.0 */
/*
 * activate - see the header.
 *
 * MUST: what opens is what was approved, to the letter; by people who still may
 * approve it; once. MUST: it is on record, and the request is used up in the
 * store, before anything opens.
 */
#include "broker/request/activate.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/grant/live.h"
#include "broker/grant/open.h"
#include "broker/identity/mfa.h"
#include "broker/identity/permission.h"
#include "broker/request/answer.h"
#include "broker/request/list.h"
#include "broker/request/revision.h"
#include "broker/request/waiting.h"

/* As the one who calls now asks for it: with their address and proof. */
static int
ask_now(struct call *c, struct waiting *w)
{
	struct intent *in = intent_new(c), *was = w->in;

	if (in == NULL)
		return GW_ENOMEM;
	memcpy(in->req, w->r.id, sizeof(in->req));
	name_set(in->target, w->r.target);
	name_set(in->login, w->r.login);
	if (w->r.role_named)
		name_set(in->role, w->r.role);
	in->port = w->r.port;
	in->seconds = w->r.seconds;
	in->at_ms = w->r.at_ms;
	text_set(in->reason, sizeof(in->reason), w->r.reason);
	text_set(in->ticket, sizeof(in->ticket), w->r.ticket);
	in->approvals = was->approvals;
	was->approvals = NULL;
	intent_free(was);
	w->in = in;
	return intent_load(c->b, in);
}

/* ---- refused: each on record */

static void
say_changed(struct call *c)
{
	const struct waiting *w = c->state;

	call_refuse(c, 409, "conflict", "request",
	    "what was asked for is not what you would get now: the target or "
	    "the role was changed; ask for %s again",
	    w->r.target);
}

static void
say_unapproved(struct call *c)
{
	const struct waiting *w = c->state;
	const struct policy_result *v = &w->in->verdict;
	char text[QUORUM_TEXT_SIZE];

	quorum_text(text, &v->needs.quorum[v->approved.at]);
	call_refuse(c, 409, "conflict", "request",
	    "it wants %s, and of those who approved it %u still may: ask for "
	    "%s again",
	    text, v->approved.have, w->r.target);
}

static void
refuse(struct call *c, const char *reason, call_fn *then)
{
	const struct waiting *w = c->state;
	struct event_fields f;

	waiting_fields(c, w, &f);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, reason);
	call_append(c, EV_REQUEST_ACTIVATE_DENIED, &f, then);
	event_fields_done(&f);
}

/* False: it is answered. */
static bool
may_open(struct call *c, struct waiting *w)
{
	struct intent *in = w->in;
	const struct policy_result *v = &in->verdict;

	intent_judge(c->b, in);
	if (v->verdict == POLICY_DENY) {
		w->in = NULL; /* it outlives w */
		answer_denied(c, in, EV_REQUEST_ACTIVATE_DENIED);
	} else if (v->verdict == POLICY_APPROVAL)
		refuse(c, "approvals", say_unapproved);
	else if (!revision_same(&w->r, in))
		refuse(c, "changed", say_changed);
	else if (v->verdict == POLICY_CODE)
		mfa_needed_by(c, v->role);
	else
		return true;
	return false;
}

/* ---- opening */

/* Nothing opened: it may be tried again, as long as it may be used. */
static void
give_back(struct broker *b, const struct intent *in)
{
	const struct approvals *a = in->approvals;
	struct request r;
	int e = store_request_get(b->store, in->req, &r);

	if (e == 0 && r.state == REQUEST_ACTIVE) {
		r.state = REQUEST_APPROVED;
		r.grant[0] = '\0';
		name_set(r.by, a->n > 0 ? a->row[a->n - 1].user : "");
		e = store_request_move(b->store, &r, REQUEST_ACTIVE);
	}
	if (e != 0)
		log_err("request %s did not open and is used up: %s", in->req,
		    store_error(b->store));
}

static void
opened(void *arg, const struct intent *in, const struct opened *o)
{
	struct call *c = arg;

	if (o->result != OPEN_DONE && o->result != OPEN_OVER)
		give_back(c->b, in);
	answer_opened(arg, in, o);
}

/* On record; judged again, used up, opened. */
static void
recorded(struct call *c)
{
	struct waiting *w = c->state;
	struct intent *in = w->in;
	struct problem p = {0};
	int r;

	if ((r = approvals_now(c->b, in->approvals)) != 0 ||
	    ((r = intent_load(c->b, in)) != 0 && r != GW_ENOENT)) {
		call_store_failed(c, r);
		return;
	}
	intent_judge(c->b, in);
	if (!permission_still(c) || r == GW_ENOENT ||
	    in->verdict.verdict != POLICY_ALLOW || !revision_same(&w->r, in) ||
	    request_state_at(&w->r, broker_now(c->b).utc_ms) !=
		REQUEST_APPROVED) {
		problem_set(&p, 403, "forbidden", NULL,
		    "your permissions changed meanwhile: nothing was opened");
		call_undone(c, &p);
		return;
	}
	w->r.state = REQUEST_ACTIVE;
	memcpy(w->r.grant, in->grant, sizeof(w->r.grant));
	name_set(w->r.by, c->user);
	w->r.seq = c->seq;
	if ((r = store_request_move(c->b->store, &w->r, REQUEST_APPROVED)) !=
	    0) {
		call_store_failed(c, r);
		return;
	}
	w->in = NULL; /* it may outlive the call */
	open_start(c->b, in, opened, c);
}

/* Those whose yes counts as of now. */
static void
approved_by(struct waiting *w)
{
	const struct approvals *a = w->in->approvals;
	char *const to = w->r.approved_by;
	const size_t size = sizeof(w->r.approved_by);

	to[0] = '\0';
	for (size_t i = 0; i < a->n; i++) {
		const size_t len = strlen(to);

		if (quorum_counts(&w->in->verdict.needs, a->fact[i].level,
			a->fact[i].user_id, a->fact[i].groups))
			(void)!str_fmt(to + len, size - len, "%s%s",
			    len > 0 ? " " : "", a->row[i].user);
	}
}

static void
record(struct call *c, struct waiting *w)
{
	struct event_fields f;
	struct grant g;

	intent_grant(c->b, w->in, &g);
	if (answer_would_refuse(c, &w->in->trial, &g) != 0) {
		call_unavailable(c, "the log");
		return;
	}
	approved_by(w);
	waiting_fields(c, w, &f);
	event_str(&f, EF_GRANT, w->in->grant);
	event_num(&f, EF_SECONDS, w->in->verdict.seconds);
	event_str(&f, EF_SHA256, w->r.digest);
	event_str(&f, EF_APPROVED_BY, w->r.approved_by);
	event_str(&f, EF_OUTCOME, "success");
	if (c->timed)
		event_str(&f, EF_MSG, "by itself, at the time asked for");
	call_append(c, EV_REQUEST_ACTIVATE, &f, recorded);
	event_fields_done(&f);
}

/* Its grant, if that is open. */
static bool
is_open(struct call *c, const struct request *r)
{
	struct live_grant *lg =
	    r->state == REQUEST_ACTIVE ? grant_find(c->b, r->grant) : NULL;

	if (lg == NULL || lg->state != GRANT_ACTIVE)
		return false;
	answer_open(c, lg, true, NULL);
	return true;
}

static void
activate(struct call *c, struct waiting *w)
{
	struct problem p = {0};
	int r;

	if (request_state_at(&w->r, broker_now(c->b).utc_ms) ==
		REQUEST_PENDING &&
	    (r = waiting_settle(c->b, w)) != 0) {
		call_store_failed(c, r);
		return;
	}
	/* what is wanted by now may be less than what it waits for */
	if (w->r.state == REQUEST_PENDING &&
	    w->in->verdict.verdict != POLICY_DENY &&
	    w->in->verdict.approved.met) {
		refuse(c, "changed", say_changed);
		return;
	}
	if (!waiting_is(c, w, REQUEST_APPROVED))
		return;
	if ((r = ask_now(c, w)) != 0 && r != GW_ENOENT) {
		call_store_failed(c, r);
		return;
	}
	if (!may_open(c, w) || answer_no_place(c))
		return;
	if (mfa_check(c, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	w->in->mfa_step = c->mfa_step;
	if (c->mfa_step > 0)
		memcpy(w->in->factor, c->factor, sizeof(w->in->factor));
	record(c, w);
}

void
verb_request_activate(struct call *c)
{
	static const char *const keys[] = {"request", NULL};
	struct waiting *w = waiting_named(c, WAITING_OWN, keys);
	char at[32];

	if (w == NULL || is_open(c, &w->r))
		return;
	if (w->r.at_ms == 0 || FAULT(at_by_hand)) {
		activate(c, w);
		return;
	}
	str_time(at, sizeof(at), w->r.at_ms);
	call_refuse(c, 409, "conflict", "request",
	    "request %s opens by itself, at %.19sZ and for the address that "
	    "it was signed for",
	    w->r.id, at);
}

static void
say_gone(struct call *c)
{
	call_refuse(c, 403, "forbidden", NULL,
	    "who asked may not ask any more, or not with that key or from "
	    "there");
}

void
activate_timed(struct call *c, const struct request *of)
{
	struct waiting *w = call_state(c, sizeof(*w), waiting_free);
	int r;

	if (w == NULL)
		return;
	if ((r = waiting_read(c->b, of->id, w)) != 0)
		call_store_failed(c, r);
	else if (!permission_still(c))
		refuse(c, "forbidden", say_gone);
	else
		activate(c, w);
}

/* ---- given up */

static void
withdrawn(struct call *c)
{
	struct waiting *w = c->state;
	struct problem p = {0};
	int r = waiting_end(c, w, REQUEST_WITHDRAWN);

	if (r == GW_ESTATE) {
		problem_set(&p, 409, "conflict", "request",
		    "it was decided or opened meanwhile: nothing was done");
		call_undone(c, &p);
	} else if (r != 0) {
		call_store_failed(c, r);
	} else {
		call_reply(c, 200, request_json(c, w));
	}
}

void
verb_request_cancel(struct call *c)
{
	static const char *const keys[] = {"request", "note", NULL};
	struct waiting *w = waiting_named(c, WAITING_OWN, keys);
	struct event_fields f;

	if (w == NULL || !waiting_still(c, w))
		return;
	waiting_fields(c, w, &f);
	call_append(c, EV_REQUEST_WITHDRAW, &f, withdrawn);
	event_fields_done(&f);
}
