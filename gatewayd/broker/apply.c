/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply - policy.apply: a whole document of users, targets and roles, all or
 * nothing. First everything is read and compared, then one record says what
 * changes, then all of it is stored in one transaction. What the document does
 * not name is left alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "broker/broker.h"

enum { ENTRIES_MAX = 1000 };

enum change { CHANGE_SAME = 0, CHANGE_NEW, CHANGE_CHANGED };

static const char *const change_names[] = {"same", "new", "changed"};

struct apply_user {
	struct user u;
	enum change change;
	char invitation[INVITATION_SIZE];
};

struct apply_target {
	struct target t;
	enum change change;
};

struct apply_role {
	struct policy_role r;
	enum change change;
};

struct apply {
	struct apply_user *users;
	struct apply_target *targets;
	struct apply_role *roles;
	size_t nusers, ntargets, nroles;
	unsigned changes;
	bool dry_run;
};

static void
apply_free(void *p)
{
	struct apply *a = p;

	if (a->users != NULL)
		explicit_bzero(a->users, a->nusers * sizeof(*a->users));
	free(a->users);
	free(a->targets);
	free(a->roles);
	free(a);
}

/* ---- reading */

static int
bad(struct problem *p, const char *kind, size_t i, const char *what)
{
	problem_set(
	    p, 400, "bad-field", kind, "%s: entry %zu: %s", kind, i + 1, what);
	return GW_EINVAL;
}

/* Names which entry a problem is in, keeping what it says. */
static int
place(struct problem *p, const char *kind, size_t i, int r)
{
	struct problem was = *p;

	if (r != 0)
		problem_set(p, was.status, was.code, was.field,
		    "%s, entry %zu: %.400s", kind, i + 1, was.text);
	return r;
}

static int
get_list(const json_t *o, const char *kind, const json_t **ret, size_t *retn,
    struct problem *p)
{
	const json_t *list = json_object_get(o, kind);

	*ret = list;
	*retn = json_array_size(list);
	if (list == NULL)
		return 0;
	if (!json_is_array(list) || *retn > ENTRIES_MAX) {
		problem_set(p, 400, "bad-field", kind,
		    "%s: a list of at most %d was expected", kind,
		    (int)ENTRIES_MAX);
		return GW_EINVAL;
	}
	for (size_t i = 0; i < *retn; i++)
		if (!json_is_object(json_array_get(list, i)))
			return bad(p, kind, i, "an object was expected");
	return 0;
}

static int
no_memory(struct problem *p)
{
	problem_set(p, 503, "unavailable", NULL, "out of memory");
	return GW_ENOMEM;
}

static bool
shares_key(const struct user *a, const struct user *b)
{
	for (unsigned i = 0; i < a->nkeys; i++)
		for (unsigned k = 0; k < b->nkeys; k++)
			if (strcmp(a->keys[i].fp, b->keys[k].fp) == 0)
				return true;
	return false;
}

static int
compare_user(struct broker *b, struct apply_user *x)
{
	struct user *old = calloc(1, sizeof(*old));
	int r = GW_ENOMEM;

	if (old == NULL)
		return r;
	r = store_user_get(b->store, x->u.name, old);
	if (r == 0)
		x->change =
		    user_equal(old, &x->u) ? CHANGE_SAME : CHANGE_CHANGED;
	else if (r == GW_ENOENT)
		x->change = CHANGE_NEW;
	free(old);
	return r == GW_ENOENT ? 0 : r;
}

static int
read_users(struct call *c, struct apply *a, struct problem *p)
{
	const json_t *list = NULL;
	size_t n = 0;
	int r = get_list(c->req.body, "users", &list, &n, p);

	if (r != 0 || n == 0)
		return r;
	if ((a->users = calloc(n, sizeof(*a->users))) == NULL)
		return no_memory(p);
	a->nusers = n;
	for (size_t i = 0; i < n; i++) {
		struct apply_user *x = &a->users[i];

		r = user_parse(&x->u, c->b, json_array_get(list, i), p);
		if (r != 0)
			return place(p, "users", i, r);
		for (size_t k = 0; k < i; k++) {
			if (strcmp(a->users[k].u.name, x->u.name) == 0)
				return bad(p, "users", i,
				    "this user stands there twice");
			if (shares_key(&a->users[k].u, &x->u))
				return bad(p, "users", i,
				    "another user has the same key");
		}
		if (compare_user(c->b, x) != 0)
			return no_memory(p);
	}
	return 0;
}

static int
compare_target(struct broker *b, struct apply_target *x)
{
	struct target *old = calloc(1, sizeof(*old));
	int r = GW_ENOMEM;

	if (old == NULL)
		return r;
	r = store_target_get(b->store, x->t.name, old);
	if (r == 0)
		x->change =
		    target_equal(old, &x->t) ? CHANGE_SAME : CHANGE_CHANGED;
	else if (r == GW_ENOENT)
		x->change = CHANGE_NEW;
	free(old);
	return r == GW_ENOENT ? 0 : r;
}

static int
read_targets(struct call *c, struct apply *a, struct problem *p)
{
	const json_t *list = NULL;
	size_t n = 0;
	int r = get_list(c->req.body, "targets", &list, &n, p);

	if (r != 0 || n == 0)
		return r;
	if ((a->targets = calloc(n, sizeof(*a->targets))) == NULL)
		return no_memory(p);
	a->ntargets = n;
	for (size_t i = 0; i < n; i++) {
		struct apply_target *x = &a->targets[i];

		r = target_parse(&x->t, json_array_get(list, i), p);
		if (r != 0)
			return place(p, "targets", i, r);
		for (size_t k = 0; k < i; k++)
			if (strcmp(a->targets[k].t.name, x->t.name) == 0)
				return bad(p, "targets", i,
				    "this target stands there twice");
		if (compare_target(c->b, x) != 0)
			return no_memory(p);
	}
	return 0;
}

static void
compare_role(const struct broker *b, struct apply_role *x)
{
	x->change = CHANGE_NEW;
	for (size_t i = 0; i < b->nroles; i++)
		if (strcmp(b->roles[i].name, x->r.name) == 0)
			x->change = policy_role_equal(&b->roles[i], &x->r)
					? CHANGE_SAME
					: CHANGE_CHANGED;
}

static int
read_roles(struct call *c, struct apply *a, struct problem *p)
{
	const json_t *list = NULL;
	size_t n = 0;
	int r = get_list(c->req.body, "roles", &list, &n, p);

	if (r != 0 || n == 0)
		return r;
	if ((a->roles = calloc(n, sizeof(*a->roles))) == NULL)
		return no_memory(p);
	a->nroles = n;
	for (size_t i = 0; i < n; i++) {
		struct apply_role *x = &a->roles[i];

		r = role_parse(&x->r, json_array_get(list, i), p);
		if (r != 0)
			return place(p, "roles", i, r);
		for (size_t k = 0; k < i; k++)
			if (strcmp(a->roles[k].r.name, x->r.name) == 0)
				return bad(p, "roles", i,
				    "this role stands there twice");
		compare_role(c->b, x);
	}
	return 0;
}

/* ---- telling */

static void
add_change(json_t *list, const char *kind, const char *name, enum change ch,
    json_t *now)
{
	json_t *o = json_object();
	char *text = ch != CHANGE_SAME && now != NULL ? json_text(now) : NULL;

	put_str(o, "kind", kind);
	put_str(o, "name", name);
	put_str(o, "change", change_names[ch]);
	put_str(o, "detail", text != NULL ? text : "");
	(void)json_array_append_new(list, o);
	free(text);
	json_decref(now);
}

static json_t *
changes_json(const struct apply *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->nusers; i++)
		add_change(list, "user", a->users[i].u.name, a->users[i].change,
		    user_json(&a->users[i].u));
	for (size_t i = 0; i < a->ntargets; i++)
		add_change(list, "target", a->targets[i].t.name,
		    a->targets[i].change, target_json(&a->targets[i].t));
	for (size_t i = 0; i < a->nroles; i++)
		add_change(list, "role", a->roles[i].r.name, a->roles[i].change,
		    role_json(&a->roles[i].r));
	return list;
}

static unsigned
count(const struct apply *a)
{
	unsigned n = 0;

	for (size_t i = 0; i < a->nusers; i++)
		n += a->users[i].change != CHANGE_SAME;
	for (size_t i = 0; i < a->ntargets; i++)
		n += a->targets[i].change != CHANGE_SAME;
	for (size_t i = 0; i < a->nroles; i++)
		n += a->roles[i].change != CHANGE_SAME;
	return n;
}

static void
reply(struct call *c, bool applied)
{
	const struct apply *a = c->state;
	json_t *o = json_object();
	json_t *invitations = json_object();

	for (size_t i = 0; applied && i < a->nusers; i++)
		if (a->users[i].invitation[0] != '\0')
			put_str(invitations, a->users[i].u.name,
			    a->users[i].invitation);
	(void)json_object_set_new(o, "changes", changes_json(a));
	put_bool(o, "applied", applied);
	(void)json_object_set_new(o, "invitations", invitations);
	call_reply(c, 200, o);
}

/* ---- doing */

static int
store_all(struct broker *b, const struct apply *a, uint64_t seq)
{
	int r = store_begin(b->store);

	if (r != 0)
		return r;
	for (size_t i = 0; r == 0 && i < a->nusers; i++)
		if (a->users[i].change != CHANGE_SAME)
			r = store_user_put(b->store, &a->users[i].u, seq);
	for (size_t i = 0; r == 0 && i < a->ntargets; i++)
		if (a->targets[i].change != CHANGE_SAME)
			r = store_target_put(b->store, &a->targets[i].t, seq);
	for (size_t i = 0; r == 0 && i < a->nroles; i++)
		if (a->roles[i].change != CHANGE_SAME)
			r = store_role_put(b->store, &a->roles[i].r, seq);
	if (r == 0)
		return store_commit(b->store);
	store_rollback(b->store);
	return r;
}

static void
applied(struct call *c)
{
	const struct apply *a = c->state;
	int r = store_all(c->b, a, c->seq);

	if (r == 0)
		r = broker_load_roles(c->b);
	if (r != 0) {
		call_store_failed(c, r);
		return;
	}
	for (size_t i = 0; i < a->nusers; i++)
		if (a->users[i].change != CHANGE_SAME)
			user_changed(c->b, &a->users[i].u);
	for (size_t i = 0; i < a->ntargets; i++)
		target_protect(c->b, &a->targets[i].t);
	grants_reconsider(c->b);
	reply(c, true);
}

/* Who is new, or changed and without a second factor, is invited. */
static int
invite(struct broker *b, struct apply *a)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->nusers; i++) {
		struct apply_user *x = &a->users[i];

		if (x->change != CHANGE_SAME && x->u.totp.len == 0 &&
		    x->u.state != USER_DISABLED)
			r = user_invite(b, &x->u, x->invitation);
	}
	return r;
}

static void
record(struct call *c, const struct apply *a)
{
	struct event_fields f;
	json_t *list = changes_json(a);
	char *text = list != NULL ? json_text(list) : NULL;

	call_fields(c, &f);
	event_num(&f, EF_COUNT, a->changes);
	event_str(&f, EF_CHANGES, text);
	call_append(c, EV_POLICY_APPLY, &f, applied);
	event_fields_done(&f);
	free(text);
	json_decref(list);
}

void
verb_apply(struct call *c)
{
	static const char *const keys[] = {
	    "users", "targets", "roles", "dry_run", NULL};
	struct apply *a = calloc(1, sizeof(*a));
	struct problem p = {0};

	if (a == NULL) {
		call_refuse(c, 503, "unavailable", NULL, "out of memory");
		return;
	}
	c->state = a;
	c->state_free = apply_free;
	if (json_only(c->req.body, keys, &p) != 0 ||
	    json_get_bool(c->req.body, "dry_run", false, &a->dry_run, &p) !=
		0 ||
	    read_users(c, a, &p) != 0 || read_targets(c, a, &p) != 0 ||
	    read_roles(c, a, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	a->changes = count(a);
	if (a->dry_run || a->changes == 0) {
		reply(c, !a->dry_run);
		return;
	}
	if (invite(c->b, a) != 0) {
		call_refuse(c, 503, "unavailable", NULL,
		    "an invitation does not fit: host is too long");
		return;
	}
	record(c, a);
}
