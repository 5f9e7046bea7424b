/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gaps - see the header. One user and one target that are in both are enough:
 * they are judged as a request is, by these two roles.
 */
#include "broker/admin/gaps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "broker/broker.h"
#include "core/gap.h"
#include "core/hours.h"

enum { GAPS_MAX = 3, HOURS_STEPS = 256 }; /* internal: the first are told */

/* Another role, whose terms are others. */
struct other {
	const struct policy_role *r;
	bool told;
	char user[LIMIT_NAME_SIZE]; /* who is in both; "" = nobody is */
	struct name_list groups;
	enum user_kind kind;
};

struct gaps {
	struct broker *b;
	const struct policy_role *r;
	struct other *others;
	size_t nothers;
	json_t *list;
	unsigned told, *effort;
	bool goes;                 /* r does, and is the last of the broker's */
	const struct target *only; /* of this one alone; NULL: of all */
	struct policy_role two[2]; /* r, and the other */
	struct policy_result all, alone;
};

static bool
spend(const struct gaps *g)
{
	if (*g->effort == 0)
		return false;
	--*g->effort;
	return true;
}

/* Is there a moment at which both count? */
static bool
hours_meet(const struct broker *b, const struct hours_list *x,
    const struct hours_list *y)
{
	const int64_t now = broker_now(b).utc_ms;
	int64_t t = now, end[2];

	for (unsigned i = 0; x->n > 0 && y->n > 0 && i < HOURS_STEPS; i++) {
		const enum hours_verdict a =
		    hours_judge(x, b->zones, t, &end[0]);
		const enum hours_verdict c =
		    hours_judge(y, b->zones, t, &end[1]);

		if (a == HOURS_IN && c == HOURS_IN)
			return true;
		t = end[0] < end[1] ? end[0] : end[1];
		if (t == HOURS_NEVER || t > now + (int64_t)8 * 86400 * 1000)
			return false;
	}
	return true;
}

static bool
differ(const struct policy_role *a, const struct policy_role *b)
{
	char more[GAP_TEXT_SIZE];

	gap_role_text(more, a, b);
	if (more[0] == '\0')
		gap_role_text(more, b, a);
	return more[0] != '\0';
}

static void
pick_others(struct gaps *g)
{
	const struct broker *b = g->b;

	g->others = calloc(b->nroles + 1, sizeof(*g->others));
	for (size_t i = 0; g->others != NULL && i < b->nroles; i++) {
		const struct policy_role *r = &b->roles[i];

		if (!r->deny && strcmp(r->name, g->r->name) != 0 && spend(g) &&
		    (g->r->deny || differ(g->r, r)) &&
		    hours_meet(b, &g->r->hours, &r->hours))
			g->others[g->nothers++].r = r;
	}
}

static void
one_user(void *arg, const char *name, const struct member *m)
{
	struct gaps *g = arg;
	const int64_t now = broker_now(g->b).utc_ms;

	if (m == NULL || m->state == USER_DISABLED || !spend(g) ||
	    !policy_is_for_kind(g->r, m->kind) ||
	    !policy_is_for(g->r, name, &m->groups, now))
		return;
	for (size_t i = 0; i < g->nothers; i++) {
		struct other *o = &g->others[i];

		if (o->user[0] != '\0' || !spend(g) ||
		    !policy_is_for_kind(o->r, m->kind) ||
		    !policy_is_for(o->r, name, &m->groups, now))
			continue;
		name_set(o->user, name);
		o->groups = m->groups;
		o->kind = m->kind;
	}
}

/* ---- what it comes to */

static void
tell(struct gaps *g, const struct other *o, const struct policy_role *named,
    const struct policy_role *with, const struct target *t, const char *more)
{
	char text[LIMIT_TEXT_SIZE];

	if (++g->told > GAPS_MAX + 1)
		return;
	if (g->told > GAPS_MAX)
		(void)snprintf(text, sizeof(text),
		    "and so of more roles: jitctl access shows them");
	else
		(void)snprintf(text, sizeof(text),
		    "whoever names role %s (--role) has more of %s than with "
		    "role %s as well: %s (%s is in both)",
		    named->name, t->name, with->name, more, o->user);
	(void)json_array_append_new(g->list, json_string(text));
}

static struct policy_facts
facts(const struct gaps *g, const struct other *o, const struct target *t,
    const char *login)
{
	const int64_t now = broker_now(g->b).utc_ms;

	return (struct policy_facts){.user = o->user,
	    .kind = o->kind,
	    .groups = &o->groups,
	    .target_name = t->name,
	    .target = t,
	    .login = login,
	    .role = "",
	    .reason = "",
	    .ticket = "",
	    .settled = true,
	    .anywhere = true,
	    .anytime = true,
	    .hardware = HARDWARE_VERIFIED,
	    .zones = g->b->zones,
	    .utc_ms = now,
	    .when_ms = now,
	    .max_s = g->b->conf->max_grant_s,
	    .mfa_max_s = g->b->conf->mfa_age_s};
}

/* As a request that names no role is judged, by all and by all but r. */
static bool
judge_rest(struct gaps *g, const struct other *o, const struct target *t,
    const char *login)
{
	const struct policy_facts f = facts(g, o, t, login);
	const size_t n = g->b->nroles;
	char more[GAP_TEXT_SIZE] = "what is refused with it";
	char text[LIMIT_TEXT_SIZE];

	if (*g->effort < n) {
		*g->effort = 0;
		return false;
	}
	*g->effort -= (unsigned)n;
	policy_decide(&g->all, &f, g->b->roles, n);
	policy_decide(&g->alone, &f, g->b->roles, n - 1);
	if (g->alone.verdict == POLICY_DENY)
		return false;
	if (g->all.verdict != POLICY_DENY)
		gap_text(more, &g->all, &g->alone);
	if (more[0] == '\0')
		return false;
	if (++g->told > GAPS_MAX)
		return true;
	(void)snprintf(text, sizeof(text), "without it %s has more of %s: %s",
	    o->user, t->name, more);
	(void)json_array_append_new(g->list, json_string(text));
	return true;
}

/* As a request by these two roles is judged, and by either alone. */
static bool
judge(struct gaps *g, const struct other *o, const struct target *t,
    const char *login)
{
	struct policy_facts f = facts(g, o, t, login);
	char more[GAP_TEXT_SIZE];
	bool any = false;

	g->two[1] = *o->r;
	policy_decide(&g->all, &f, g->two, 2);
	if (g->all.roles.n < 2)
		return false;
	for (size_t i = 0; i < 2; i++) {
		f.role = g->two[i].name;
		policy_decide(&g->alone, &f, g->two, 2);
		if (g->alone.verdict == POLICY_DENY)
			continue;
		gap_text(more, &g->all, &g->alone);
		if (more[0] == '\0')
			continue;
		tell(g, o, &g->two[i], &g->two[1 - i], t, more);
		any = true;
	}
	return any;
}

static void
one_target(void *arg, const char *name, const struct target *t)
{
	struct gaps *g = arg;

	(void)name;
	if (t == NULL || !spend(g) || !policy_reaches(g->r, t))
		return;
	for (size_t i = 0; i < g->nothers && g->told <= GAPS_MAX; i++) {
		struct other *o = &g->others[i];

		if (o->told || o->user[0] == '\0' || !spend(g) ||
		    !policy_reaches(o->r, t))
			continue;
		for (unsigned k = 0; k < t->logins.n && !o->told; k++)
			o->told = (g->goes ? judge_rest : judge)(
			    g, o, t, t->logins.name[k]);
	}
}

static int
each_target(struct gaps *g)
{
	if (g->only == NULL)
		return store_target_each(g->b->store, one_target, g);
	one_target(g, g->only->name, g->only);
	return 0;
}

static void
tell_all(json_t *list, struct broker *b, const struct policy_role *r, bool goes,
    const struct target *only, unsigned *effort)
{
	struct gaps *g = *effort > 0 ? calloc(1, sizeof(*g)) : NULL;

	if (g == NULL || (r->deny && !goes))
		goto out;
	g->b = b;
	g->r = r;
	g->goes = goes;
	g->only = only;
	g->two[0] = *r;
	g->list = list;
	g->effort = effort;
	pick_others(g);
	/* What cannot be read is not told: the change itself will fail. */
	if (g->nothers > 0 && *effort > 0 &&
	    store_member_each(b->store, one_user, g) == 0 && *effort > 0 &&
	    each_target(g) != 0)
		log_err("the targets cannot be read");
out:
	if (g != NULL)
		free(g->others);
	free(g);
}

void
gaps_tell(json_t *list, struct broker *b, const struct policy_role *r,
    unsigned *effort)
{
	tell_all(list, b, r, false, NULL, effort);
}

void
gaps_target(json_t *list, struct broker *b, const struct target *old,
    const struct target *t, unsigned *effort)
{
	char text[LIMIT_TEXT_SIZE];

	for (size_t i = 0; i < b->nroles; i++) {
		const struct policy_role *r = &b->roles[i];

		if (!policy_gives(r) || !policy_reaches(r, t) ||
		    (old != NULL && policy_reaches(r, old)))
			continue;
		(void)snprintf(text, sizeof(text),
		    "role %s gives it from now on, to all who are in it",
		    r->name);
		(void)json_array_append_new(list, json_string(text));
		tell_all(list, b, r, false, t, effort);
	}
}

/* Their order says nothing. */
static void
swap(struct policy_role *a, struct policy_role *b, struct policy_role *room)
{
	*room = *a;
	*a = *b;
	*b = *room;
}

void
gaps_removed(json_t *list, struct broker *b, const struct policy_role *r,
    unsigned *effort)
{
	struct policy_role *room = malloc(sizeof(*room));
	struct policy_role *last =
	    b->nroles > 0 ? &b->roles[b->nroles - 1] : NULL;

	for (size_t i = 0; room != NULL && i < b->nroles; i++) {
		if (strcmp(b->roles[i].name, r->name) != 0)
			continue;
		swap(&b->roles[i], last, room);
		tell_all(list, b, last, true, NULL, effort);
		swap(&b->roles[i], last, room);
		break;
	}
	free(room);
}
