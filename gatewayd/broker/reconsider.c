/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reconsider - open grants after a change of who may what. What policy would
 * not give any more (role, membership, label, login, source) ends now: taking
 * a right away is revocation. Its length and its code are not asked about
 * again: they were right when it was given.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "broker/broker.h"

static bool
still_given(
    struct broker *b, const struct grant *g, struct user *u, struct target *t)
{
	struct policy_result v;
	struct policy_facts f = {.user = g->user,
	    .groups = &u->groups,
	    .target_name = g->target,
	    .target = t,
	    .login = g->login,
	    .port = g->port,
	    .seconds = LIMIT_GRANT_MIN_S,
	    .reason = g->reason,
	    .mfa_age_s = 0,
	    .max_s = b->conf->max_grant_s,
	    .mfa_max_s = b->conf->mfa_age_s};

	if (store_user_get(b->store, g->user, u) != 0 ||
	    store_target_get(b->store, g->target, t) != 0)
		return false; /* gone, or not to be read: closed */
	if (g->source4.family != 0)
		f.sources[f.nsources++] = g->source4;
	if (g->source6.family != 0)
		f.sources[f.nsources++] = g->source6;
	policy_decide(&v, &f, b->roles, b->nroles);
	return v.verdict == POLICY_ALLOW;
}

void
grants_reconsider(struct broker *b)
{
	struct user *u = calloc(1, sizeof(*u));
	struct target *t = calloc(1, sizeof(*t));

	if (u == NULL || t == NULL)
		log_err("out of memory: open grants are not looked at again");
	for (struct live_grant *lg = b->grants, *next = NULL;
	     lg != NULL && u != NULL && t != NULL; lg = next) {
		next = lg->next;
		if (FAULT(no_reconsider) || lg->state != GRANT_ACTIVE ||
		    lg->g.reach == REACH_PROBE)
			continue;
		if (!still_given(b, &lg->g, u, t))
			grant_end(lg, END_REVOKED, "policy", NULL);
	}
	if (u != NULL)
		explicit_bzero(u, sizeof(*u)); /* a sealed seed was in it */
	free(u);
	free(t);
}
