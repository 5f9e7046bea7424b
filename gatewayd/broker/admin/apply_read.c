/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_read - a document is read and compared with what there is, entry by
 * entry.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
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

/* ---- kept */

static void
get(void *ret, size_t n, const struct squeezed *s)
{
	if (!unsqueeze(ret, n, s))
		log_err("an entry of a policy is not kept");
}

const struct user *
apply_user(struct apply *a, size_t i)
{
	get(&a->user, sizeof(a->user), &a->users[i].kept);
	return &a->user;
}

const struct target *
apply_target(struct apply *a, size_t i)
{
	get(&a->target, sizeof(a->target), &a->targets[i].kept);
	return &a->target;
}

const struct policy_role *
apply_role(struct apply *a, size_t i)
{
	get(&a->role, sizeof(a->role), &a->roles[i].kept);
	return &a->role;
}

int
apply_keep_user(struct apply *a, size_t i)
{
	struct apply_user *x = &a->users[i];

	name_set(x->name, a->user.name);
	x->has_say = a->user.rights != RIGHT_NONE || a->user.groups.n > 0;
	x->is_agent = a->user.kind == KIND_AGENT;
	return squeeze(&x->kept, &a->user, sizeof(a->user));
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
	const json_t *list =
	    json_object_get(a->uploaded ? a->doc : a->c->req.body, kinds[kind]);
	const size_t n = json_array_size(list);

	static const size_t most[] = {LIMIT_USERS, LIMIT_TARGETS, LIMIT_ROLES};

	*retn = 0;
	a->lists[kind] = list;
	if (list == NULL)
		return 0;
	if (!json_is_array(list) || n > most[kind]) {
		problem_set(p, 400, "bad-field", kinds[kind],
		    "%s: a list of at most %d was expected", kinds[kind],
		    (int)most[kind]);
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

void
apply_lists_done(struct apply *a)
{
	for (size_t k = 0; k < apply_entries(a); k++) {
		json_decref(apply_verdict(a, k)->changes);
		free(apply_verdict(a, k)->detail);
	}
	for (size_t i = 0; i < a->nusers; i++)
		squeezed_done(&a->users[i].kept);
	for (size_t i = 0; i < a->ntargets; i++) {
		squeezed_done(&a->targets[i].kept);
		json_decref(a->targets[i].left);
	}
	for (size_t i = 0; i < a->nroles; i++)
		squeezed_done(&a->roles[i].kept);
	if (a->users != NULL)
		explicit_bzero(a->users, a->nusers * sizeof(*a->users));
	explicit_bzero(&a->user, sizeof(a->user));
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
	if (lookalike_own(kind, name))
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
compare_user(struct apply *a, struct apply_user *x)
{
	struct broker *b = a->c->b;
	const struct user *u = &a->user;
	struct user *old = calloc(1, sizeof(*old));
	int found = GW_ENOMEM, r = GW_ENOMEM;

	if (old == NULL)
		return r;
	found = r = store_user_get(b->store, u->name, old);
	if (found == 0 || found == GW_ENOENT)
		r = compare(&x->v, found, user_equal(old, u), user_json(old),
		    user_json(u));
	free(old);
	return r;
}

/* Who is new, or changed and has not enrolled, is invited. */
static int
invite(struct apply *a, struct apply_user *x, struct problem *p)
{
	if (a->ch.dry_run || x->v.is == ENTRY_SAME ||
	    (x->v.is != ENTRY_NEW && user_is_enrolled(&a->user)) ||
	    a->user.state == USER_DISABLED)
		return 0;
	return user_invite(a->c->b, &a->user, x->invitation, p);
}

static int
read_user(struct apply *a, size_t i, struct problem *p)
{
	struct apply_user *x = &a->users[i];
	const struct user *u = &a->user;
	int r;

	memset(&a->user, 0, sizeof(a->user));
	r = user_parse(
	    &a->user, a->c->b, json_array_get(a->lists[0], i), USER_POLICY, p);

	if (r != 0)
		return r;
	if (!first(a, 'U', u->name, NULL))
		return bad(p, kinds[0], "this user is listed twice");
	for (unsigned k = 0; k < u->nkeys; k++)
		if (!first(a, 'K', u->keys[k].fp, u->name))
			return bad(
			    p, kinds[0], "another user has the same key");
	if (compare_user(a, x) != 0 ||
	    (x->v.is != ENTRY_SAME && lookalike_of_user(u, look, a) != 0))
		return no_memory(p);
	if ((r = invite(a, x, p)) != 0)
		return r;
	return apply_keep_user(a, i) == 0 ? 0 : no_memory(p);
}

static int
compare_target(struct apply *a, struct apply_target *x)
{
	struct broker *b = a->c->b;
	struct target *t = &a->target;
	struct target *old = calloc(1, sizeof(*old));
	int found = GW_ENOMEM, r;

	if (old == NULL)
		return GW_ENOMEM;
	r = store_id(b->store, STORE_TARGETS, t->name, t->id);
	if (r == 0 || r == GW_ENOENT)
		found = r = store_target_get(b->store, t->name, old);
	if (found == 0 || found == GW_ENOENT)
		r = compare(&x->v, found, target_equal(old, t),
		    target_json(old), target_json(t));
	if (found == 0)
		x->left = left_json(old, t);
	free(old);
	return r;
}

static int
read_target(struct apply *a, size_t i, struct problem *p)
{
	struct apply_target *x = &a->targets[i];
	int r;

	memset(&a->target, 0, sizeof(a->target));
	r = target_parse(
	    &a->target, a->c->b, json_array_get(a->lists[1], i), p);
	if (r != 0)
		return r;
	if (!first(a, 'T', a->target.name, NULL))
		return bad(p, kinds[1], "this target is listed twice");
	if (compare_target(a, x) != 0 ||
	    (x->v.is != ENTRY_SAME &&
		lookalike_of_target(&a->target, look, a) != 0))
		return no_memory(p);
	name_set(x->name, a->target.name);
	return squeeze(&x->kept, &a->target, sizeof(a->target)) == 0
		   ? 0
		   : no_memory(p);
}

static int
read_role(struct apply *a, size_t i, struct problem *p)
{
	const struct broker *b = a->c->b;
	struct apply_role *x = &a->roles[i];
	const struct policy_role *old = NULL;
	int r;

	memset(&a->role, 0, sizeof(a->role));
	r = role_parse(&a->role, json_array_get(a->lists[2], i), b->zones, p);
	if (r != 0)
		return r;
	if (!first(a, 'R', a->role.name, NULL))
		return bad(p, kinds[2], "this role is listed twice");
	old = role_find(b, a->role.name);
	role_set_id(b, &a->role);
	if (compare(&x->v, old == NULL ? GW_ENOENT : 0,
		old != NULL && policy_role_equal(old, &a->role),
		old != NULL ? role_json(old) : NULL,
		role_json(&a->role)) != 0 ||
	    (x->v.is != ENTRY_SAME &&
		lookalike_of_role(&a->role, look, a) != 0))
		return no_memory(p);
	name_set(x->name, a->role.name);
	return squeeze(&x->kept, &a->role, sizeof(a->role)) == 0 ? 0
								 : no_memory(p);
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
