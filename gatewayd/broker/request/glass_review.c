/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glass_review - the codes of break-glass, which uses there were, and their
 * review.
 *
 * MUST: nobody reviews what they used themself, nor what is still open.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/str.h"
#include "broker/call/listing.h"
#include "broker/call/put.h"
#include "broker/grant/live.h"
#include "broker/identity/codes.h"
#include "broker/identity/mfa.h"
#include "broker/identity/permission.h"
#include "broker/request/glass.h"

/* ---- breakglass.print */

static void
codes_free(void *p)
{
	codes_done(p);
	free(p);
}

static void
stored(struct call *c)
{
	struct codes *k = c->state;
	json_t *o = NULL;
	int r;

	if (!permission_kept(c, "nothing was done"))
		return;
	if ((r = store_recovery_put(
		 c->b->store, STORE_PAPER, &k->set, c->seq)) != 0) {
		call_store_failed(c, r);
		return;
	}
	o = json_object();
	put_str(o, "gateway", c->b->conf->server_id);
	put_time(o, "printed", broker_now(c->b).utc_ms);
	if (o != NULL)
		(void)json_object_set_new(o, "codes", codes_json(k));
	call_reply(c, 200, o);
}

static void
made(struct call *c)
{
	struct event_fields f;

	call_fields(c, &f);
	event_num(&f, EF_COUNT, LIMIT_RECOVERY_CODES);
	event_str(&f, EF_OUTCOME, "success");
	call_append(c, EV_GLASS_PRINT, &f, stored);
	event_fields_done(&f);
}

static void
wanted(struct call *c)
{
	codes_make(c, c->state, made);
}

void
verb_glass_print(struct call *c)
{
	static const char *const none[] = {NULL};
	struct problem p = {0};

	if (call_state(c, sizeof(struct codes), codes_free) == NULL)
		return;
	if (json_only(c->req.body, none, &p) != 0)
		call_problem(c, &p);
	else
		mfa_fresh(c, wanted);
}

/* ---- breakglass.list */

static json_t *
use_json(const void *what)
{
	const struct glass_use *g = what;
	json_t *o = json_object();

	put_str(o, "use", g->id);
	put_str(o, "state", glass_state_str((enum glass_state)g->state));
	put_str(o, "user", g->user);
	put_str(o, "user_id", g->user_id);
	put_str(o, "target", g->target);
	put_str(o, "target_id", g->target_id);
	put_str(o, "login", g->login);
	put_str(o, "grant", g->grant);
	put_str(o, "why", g->reason);
	put_time(o, "used", g->used_ms);
	put_str(o, "by", g->by);
	put_str(o, "note", g->note);
	put_time(o, "reviewed", g->reviewed_ms);
	return o;
}

static void
add_use(void *arg, const struct glass_use *g)
{
	const struct listing_place p = {
	    .start_ms = g->used_ms, .id = g->id, .what = g};

	listing_ended(arg, &p, use_json);
}

static int
list(struct call *c, struct listing *l)
{
	struct listing_place after;
	int r;

	listing_after(l, &after);
	r = store_glass_each(c->b->store, after.start_ms, after.id,
	    LIMIT_LIST_PAGE + 1, add_use, l);
	listing_ended(l, NULL, use_json);
	return r;
}

void
verb_glass_uses(struct call *c)
{
	listing_answer(c, list);
}

/* ---- breakglass.review */

struct glass_said {
	struct glass_use use;
	struct problem p; /* said once its record is durable */
};

static void
review_free(void *p)
{
	free(p);
}

static void
say_refused(struct call *c)
{
	const struct glass_said *x = c->state;

	call_problem(c, &x->p);
}

/* A word for the record, and the rest in x->p; NULL: they may. */
static const char *
why_not(const struct call *c, struct glass_said *x)
{
	const struct glass_use *g = &x->use;

	if (g->state != GLASS_USED) {
		problem_set(&x->p, 409, "conflict", "use",
		    "%s is %s: no review is owed", g->id,
		    glass_state_str((enum glass_state)g->state));
		return "settled";
	}
	if (strcmp(g->user_id, call_user_id(c)) == 0 &&
	    !FAULT(glass_own_review)) {
		problem_set(&x->p, 403, "forbidden", "use",
		    "you used it yourself: another admin reviews it (or, if "
		    "there is none, root on the gateway)");
		return "own";
	}
	if (grant_find(c->b, g->grant) != NULL && !FAULT(glass_open_review)) {
		problem_set(&x->p, 409, "conflict", "use",
		    "%s is still open: review it once it has ended (jitctl "
		    "revoke %s)",
		    g->grant, g->grant);
		return "open";
	}
	return NULL;
}

static void
reviewed(struct call *c)
{
	struct glass_said *x = c->state;
	struct glass_use *g = &x->use;
	int r;

	if (!permission_kept(c, "nothing was done"))
		return;
	g->state = GLASS_REVIEWED;
	name_set(g->by, c->user);
	g->reviewed_ms = broker_now(c->b).utc_ms;
	g->seq = c->seq;
	if ((r = store_glass_settle(c->b->store, g)) == GW_ESTATE) {
		problem_set(&x->p, 409, "conflict", "use",
		    "%s was reviewed by another meanwhile", g->id);
		call_undone(c, &x->p);
	} else if (r != 0) {
		call_store_failed(c, r);
	} else {
		call_reply(c, 200, use_json(g));
	}
}

static int
parse(struct call *c, struct glass_said *x)
{
	static const char *const keys[] = {"use", "note", NULL};
	const char *id = NULL, *note = NULL;
	int r;

	if ((r = json_only(c->req.body, keys, &x->p)) != 0 ||
	    (r = json_get_name(c->req.body, "use", true, &id, &x->p)) != 0 ||
	    (r = json_get_str(c->req.body, "note", true, LIMIT_REASON_MAX,
		 &note, &x->p)) != 0)
		return r;
	if (note[strspn(note, " ")] == '\0') {
		problem_set(&x->p, 400, "bad-field", "note",
		    "note: say what the review found");
		return GW_EINVAL;
	}
	r = id_ok(id, 'b') ? store_glass_get(c->b->store, id, &x->use)
			   : GW_ENOENT;
	if (r == GW_ENOENT)
		problem_set(&x->p, 404, "not-found", "use",
		    "there is no use %.20s: they are called like b-7Q2MXK4P, "
		    "and jitctl breakglass ls lists them",
		    id);
	else if (r != 0)
		problem_set(&x->p, 503, "unavailable", NULL,
		    "the store failed: %s", err_str(r));
	text_set(x->use.note, sizeof(x->use.note), note);
	return r;
}

void
verb_glass_review(struct call *c)
{
	struct glass_said *x = call_state(c, sizeof(*x), review_free);
	struct event_fields f;
	const char *word = NULL;

	if (x == NULL)
		return;
	if (parse(c, x) != 0) {
		call_problem(c, &x->p);
		return;
	}
	word = why_not(c, x);
	call_fields(c, &f);
	event_str(&f, EF_GLASS, x->use.id);
	event_str(&f, EF_USER, x->use.user);
	event_str(&f, EF_USER_ID, x->use.user_id);
	event_str(&f, EF_TARGET, x->use.target);
	event_str(&f, EF_TARGET_ID, x->use.target_id);
	event_str(&f, EF_LOGIN, x->use.login);
	event_str(&f, EF_GRANT, x->use.grant);
	event_str(&f, EF_WHY, x->use.note);
	event_str(&f, EF_OUTCOME, word == NULL ? "success" : "failure");
	event_str(&f, EF_REASON, word);
	call_append(c, word == NULL ? EV_GLASS_REVIEW : EV_GLASS_REVIEW_DENIED,
	    &f, word == NULL ? reviewed : say_refused);
	event_fields_done(&f);
}
