/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recheck - see the header.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/grant/live.h"
#include "broker/grant/recheck.h"
#include "broker/identity/mfa.h"

struct recheck { /* on the heap, for its size */
	struct user u;
	struct target t;
};

struct recheck *
recheck_new(void)
{
	struct recheck *x = calloc(1, sizeof(*x));

	if (x == NULL)
		log_err("out of memory: open grants cannot be judged again");
	return x;
}

void
recheck_free(struct recheck *x)
{
	if (x != NULL)
		explicit_bzero(x, sizeof(*x)); /* a sealed seed was in it */
	free(x);
}

/* Each way the grant opened still leads to its target. */
static bool
same_place(const struct grant *g, const struct target *t)
{
	return (g->addr4.family == 0 || addr_equal(&g->addr4, &t->addr4)) &&
	       (g->addr6.family == 0 || addr_equal(&g->addr6, &t->addr6)) &&
	       g->reach == t->reach;
}

/* Whose grant it is and for what; those of the last one are read already. */
static bool
load(struct recheck *x, struct broker *b, const struct grant *g)
{
	return (strcmp(x->u.name, g->user) == 0 ||
		   store_user_get(b->store, g->user, &x->u) == 0) &&
	       (strcmp(x->t.name, g->target) == 0 ||
		   store_target_get(b->store, g->target, &x->t) == 0);
}

bool
recheck_grant(struct recheck *x, const struct live_grant *lg)
{
	struct broker *b = lg->b;
	const struct grant *g = &lg->g;
	struct policy_result v;
	struct policy_facts f = {.user = g->user,
	    .groups = &x->u.groups,
	    .target_name = g->target,
	    .target = &x->t,
	    .login = g->login,
	    .port = g->port,
	    .seconds = LIMIT_GRANT_MIN_S,
	    .reason = g->reason,
	    .mfa_age_s = 0,
	    .max_s = b->conf->max_grant_s,
	    .mfa_max_s = b->conf->mfa_age_s};

	if (FAULT(no_reconsider) || FAULT(no_policy))
		return true;
	if (!load(x, b, g) || x->u.state != USER_ACTIVE ||
	    !user_has_key(&x->u, lg->key_fp) || !same_place(g, &x->t))
		return false; /* gone, or not to be read: closed */
	if (g->source4.family != 0)
		f.sources[f.nsources++] = g->source4;
	if (g->source6.family != 0)
		f.sources[f.nsources++] = g->source6;
	policy_decide(&v, &f, b->roles, b->nroles);
	return v.verdict == POLICY_ALLOW;
}

bool
grant_still_given(const struct live_grant *lg)
{
	struct recheck *x = recheck_new();
	const bool given = x != NULL && recheck_grant(x, lg);

	recheck_free(x);
	return given;
}
