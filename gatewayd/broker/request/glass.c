/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glass - a code from paper opens a door, top to bottom:
 *
 *   check    who asked is known (identity/caller.c); now: may they (core/glass,
 *            pure), is there room, is it one of the codes
 *   tell     the loudest record there is
 *   burn     judged again; the code and the use, whose review is owed from here
 *            on, in one durable step
 *   open     grant/open.c
 *
 * MUST: no door without a code that was burned in the store, nor without its
 * use there. MUST: every refusal of ours is on record.
 */
#include "broker/request/glass.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/grant/open.h"
#include "broker/identity/mfa.h"
#include "broker/identity/permission.h"
#include "broker/request/answer.h"

struct use {
	struct intent *in; /* NULL: it was given to open_start() */
	struct glass_use row;
	struct recovery_try given;
};

static void
use_free(void *p)
{
	struct use *x = p;

	intent_free(x->in);
	slow_done(&x->given.slow);
	explicit_bzero(x, sizeof(*x));
	free(x);
}

static int
parse(struct intent *in, const json_t *o, struct problem *p)
{
	static const char *const keys[] = {
	    "target", "login", "for", "reason", NULL};
	const char *target = NULL, *login = NULL, *reason = NULL;
	int64_t seconds = 0;
	int r;

	if ((r = json_only(o, keys, p)) != 0 ||
	    (r = json_get_name(o, "target", true, &target, p)) != 0 ||
	    (r = json_get_name(o, "login", false, &login, p)) != 0 ||
	    (r = json_get_int(o, "for", false, 1, 10000000, &seconds, p)) !=
		0 ||
	    (r = json_get_str(
		 o, "reason", false, LIMIT_REASON_MAX, &reason, p)) != 0)
		return r;
	name_set(in->target, target);
	if (login != NULL)
		name_set(in->login, login);
	if (reason != NULL)
		text_set(in->reason, sizeof(in->reason), reason);
	in->seconds = (uint32_t)seconds;
	in->glass = true;
	return 0;
}

/* False: the call is answered. */
static bool
judge(struct call *c, struct use *x)
{
	struct intent *in = x->in;
	int r = intent_load(c->b, in);

	if (r != 0) {
		call_store_failed(c, r);
		return false;
	}
	intent_judge(c->b, in);
	return true;
}

/* ---- open */

/* The code stays burned; what never was needs no review. */
static void
settle_unopened(struct call *c, struct use *x)
{
	struct event_fields f;

	x->row.state = GLASS_UNOPENED;
	x->row.seq = c->seq;
	if (store_glass_settle(c->b->store, &x->row) != 0)
		log_warn("%s, which opened nothing, waits for a review all the "
			 "same: %s",
		    x->row.id, store_error(c->b->store));
	call_who(c, &f);
	event_str(&f, EF_GLASS, x->row.id);
	event_str(&f, EF_USER, x->row.user);
	event_str(&f, EF_TARGET, x->row.target);
	event_str(&f, EF_GRANT, x->row.grant);
	event_str(&f, EF_OUTCOME, "failure");
	if (process_append(c->b->process, EV_GLASS_UNOPENED, &f, NULL, NULL) !=
	    0)
		log_warn("not on record: %s opened nothing", x->row.id);
	event_fields_done(&f);
}

/* What was never said to be open may have been, for a moment, only where its
 * grant was closed again: no session came through by then. */
static void
opened(void *arg, const struct intent *in, const struct opened *o)
{
	struct call *c = arg;

	if (o->result != OPEN_DONE)
		settle_unopened(c, c->state);
	answer_opened(c, in, o);
}

/* ---- burn */

static int
burn(struct call *c, struct use *x)
{
	struct store *s = c->b->store;
	int r = store_begin(s);

	if (r != 0)
		return r;
	x->row.seq = c->seq;
	if (!FAULT(glass_again))
		r = store_recovery_burn(
		    s, STORE_PAPER, x->given.slow.hash, c->seq);
	if (r == 0)
		r = store_glass_put(s, &x->row);
	if (r == 0)
		return store_commit(s);
	store_rollback(s);
	return r;
}

static void
told(struct call *c)
{
	struct use *x = c->state;
	struct intent *in = x->in;
	struct problem p = {0};
	int r;

	if (!permission_kept(c, "nothing was opened"))
		return;
	if (!judge(c, x))
		return;
	if (in->verdict.verdict != POLICY_ALLOW) {
		problem_set(&p, 409, "conflict", in->verdict.refused[0].field,
		    "nothing was opened: %s", in->verdict.refused[0].text);
		call_undone(c, &p);
		return;
	}
	if ((r = burn(c, x)) == GW_ENOENT) {
		problem_set(&p, 401, "code-used", "code",
		    "this code was used by another call meanwhile: take "
		    "another");
		call_undone(c, &p);
		return;
	}
	if (r != 0) {
		call_store_failed(c, r);
		return;
	}
	x->in = NULL; /* it may outlive the call */
	open_start(c->b, in, opened, c);
}

/* ---- tell */

static void
set_row(struct use *x, const struct call *c)
{
	const struct intent *in = x->in;
	struct glass_use *g = &x->row;

	g->state = GLASS_USED;
	id_new(g->id, 'b');
	name_set(g->user, c->user);
	text_set(g->user_id, sizeof(g->user_id), call_user_id(c));
	name_set(g->target, in->target);
	memcpy(g->target_id, in->subject.target.id, sizeof(g->target_id));
	name_set(g->login, in->verdict.login);
	memcpy(g->grant, in->grant, sizeof(g->grant));
	memcpy(g->reason, in->reason, sizeof(g->reason));
	g->used_ms = broker_now(c->b).utc_ms;
}

static void
tell(struct call *c, struct use *x)
{
	struct event_fields f;

	asked_fields(c, x->in, &f);
	event_str(&f, EF_LOGIN, x->row.login);
	event_str(&f, EF_GRANT, x->row.grant);
	event_str(&f, EF_GLASS, x->row.id);
	event_num(&f, EF_SECONDS, x->in->verdict.seconds);
	event_str(&f, EF_OUTCOME, "success");
	call_append(c, EV_GLASS_USE, &f, told);
	event_fields_done(&f);
}

static void
good(struct call *c)
{
	struct use *x = c->state;

	set_row(x, c);
	tell(c, x);
}

/* ---- check */

static bool
has_room(struct call *c)
{
	char text[LIMIT_TEXT_SIZE];

	if (open_has_room(c->b))
		return true;
	(void)open_no_room(c->b, text);
	call_refuse(c, 503, "unavailable", NULL, "%s", text);
	return false;
}

void
verb_glass_use(struct call *c)
{
	struct use *x = call_state(c, sizeof(*x), use_free);
	struct problem p = {0};
	struct intent *in = NULL;

	if (x == NULL)
		return;
	if ((in = x->in = intent_new(c)) == NULL) {
		call_unavailable(c, "memory");
		return;
	}
	if (parse(in, c->req.body, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (!judge(c, x))
		return;
	if (in->verdict.verdict != POLICY_ALLOW) {
		x->in = NULL;
		answer_denied(c, in, EV_GLASS_USE_DENIED);
		return;
	}
	if (answer_no_place(c) || !has_room(c))
		return;
	if (c->env.code[0] == '\0') {
		call_refuse(c, 401, "code-needed", "code",
		    "this needs a break-glass code, from paper");
		return;
	}
	mfa_check_recovery(c, &x->given, &in->subject.user, STORE_PAPER, good);
}
