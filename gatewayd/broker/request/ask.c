/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask - one request for access, top to bottom:
 *
 *   check    who asked is known (identity/caller.c); now: may they, for how
 *            long, from where (core/policy, pure); is it open already; then
 *            the code
 *   wait     if others have to approve it: the code is burned, it goes on
 *            record and into the store, and its user hears that it waits
 *   reserve, intent, open: grant/open.c
 *   reply
 */
#include "broker/request/ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "broker/call/put.h"
#include "broker/grant/live.h"
#include "broker/grant/open.h"
#include "broker/identity/mfa.h"
#include "broker/identity/permission.h"
#include "broker/request/answer.h"
#include "broker/request/list.h"
#include "broker/request/revision.h"
#include "broker/request/waiting.h"

/* When it is to open by itself, and how long it can be used. */
static int
parse_when(struct intent *in, const json_t *o, struct problem *p)
{
	const int64_t now_ms = clock_now().utc_ms;
	const char *at = NULL;
	int64_t within = 0;
	int r;

	if ((r = json_get_str(o, "at", false, 32, &at, p)) != 0 ||
	    (r = json_get_int(o, "use_within", false, LIMIT_PENDING_MIN_S,
		 LIMIT_PENDING_MAX_S, &within, p)) != 0)
		return r;
	in->use_within_s = (uint32_t)within;
	if (at == NULL)
		return 0;
	if (str_time_parse(at, &in->at_ms) != 0 || in->at_ms <= now_ms ||
	    in->at_ms - now_ms > (int64_t)LIMIT_AT_AHEAD_S * 1000) {
		problem_set(p, 400, "bad-field", "at",
		    "at: a time to come, like 2026-11-22T14:30:00Z, in at most "
		    "%d days",
		    LIMIT_AT_AHEAD_S / 86400);
		return GW_EINVAL;
	}
	in->asked_ms = in->at_ms;
	return 0;
}

static int
parse(struct intent *in, const json_t *o, struct problem *p)
{
	static const char *const keys[] = {"target", "login", "port", "role",
	    "for", "reason", "ticket", "at", "use_within", NULL};
	const char *target = NULL, *login = NULL, *role = NULL, *reason = NULL;
	const char *ticket = NULL;
	int64_t port = 0, seconds = 0;
	int r;

	if ((r = json_only(o, keys, p)) != 0 ||
	    (r = json_get_name(o, "target", true, &target, p)) != 0 ||
	    (r = json_get_name(o, "login", false, &login, p)) != 0 ||
	    (r = json_get_name(o, "role", false, &role, p)) != 0 ||
	    (r = json_get_int(o, "port", false, 1, 65535, &port, p)) != 0 ||
	    (r = json_get_int(o, "for", false, 1, 10000000, &seconds, p)) !=
		0 ||
	    (r = json_get_str(
		 o, "reason", false, LIMIT_REASON_MAX, &reason, p)) != 0 ||
	    (r = json_get_str(
		 o, "ticket", false, LIMIT_TICKET_MAX, &ticket, p)) != 0)
		return r;
	name_set(in->target, target);
	if (login != NULL)
		name_set(in->login, login);
	if (role != NULL)
		name_set(in->role, role);
	if (reason != NULL)
		text_set(in->reason, sizeof(in->reason), reason);
	if (ticket != NULL)
		text_set(in->ticket, sizeof(in->ticket), ticket);
	in->port = (uint16_t)port;
	in->seconds = (uint32_t)seconds;
	return parse_when(in, o, p);
}

/* id: of the grant; "": there is none yet. */
static int
record_tried(const struct call *c, const struct intent *in, const char *id)
{
	struct grant g;

	intent_grant(c->b, in, &g);
	text_set(g.id, sizeof(g.id), id);
	return answer_would_refuse(c, &in->trial, &g);
}

/* The verdict and its rule; in the log before grant.open, which waits. */
static int
record_allowed(const struct call *c, const struct intent *in)
{
	struct event_fields f;
	int r;

	asked_fields(c, in, &f);
	event_str(&f, EF_LOGIN, in->verdict.login);
	event_str(&f, EF_GRANT, in->grant);
	event_num(&f, EF_SECONDS, in->verdict.seconds);
	event_str(&f, EF_OUTCOME, "success");
	r = process_append(c->b->process, EV_REQUEST_CREATE, &f, NULL, NULL);
	event_fields_done(&f);
	return r != 0 ? r : record_tried(c, in, in->grant);
}

/* ---- it has to wait for others */

static void
reply_waiting(struct call *c, struct waiting *w, bool already)
{
	json_t *o = NULL;
	int r = waiting_judge(c->b, w);

	if (r != 0) {
		call_store_failed(c, r);
		return;
	}
	o = request_whole_json(c, w);
	put_bool(o, "already", already);
	put_bool(o, "repeated", false);
	if (o != NULL && !already && w->in->trial.n > 0)
		(void)json_object_set_new(
		    o, "would_refuse", would_refuse_json(&w->in->trial));
	call_reply(c, already ? 200 : 202, o);
}

struct same {
	struct intent *in;
	struct request r; /* id "" = none */
	unsigned n;
	int64_t now_ms;
};

/* What it says is what would be granted now; without a reason any will do. */
static bool
is_same(struct intent *in, const struct request *r)
{
	const struct policy_result *v = &in->verdict;
	char why[LIMIT_REASON_SIZE];
	bool same = strcmp(r->target_id, in->subject.target.id) == 0 &&
		    strcmp(r->login, v->login) == 0 && r->port == v->port &&
		    r->seconds == v->seconds;

	memcpy(why, in->reason, sizeof(why));
	if (in->reason[strspn(in->reason, " ")] == '\0')
		memcpy(in->reason, r->reason, sizeof(in->reason));
	same = same && revision_same(r, in);
	memcpy(in->reason, why, sizeof(in->reason));
	return same;
}

/* The newest that is the same. */
static void
look_same(void *arg, const struct request *r)
{
	struct same *x = arg;

	if (request_state_at(r, x->now_ms) == REQUEST_LAPSED)
		return;
	x->n++;
	if (x->r.id[0] == '\0' && is_same(x->in, r))
		x->r = *r;
}

/* Of no use: it was approved by people who may not approve it any more. */
static int
forget_unapproved(struct broker *b, struct request *r)
{
	struct waiting *w = calloc(1, sizeof(*w));
	int e = GW_ENOMEM;

	if (w != NULL) {
		w->r = *r;
		e = waiting_judge(b, w);
	}
	if (e == 0 && r->state == REQUEST_APPROVED &&
	    w->in->verdict.verdict == POLICY_APPROVAL)
		r->id[0] = '\0';
	waiting_free(w);
	return e;
}

static int
find_same(struct call *c, struct intent *in, struct same *ret)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->in = in;
	ret->now_ms = broker_now(c->b).utc_ms;
	r = store_request_waiting(
	    c->b->store, in->subject.user.id, look_same, ret);
	if (r == 0 && ret->r.id[0] != '\0')
		r = forget_unapproved(c->b, &ret->r);
	return r;
}

/* By which clocks it opens by itself. */
static void
set_at(struct request *r, const struct intent *in, const struct now *now)
{
	r->at_ms = in->at_ms;
	r->at_boot_ms = now->boot_ms + (in->at_ms - now->utc_ms);
	text_set(r->boot_id, sizeof(r->boot_id), clock_boot_id());
	text_set(r->key_fp, sizeof(r->key_fp), in->key_fp);
	r->created_ms = now->utc_ms;
}

static struct request
new_row(const struct broker *b, const struct intent *in)
{
	const struct policy_result *v = &in->verdict;
	struct request r = {.state = REQUEST_PENDING,
	    .port = v->port,
	    .seconds = v->seconds,
	    .use_within_s = v->use_within_s,
	    .created_ms = in->judged_ms};

	memcpy(r.id, in->req, sizeof(r.id));
	name_set(r.user, in->user);
	memcpy(r.user_id, in->subject.user.id, sizeof(r.user_id));
	memcpy(r.owner, in->subject.behalf.owner, sizeof(r.owner));
	name_set(r.target, in->target);
	memcpy(r.target_id, in->subject.target.id, sizeof(r.target_id));
	name_set(r.login, v->login);
	name_set(r.role, v->role);
	policy_roles_text(r.roles, v);
	r.role_named = in->role[0] != '\0';
	memcpy(r.reason, in->reason, sizeof(r.reason));
	memcpy(r.ticket, in->ticket, sizeof(r.ticket));
	for (unsigned i = 0; i < in->nsources; i++)
		*(in->source[i].family == 4 ? &r.source4 : &r.source6) =
		    in->source[i];
	if (in->use_within_s != 0 && in->use_within_s < r.use_within_s)
		r.use_within_s = in->use_within_s;
	if (in->at_ms != 0) {
		const struct now now = broker_now(b);

		set_at(&r, in, &now);
	}
	r.until_ms = r.created_ms + (int64_t)v->pending_s * 1000;
	if (v->verdict == POLICY_ALLOW) { /* it waits for its time alone */
		r.state = REQUEST_APPROVED;
		r.until_ms = request_usable_ms(&r, r.created_ms);
	}
	return r;
}

static void
recorded(struct call *c)
{
	struct waiting *w = c->state;
	struct same x;
	struct problem p = {0};
	int r;

	if (!permission_kept(c, "nothing was done"))
		return;
	if ((r = find_same(c, w->in, &x)) != 0) {
		call_store_failed(c, r);
		return;
	}
	if (x.r.id[0] != '\0' || x.n >= LIMIT_REQUESTS_PER_USER) {
		problem_set(&p, 409, "conflict", "target",
		    "the same, or as much as may wait, was asked for in the "
		    "same moment: see jitctl requests");
		call_undone(c, &p);
		return;
	}
	w->r.seq = c->seq;
	if ((r = store_request_put(c->b->store, &w->r)) != 0)
		call_store_failed(c, r);
	else
		reply_waiting(c, w, false);
}

/* The code is burned. */
static void
record_waiting(struct call *c)
{
	struct waiting *w = c->state;
	struct event_fields f;
	char *needs = NULL;
	json_t *list = needs_json(&w->in->verdict.needs);

	w->r = new_row(c->b, w->in);
	if (list == NULL || (needs = json_text(list)) == NULL ||
	    revision_make(&w->r, w->in) != 0) {
		call_unavailable(c, "memory");
	} else if (record_tried(c, w->in, "") != 0) {
		call_unavailable(c, "the log");
	} else {
		asked_fields(c, w->in, &f);
		event_str(&f, EF_LOGIN, w->r.login);
		event_num(&f, EF_SECONDS, w->r.seconds);
		event_str(&f, EF_NEEDS, needs);
		event_str(&f, EF_REVISION, w->r.revision);
		event_str(&f, EF_SHA256, w->r.digest);
		call_append(c, EV_REQUEST_PENDING, &f, recorded);
		event_fields_done(&f);
	}
	free(needs);
	json_decref(list);
}

static void
wait_for_others(struct call *c, struct intent *in)
{
	struct same x;
	struct waiting *w = NULL;
	int r = find_same(c, in, &x);

	c->state = NULL;
	if (r != 0 || (w = call_state(c, sizeof(*w), waiting_free)) == NULL) {
		intent_free(in);
		if (r != 0)
			call_store_failed(c, r);
		return;
	}
	w->in = in;
	w->r = x.r;
	if (x.r.id[0] != '\0')
		reply_waiting(c, w, true);
	else if (x.n >= LIMIT_REQUESTS_PER_USER)
		call_refuse(c, 429, "too-many", NULL,
		    "%d requests of yours wait already: jitctl cancel gives "
		    "one up",
		    (int)LIMIT_REQUESTS_PER_USER);
	else if (!answer_no_room(c, in))
		mfa_burn(c, record_waiting);
}

/* ---- the verb */

/* What is open already needs no second grant, and no code: nothing opens, and
 * nothing is written. */
static const struct live_grant *
open_already(const struct call *c, const struct intent *in)
{
	const struct policy_result *v = &in->verdict;
	const bool full =
	    v->nrefused == 1 && strcmp(v->refused[0].field, "grants") == 0;
	struct grant want;

	if ((v->verdict == POLICY_DENY && !full) || in->at_ms != 0 ||
	    FAULT(open_again))
		return NULL;
	intent_grant(c->b, in, &want);
	return grant_given(c->b, &want, in->key_fp);
}

/* True: allowed. Else the call is answered, or waits. */
static bool
decide(struct call *c, struct intent *in)
{
	const struct live_grant *open = NULL;

	intent_judge(c->b, in);
	if ((open = open_already(c, in)) != NULL) {
		answer_open(c, open, true, NULL);
		return false;
	}
	if (in->verdict.verdict == POLICY_DENY && !FAULT(no_policy)) {
		answer_denied(c, in, EV_REQUEST_DENIED);
		return false;
	}
	if (in->verdict.code) {
		mfa_needed_by(c, in->verdict.role);
		return false;
	}
	if (in->verdict.verdict == POLICY_APPROVAL || in->at_ms != 0) {
		wait_for_others(c, in);
		return false;
	}
	return true;
}

static void
state_free(void *p)
{
	intent_free(p);
}

int
ask_look(const struct call *c, const json_t *body, struct ask_view *ret,
    struct problem *p)
{
	struct intent *in = intent_new(c);
	int r = GW_ENOMEM;

	*ret = (struct ask_view){0};
	if (in != NULL && (r = parse(in, body, p)) != 0) {
		intent_free(in);
		return r;
	}
	if (in == NULL || (r = intent_load(c->b, in)) != 0) {
		problem_set(p, 503, "unavailable", NULL,
		    "who asks for what cannot be read: %s", err_str(r));
		intent_free(in);
		return r;
	}
	intent_judge(c->b, in);
	ret->gives =
	    in->verdict.verdict != POLICY_DENY && open_already(c, in) == NULL;
	ret->code = ret->gives && in->verdict.code;
	name_set(ret->role, in->verdict.role);
	intent_free(in);
	return 0;
}

void
ask_one(struct call *c)
{
	struct intent *in = intent_new(c);
	struct problem p = {0};
	int r;

	if (in == NULL) {
		call_unavailable(c, "memory");
		return;
	}
	c->state = in;
	c->state_free = state_free;
	if (parse(in, c->req.body, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if ((r = intent_load(c->b, in)) != 0) {
		call_store_failed(c, r);
		return;
	}
	if (!decide(c, in) || answer_no_place(c))
		return;
	if (mfa_check(c, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	in->mfa_step = c->mfa_step;
	if (c->mfa_step > 0)
		memcpy(in->factor, c->factor, sizeof(in->factor));
	if (record_allowed(c, in) != 0) {
		call_unavailable(c, "the log");
		return;
	}
	c->state = NULL; /* it may outlive the call */
	open_start(c->b, in, answer_opened, c);
}
