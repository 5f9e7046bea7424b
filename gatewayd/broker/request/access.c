/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access - see the header. Each pair of a user and a target is judged by the
 * code that judges requests, for each login there is; of the roles, only those
 * that have to do with the one that is asked about.
 */
#include "broker/request/access.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "broker/call/listing.h"
#include "broker/call/params.h"
#include "broker/call/put.h"
#include "broker/call/subject.h"
#include "broker/grant/history.h"
#include "broker/grant/live.h"
#include "broker/request/alone.h"
#include "core/policy.h"

struct access {
	struct call *c;
	struct listing *list;
	char user[LIMIT_NAME_SIZE], target[LIMIT_NAME_SIZE]; /* one of them */
	struct subject subject;
	struct subject agent;      /* of which one is asked: its owner's */
	struct policy_role *roles; /* those that may matter */
	size_t nroles;
	struct policy_result verdict;
	int err;
};

static void
access_free(void *p)
{
	struct access *a = p;

	subject_clear(&a->subject);
	subject_clear(&a->agent);
	free(a->roles);
	free(a);
}

/* ---- one pair */

/* What adds up over the logins. */
struct sum {
	struct name_list logins, roles;
	uint32_t max_s;
	bool approval; /* each login wants one */
	bool locked;   /* for now, each is */
	json_t *named; /* who names a role: alone.h */
};

static void
add_names(struct name_list *all, const struct name_list *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (!name_list_has(all, l->name[i]) &&
		    name_list_add(all, l->name[i]) != 0)
			return; /* full: the rest is left out */
}

static void
try_login(struct access *a, struct sum *sum, const char *user,
    enum user_kind kind, const struct name_list *groups, const struct target *t,
    const char *login)
{
	const struct broker *b = a->c->b;
	struct policy_facts f = {.user = user,
	    .kind = kind,
	    .behalf = &a->agent.behalf,
	    .groups = groups,
	    .target_name = t->name,
	    .target = t,
	    .login = login,
	    .role = "",
	    .reason = "",
	    .ticket = "",
	    .settled = true,
	    .hardware = HARDWARE_VERIFIED,
	    .anywhere = true,
	    .anytime = true,
	    .zones = b->zones,
	    .max_s = b->conf->max_grant_s,
	    .mfa_max_s = b->conf->mfa_age_s};
	struct policy_result *v = &a->verdict;
	bool locked = false;

	f.utc_ms = f.when_ms = broker_now(b).utc_ms;
	f.locks = b->locks;
	f.nlocks = b->nlocks;
	policy_decide(v, &f, a->roles, a->nroles);
	if ((locked = v->locked)) { /* what they have once it ends */
		f.nlocks = 0;
		policy_decide(v, &f, a->roles, a->nroles);
	}
	alone_add(sum->named, &f, v, a->roles, a->nroles);
	if (v->verdict == POLICY_DENY)
		return;
	sum->locked = (sum->logins.n == 0 || sum->locked) && locked;
	sum->approval = (sum->logins.n == 0 || sum->approval) &&
			v->verdict == POLICY_APPROVAL;
	if (name_list_add(&sum->logins, login) != 0)
		return;
	add_names(&sum->roles, &v->roles);
	if (v->max_s > sum->max_s)
		sum->max_s = v->max_s;
}

/* When they had it last; now, if it is open. */
static int64_t
last_used(struct access *a, const char *user, const char *target)
{
	int64_t ms = 0;

	if (a->err == 0)
		a->err = store_grant_last(a->c->b->store, user, target, &ms);
	for (const struct live_grant *lg = a->c->b->grants; lg != NULL;
	     lg = lg->next)
		if (strcmp(lg->g.user, user) == 0 &&
		    strcmp(lg->g.target, target) == 0 && lg->g.start_ms > ms)
			ms = lg->g.start_ms;
	return ms;
}

static void
list_pair(struct access *a, const char *user, enum user_kind kind,
    const struct name_list *groups, const struct target *t)
{
	struct sum sum = {.named = json_array()};
	json_t *o = NULL;

	for (unsigned i = 0; i < t->logins.n; i++)
		try_login(a, &sum, user, kind, groups, t, t->logins.name[i]);
	if (sum.logins.n == 0 && json_array_size(sum.named) == 0) {
		json_decref(sum.named);
		return;
	}
	o = json_object();
	put_str(o, "user", user);
	if (kind == KIND_AGENT)
		put_str(o, "owner", a->agent.behalf.owner);
	put_str(o, "target", t->name);
	if (o != NULL) {
		(void)json_object_set_new(o, "logins", names_json(&sum.logins));
		(void)json_object_set_new(o, "roles", names_json(&sum.roles));
	}
	put_num(o, "max", sum.max_s);
	put_bool(o, "approval", sum.approval);
	put_bool(o, "locked", sum.locked);
	if (o != NULL && json_array_size(sum.named) > 0)
		(void)json_object_set(o, "named", sum.named);
	json_decref(sum.named);
	put_time(o, "last", last_used(a, user, t->name));
	listing_add(a->list, o, a->target[0] != '\0' ? user : t->name);
}

/* ---- all of one side */

static void
one_user(void *arg, const char *name, const struct member *m)
{
	struct access *a = arg;

	if (m == NULL || m->state != USER_ACTIVE ||
	    !listing_wants(a->list, name))
		return;
	if (m->kind == KIND_AGENT &&
	    subject_user(a->c->b, &a->agent, name) != 0)
		return; /* whose, cannot be read: it has nothing */
	list_pair(a, name, m->kind, &m->groups, &a->subject.target);
}

static void
one_target(void *arg, const char *name, const struct target *t)
{
	struct access *a = arg;

	if (t != NULL && listing_wants(a->list, name))
		list_pair(a, a->user, a->subject.user.kind,
		    &a->subject.user.groups, t);
}

static bool
may_matter(const struct access *a, const struct policy_role *r)
{
	const struct behalf *own = &a->agent.behalf;
	const int64_t now = broker_now(a->c->b).utc_ms;

	if (a->target[0] != '\0')
		return policy_reaches(r, &a->subject.target);
	return policy_is_for(r, a->user, &a->subject.user.groups, now) ||
	       (own->owner[0] != '\0' &&
		   policy_is_for(r, own->owner, &own->groups, now));
}

static int
pick_roles(struct access *a)
{
	const struct broker *b = a->c->b;

	a->roles = calloc(b->nroles + 1, sizeof(*a->roles));
	if (a->roles == NULL)
		return GW_ENOMEM;
	for (size_t i = 0; i < b->nroles; i++)
		if (may_matter(a, &b->roles[i]))
			a->roles[a->nroles++] = b->roles[i];
	return 0;
}

static int
fill(struct call *c, struct listing *l)
{
	struct access *a = c->state;
	int r = pick_roles(a);

	a->list = l;
	history_flush(c->b);
	if (r == 0 && a->target[0] != '\0')
		r = store_member_each(c->b->store, one_user, a);
	else if (r == 0 && a->subject.user.state == USER_ACTIVE)
		r = store_target_each(c->b->store, one_target, a);
	return r != 0 ? r : a->err;
}

/* ---- the verb */

static bool
parse(struct call *c, struct access *a)
{
	if (params_text(c->query, "user", a->user, sizeof(a->user)) &&
	    params_text(c->query, "target", a->target, sizeof(a->target)) &&
	    (a->user[0] == '\0' || str_name_ok(a->user)) &&
	    (a->target[0] == '\0' || str_name_ok(a->target)) &&
	    (a->user[0] == '\0') != (a->target[0] == '\0'))
		return true;
	call_refuse(c, 400, "bad-field", "target",
	    "a target or a user was expected, by its name");
	return false;
}

static bool
find(struct call *c, struct access *a)
{
	const bool user = a->user[0] != '\0';
	int r = user ? subject_user(c->b, &a->subject, a->user)
		     : subject_target(c->b, &a->subject, a->target);

	if (r == 0 && user && a->subject.user.kind == KIND_AGENT)
		r = subject_user(c->b, &a->agent, a->user);
	if (r == GW_ENOENT)
		call_refuse(c, 404, "not-found", user ? "user" : "target",
		    "there is no %s %s", user ? "user" : "target",
		    user ? a->user : a->target);
	else if (r != 0)
		call_store_failed(c, r);
	return r == 0;
}

void
verb_access(struct call *c)
{
	struct access *a = call_state(c, sizeof(*a), access_free);

	if (a == NULL)
		return;
	a->c = c;
	if (parse(c, a) && find(c, a))
		listing_answer(c, fill);
}
