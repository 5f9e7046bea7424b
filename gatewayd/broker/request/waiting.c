/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiting - see the header.
 */
#include "broker/request/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/str.h"
#include "broker/grant/live.h"
#include "broker/request/revision.h"

void
waiting_free(void *p)
{
	struct waiting *w = p;

	if (w == NULL)
		return;
	intent_free(w->in);
	free(w);
}

int
waiting_read(struct broker *b, const char *id, struct waiting *w)
{
	char own[LIMIT_ID_SIZE]; /* it may be w's */
	int r;

	text_set(own, sizeof(own), id);
	r = store_request_get(b->store, own, &w->r);
	return r != 0 ? r : waiting_judge(b, w);
}

/* What was asked, by whom: as if they asked it now, with a code; but by the
 * hours of when they did, for it is approved at others. */
static struct intent *
asked(const struct request *r)
{
	struct intent *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return NULL;
	memcpy(in->req, r->id, sizeof(in->req));
	name_set(in->user, r->user);
	name_set(in->target, r->target);
	name_set(in->login, r->login);
	if (r->role_named)
		name_set(in->role, r->role);
	text_set(in->reason, sizeof(in->reason), r->reason);
	text_set(in->ticket, sizeof(in->ticket), r->ticket);
	in->at_ms = r->at_ms;
	in->asked_ms = r->at_ms != 0 ? r->at_ms : r->created_ms;
	text_set(in->key_fp, sizeof(in->key_fp), r->key_fp);
	in->hardware = HARDWARE_VERIFIED; /* it was, and will be again */
	in->port = r->port;
	in->seconds = r->seconds;
	if (r->source4.family != 0)
		in->source[in->nsources++] = r->source4;
	if (r->source6.family != 0)
		in->source[in->nsources++] = r->source6;
	return in;
}

/* The name may be another's by now. */
static bool
same_people(const struct intent *in, const struct request *r)
{
	return strcmp(in->subject.user.id, r->user_id) == 0 &&
	       strcmp(in->subject.target.id, r->target_id) == 0 &&
	       in->subject.user.state == USER_ACTIVE;
}

/* A lock says nothing of who is asked: that is what it would be without. */
static void
judge_held(struct broker *b, struct waiting *w)
{
	struct policy_result *v = &w->in->verdict;
	struct policy_result *locked = NULL;

	w->held[0] = '\0';
	if (!v->locked || v->nrefused == 0 ||
	    (locked = malloc(sizeof(*locked))) == NULL)
		return;
	*locked = *v;
	text_set(w->held, sizeof(w->held), v->refused[0].text);
	w->in->unlocked = true;
	intent_judge(b, w->in);
	w->in->unlocked = false;
	if (!FAULT(held_goes_on))
		v->verdict = POLICY_DENY;
	v->locked = true;
	memcpy(v->lock, locked->lock, sizeof(v->lock));
	memcpy(v->locked_by, locked->locked_by, sizeof(v->locked_by));
	v->nrefused = 0;
	policy_refuse(v, "lock", "%s", w->held);
	free(locked);
}

int
waiting_judge(struct broker *b, struct waiting *w)
{
	int r = GW_ENOMEM;

	intent_free(w->in);
	if ((w->in = asked(&w->r)) == NULL ||
	    (r = approvals_load(b, w->r.id, &w->in->approvals)) != 0 ||
	    (r = approvals_now(b, w->in->approvals)) != 0)
		return r;
	r = intent_load(b, w->in);
	if (r != 0 && r != GW_ENOENT)
		return r;
	if (w->in->at_ms != 0) /* nobody will sign it again */
		w->in->hardware =
		    user_hardware(&w->in->subject.user, w->in->key_fp);
	intent_judge(b, w->in);
	judge_held(b, w);
	if (r == GW_ENOENT || !same_people(w->in, &w->r)) {
		w->in->verdict.verdict = POLICY_DENY;
		w->held[0] = '\0';
	}
	return 0;
}

const char *
waiting_state(const struct broker *b, const struct request *r)
{
	const enum request_state s = request_state_at(r, broker_now(b).utc_ms);
	const struct live_grant *lg = NULL;

	if (s != REQUEST_ACTIVE)
		return request_state_str(s);
	for (lg = b->grants; lg != NULL; lg = lg->next)
		if (strcmp(lg->g.id, r->grant) == 0)
			return request_state_str(s);
	return "ended";
}

bool
waiting_met(const struct waiting *w)
{
	const struct policy_result *v = &w->in->verdict;

	return v->verdict != POLICY_DENY && v->approved.met &&
	       (revision_same(&w->r, w->in) || FAULT(met_by_none));
}

int
waiting_settle(struct broker *b, struct waiting *w)
{
	if (w->r.state != REQUEST_PENDING || !waiting_met(w))
		return 0;
	w->r.state = REQUEST_APPROVED;
	w->r.until_ms = request_usable_ms(&w->r, broker_now(b).utc_ms);
	return store_request_move(b->store, &w->r, REQUEST_PENDING);
}

static void
waiting_conflict(struct call *c, const struct request *r)
{
	call_refuse(c, 409, "conflict", "request",
	    "request %s is %s: nothing was changed", r->id,
	    waiting_state(c->b, r));
}

bool
waiting_is(struct call *c, const struct waiting *w, enum request_state state)
{
	if (request_state_at(&w->r, broker_now(c->b).utc_ms) == state)
		return true;
	waiting_conflict(c, &w->r);
	return false;
}

int
waiting_end(struct call *c, struct waiting *w, enum request_state to)
{
	enum request_state was = REQUEST_NONE;
	int r = waiting_read(c->b, w->r.id, w);

	if (r != 0)
		return r;
	if (!request_waits(&w->r) ||
	    request_state_at(&w->r, broker_now(c->b).utc_ms) == REQUEST_LAPSED)
		return GW_ESTATE;
	was = (enum request_state)w->r.state;
	w->r.state = (uint8_t)to;
	name_set(w->r.by, c->user);
	memcpy(w->r.note, w->note, sizeof(w->r.note));
	w->r.seq = c->seq;
	return store_request_move(c->b->store, &w->r, was);
}

bool
waiting_still(struct call *c, const struct waiting *w)
{
	if (request_waits(&w->r) &&
	    request_state_at(&w->r, broker_now(c->b).utc_ms) == w->r.state)
		return true;
	waiting_conflict(c, &w->r);
	return false;
}

/* ---- whose business it is */

static bool
is_own(const struct call *c, const struct request *r)
{
	return strcmp(r->user, c->user) == 0 &&
	       strcmp(r->user_id, call_user_id(c)) == 0;
}

static const struct name_list *
groups_of(const struct call *c)
{
	return c->subject != NULL ? &c->subject->user.groups : NULL;
}

/* What their agent asks for is theirs to see, and to refuse. */
static bool
is_owner(const struct call *c, const struct waiting *w)
{
	const char *id = w->in->subject.behalf.owner_id;

	return id[0] != '\0' && strcmp(id, call_user_id(c)) == 0;
}

bool
waiting_may_approve(const struct call *c, const struct waiting *w)
{
	const struct policy_result *v = &w->in->verdict;
	const struct name_list *groups = groups_of(c);

	return groups != NULL && !is_own(c, &w->r) &&
	       v->verdict == POLICY_APPROVAL && revision_same(&w->r, w->in) &&
	       quorum_counts(
		   &v->needs, v->approved.level, call_user_id(c), groups) &&
	       !approvals_by(w->in->approvals, call_user_id(c));
}

/* In a group that is asked, at whichever level. */
static bool
is_asked(const struct call *c, const struct waiting *w)
{
	const struct quorum_list *l = &w->in->verdict.needs;
	const struct name_list *groups = groups_of(c);

	for (unsigned i = 0; groups != NULL && i < l->n; i++)
		if (quorum_counts(
			l, l->quorum[i].level, call_user_id(c), groups))
			return true;
	return false;
}

bool
waiting_asks(const struct call *c, const struct waiting *w)
{
	return !is_own(c, &w->r) && is_asked(c, w);
}

bool
waiting_may_deny(const struct call *c, const struct waiting *w)
{
	return right_may(c->rights, RIGHT_RESPONDER) ||
	       (!is_own(c, &w->r) && (is_asked(c, w) || is_owner(c, w)));
}

bool
waiting_concerns(const struct call *c, const struct waiting *w)
{
	return c->rights != RIGHT_NONE || is_own(c, &w->r) || is_asked(c, w) ||
	       is_owner(c, w) ||
	       approvals_by(w->in->approvals, call_user_id(c));
}

/* ---- named in a body */

static struct waiting *
not_found(struct call *c, const char *id)
{
	call_refuse(c, 404, "not-found", "request",
	    id_ok(id, 'r') ? "you have to do with no request %s: see jitctl "
			     "requests"
			   : "%.20s is no request: they are called like "
			     "r-7Q2MXK4P",
	    id_ok(id, 'r') ? id : "that");
	return NULL;
}

static bool
parse(struct call *c, const char *const *keys, const char **retid,
    const char **retrevision, const char **retnote)
{
	struct problem p = {0};

	if (json_only(c->req.body, keys, &p) == 0 &&
	    json_get_str(c->req.body, "request", true, LIMIT_ID_SIZE - 1, retid,
		&p) == 0 &&
	    json_get_str(c->req.body, "revision", false,
		REQUEST_DIGEST_SIZE - 1, retrevision, &p) == 0 &&
	    json_get_str(
		c->req.body, "note", false, LIMIT_REASON_MAX, retnote, &p) == 0)
		return true;
	call_problem(c, &p);
	return false;
}

/* What they saw is what there is. */
static bool
is_seen(struct call *c, const struct request *r, const char *const *keys,
    const char *revision)
{
	bool wanted = false;

	for (; *keys != NULL; keys++)
		wanted = wanted || strcmp(*keys, "revision") == 0;
	if (!wanted || FAULT(unseen) ||
	    (revision != NULL && strcmp(revision, r->digest) == 0))
		return true;
	call_refuse(c, 409, "conflict", "revision",
	    "that is not the request as it is: look at it again with jitctl "
	    "requests show %s",
	    r->id);
	return false;
}

struct waiting *
waiting_named(struct call *c, enum waiting_of whose, const char *const *keys)
{
	struct waiting *w = NULL;
	const char *id = NULL, *revision = NULL, *note = NULL;
	int r;

	if (!parse(c, keys, &id, &revision, &note) ||
	    (w = call_state(c, sizeof(*w), waiting_free)) == NULL)
		return NULL;
	if (!id_ok(id, 'r'))
		return not_found(c, id);
	r = waiting_read(c->b, id, w);
	if (r != 0 && r != GW_ENOENT) {
		call_store_failed(c, r);
		return NULL;
	}
	if (r == GW_ENOENT || (whose == WAITING_OWN ? !is_own(c, &w->r)
						    : !waiting_concerns(c, w)))
		return not_found(c, id);
	if (!is_seen(c, &w->r, keys, revision))
		return NULL;
	if (note != NULL)
		text_set(w->note, sizeof(w->note), note);
	return w;
}

/* ---- on record */

void
waiting_fields(
    const struct call *c, const struct waiting *w, struct event_fields *f)
{
	const struct request *r = &w->r;

	call_fields(c, f);
	event_str(f, EF_REQ, r->id);
	event_str(f, EF_USER, r->user);
	event_str(f, EF_USER_ID, r->user_id);
	call_owner(c, f, r->owner);
	event_str(f, EF_TARGET, r->target);
	event_str(f, EF_TARGET_ID, r->target_id);
	event_str(f, EF_LOGIN, r->login);
	event_str(f, EF_ROLE, r->role);
	event_roles(f, r->roles);
	event_str(f, EF_WHY, w->note);
}
