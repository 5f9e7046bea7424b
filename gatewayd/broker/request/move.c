/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move - see the header.
 *
 * MUST: a fresh code, or what the role lets stand in for it. MUST: every
 * refusal of ours is on record. MUST: nothing opens before the old door is
 * known to be shut.
 */
#include "broker/request/move.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/order.h"
#include "broker/call/subject.h"
#include "broker/grant/close.h"
#include "broker/grant/live.h"
#include "broker/grant/open.h"
#include "broker/grant/recheck.h"
#include "broker/grant/verbs.h"
#include "broker/identity/mfa.h"
#include "broker/identity/permission.h"
#include "broker/request/answer.h"

struct move {
	struct live_grant want; /* the old one, for the new address: judged */
	struct intent *in;      /* what it becomes; NULL = not yet, or given */
	char to[LIMIT_ID_SIZE]; /* its id */
	struct problem p;       /* said once its record is durable */
	struct subject subject;
	struct policy_result verdict;
};

static void
move_free(void *p)
{
	struct move *x = p;

	intent_free(x->in);
	subject_clear(&x->subject);
	free(x);
}

/* ---- refused: each on record */

static void
fields(const struct call *c, const struct move *x, struct event_fields *f)
{
	const struct grant *g = &x->want.g;
	char roles[LIMIT_ROLES_SIZE];

	call_fields(c, f);
	event_str(f, EF_USER, g->user);
	event_str(f, EF_USER_ID, g->user_id);
	event_str(f, EF_TARGET, g->target);
	event_str(f, EF_TARGET_ID, g->target_id);
	event_str(f, EF_LOGIN, g->login);
	event_str(f, EF_REQ, g->req);
	event_str(f, EF_GRANT, g->id);
	event_str(f, EF_GRANT_NEW, x->to);
	event_num(f, EF_END, g->end_ms);
	event_str(f, EF_ROLE, x->verdict.role);
	policy_roles_text(roles, &x->verdict);
	event_roles(f, roles);
	event_str(f, EF_ROLE_ID, x->verdict.role_id);
	if (strcmp(c->factor, FACTOR_FIDO) == 0)
		event_str(f, EF_FACTOR, c->factor);
}

static void
say_refused(struct call *c)
{
	const struct move *x = c->state;
	json_t *o = NULL;

	if (x->verdict.nrefused == 0 || strcmp(x->p.code, "denied") != 0 ||
	    (o = problem_json(&x->p)) == NULL) {
		call_problem(c, &x->p);
		return;
	}
	(void)json_object_set_new(o, "refused", refused_json(&x->verdict));
	call_reply(c, (unsigned)x->p.status, o);
}

/* Says x->p once that is on record. */
static void
refuse(struct call *c, const char *reason)
{
	const struct move *x = c->state;
	struct event_fields f;

	fields(c, x, &f);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, reason);
	event_str(&f, EF_LOCK, x->verdict.lock);
	event_str(&f, EF_MSG, x->p.text);
	call_append(c, EV_GRANT_MOVE_DENIED, &f, say_refused);
	event_fields_done(&f);
}

static void
refuse_policy(struct call *c)
{
	struct move *x = c->state;
	const struct policy_result *v = &x->verdict;

	if (v->verdict == POLICY_APPROVAL) {
		problem_set(&x->p, 409, "conflict", "grant",
		    "role %s wants approvals, and %s has none that count: ask "
		    "again: jitctl request %s",
		    v->role, x->want.g.id, x->want.g.target);
		refuse(c, "approvals");
	} else if (v->nrefused > 0) {
		problem_set(&x->p, 403, "denied", v->refused[0].field, "%s",
		    v->refused[0].text);
		refuse(c, v->locked ? "locked" : "policy");
	} else {
		problem_set(&x->p, 403, "denied", NULL,
		    "you would not be given what %s has, as users, targets "
		    "and roles are now: ask again: jitctl request %s",
		    x->want.g.id, x->want.g.target);
		refuse(c, "policy");
	}
}

/* ---- judged */

/* As it is now, for the address and the key that the call comes with. */
static bool
judge(struct move *x)
{
	return (recheck_verdict(&x->subject, &x->want, &x->verdict) &&
		   policy_within(&x->verdict, x->want.g.caps,
		       x->want.g.record != 0, x->want.g.commands)) ||
	       FAULT(move_unjudged);
}

/* Of all that the call comes from. */
static bool
open_there(const struct call *c, const struct grant *g)
{
	for (unsigned i = 0; i < c->req.nsources; i++)
		if (!grant_has_source(g, &c->req.source[i].addr))
			return false;
	return true;
}

/* False: it is answered, or will be. */
static bool
may_move(struct call *c, struct move *x, const struct live_grant *lg)
{
	if (c->kind != KIND_PERSON && !FAULT(machine_may)) {
		problem_set(&x->p, 403, "no-person", NULL,
		    "a machine or an agent has no codes, and moves nothing: it "
		    "releases %s (jitctl release %s) and asks again from "
		    "where it is: jitctl request %s",
		    lg->g.id, lg->g.id, x->want.g.target);
		refuse(c, "no-person");
	} else if (!judge(x)) {
		refuse_policy(c);
	} else if (sshkey_hardware(c->key.type, c->key.sk_flags) <
		       x->verdict.hardware &&
		   !FAULT(move_any_key)) {
		problem_set(&x->p, 403, "denied", "hardware_key",
		    "role %s wants a security key (sk-*): %s", x->verdict.role,
		    hardware_str(x->verdict.hardware));
		refuse(c, "hardware_key");
	} else if (lg->g.glass != 0) { /* its review is of that grant */
		problem_set(&x->p, 409, "conflict", "grant",
		    "%s is by break-glass: it stays with the address that it "
		    "was opened for",
		    lg->g.id);
		refuse(c, "break-glass");
	} else if (lg->extending) {
		problem_set(&x->p, 409, "conflict", "grant",
		    "%s is being extended by another call", lg->g.id);
		refuse(c, "busy");
	} else if (!open_has_room(c->b)) {
		refuse(c, answer_room(c, &x->p));
	} else {
		return true;
	}
	return false;
}

/* ---- the new door */

/* Its request is this one's from here on, for what was approved. */
static void
request_follows(struct broker *b, const struct move *x)
{
	struct request r;
	int e = store_request_get(b->store, x->want.g.req, &r);

	if (e == 0 && r.state == REQUEST_ACTIVE &&
	    strcmp(r.grant, x->want.g.id) == 0) {
		memcpy(r.grant, x->to, sizeof(r.grant));
		e = store_request_move(b->store, &r, REQUEST_ACTIVE);
	}
	if (e != 0 && e != GW_ENOENT)
		log_err("%s does not say that its grant is %s now: %s",
		    x->want.g.req, x->to, err_str(e));
}

static void
opened(void *arg, const struct intent *in, const struct opened *o)
{
	struct call *c = arg;
	struct move *x = c->state;

	(void)in;
	if (o->seq != 0)
		c->seq = o->seq;
	if (o->result == OPEN_DONE) {
		request_follows(c->b, x);
		answer_open(c, o->grant, false, NULL);
		return;
	}
	problem_set(&x->p, 503, "unavailable", NULL,
	    "%s is closed, and the door for your address could not be opened: "
	    "ask again: jitctl request %s",
	    x->want.g.id, x->want.g.target);
	refuse(c, o->result == OPEN_TAKEN_AWAY ? "changed" : "not-opened");
}

/* ---- the old one */

static void
shut(struct call *c)
{
	struct move *x = c->state;
	struct intent *in = x->in;

	if (order_left(c, ORDER_SHUT) > 0 && !FAULT(move_unshut)) {
		problem_set(&x->p, 503, "unavailable", NULL,
		    "the end of %s was ordered, and the firewall has not "
		    "confirmed it: nothing was opened for your address; jitctl "
		    "status tells when it is shut",
		    x->want.g.id);
		refuse(c, "unconfirmed");
		return;
	}
	if (!permission_still(c) || !judge(x) || intent_load(c->b, in) != 0) {
		problem_set(&x->p, 403, "forbidden", NULL,
		    "your permissions changed meanwhile: %s is closed, and "
		    "nothing was opened for your address",
		    x->want.g.id);
		refuse(c, "changed");
		return;
	}
	in->verdict = x->verdict;
	x->in = NULL; /* open_start's */
	open_start(c->b, in, opened, c);
}

/* What there is to be moved; NULL: it ended meanwhile, which is refused. */
static struct live_grant *
still_open(struct call *c)
{
	struct move *x = c->state;
	struct live_grant *lg = grant_find(c->b, x->want.g.id);

	if (lg != NULL && lg->state == GRANT_ACTIVE && !lg->extending)
		return lg;
	problem_set(&x->p, 409, "conflict", "grant",
	    lg == NULL ? "%s ended meanwhile: nothing was moved"
		       : "%s is being extended by another call",
	    x->want.g.id);
	refuse(c, lg == NULL ? "over" : "busy");
	return NULL;
}

/* On record. */
static void
recorded(struct call *c)
{
	struct move *x = c->state;
	struct live_grant *lg = still_open(c);

	if (lg == NULL)
		return;
	if (!permission_still(c) || !judge(x)) {
		problem_set(&x->p, 403, "forbidden", NULL,
		    "your permissions changed meanwhile: nothing was moved");
		refuse(c, "changed");
		return;
	}
	order_begin(c);
	grant_end(lg, END_MOVED, c->user, NULL);
	order_end(c);
	close_then(c->b, x->want.g.id, c, shut);
}

/* The code is burned: what it was given for is judged once more. */
static void
burned(struct call *c)
{
	struct move *x = c->state;
	const struct live_grant *lg = still_open(c);
	struct event_fields f;

	if (lg == NULL || !may_move(c, x, lg))
		return;
	if ((x->in = intent_new(c)) == NULL) {
		call_unavailable(c, "memory");
		return;
	}
	memcpy(x->to, x->in->grant, sizeof(x->to));
	name_set(x->in->target, lg->g.target);
	x->in->from = lg->g;
	fields(c, x, &f);
	event_str(&f, EF_OUTCOME, "success");
	call_append(c, EV_GRANT_MOVE, &f, recorded);
	event_fields_done(&f);
}

/* ---- the verb */

/* Another's: for the caller it is not there, and that they tried is on record.
 * True: it is answered. */
static bool
of_others(struct call *c, struct move *x)
{
	const char *id =
	    json_string_value(json_object_get(c->req.body, "grant"));
	const struct live_grant *lg =
	    id != NULL && id_ok(id, 'g') ? grant_find(c->b, id) : NULL;

	if (lg == NULL || lg->state != GRANT_ACTIVE || grant_is_own(c, &lg->g))
		return false;
	x->want.g = lg->g;
	problem_set(&x->p, 404, "not-found", "grant",
	    "you have no live grant of that id: see jitctl grants");
	refuse(c, "own");
	return true;
}

static void
to_here(struct move *x, const struct call *c, const struct live_grant *lg)
{
	struct grant *g = &x->want.g;

	x->want.b = lg->b;
	*g = lg->g;
	memcpy(x->want.key_fp, c->key_fp, sizeof(x->want.key_fp));
	memset(&g->source4, 0, sizeof(g->source4));
	memset(&g->source6, 0, sizeof(g->source6));
	for (unsigned i = 0; i < c->req.nsources; i++) {
		const struct addr *a = &c->req.source[i].addr;

		*(a->family == 4 ? &g->source4 : &g->source6) = *a;
	}
}

void
verb_move(struct call *c)
{
	static const char *const keys[] = {"grant", NULL};
	const bool own = !FAULT(move_others);
	struct problem p = {0};
	struct live_grant *lg = NULL;
	struct move *x = NULL;

	if (json_only(c->req.body, keys, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if ((x = call_state(c, sizeof(*x), move_free)) == NULL ||
	    (own && of_others(c, x)) || (lg = grant_named(c, own)) == NULL)
		return;
	to_here(x, c, lg);
	if (open_there(c, &lg->g))
		answer_open(c, lg, true, NULL);
	else if (!may_move(c, x, lg))
		return;
	else if (mfa_enough(
		     c, &x->verdict, x->verdict.mfa_age_move_s, "to move"))
		mfa_burn(c, burned);
}
