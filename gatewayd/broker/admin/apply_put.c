/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_put - a document is written. All of it in one transaction, whose time
 * is what every other call waits for: what was found out before, turn by turn,
 * is not asked again unless something has changed meanwhile.
 */
#include "base/err.h"
#include "base/fault.h"
#include "broker/admin/apply_doc.h"
#include "broker/admin/gaps.h"
#include "broker/admin/lookalike.h"
#include "broker/admin/own_power.h"
#include "broker/admin/role.h"
#include "broker/admin/user.h"
#include "broker/admin/user_kind.h"
#include "broker/broker.h"

bool
apply_fresh(const struct apply *a)
{
	return a->as_of == store_changes(a->c->b->store) || FAULT(stale_apply);
}

/* Weighed, one that is new has nothing open and takes no right away, but may
 * have a say. What was changed meanwhile is put though it was the same. */
static bool
is_put(const struct apply *a, const struct verdict *v, bool fresh, bool has_say)
{
	if (!fresh || v->is == ENTRY_CHANGED)
		return true;
	return v->is == ENTRY_NEW &&
	       (!a->trial || a->alike || a->nroles > 0 || has_say);
}

/* As the store has them now; what the answer says is that. */
static int
again(struct apply *a, size_t i, struct problem *p)
{
	struct apply_user *x = &a->users[i];
	json_t *now = NULL;
	int r;

	(void)apply_user(a, i);
	r = user_again(a->c->b, &a->user, x->invitation,
	    json_array_get(a->lists[0], i), USER_POLICY, p);

	if (r != 0)
		return r;
	now = user_json(&a->user);
	free(x->v.detail);
	x->v.detail = now != NULL ? json_text(now) : NULL;
	json_decref(now);
	return x->v.detail != NULL ? apply_keep_user(a, i) : GW_ENOMEM;
}

static int
put_user(struct apply *a, size_t i, bool fresh, struct problem *p)
{
	struct store *s = a->c->b->store;
	const struct user *u = NULL;
	int r = fresh ? 0 : again(a, i, p);

	if (r != 0)
		return r;
	u = apply_user(a, i);
	if (!a->trial) /* their owner may not be put there */
		r = user_owner_find(&a->user, s, p);
	if (r == 0 && (!fresh || a->alike))
		r = lookalike_user(s, u, p);
	return r != 0 ? r : store_user_put(s, u, a->c->seq);
}

static int
put_target(struct apply *a, size_t i, bool fresh, struct problem *p)
{
	struct store *s = a->c->b->store;
	const struct target *t = apply_target(a, i);
	int r = 0;

	if (!fresh || a->alike)
		r = lookalike_target(s, t, p);
	return r != 0 ? r : store_target_put(s, t, a->c->seq);
}

/* The broker's roles are those of before still. */
static void
tell_wider(struct apply *a, size_t i, const struct policy_role *role)
{
	const struct policy_role *old = role_find(a->c->b, role->name);
	char more[GAP_TEXT_SIZE] = "";
	json_t *list = NULL;

	if (old != NULL)
		role_wider(more, old, role);
	if (more[0] == '\0')
		return;
	list =
	    json_pack("[o]", json_sprintf("gives more than before: %s", more));
	role_add_texts(a->roles[i].warning, list);
	json_decref(list);
}

static int
put_role(struct apply *a, size_t i, bool fresh, struct problem *p)
{
	struct store *s = a->c->b->store;
	const struct policy_role *role = apply_role(a, i);
	int r = 0;

	if (!fresh || a->alike)
		r = lookalike_role(s, role, p);
	if (r != 0)
		return r;
	r = store_role_put(s, role, a->c->seq);
	role_unmatched_text(a->c->b, role, a->roles[i].warning);
	tell_wider(a, i, role);
	return r;
}

/* Beside all roles as they are then, the document's own too. */
static int
tell_gaps(struct call *c, struct apply *a, bool fresh)
{
	unsigned effort = GAPS_EFFORT;
	int r = a->nroles > 0 ? broker_load_roles(c->b) : 0;

	for (size_t i = 0; r == 0 && i < a->nroles; i++) {
		json_t *list = NULL;

		if (!is_put(a, &a->roles[i].v, fresh, false))
			continue;
		list = json_array();
		gaps_tell(list, c->b, apply_role(a, i), &effort);
		role_add_texts(a->roles[i].warning, list);
		json_decref(list);
	}
	return r;
}

static int
put_entry(struct apply *a, size_t k, bool fresh, struct problem *p)
{
	const size_t t = k - a->nusers;
	const bool has_say = k < a->nusers && a->users[k].has_say;
	int r;

	if (!is_put(a, apply_verdict(a, k), fresh, has_say))
		return 0;
	if (k < a->nusers)
		r = put_user(a, k, fresh, p);
	else if (t < a->ntargets)
		r = put_target(a, t, fresh, p);
	else
		r = put_role(a, t - a->ntargets, fresh, p);
	return r != 0 && p->status != 0 ? apply_place(p, a, k, r) : r;
}

/* Their owners are there by then. */
static bool
is_agent(const struct apply *a, size_t k)
{
	return k < a->nusers && a->users[k].is_agent;
}

int
apply_put(struct call *c, struct problem *p)
{
	struct apply *a = c->state;
	const size_t n = apply_entries(a) - a->ngone;
	const bool fresh = apply_fresh(a);
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->ngone; i++)
		r = apply_gone_put(a, i, p);
	for (int agents = 0; agents <= 1; agents++)
		for (size_t k = 0; r == 0 && k < n; k++)
			if (is_agent(a, k) == (agents == 1))
				r = put_entry(a, k, fresh, p);
	if (r == 0 && a->uploaded)
		r = apply_upload_used(a, p);
	return r != 0 ? r : tell_gaps(c, a, fresh);
}

int
apply_targets(struct call *c, const struct own *roles, struct buf *ret)
{
	struct apply *a = c->state;
	int r = 0;

	for (size_t i = 0; r == 0 && roles->n > 0 && i < a->ntargets; i++)
		if (a->targets[i].v.is != ENTRY_SAME || !apply_fresh(a))
			r = own_power_target(ret, c, roles, apply_target(a, i));
	return r;
}
