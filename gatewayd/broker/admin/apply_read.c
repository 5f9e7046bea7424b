/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_read - a document is read and compared with what there is, entry by
 * entry.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "broker/admin/apply_doc.h"
#include "broker/admin/left.h"
#include "broker/admin/lookalike.h"
#include "broker/admin/quota.h"
#include "broker/admin/role.h"
#include "broker/admin/target.h"
#include "broker/admin/user.h"
#include "broker/broker.h"
#include "core/look.h"
#include "wire/role_json.h"

static const char *const kinds[] = {"users", "targets", "roles"};

size_t
apply_entries(const struct apply *a)
{
	return a->nusers + a->ntargets + a->nroles + a->ngone;
}

struct verdict *
apply_verdict(struct apply *a, size_t k)
{
	if (k < a->nusers)
		return &a->users[k].v;
	k -= a->nusers;
	if (k < a->ntargets)
		return &a->targets[k].v;
	k -= a->ntargets;
	return k < a->nroles ? &a->roles[k].v : &a->gone[k - a->nroles].v;
}

/* ---- what is wrong, and where */

static int
place(struct problem *p, const char *kind, size_t i, int r)
{
	struct problem was = *p;

	if (r == 0)
		return 0;
	problem_set(p, was.status, was.code, was.field, "%s, entry %zu: %.400s",
	    kind, i + 1, was.text);
	text_set(p->list, sizeof(p->list), kind);
	p->entry = (unsigned)i + 1;
	return r;
}

int
apply_place(struct problem *p, const struct apply *a, size_t k, int r)
{
	if (k < a->nusers)
		return place(p, kinds[0], k, r);
	k -= a->nusers;
	if (k < a->ntargets)
		return place(p, kinds[1], k, r);
	k -= a->ntargets;
	return k < a->nroles ? place(p, kinds[2], k, r) : r;
}

static int
bad(struct problem *p, const char *kind, const char *what)
{
	problem_set(p, 400, "bad-field", kind, "%s", what);
	return GW_EINVAL;
}

static int
no_memory(struct problem *p)
{
	problem_set(p, 503, "unavailable", NULL, "out of memory");
	return GW_ENOMEM;
}

/* ---- the lists */

static int
get_list(struct apply *a, size_t kind, size_t *retn, struct problem *p)
{
	const json_t *list = json_object_get(a->c->req.body, kinds[kind]);
	const size_t n = json_array_size(list);

	*retn = 0;
	a->lists[kind] = list;
	if (list == NULL)
		return 0;
	if (!json_is_array(list) || n > LIMIT_APPLY) {
		problem_set(p, 400, "bad-field", kinds[kind],
		    "%s: a list of at most %d was expected", kinds[kind],
		    (int)LIMIT_APPLY);
		return GW_EINVAL;
	}
	for (size_t i = 0; i < n; i++)
		if (!json_is_object(json_array_get(list, i)))
			return place(p, kinds[kind], i,
			    bad(p, kinds[kind], "an object was expected"));
	*retn = n;
	return 0;
}

int
apply_lists(struct apply *a, struct problem *p)
{
	size_t n[3];
	int r;

	for (size_t i = 0; i < ARRAY_LEN(n); i++)
		if ((r = get_list(a, i, &n[i], p)) != 0)
			return r;
	if ((a->users = calloc(n[0] + 1, sizeof(*a->users))) == NULL ||
	    (a->targets = calloc(n[1] + 1, sizeof(*a->targets))) == NULL ||
	    (a->roles = calloc(n[2] + 1, sizeof(*a->roles))) == NULL ||
	    (a->seen = json_object()) == NULL)
		return no_memory(p);
	a->nusers = n[0];
	a->ntargets = n[1];
	a->nroles = n[2];
	a->alike = false;
	a->as_of = store_changes(a->c->b->store);
	return 0;
}

/* The rest of a user is no secret, and large. */
static void
wipe(struct apply_user *x)
{
	explicit_bzero(&x->u.totp, sizeof(x->u.totp));
	explicit_bzero(&x->u.pending, sizeof(x->u.pending));
	explicit_bzero(x->u.invite, sizeof(x->u.invite));
	explicit_bzero(x->invitation, sizeof(x->invitation));
}

void
apply_lists_done(struct apply *a)
{
	for (size_t k = 0; k < apply_entries(a); k++) {
		json_decref(apply_verdict(a, k)->changes);
		free(apply_verdict(a, k)->detail);
	}
	for (size_t i = 0; i < a->nusers; i++)
		wipe(&a->users[i]);
	for (size_t i = 0; i < a->ntargets; i++)
		json_decref(a->targets[i].left);
	apply_gone_done(a);
	free(a->users);
	free(a->targets);
	free(a->roles);
	json_decref(a->seen);
	a->users = NULL;
	a->targets = NULL;
	a->roles = NULL;
	a->seen = NULL;
	a->nusers = a->ntargets = a->nroles = 0;
}

/* ---- what the document has said before */

/* Under that key, of those that begin with that letter. False: there was
 * another, or the memory is full. */
static bool
first(struct apply *a, char letter, const char *key, const char *value)
{
	char name[LIMIT_TEXT_SIZE];
	const char *was = NULL;

	(void)snprintf(name, sizeof(name), "%c %s", letter, key);
	was = json_string_value(json_object_get(a->seen, name));
	if (was != NULL)
		return value != NULL && strcmp(was, value) == 0;
	return json_object_set_new(
		   a->seen, name, json_string(value != NULL ? value : "")) == 0;
}

/* Does it look like another one, of the store or before it in here? Whether
 * that is one to be refused is seen when those before it are in the store. */
static int
look(void *arg, enum store_name kind, const char *name)
{
	struct apply *a = arg;
	char looks[LOOKS][LOOK_SIZE], other[LIMIT_NAME_SIZE];
	int r;

	if (!first(a, (char)('A' + (int)kind), name, NULL))
		return 0; /* looked at before */
	look_of(looks, name);
	for (size_t i = 0; i < LOOKS; i++)
		if (!first(a, (char)('a' + (int)kind), looks[i], name))
			a->alike = true;
	r = store_look_alike(a->c->b->store, kind, name, other);
	if (r == 0)
		a->alike = true;
	return r == GW_ENOENT ? 0 : r;
}

/* found: GW_ENOENT where there is none of that name. Takes both. */
static int
compare(struct verdict *v, int found, bool same, json_t *before, json_t *now)
{
	v->is = found == GW_ENOENT ? ENTRY_NEW
		: same             ? ENTRY_SAME
				   : ENTRY_CHANGED;
	if (v->is == ENTRY_CHANGED)
		v->changes = change_difference(before, now);
	if (v->is != ENTRY_SAME && now != NULL)
		v->detail = json_text(now);
	json_decref(before);
	json_decref(now);
	return v->is == ENTRY_SAME || v->detail != NULL ? 0 : GW_ENOMEM;
}

/* ---- one of each */

static int
compare_user(struct broker *b, struct apply_user *x)
{
	struct user *old = calloc(1, sizeof(*old));
	int found = GW_ENOMEM, r = GW_ENOMEM;

	if (old == NULL)
		return r;
	found = r = store_user_get(b->store, x->u.name, old);
	if (found == 0 || found == GW_ENOENT)
		r = compare(&x->v, found, user_equal(old, &x->u),
		    user_json(old), user_json(&x->u));
	free(old);
	return r;
}

/* Who is new, or changed and has not enrolled, is invited. */
static int
invite(struct apply *a, struct apply_user *x, struct problem *p)
{
	if (a->ch.dry_run || x->v.is == ENTRY_SAME ||
	    (x->v.is != ENTRY_NEW && user_is_enrolled(&x->u)) ||
	    x->u.state == USER_DISABLED)
		return 0;
	return user_invite(a->c->b, &x->u, x->invitation, p);
}

static int
read_user(struct apply *a, size_t i, struct problem *p)
{
	struct apply_user *x = &a->users[i];
	int r = user_parse(
	    &x->u, a->c->b, json_array_get(a->lists[0], i), USER_POLICY, p);

	if (r != 0)
		return r;
	if (!first(a, 'U', x->u.name, NULL))
		return bad(p, kinds[0], "this user is listed twice");
	for (unsigned k = 0; k < x->u.nkeys; k++)
		if (!first(a, 'K', x->u.keys[k].fp, x->u.name))
			return bad(
			    p, kinds[0], "another user has the same key");
	if (compare_user(a->c->b, x) != 0 ||
	    (x->v.is != ENTRY_SAME && lookalike_of_user(&x->u, look, a) != 0))
		return no_memory(p);
	return invite(a, x, p);
}

static int
compare_target(struct broker *b, struct apply_target *x)
{
	struct target *old = calloc(1, sizeof(*old));
	int found = GW_ENOMEM, r;

	if (old == NULL)
		return GW_ENOMEM;
	r = store_id(b->store, STORE_TARGETS, x->t.name, x->t.id);
	if (r == 0 || r == GW_ENOENT)
		found = r = store_target_get(b->store, x->t.name, old);
	if (found == 0 || found == GW_ENOENT)
		r = compare(&x->v, found, target_equal(old, &x->t),
		    target_json(old), target_json(&x->t));
	if (found == 0)
		x->left = left_json(old, &x->t);
	free(old);
	return r;
}

static int
read_target(struct apply *a, size_t i, struct problem *p)
{
	struct apply_target *x = &a->targets[i];
	const int r =
	    target_parse(&x->t, a->c->b, json_array_get(a->lists[1], i), p);

	if (r != 0)
		return r;
	if (!first(a, 'T', x->t.name, NULL))
		return bad(p, kinds[1], "this target is listed twice");
	if (compare_target(a->c->b, x) != 0 ||
	    (x->v.is != ENTRY_SAME && lookalike_of_target(&x->t, look, a) != 0))
		return no_memory(p);
	return 0;
}

static int
read_role(struct apply *a, size_t i, struct problem *p)
{
	const struct broker *b = a->c->b;
	struct apply_role *x = &a->roles[i];
	const struct policy_role *old = NULL;
	const int r =
	    role_parse(&x->r, json_array_get(a->lists[2], i), b->zones, p);

	if (r != 0)
		return r;
	if (!first(a, 'R', x->r.name, NULL))
		return bad(p, kinds[2], "this role is listed twice");
	old = role_find(b, x->r.name);
	role_set_id(b, &x->r);
	if (compare(&x->v, old == NULL ? GW_ENOENT : 0,
		old != NULL && policy_role_equal(old, &x->r),
		old != NULL ? role_json(old) : NULL, role_json(&x->r)) != 0 ||
	    (x->v.is != ENTRY_SAME && lookalike_of_role(&x->r, look, a) != 0))
		return no_memory(p);
	return 0;
}

int
apply_read(struct apply *a, size_t k, struct problem *p)
{
	int r;

	if (k < a->nusers)
		r = read_user(a, k, p);
	else if (k - a->nusers < a->ntargets)
		r = read_target(a, k - a->nusers, p);
	else if (k - a->nusers - a->ntargets < a->nroles)
		r = read_role(a, k - a->nusers - a->ntargets, p);
	else
		return apply_gone_read(
		    a, k - a->nusers - a->ntargets - a->nroles, p);
	return p->status != 503 ? apply_place(p, a, k, r) : r;
}

int
apply_count(struct apply *a, struct problem *p)
{
	static const enum store_kind stores[] = {
	    STORE_USERS, STORE_TARGETS, STORE_ROLES};
	size_t fresh[ARRAY_LEN(stores)] = {0};
	int r = 0;

	a->changes = 0;
	for (size_t k = 0; k < apply_entries(a); k++) {
		const enum entry is = apply_verdict(a, k)->is;
		const size_t kind = k < a->nusers                 ? 0
				    : k < a->nusers + a->ntargets ? 1
								  : 2;

		a->changes += is != ENTRY_SAME;
		fresh[kind] += is == ENTRY_NEW;
	}
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(stores); i++)
		r = quota_check(a->c->b, stores[i], fresh[i], p);
	return r;
}
