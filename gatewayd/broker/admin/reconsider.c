/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reconsider - what is open after a change of who may what. What policy would
 * not give any more (role, membership, label, login, source), and what was
 * opened with a key that its user has no more, ends now: taking a right away is
 * revocation. Its length and its code are not asked about again: they were
 * right when it was given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"

struct eyes { /* what is looked at; on the heap, for its size */
	struct user u;
	struct target t;
};

/* Each way the grant opened still leads to its target. */
static bool
same_place(const struct grant *g, const struct target *t)
{
	return (g->addr4.family == 0 || addr_equal(&g->addr4, &t->addr4)) &&
	       (g->addr6.family == 0 || addr_equal(&g->addr6, &t->addr6)) &&
	       g->reach == t->reach;
}

/* Whose grant it is and for what; those of the last one are seen already. */
static bool
see(struct broker *b, const struct grant *g, struct eyes *e)
{
	return (strcmp(e->u.name, g->user) == 0 ||
		   store_user_get(b->store, g->user, &e->u) == 0) &&
	       (strcmp(e->t.name, g->target) == 0 ||
		   store_target_get(b->store, g->target, &e->t) == 0);
}

static bool
still_given(const struct live_grant *lg, struct eyes *e)
{
	struct broker *b = lg->b;
	const struct grant *g = &lg->g;
	struct policy_result v;
	struct policy_facts f = {.user = g->user,
	    .groups = &e->u.groups,
	    .target_name = g->target,
	    .target = &e->t,
	    .login = g->login,
	    .port = g->port,
	    .seconds = LIMIT_GRANT_MIN_S,
	    .reason = g->reason,
	    .mfa_age_s = 0,
	    .max_s = b->conf->max_grant_s,
	    .mfa_max_s = b->conf->mfa_age_s};

	if (FAULT(no_reconsider) || FAULT(no_policy))
		return true;
	if (!see(b, g, e) || e->u.state != USER_ACTIVE ||
	    !user_has_key(&e->u, lg->key_fp) || !same_place(g, &e->t))
		return false; /* gone, or not to be read: closed */
	if (g->source4.family != 0)
		f.sources[f.nsources++] = g->source4;
	if (g->source6.family != 0)
		f.sources[f.nsources++] = g->source6;
	policy_decide(&v, &f, b->roles, b->nroles);
	return v.verdict == POLICY_ALLOW;
}

static struct eyes *
eyes_new(void)
{
	struct eyes *e = calloc(1, sizeof(*e));

	if (e == NULL)
		log_err("out of memory: open grants are not looked at again");
	return e;
}

static void
eyes_free(struct eyes *e)
{
	if (e != NULL)
		explicit_bzero(e, sizeof(*e)); /* a sealed seed was in it */
	free(e);
}

bool
grant_still_given(const struct live_grant *lg)
{
	struct eyes *e = eyes_new();
	const bool given = e != NULL && still_given(lg, e);

	eyes_free(e);
	return given;
}

/* A grant serves all keys of its user: one that is gone ends what came by it,
 * though the grant of another key lives on. */
static void
stop_keyless(struct broker *b, struct eyes *e, const char *user)
{
	char when[32], text[LIMIT_TEXT_SIZE];

	str_time(when, sizeof(when), broker_now(b).utc_ms);
	for (struct session *s = b->sessions, *next = NULL; s != NULL;
	     s = next) {
		next = s->next;
		if (s->gone || s->grant == NULL || s->probe != NULL ||
		    (user != NULL && strcmp(s->user, user) != 0) ||
		    (store_user_get(b->store, s->user, &e->u) == 0 &&
			user_has_key(&e->u, s->key_fp)))
			continue;
		(void)snprintf(text, sizeof(text),
		    "sallyport: session ended: revoked at %.8s UTC: the key "
		    "it came with was removed. Your grant %s lives on.",
		    when + 11, s->grant_id);
		session_stop(s, END_REVOKED, "policy", text);
	}
}

void
grants_reconsider(struct broker *b, const char *user, const char *target)
{
	struct eyes *e = eyes_new();

	for (struct live_grant *lg = b->grants, *next = NULL;
	     lg != NULL && e != NULL; lg = next) {
		next = lg->next;
		if ((user != NULL && strcmp(lg->g.user, user) != 0) ||
		    (target != NULL && strcmp(lg->g.target, target) != 0))
			continue;
		if (lg->state == GRANT_ACTIVE && lg->g.reach != REACH_PROBE &&
		    !still_given(lg, e))
			grant_end(lg, END_REVOKED, "policy", NULL);
	}
	if (e != NULL && target == NULL && !FAULT(no_reconsider))
		stop_keyless(b, e, user);
	eyes_free(e);
}
