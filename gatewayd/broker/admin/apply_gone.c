/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_gone - of a document that is to be all there is ("prune"): what a list
 * of it does not name is removed, as the verbs that remove one do it. A list
 * that the document does not have says nothing of its kind. What is made while
 * it is read stays.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "broker/admin/apply_doc.h"
#include "broker/admin/left.h"
#include "broker/admin/role.h"
#include "broker/admin/target.h"
#include "broker/admin/user.h"
#include "broker/broker.h"
#include "broker/identity/mfa.h"
#include "broker/identity/token.h"
#include "wire/role_json.h"

enum { STEP = 64 };

static const struct {
	enum store_kind kind;
	const char *list, *name;
} sections[] = {
    {STORE_USERS, "users", "user"},
    {STORE_TARGETS, "targets", "target"},
    {STORE_ROLES, "roles", "role"},
};

const char *
apply_gone_kind(const struct apply_gone *x)
{
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (sections[i].kind == x->kind)
			return sections[i].name;
	return "";
}

static int
no_memory(struct problem *p)
{
	problem_set(p, 503, "unavailable", NULL, "out of memory");
	return GW_ENOMEM;
}

static int
no_store(struct problem *p, int r)
{
	problem_set(p, 503, "unavailable", NULL, "the store cannot be read");
	return r;
}

/* ---- found */

static int
add(struct apply *a, enum store_kind kind, const char *name, struct problem *p)
{
	struct apply_gone *more = NULL;

	if (a->ngone % STEP == 0) {
		more = reallocarray(a->gone, a->ngone + STEP, sizeof(*a->gone));
		if (more == NULL)
			return no_memory(p);
		a->gone = more;
	}
	more = &a->gone[a->ngone++];
	memset(more, 0, sizeof(*more));
	more->kind = kind;
	name_set(more->name, name);
	return 0;
}

/* The names of the list that is looked through. */
static int
begin_list(struct apply *a, struct problem *p)
{
	const json_t *list = a->lists[a->seek];

	json_decref(a->named);
	a->seek_after[0] = '\0';
	if ((a->named = json_object()) == NULL)
		return no_memory(p);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_object_get(
		    json_array_get(list, i), sections[a->seek].name));

		if (name != NULL &&
		    json_object_set_new(a->named, name, json_true()) != 0)
			return no_memory(p);
	}
	return 0;
}

int
apply_seek(struct apply *a, unsigned most, bool *retmore, struct problem *p)
{
	int r = 0;

	for (*retmore = true; r == 0 && most > 0; most--) {
		if (a->seek == ARRAY_LEN(sections)) {
			*retmore = false;
			return 0;
		}
		if (a->named == NULL && (r = begin_list(a, p)) != 0)
			return r;
		r = a->lists[a->seek] == NULL
			? GW_ENOENT
			: store_next_name(a->c->b->store,
			      sections[a->seek].kind, a->seek_after);
		if (r == 0 && json_object_get(a->named, a->seek_after) == NULL)
			r = add(a, sections[a->seek].kind, a->seek_after, p);
		if (r != GW_ENOENT)
			continue;
		json_decref(a->named);
		a->named = NULL;
		a->seek++;
		r = 0;
	}
	return r == 0 || p->status != 0 ? r : no_store(p, r);
}

/* ---- read */

static int
take_detail(struct apply_gone *x, const char *id, json_t *was)
{
	memcpy(x->id, id, sizeof(x->id));
	x->v.is = ENTRY_REMOVED;
	x->v.detail = was != NULL ? json_text(was) : NULL;
	json_decref(was);
	return x->v.detail != NULL ? 0 : GW_ENOMEM;
}

static int
read_user(const struct broker *b, struct apply_gone *x)
{
	struct user *u = calloc(1, sizeof(*u));
	int r = u != NULL ? store_user_get(b->store, x->name, u) : GW_ENOMEM;

	if (r == 0)
		r = take_detail(x, u->id, user_json(u));
	if (u != NULL)
		explicit_bzero(u, sizeof(*u)); /* a sealed seed */
	free(u);
	return r;
}

static int
read_target(const struct broker *b, struct apply_gone *x)
{
	struct target *t = calloc(1, sizeof(*t));
	int r = t != NULL ? store_target_get(b->store, x->name, t) : GW_ENOMEM;

	if (r == 0)
		r = take_detail(x, t->id, target_json(t));
	if (r == 0)
		x->left = left_json(t, NULL);
	free(t);
	return r;
}

int
apply_gone_read(struct apply *a, size_t i, struct problem *p)
{
	struct apply_gone *x = &a->gone[i];
	const struct broker *b = a->c->b;
	const struct policy_role *old = NULL;
	int r = GW_ENOENT;

	if (x->kind == STORE_USERS)
		r = read_user(b, x);
	else if (x->kind == STORE_TARGETS)
		r = read_target(b, x);
	else if ((old = role_find(b, x->name)) != NULL)
		r = take_detail(x, old->id, role_json(old));
	if (r == GW_ENOENT) /* somebody else was quicker */
		r = 0;
	return r == 0 ? 0 : no_store(p, r);
}

/* ---- removed */

int
apply_gone_put(struct apply *a, size_t i, struct problem *p)
{
	const struct apply_gone *x = &a->gone[i];
	struct store *s = a->c->b->store;
	int r;

	if (x->v.is != ENTRY_REMOVED)
		return 0;
	r = change_same(a->c, x->kind, x->name, x->id, p);
	if (r != 0)
		return r;
	switch (x->kind) {
	case STORE_USERS:
		return store_user_remove(s, x->name, a->c->seq);
	case STORE_TARGETS:
		return store_target_remove(s, x->name, a->c->seq);
	default:
		return store_role_remove(s, x->name, a->c->seq);
	}
}

void
apply_gone_changed(struct apply *a)
{
	for (size_t i = 0; i < a->ngone; i++) {
		if (a->gone[i].kind != STORE_USERS)
			continue;
		token_forget(a->c->b, a->gone[i].name);
		mfa_forget(a->c->b, a->gone[i].name);
	}
}

void
apply_gone_done(struct apply *a)
{
	for (size_t i = 0; i < a->ngone; i++)
		json_decref(a->gone[i].left);
	free(a->gone);
	json_decref(a->named);
	a->gone = NULL;
	a->named = NULL;
	a->ngone = 0;
}
