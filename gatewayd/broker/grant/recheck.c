/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recheck - see the header.
 */
#include "broker/grant/recheck.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/subject.h"
#include "broker/grant/approvals.h"
#include "broker/grant/live.h"
#include "broker/identity/mfa.h"
#include "core/event.h"
#include "core/glass.h"

/* Each way the grant opened still leads to its target. */
static bool
same_place(const struct grant *g, const struct target *t)
{
	const bool there =
	    (g->addr4.family == 0 || addr_equal(&g->addr4, &t->addr4)) &&
	    (g->addr6.family == 0 || addr_equal(&g->addr6, &t->addr6));

	return (there || FAULT(recheck_address)) &&
	       (g->reach == t->reach || FAULT(recheck_reach));
}

/* What it would have to ask for, to be given what it has left. */
static uint32_t
seconds_left(const struct live_grant *lg)
{
	const struct now now = broker_now(lg->b);
	const int64_t s =
	    (grant_left_ms(&lg->g, &now, clock_boot_id()) + 999) / 1000;

	if (FAULT(recheck_time) || s < LIMIT_GRANT_MIN_S)
		return LIMIT_GRANT_MIN_S;
	return (uint32_t)s; /* at most LIMIT_GRANT_MAX_S: grant_ok() */
}

/* The same person, who still has the key they asked with. */
static bool
same_user(struct subject *s, const struct live_grant *lg)
{
	return subject_user(lg->b, s, lg->g.user) == 0 &&
	       grant_same_id(lg->g.user_id, s->user.id) &&
	       s->user.state == USER_ACTIVE &&
	       user_has_key(&s->user, lg->key_fp);
}

static bool
same_target(struct subject *s, const struct live_grant *lg)
{
	return subject_target(lg->b, s, lg->g.target) == 0 &&
	       grant_same_id(lg->g.target_id, s->target.id);
}

static void
by_lock(struct recheck *ret, const char *by)
{
	ret->why = END_LOCKED;
	name_set(ret->by, by);
}

/* It opens a way to a target as well. */
static bool
is_locked(
    const struct subject *s, const struct live_grant *lg, struct recheck *ret)
{
	const struct lock_facts f = {.user = lg->g.user,
	    .groups = &s->user.groups,
	    .key_fp = lg->key_fp,
	    .target = lg->g.target,
	    .login = lg->g.login,
	    .grant = lg->g.id};
	const struct lock *l = broker_lock(lg->b, &f);

	if (l == NULL)
		return false;
	by_lock(ret, l->by);
	return true;
}

/* Of one who may change targets: of a target that is still the same, or of an
 * address alone. */
static bool
recheck_probe(
    struct subject *s, const struct live_grant *lg, struct recheck *ret)
{
	if (subject_user(lg->b, s, lg->g.user) != 0)
		subject_clear(s); /* root's */
	if (is_locked(s, lg, ret))
		return false;
	if (event_actor_own(lg->g.user))
		return true; /* root, on the admin socket */
	return same_user(s, lg) && right_may(s->user.rights, RIGHT_POLICY) &&
	       (lg->g.target_id[0] == '\0' || same_target(s, lg));
}

/* What it was approved by counts as it did when it opened. */
static void
decide(struct policy_result *ret, struct policy_facts *f,
    const struct live_grant *lg, struct trial *ret_trial)
{
	struct broker *b = lg->b;
	struct approvals *a = NULL;

	if (lg->g.glass != 0) {
		glass_decide(ret, f, b->roles, b->nroles, NULL);
		return;
	}
	policy_decide(ret, f, b->roles, b->nroles);
	if (ret->verdict == POLICY_APPROVAL &&
	    approvals_load(b, lg->g.req, &a) == 0) {
		f->approvals = a->fact;
		f->napprovals = a->n;
		policy_decide(ret, f, b->roles, b->nroles);
	}
	if (ret_trial != NULL)
		trial_judge(ret_trial, f, ret, b->roles, b->nroles);
	free(a);
}

/* As if it were given at since_ms; 0 = now. Of trials only who asks is told. */
static bool
judge(struct subject *s, const struct live_grant *lg, uint32_t seconds,
    int64_t since_ms, int64_t end_ms, struct policy_result *ret,
    struct trial *ret_trial)
{
	struct broker *b = lg->b;
	const struct grant *g = &lg->g;
	struct policy_facts f = {.user = g->user,
	    .from = &s->user.sources,
	    .behalf = &s->behalf,
	    .groups = &s->user.groups,
	    .target_name = g->target,
	    .target = &s->target,
	    .login = FAULT(recheck_login) ? "" : g->login,
	    .role = g->role_named != 0 ? g->role : "",
	    .port = FAULT(recheck_port) ? 0 : g->port,
	    .seconds = seconds,
	    .reason = g->reason,
	    .ticket = "",
	    .settled = true,
	    .mfa_age_s = 0,
	    .max_s = b->conf->max_grant_s,
	    .mfa_max_s = b->conf->mfa_age_s,
	    .user_id = g->user_id,
	    .locks = b->locks,
	    .nlocks = b->nlocks,
	    .key_fp = lg->key_fp,
	    .grant = g->id,
	    .under = g->role,
	    .utc_ms = broker_now(b).utc_ms,
	    .when_ms = broker_now(b).utc_ms,
	    .since_ms = since_ms,
	    .end_ms = end_ms,
	    .zones = b->zones};

	memset(ret, 0, sizeof(*ret));
	if (!same_user(s, lg) || !same_target(s, lg) ||
	    !same_place(g, &s->target))
		return false; /* gone, or not to be read: closed */
	f.hardware = user_hardware(&s->user, lg->key_fp);
	f.kind = s->user.kind;
	if (g->source4.family != 0 && !FAULT(recheck_source))
		f.sources[f.nsources++] = g->source4;
	if (g->source6.family != 0 && !FAULT(recheck_source))
		f.sources[f.nsources++] = g->source6;
	decide(ret, &f, lg, ret_trial);
	return true;
}

bool
recheck_for(struct subject *s, const struct live_grant *lg, uint32_t seconds,
    int64_t end_ms, struct policy_result *ret, struct trial *ret_trial)
{
	return judge(s, lg, seconds, 0, end_ms, ret, ret_trial);
}

bool
recheck_verdict(
    struct subject *s, const struct live_grant *lg, struct policy_result *ret)
{
	return judge(
	    s, lg, seconds_left(lg), lg->g.start_ms, lg->g.end_ms, ret, NULL);
}

bool
recheck_grant(
    struct subject *s, const struct live_grant *lg, struct recheck *ret)
{
	struct policy_result v;

	*ret = (struct recheck){.why = END_REVOKED, .by = "policy"};
	if (FAULT(no_reconsider) || FAULT(no_policy))
		return true;
	if (lg->g.reach == REACH_PROBE)
		return recheck_probe(s, lg, ret);
	if (!recheck_verdict(s, lg, &v))
		return false;
	if (v.locked)
		by_lock(ret, v.locked_by);
	return policy_within(&v, lg->g.caps, lg->g.record != 0, lg->g.commands);
}
