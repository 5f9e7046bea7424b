/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide - see the header.
 *
 * MUST: what is approved is the revision that was seen, by somebody else than
 * the one who asked, once each. MUST: a decision is durable in the log before
 * it counts, and what happened while it was written is judged again.
 */
#include "broker/request/decide.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "broker/call/put.h"
#include "broker/identity/mfa.h"
#include "broker/identity/permission.h"
#include "broker/request/answer.h"
#include "broker/request/list.h"
#include "broker/request/revision.h"
#include "broker/request/waiting.h"

static void
reply(struct call *c, const struct waiting *w)
{
	call_reply(c, 200, request_json(c, w));
}

/* Meanwhile it was decided otherwise, or the right to decide was lost. */
static void
came_late(struct call *c, const char *text)
{
	struct problem p = {0};

	problem_set(&p, 409, "conflict", "request", "%s", text);
	call_undone(c, &p);
}

/* ---- approve */

/* A word for the record, and a sentence in text; NULL: they may. */
static const char *
why_not(const struct call *c, const struct waiting *w,
    char text[static LIMIT_TEXT_SIZE])
{
	const struct policy_result *v = &w->in->verdict;
	char groups[QUORUM_TEXT_SIZE] = "";

	if (strcmp(w->r.user_id, call_user_id(c)) == 0 && !FAULT(own_yes)) {
		text_set(
		    text, LIMIT_TEXT_SIZE, "nobody approves their own request");
		return "own";
	}
	if (approvals_by(w->in->approvals, call_user_id(c))) {
		text_set(text, LIMIT_TEXT_SIZE, "you have approved it already");
		return "again";
	}
	if (w->held[0] != '\0') {
		(void)snprintf(text, LIMIT_TEXT_SIZE,
		    "it is held until that is gone, and may be denied: %.400s",
		    w->held);
		return "locked";
	}
	if (v->verdict == POLICY_DENY) {
		(void)snprintf(text, LIMIT_TEXT_SIZE,
		    "policy would not give it any more: %.400s",
		    v->nrefused > 0 ? v->refused[0].text
				    : "who asked, or the target, is not what "
				      "it was");
		return "policy";
	}
	if (!revision_same(&w->r, w->in)) {
		text_set(text, LIMIT_TEXT_SIZE,
		    "it is not what they would get now: the target or the role "
		    "was changed, and they have to ask again");
		return "changed";
	}
	if (!waiting_may_approve(c, w)) {
		quorum_text(groups, &v->needs.quorum[v->approved.at]);
		(void)snprintf(text, LIMIT_TEXT_SIZE,
		    "it wants %s now, and you are in none of these groups",
		    groups);
		return "group";
	}
	return NULL;
}

static void
say_no(struct call *c)
{
	struct waiting *w = c->state;
	char text[LIMIT_TEXT_SIZE];
	const char *word = why_not(c, w, text);

	call_refuse(c, word != NULL && strcmp(word, "again") == 0 ? 409 : 403,
	    word != NULL && strcmp(word, "again") == 0 ? "conflict"
						       : "forbidden",
	    "request", "%s: nothing was changed",
	    word != NULL ? text : "you may not approve it");
}

static void
say_full(struct call *c)
{
	struct problem p = {0};

	(void)answer_room(c, &p);
	call_problem(c, &p);
}

static int
put(struct call *c, struct waiting *w)
{
	struct approval_row a = {.level = w->in->verdict.approved.level,
	    .at_ms = broker_now(c->b).utc_ms,
	    .seq = c->seq};

	memcpy(a.request, w->r.id, sizeof(a.request));
	name_set(a.user, c->user);
	text_set(a.user_id, sizeof(a.user_id), call_user_id(c));
	text_set(a.key_fp, sizeof(a.key_fp), c->key_fp);
	a.groups = c->subject->user.groups;
	memcpy(a.note, w->note, sizeof(a.note));
	return store_approval_put(c->b->store, &a);
}

/* The last one that was wanted? Then it is its user's turn. */
static int
settle(struct call *c, struct waiting *w)
{
	int r = waiting_judge(c->b, w);

	if (r != 0)
		return r;
	name_set(w->r.by, c->user);
	w->r.seq = c->seq;
	return waiting_settle(c->b, w);
}

static void
approved(struct call *c)
{
	struct waiting *w = c->state;
	struct store *s = c->b->store;
	char text[LIMIT_TEXT_SIZE];
	int r;

	if (!permission_still(c)) {
		came_late(c, "your permissions changed meanwhile: nothing was "
			     "done");
		return;
	}
	if ((r = waiting_read(c->b, w->r.id, w)) != 0) {
		call_store_failed(c, r);
		return;
	}
	if (request_state_at(&w->r, broker_now(c->b).utc_ms) !=
		REQUEST_PENDING ||
	    why_not(c, w, text) != NULL) {
		came_late(c, "it was decided meanwhile: nothing was done");
		return;
	}
	if ((r = store_begin(s)) == 0) {
		if ((r = put(c, w)) == 0)
			r = settle(c, w);
		if (r == 0)
			r = store_commit(s);
		else
			store_rollback(s);
	}
	if (r != 0)
		call_store_failed(c, r);
	else
		reply(c, w);
}

static void
record_approval(struct call *c, struct waiting *w, enum event_code ev,
    const char *reason, call_fn *then)
{
	const struct policy_result *v = &w->in->verdict;
	struct event_fields f;
	char text[QUORUM_TEXT_SIZE] = "";

	waiting_fields(c, w, &f);
	event_str(&f, EF_OUTCOME, reason == NULL ? "success" : "failure");
	event_str(&f, EF_REASON, reason);
	event_str(&f, EF_SHA256, w->r.digest);
	if (v->approved.level != 0) {
		quorum_text(text, &v->needs.quorum[v->approved.at]);
		event_str(&f, EF_NEEDS, text);
		event_num(&f, EF_LEVEL, v->approved.level);
	}
	call_append(c, ev, &f, then);
	event_fields_done(&f);
}

static void
may_approve(struct call *c)
{
	record_approval(c, c->state, EV_REQUEST_APPROVE, NULL, approved);
}

/* What cannot be is told before a code is asked for. */
void
verb_request_approve(struct call *c)
{
	static const char *const keys[] = {"request", "revision", "note", NULL};
	struct waiting *w = waiting_named(c, WAITING_OTHERS, keys);
	char text[LIMIT_TEXT_SIZE];
	const char *word = NULL;

	if (w == NULL || !waiting_is(c, w, REQUEST_PENDING))
		return;
	if ((word = why_not(c, w, text)) != NULL)
		record_approval(c, w, EV_REQUEST_APPROVE_DENIED, word, say_no);
	else if (!open_has_room(c->b) && !FAULT(approve_when_full))
		record_approval(c, w, EV_REQUEST_APPROVE_DENIED,
		    open_no_room(c->b, text), say_full);
	else if (!mfa_enough(c, &w->in->verdict,
		     w->in->verdict.mfa_age_approve_s, "to approve"))
		return; /* answered: it is asked again with one */
	else
		mfa_require(c, may_approve);
}

/* ---- deny */

static void
denied(struct call *c)
{
	struct waiting *w = c->state;
	int r;

	if (!c->local && !permission_still(c)) {
		came_late(c, "your permissions changed meanwhile: nothing was "
			     "done");
		return;
	}
	if ((r = waiting_end(c, w, REQUEST_DENIED)) == GW_ESTATE)
		came_late(c, "it was decided meanwhile: nothing was done");
	else if (r != 0)
		call_store_failed(c, r);
	else
		reply(c, w);
}

/* Whoever may say yes at some level may say no at any time, as may admins. */
void
verb_request_deny(struct call *c)
{
	static const char *const keys[] = {"request", "note", NULL};
	struct waiting *w = waiting_named(c, WAITING_OTHERS, keys);
	struct event_fields f;

	if (w == NULL || !waiting_still(c, w))
		return;
	if (!waiting_may_deny(c, w)) {
		call_refuse(c, 403, "forbidden", "request",
		    "only who may approve it, and admins, deny it");
		return;
	}
	if (w->note[strspn(w->note, " ")] == '\0') {
		call_refuse(c, 400, "bad-field", "note",
		    "note: say why, it is what its user reads");
		return;
	}
	waiting_fields(c, w, &f);
	event_str(&f, EF_SHA256, w->r.digest);
	event_str(&f, EF_OUTCOME, "failure");
	call_append(c, EV_REQUEST_DENY, &f, denied);
	event_fields_done(&f);
}
