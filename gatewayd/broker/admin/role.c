/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role - role.list, role.set (make or replace), role.remove. A role is always
 * replaced as a whole: what is not said is at its default, never at what an
 * older version said.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/ids.h"
#include "broker/admin/quota.h"
#include "broker/admin/reconsider.h"
#include "broker/admin/role.h"
#include "broker/admin/role_json.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/listing.h"
#include "broker/call/put.h"
#include "broker/call/subject.h"
#include "broker/identity/mfa.h"

static bool
names_user(const struct policy_role *x, const struct user *u)
{
	bool hit = name_list_has(&x->users, u->name);

	for (unsigned k = 0; k < u->groups.n; k++)
		hit = hit || name_list_has(&x->groups, u->groups.name[k]);
	return hit;
}

static int
list(struct call *c, struct listing *l)
{
	const bool all = c->local || c->admin || c->auditor;

	for (size_t i = 0; i < c->b->nroles; i++) {
		const struct policy_role *x = &c->b->roles[i];

		if ((all || names_user(x, &c->subject->user)) &&
		    listing_wants(l, x->name))
			listing_add(l, role_json(x), x->name);
	}
	return 0;
}

/* Admins and auditors get all roles; others those that concern them. */
void
verb_roles(struct call *c)
{
	listing_answer(c, list);
}

/* ---- role.set */

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

static void
set_done(struct call *c)
{
	const struct policy_role *x = c->state;
	int r = store_role_put(c->b->store, x, c->seq);

	if (r == 0)
		r = broker_load_roles(c->b);
	if (r != 0)
		call_store_failed(c, r);
	else {
		grants_reconsider(c->b, NULL, NULL);
		call_reply(c, 201, role_json(x));
	}
}

void
verb_role_set(struct call *c)
{
	struct policy_role *x = call_state(c, sizeof(*x), free);
	struct event_fields f;
	struct problem p = {0};

	if (x == NULL)
		return;
	if (role_parse(x, c->req.body, &p) != 0 ||
	    quota_check(
		c->b, STORE_ROLES, role_find(c->b, x->name) == NULL, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	role_set_id(c->b, x);
	call_fields(c, &f);
	event_str(&f, EF_ROLE, x->name);
	event_str(&f, EF_ROLE_ID, x->id);
	call_append_change(c, EV_ROLE_SET, &f, role_json(x), set_done);
}

/* ---- role.remove */

static void
removed(struct call *c)
{
	json_t *o = NULL;
	int r = store_role_remove(c->b->store, c->arg, c->seq);

	if (r == 0)
		r = broker_load_roles(c->b);
	if (r != 0) {
		call_store_failed(c, r);
		return;
	}
	grants_reconsider(c->b, NULL, NULL);
	o = json_object();
	put_str(o, "role", c->arg);
	put_str(o, "state", "removed");
	call_reply(c, 200, o);
}

void
verb_role_remove(struct call *c)
{
	static const char *const keys[] = {"role", NULL};
	const struct policy_role *old = NULL;
	struct event_fields f;
	struct problem p = {0};
	const char *name = NULL;

	if (json_only(c->req.body, keys, &p) != 0 ||
	    json_get_name(c->req.body, "role", true, &name, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if ((old = role_find(c->b, name)) == NULL) {
		call_refuse(c, 404, "not-found", "role",
		    "there is no role %s: see jitctl roles ls", name);
		return;
	}
	name_set(c->arg, name);
	call_fields(c, &f);
	event_str(&f, EF_ROLE, name);
	event_str(&f, EF_ROLE_ID, old->id);
	call_append(c, EV_ROLE_REMOVE, &f, removed);
	event_fields_done(&f);
}
