/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role - role.list; role.add makes one, role.set replaces one that is there,
 * role.remove. A role is always replaced as a whole: what is not said is at its
 * default, never at what an older version said; what changed is told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "broker/admin/change.h"
#include "broker/admin/gaps.h"
#include "broker/admin/lookalike.h"
#include "broker/admin/quota.h"
#include "broker/admin/role.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/listing.h"
#include "broker/call/put.h"
#include "broker/call/subject.h"
#include "broker/identity/mfa.h"
#include "wire/role_json.h"

/* Not one that denies everybody. */
static bool
names_user(const struct policy_role *x, const struct user *u, int64_t now_ms)
{
	return (x->users.names.n > 0 || x->groups.names.n > 0) &&
	       policy_is_for_kind(x, u->kind) &&
	       policy_is_for(x, u->name, &u->groups, now_ms);
}

static int
list(struct call *c, struct listing *l)
{
	const bool all = c->rights != RIGHT_NONE;

	for (size_t i = 0; i < c->b->nroles; i++) {
		const struct policy_role *x = &c->b->roles[i];

		if ((all || names_user(x, &c->subject->user,
				broker_now(c->b).utc_ms)) &&
		    listing_wants(l, x->name))
			listing_add(l,
			    l->policy ? role_policy_json(x) : role_json(x),
			    x->name);
	}
	return 0;
}

/* Admins and auditors get all roles; others those that concern them. */
void
verb_roles(struct call *c)
{
	listing_answer(c, list);
}

/* ---- what matches nothing: it was meant to */

static void
unmatched(json_t *list, const char *how, const char *what)
{
	char text[LIMIT_TEXT_SIZE];

	(void)snprintf(text, sizeof(text), "%s%s", how, what);
	(void)json_array_append_new(list, json_string(text));
}

static void
labels_unmatched(json_t *list, struct store *s, const struct label_list *l)
{
	char text[LIMIT_TEXT_SIZE] = "";
	size_t n = 0;

	if (l->n == 0 || store_labels_used(s, l) != GW_ENOENT)
		return;
	for (unsigned i = 0; i < l->n && n < sizeof(text) - 1; i++) {
		(void)snprintf(text + n, sizeof(text) - n, "%s%s=%s",
		    i > 0 ? "," : "", l->label[i].key, l->label[i].value);
		n = strlen(text);
	}
	unmatched(list, "no target has the labels ", text);
}

/* A label that there has to be, and that no target has. */
static void
select_unmatched(json_t *list, struct store *s, const struct selector_list *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->selector[i].in &&
		    store_label_key_used(s, l->selector[i].key) == GW_ENOENT)
			unmatched(
			    list, "no target has a label ", l->selector[i].key);
}

/* A sentence each. */
static json_t *
list_unmatched(struct broker *b, const struct policy_role *r)
{
	struct store *s = b->store;
	const struct name_list *users = &r->users.names;
	const struct name_list *groups = &r->groups.names;
	json_t *list = json_array();
	char id[LIMIT_ID_SIZE];

	for (unsigned i = 0; i < users->n; i++)
		if (store_id(s, STORE_USERS, users->name[i], id) == GW_ENOENT)
			unmatched(list, "there is no user ", users->name[i]);
	for (unsigned i = 0; i < groups->n; i++)
		if (store_group_used(s, groups->name[i]) == GW_ENOENT)
			unmatched(
			    list, "nobody is in the group ", groups->name[i]);
	for (unsigned i = 0; i < r->targets.n; i++)
		if (store_id(s, STORE_TARGETS, r->targets.name[i], id) ==
		    GW_ENOENT)
			unmatched(
			    list, "there is no target ", r->targets.name[i]);
	labels_unmatched(list, s, &r->labels);
	select_unmatched(list, s, &r->select);
	for (unsigned i = 0; i < r->logins.n; i++)
		if (!login_is_own(r->logins.name[i]) &&
		    store_login_used(s, r->logins.name[i]) == GW_ENOENT)
			unmatched(list, "no target has the login ",
			    r->logins.name[i]);
	return list;
}

void
role_add_texts(char ret[static LIMIT_TEXT_SIZE], const json_t *list)
{
	size_t n = strlen(ret);

	for (size_t i = 0; i < json_array_size(list); i++) {
		(void)snprintf(ret + n, LIMIT_TEXT_SIZE - n, "%s%s",
		    n > 0 ? "; " : "",
		    json_string_value(json_array_get(list, i)));
		n = strlen(ret);
	}
}

void
role_add_unmatched(char ret[static LIMIT_TEXT_SIZE], struct broker *b,
    const struct policy_role *r)
{
	json_t *list = list_unmatched(b, r);

	role_add_texts(ret, list);
	json_decref(list);
}

/* ---- role.add, role.set */

const struct policy_role *
role_find(const struct broker *b, const char *name)
{
	for (size_t i = 0; i < b->nroles; i++)
		if (strcmp(b->roles[i].name, name) == 0)
			return &b->roles[i];
	return NULL;
}

void
role_set_id(const struct broker *b, struct policy_role *r)
{
	const struct policy_role *old = role_find(b, r->name);

	if (old != NULL)
		memcpy(r->id, old->id, sizeof(r->id));
	else
		id_new(r->id, 'p');
}

struct role_change {
	struct change ch;
	bool is_new;
	struct policy_role old, r; /* before and after */
	json_t *unmatched;
	json_t *gaps; /* gaps.h */
};

static void
role_change_free(void *p)
{
	struct role_change *a = p;

	change_done(&a->ch);
	json_decref(a->unmatched);
	json_decref(a->gaps);
	free(a);
}

static bool
writes(const struct call *c, const char *role)
{
	const struct role_change *a = c->state;

	return strcmp(a->r.name, role) == 0;
}

static struct role_change *
begin(struct call *c)
{
	struct role_change *a = call_state(c, sizeof(*a), role_change_free);

	if (a == NULL || !change_begin(&a->ch, c))
		return NULL;
	a->ch.writes = writes;
	return a;
}

static int
put_role(struct call *c, struct problem *p)
{
	struct role_change *a = c->state;
	unsigned effort = GAPS_EFFORT;
	int r = lookalike_role(c->b->store, &a->r, p);

	if (r == 0)
		r = store_role_put(c->b->store, &a->r, c->seq);
	json_decref(a->gaps);
	a->gaps = json_array();
	gaps_tell(a->gaps, c->b, &a->r, &effort);
	json_decref(a->unmatched);
	a->unmatched = list_unmatched(c->b, &a->r);
	return r;
}

/* A deny role that names nothing is one that something was forgotten of. */
static bool
forbids_all(const struct policy_role *r)
{
	return r->deny && r->users.names.n == 0 && r->groups.names.n == 0 &&
	       r->targets.n == 0 && r->labels.n == 0 && r->select.n == 0 &&
	       r->logins.n == 0 && r->ports.n == 0 && r->sources.n == 0 &&
	       r->hours.n == 0;
}

static void
put_gaps(json_t *o, struct role_change *a)
{
	if (o != NULL && json_array_size(a->gaps) > 0)
		(void)json_object_set(o, "gaps", a->gaps);
}

void
role_wider(char ret[static GAP_TEXT_SIZE], const struct policy_role *old,
    const struct policy_role *now)
{
	ret[0] = '\0';
	if (!old->deny && !now->deny)
		gap_role_text(ret, old, now);
	else if (old->deny && !now->deny)
		(void)snprintf(ret, GAP_TEXT_SIZE, "what it forbade before");
}

static json_t *
role_reply(struct role_change *a)
{
	char more[GAP_TEXT_SIZE] = "";
	json_t *o = change_json(
	    &a->ch, a->is_new ? NULL : role_json(&a->old), role_json(&a->r));

	if (o != NULL && json_array_size(a->unmatched) > 0)
		(void)json_object_set(o, "unmatched", a->unmatched);
	put_gaps(o, a);
	if (!a->is_new)
		role_wider(more, &a->old, &a->r);
	if (more[0] != '\0')
		put_str(o, "wider", more);
	if (o != NULL && forbids_all(&a->r))
		put_str(o, "warning",
		    "names nobody and nothing: it forbids everything to "
		    "everybody");
	return o;
}

static void
set_done(struct call *c)
{
	struct role_change *a = c->state;

	if (!change_make(c, &a->ch, put_role))
		return;
	change_end(c, &a->ch, NULL, NULL);
	call_reply(c, a->is_new ? 201 : 200, role_reply(a));
}

static int
role_missing(const char *name, struct problem *p)
{
	problem_set(p, 404, "not-found", "role",
	    "there is no role %s: jitctl roles lists them", name);
	return GW_ENOENT;
}

/* Is it there, or not, as the verb wants it? */
static int
check_there(struct role_change *a, const struct broker *b, struct problem *p)
{
	const struct policy_role *old = role_find(b, a->r.name);

	if (!a->is_new && old == NULL && !FAULT(set_makes))
		return role_missing(a->r.name, p);
	if (old != NULL)
		a->old = *old;
	if (!a->is_new || old == NULL)
		return 0;
	problem_set(p, 409, "conflict", "role",
	    "there is a role %s already: jitctl role set changes it",
	    a->r.name);
	return GW_EEXIST;
}

static void
set(struct call *c, bool is_new)
{
	struct role_change *a = begin(c);
	struct event_fields f;
	struct problem p = {0};

	if (a == NULL)
		return;
	a->is_new = is_new;
	if (role_parse(&a->r, c->req.body, c->b->zones, &p) != 0 ||
	    check_there(a, c->b, &p) != 0 ||
	    quota_check(c->b, STORE_ROLES, is_new, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	role_set_id(c->b, &a->r);
	if (!change_weigh(c, &a->ch, put_role))
		return;
	if (a->ch.dry_run || (!is_new && policy_role_equal(&a->old, &a->r))) {
		call_reply(c, 200, role_reply(a));
		return;
	}
	call_fields(c, &f);
	event_str(&f, EF_ROLE, a->r.name);
	event_str(&f, EF_ROLE_ID, a->r.id);
	call_append_change(c, EV_ROLE_SET, &f,
	    is_new ? NULL : role_json(&a->old), role_json(&a->r), set_done);
}

void
verb_role_add(struct call *c)
{
	set(c, true);
}

void
verb_role_set(struct call *c)
{
	set(c, false);
}

/* ---- role.remove */

static int
put_removed(struct call *c, struct problem *p)
{
	const struct role_change *a = c->state;
	const int r = change_same(c, STORE_ROLES, a->old.name, a->old.id, p);

	if (r != 0)
		return r;
	return store_role_remove(c->b->store, a->old.name, c->seq);
}

static json_t *
removed_json(struct role_change *a)
{
	json_t *o = json_object();

	put_str(o, "role", a->old.name);
	put_str(o, "state", "removed");
	if (o != NULL)
		(void)json_object_set_new(o, "was", role_json(&a->old));
	put_gaps(o, a);
	return change_json(&a->ch, NULL, o);
}

static void
removed(struct call *c)
{
	struct role_change *a = c->state;

	if (!change_make(c, &a->ch, put_removed))
		return;
	change_end(c, &a->ch, NULL, NULL);
	call_reply(c, 200, removed_json(a));
}

void
verb_role_remove(struct call *c)
{
	struct role_change *a = begin(c);
	const struct policy_role *old = NULL;
	struct event_fields f;
	struct problem p = {0};
	const char *name = NULL;
	unsigned effort = GAPS_EFFORT;

	if (a == NULL || (name = call_only_name(c, "role")) == NULL)
		return;
	if ((old = role_find(c->b, name)) == NULL) {
		(void)role_missing(name, &p);
		call_problem(c, &p);
		return;
	}
	a->old = *old;
	a->gaps = json_array();
	gaps_removed(a->gaps, c->b, &a->old, &effort);
	if (!change_weigh(c, &a->ch, put_removed))
		return;
	if (a->ch.dry_run) {
		call_reply(c, 200, removed_json(a));
		return;
	}
	call_fields(c, &f);
	event_str(&f, EF_ROLE, a->old.name);
	event_str(&f, EF_ROLE_ID, a->old.id);
	call_append_change(
	    c, EV_ROLE_REMOVE, &f, role_json(&a->old), NULL, removed);
}
