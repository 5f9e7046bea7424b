/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extend - see the header.
 *
 * MUST: a fresh code, or what the role lets stand in for it. MUST: every
 * refusal of ours is on record.
 */
#include "broker/request/extend.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/put.h"
#include "broker/call/subject.h"
#include "broker/grant/live.h"
#include "broker/grant/longer.h"
#include "broker/grant/open.h"
#include "broker/grant/recheck.h"
#include "broker/grant/verbs.h"
#include "broker/identity/mfa.h"
#include "broker/identity/permission.h"
#include "broker/request/answer.h"

struct extend {
	struct longer longer;
	struct grant g;   /* as it was */
	uint32_t total_s; /* that it lasts then, from its start on */
	struct problem p; /* said once its record is durable */
	struct subject subject;
	struct policy_result verdict;
	struct trial trial;
};

static void
extend_free(void *p)
{
	struct extend *x = p;

	subject_clear(&x->subject);
	free(x);
}

/* ---- refused: each on record */

static void
fields(const struct call *c, const struct extend *x, struct event_fields *f)
{
	char roles[LIMIT_ROLES_SIZE];

	call_fields(c, f);
	event_str(f, EF_USER, x->g.user);
	event_str(f, EF_USER_ID, x->g.user_id);
	event_str(f, EF_TARGET, x->g.target);
	event_str(f, EF_TARGET_ID, x->g.target_id);
	event_str(f, EF_LOGIN, x->g.login);
	event_str(f, EF_REQ, x->g.req);
	event_str(f, EF_GRANT, x->g.id);
	event_num(f, EF_END, x->g.end_ms);
	event_num(f, EF_SECONDS, x->longer.seconds);
	event_str(f, EF_ROLE, x->verdict.role);
	policy_roles_text(roles, &x->verdict);
	event_roles(f, roles);
	event_str(f, EF_ROLE_ID, x->verdict.role_id);
	event_str(f, EF_OUTCOME, "failure");
}

static void
say_refused(struct call *c)
{
	const struct extend *x = c->state;

	call_problem(c, &x->p);
}

static void
say_denied(struct call *c)
{
	const struct extend *x = c->state;
	const struct policy_result *v = &x->verdict;
	const int64_t has_s = (x->g.end_ms - x->g.start_ms) / 1000;
	json_t *o = problem_json(&x->p), *pass = NULL;

	if (o == NULL) {
		call_problem(c, &x->p);
		return;
	}
	(void)json_object_set_new(o, "refused", refused_json(v));
	if (v->would_pass && (int64_t)v->seconds > has_s) {
		pass = json_object();
		put_str(pass, "grant", x->g.id);
		put_num(pass, "for", (int64_t)v->seconds - has_s);
		(void)json_object_set_new(o, "would_pass", pass);
	}
	put_str(o, "rule", v->role);
	if (c->seq != 0)
		put_num(o, "event", (int64_t)c->seq);
	call_reply(c, 403, o);
}

/* Says x->p once that is on record. */
static void
refuse(struct call *c, const char *reason, call_fn *say)
{
	const struct extend *x = c->state;
	struct event_fields f;

	fields(c, x, &f);
	event_str(&f, EF_REASON, reason);
	event_str(&f, EF_MSG, x->p.text);
	call_append(c, EV_GRANT_EXTEND_DENIED, &f, say);
	event_fields_done(&f);
}

static void
refuse_policy(struct call *c)
{
	struct extend *x = c->state;
	const struct policy_result *v = &x->verdict;
	const char *field = v->nrefused > 0 ? v->refused[0].field : NULL;
	char start[32];

	str_time(start, sizeof(start), x->g.start_ms);
	if (field != NULL && strcmp(field, "for") == 0)
		problem_set(&x->p, 403, "denied", field,
		    "%s: it counts from its start at %.19sZ",
		    v->refused[0].text, start);
	else
		problem_set(&x->p, 403, "denied", field, "%s",
		    v->nrefused > 0 ? v->refused[0].text : "refused by policy");
	refuse(c, "policy", say_denied);
}

/* ---- judged */

/* Not more than what people have said yes to. In doubt it is more. */
static bool
approved_for(struct call *c, const struct extend *x)
{
	struct request r;

	if (x->verdict.needs.n == 0 || FAULT(extend_unapproved))
		return true;
	return x->verdict.verdict != POLICY_APPROVAL && x->g.req[0] != '\0' &&
	       store_request_get(c->b->store, x->g.req, &r) == 0 &&
	       strcmp(r.grant, x->g.id) == 0 && x->total_s <= r.seconds;
}

/* As it is now, for all the time from its start on. */
static bool
judge(struct extend *x, const struct live_grant *lg)
{
	return recheck_for(&x->subject, lg,
		   FAULT(extend_max) ? LIMIT_GRANT_MIN_S : x->total_s,
		   FAULT(extend_hours)
		       ? x->g.end_ms
		       : x->g.end_ms + (int64_t)x->longer.seconds * 1000,
		   &x->verdict, &x->trial) &&
	       policy_within(
		   &x->verdict, lg->g.caps, lg->g.record != 0, lg->g.commands);
}

/* From one of the addresses that it is open for: an address that is left to
 * others is not kept open. */
static bool
from_there(const struct call *c, const struct grant *g)
{
	for (unsigned i = 0; i < c->req.nsources; i++)
		if (grant_has_source(g, &c->req.source[i].addr))
			return true;
	return FAULT(extend_anywhere);
}

/* False: it is answered, or will be. */
static bool
may_extend(struct call *c, struct extend *x, const struct live_grant *lg)
{
	const bool right = judge(x, lg);

	if (c->kind != KIND_PERSON && !FAULT(machine_may)) {
		problem_set(&x->p, 403, "no-person", NULL,
		    "a machine or an agent has no codes, and extends nothing: "
		    "it asks again once %s is over or released: jitctl request "
		    "%s",
		    x->g.id, x->g.target);
		refuse(c, "no-person", say_refused);
	} else if (!approved_for(c, x)) {
		problem_set(&x->p, 409, "conflict", "for",
		    "role %s wants approvals, and for so long nobody has "
		    "approved it: ask again: jitctl request %s",
		    x->verdict.role, x->g.target);
		refuse(c, "approvals", say_refused);
	} else if (!right) {
		refuse_policy(c);
	} else if (sshkey_hardware(c->key.type, c->key.sk_flags) <
		       x->verdict.hardware &&
		   !FAULT(extend_any_key)) {
		problem_set(&x->p, 403, "denied", "hardware_key",
		    "role %s wants a security key (sk-*): %s", x->verdict.role,
		    hardware_str(x->verdict.hardware));
		refuse(c, "hardware_key", say_refused);
	} else if (!from_there(c, &lg->g)) {
		problem_set(&x->p, 409, "conflict", "sources",
		    "%s is not open for the address you come from: ask again: "
		    "jitctl request %s",
		    x->g.id, x->g.target);
		refuse(c, "source", say_refused);
	} else if (lg->extending) {
		problem_set(&x->p, 409, "conflict", "grant",
		    "%s is being extended by another call", x->g.id);
		refuse(c, "busy", say_refused);
	} else if (!open_has_room(c->b)) {
		refuse(c, answer_room(c, &x->p), say_refused);
	} else {
		return true;
	}
	return false;
}

/* ---- done */

static bool
still(struct call *c, struct live_grant *lg)
{
	struct extend *x = c->state;

	return permission_still(c) && judge(x, lg) && approved_for(c, x);
}

static void
reply_longer(struct call *c, struct live_grant *lg)
{
	const struct extend *x = c->state;
	json_t *o = grant_json(lg);

	put_num(o, "seconds", x->total_s);
	put_time(o, "was", x->g.end_ms);
	put_num(o, "seq", (int64_t)x->longer.seq);
	call_reply(c, 200, o);
}

static void
done(
    struct call *c, enum longer_result result, int error, struct live_grant *lg)
{
	struct extend *x = c->state;

	c->seq = x->longer.seq;
	switch (result) {
	case LONGER_DONE:
		if (lg != NULL) {
			reply_longer(c, lg);
			return;
		}
		/* fallthrough */
	case LONGER_OVER:
		problem_set(&x->p, 409, "conflict", "grant",
		    "%s ended meanwhile: nothing was extended", x->g.id);
		refuse(c, "over", say_refused);
		break;
	case LONGER_CODE_USED:
		mfa_used(c);
		break;
	case LONGER_TAKEN_AWAY:
		problem_set(&x->p, 403, "forbidden", NULL,
		    "your permissions changed meanwhile: nothing was "
		    "extended");
		refuse(c, "changed", say_refused);
		break;
	case LONGER_LATE:
		problem_set(&x->p, 503, "unavailable", NULL,
		    "it took longer than you could wait: nothing was "
		    "extended; ask again");
		refuse(c, "late", say_refused);
		break;
	case LONGER_UNSURE:
		problem_set(&x->p, 503, "unavailable", NULL,
		    "the new end was not confirmed: jitctl grants tells which "
		    "one is in force");
		refuse(c, "unconfirmed", say_refused);
		break;
	default:
		call_not_written(c, error);
		break;
	}
}

static struct extend *
extend_read(struct call *c, struct live_grant **ret)
{
	static const char *const keys[] = {"grant", "for", NULL};
	struct problem p = {0};
	struct extend *x = NULL;
	struct live_grant *lg = NULL;
	int64_t seconds = 0;

	if (json_only(c->req.body, keys, &p) != 0 ||
	    json_get_int(c->req.body, "for", true, 1, 10000000, &seconds, &p) !=
		0) {
		call_problem(c, &p);
		return NULL;
	}
	if ((lg = grant_named(c, true)) == NULL ||
	    (x = call_state(c, sizeof(*x), extend_free)) == NULL)
		return NULL;
	x->g = lg->g;
	x->total_s =
	    (uint32_t)((lg->g.end_ms - lg->g.start_ms) / 1000 + seconds);
	x->longer = (struct longer){
	    .c = c, .seconds = (uint32_t)seconds, .still = still, .done = done};
	*ret = lg;
	return x;
}

void
verb_extend(struct call *c)
{
	struct live_grant *lg = NULL;
	struct extend *x = extend_read(c, &lg);
	struct problem p = {0};

	if (x == NULL || !may_extend(c, x, lg) ||
	    !mfa_enough(
		c, &x->verdict, x->verdict.mfa_age_extend_s, "to extend"))
		return;
	if (mfa_check(c, &p) != 0)
		call_problem(c, &p);
	else if (answer_would_refuse(c, &x->trial, &x->g) != 0)
		call_unavailable(c, "the log");
	else
		longer_start(&x->longer, lg);
}
