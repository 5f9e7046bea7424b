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

/* Logins that are given alike: by the same roles, on the same terms. */
struct row {
	struct name_list logins, roles;
	uint32_t max_s;
	bool approval;
	bool locked; /* for now */
};

/* One pair's. */
struct rows {
	struct row *row; /* as many as the target has logins, at most */
	unsigned n;
	json_t *named; /* who names a role: alone.h */
};

static bool
same_names(const struct name_list *a, const struct name_list *b)
{
	for (unsigned i = 0; i < a->n; i++)
		if (!name_list_has(b, a->name[i]))
			return false;
	return a->n == b->n;
}

static void
add_login(struct rows *x, const struct policy_result *v, bool locked)
{
	const bool approval = v->verdict == POLICY_APPROVAL;
	struct row *r = x->row;

	while (r < x->row + x->n &&
	       (r->max_s != v->max_s || r->approval != approval ||
		   r->locked != locked || !same_names(&r->roles, &v->roles)))
		r++;
	if (r == x->row + x->n) {
		x->n++;
		r->roles = v->roles;
		r->max_s = v->max_s;
		r->approval = approval;
		r->locked = locked;
	}
	if (name_list_add(&r->logins, v->login) != 0)
		return; /* it has no more than the target has */
}

static void
try_login(struct access *a, struct rows *x, const char *user,
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
	alone_add(x->named, &f, v, a->roles, a->nroles);
	if (v->verdict != POLICY_DENY)
		add_login(x, v, locked);
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

static json_t *
row_json(const struct access *a, const char *user, enum user_kind kind,
    const char *target, const struct row *r)
{
	json_t *o = json_object();

	put_str(o, "user", user);
	if (kind == KIND_AGENT)
		put_str(o, "owner", a->agent.behalf.owner);
	put_str(o, "target", target);
	if (o != NULL) {
		(void)json_object_set_new(o, "logins", names_json(&r->logins));
		(void)json_object_set_new(o, "roles", names_json(&r->roles));
	}
	put_num(o, "max", r->max_s);
	put_bool(o, "approval", r->approval);
	put_bool(o, "locked", r->locked);
	return o;
}

/* The first says what is so of the pair: who names a role has more. */
static void
list_rows(struct access *a, const struct rows *x, const char *user,
    enum user_kind kind, const char *target)
{
	static const struct row none;
	const int64_t last = last_used(a, user, target);
	json_t *all = json_array();

	for (unsigned i = 0; i == 0 || i < x->n; i++) {
		json_t *o = row_json(
		    a, user, kind, target, x->n > 0 ? &x->row[i] : &none);

		if (i == 0 && o != NULL && json_array_size(x->named) > 0)
			(void)json_object_set(o, "named", x->named);
		put_time(o, "last", last);
		(void)json_array_append_new(all, o);
	}
	listing_add_all(a->list, all, a->target[0] != '\0' ? user : target);
}

static void
list_pair(struct access *a, const char *user, enum user_kind kind,
    const struct name_list *groups, const struct target *t)
{
	struct rows x = {.row = calloc(t->logins.n + 1, sizeof(*x.row)),
	    .named = json_array()};

	if (x.row == NULL)
		a->err = GW_ENOMEM;
	for (unsigned i = 0; a->err == 0 && i < t->logins.n; i++)
		try_login(a, &x, user, kind, groups, t, t->logins.name[i]);
	if (a->err == 0 && (x.n > 0 || json_array_size(x.named) > 0))
		list_rows(a, &x, user, kind, t->name);
	json_decref(x.named);
	free(x.row);
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
