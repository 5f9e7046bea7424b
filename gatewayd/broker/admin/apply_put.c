/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_put - a document is written, all of it in one transaction. That takes
 * its time too, so it is done in turns, and gives way: whoever needs the store
 * between two of them finds it as it was, and it begins again. Those who do not
 * take access away wait for it in the inbox, and it gives way a few times only:
 * then the rest is done in one turn. What was found out before is not asked
 * again unless something has changed meanwhile.
 */
#include "base/err.h"
#include "base/fault.h"
#include "broker/admin/apply_doc.h"
#include "broker/admin/gaps.h"
#include "broker/admin/lookalike.h"
#include "broker/admin/role.h"
#include "broker/admin/user.h"
#include "broker/admin/user_kind.h"
#include "broker/broker.h"
#include "broker/identity/permission.h"

enum {
	TURN = 32,  /* entries: a millisecond or two */
	AGAIN = 16, /* times; then nobody has it before it is done */
	GAPS_LARGE = GAPS_EFFORT / 10, /* of many roles a few are looked at */
};

/* Nobody has changed anything since it was compared. */
static bool
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

/* The warnings are those of when it was weighed, unless something has changed
 * since. */
static bool
is_told(const struct apply *a)
{
	return a->trial || !a->fresh;
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
	if (is_told(a)) {
		a->roles[i].warning[0] = '\0';
		tell_wider(a, i, role);
	}
	return r;
}

/* Beside all that is there then, the document's own too. */
static int
tell_roles(struct call *c, struct apply *a)
{
	unsigned effort = a->uploaded ? GAPS_LARGE : GAPS_EFFORT;
	int r = 0;

	if (a->nroles == 0 || !is_told(a))
		return 0;
	r = broker_load_roles(c->b);
	for (size_t i = 0; r == 0 && i < a->nroles; i++) {
		json_t *list = NULL;

		if (!is_put(a, &a->roles[i].v, a->fresh, false))
			continue;
		list = json_array();
		gaps_tell(list, c->b, apply_role(a, i), &effort);
		role_add_unmatched(a->roles[i].warning, c->b, apply_role(a, i));
		role_add_texts(a->roles[i].warning, list);
		json_decref(list);
	}
	return r;
}

static int
put_entry(struct apply *a, size_t k, struct problem *p)
{
	const bool fresh = a->fresh;
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

/* What its author gets by it is seen before any of them is there. */
static bool
judge_target(struct apply *a, size_t i, int *retr)
{
	if (a->c->local || (a->targets[i].v.is == ENTRY_SAME && a->fresh))
		return false;
	*retr = change_target(a->c, &a->ch, apply_target(a, i));
	return true;
}

/* Targets are judged, then what goes is put, then the entries, then those of
 * them that are agents: so many steps. */
static size_t
steps(const struct apply *a)
{
	return a->ntargets + a->ngone + 2 * (apply_entries(a) - a->ngone);
}

/* False: there was nothing to be done. */
static bool
put_one(struct apply *a, size_t i, int *retr, struct problem *p)
{
	const size_t n = apply_entries(a) - a->ngone;
	size_t k;

	*retr = 0;
	if (i < a->ntargets)
		return judge_target(a, i, retr);
	i -= a->ntargets;
	if (i < a->ngone) {
		*retr = apply_gone_put(a, i, p);
		return true;
	}
	k = (i - a->ngone) % n;
	if (is_agent(a, k) != (i - a->ngone >= n))
		return false;
	*retr = put_entry(a, k, p);
	return true;
}

/* What was uploaded goes with it, a part in each turn. GW_ENOENT: all has. */
static int
remove_part(const struct apply *a)
{
	return a->uploaded && !a->trial
		   ? store_upload_part_remove(a->c->b->store, a->up.id)
		   : GW_ENOENT;
}

/* The roles as they are then, some in each turn. GW_ENOENT: all are read, or
 * they are what they were. */
static int
read_some(struct apply *a)
{
	struct broker *b = a->c->b;
	uint64_t all = 0;
	int r = 0;

	if (b->roles_as_of == store_role_changes(b->store))
		return GW_ENOENT;
	if (a->read == NULL) {
		if ((r = store_count(b->store, STORE_ROLES, &all)) != 0)
			return r;
		a->room = (size_t)all;
		a->nread = 0;
		a->read_at[0] = '\0';
		a->read = calloc(a->room + 1, sizeof(*a->read));
	}
	if (a->read == NULL)
		return GW_ENOMEM;
	for (unsigned i = 0; r == 0 && i < TURN; i++) {
		r = store_next_name(b->store, STORE_ROLES, a->read_at);
		if (r == 0 && a->nread == a->room)
			r = GW_ECORRUPT;
		if (r == 0)
			r = store_role_get(
			    b->store, a->read_at, &a->read[a->nread++]);
	}
	return r;
}

static int
finish(struct call *c, struct problem *p)
{
	struct apply *a = c->state;
	const int r = a->uploaded && !a->trial ? apply_upload_used(a, p) : 0;

	if (a->read != NULL)
		broker_take_roles(c->b, a->read, a->nread);
	a->read = NULL;

	return r != 0 ? r : tell_roles(c, a);
}

/* ---- in turns */

/* Of whoever lost the right while it gave way nothing is done. */
static bool
may_still(struct apply *a)
{
	struct problem p = {0};

	if (a->tries == 0 || a->trial || permission_still(a->c) ||
	    FAULT(apply_demoted))
		return true;
	problem_set(&p, 403, "forbidden", NULL,
	    "your permissions changed meanwhile: nothing was done");
	call_undone(a->c, &p);
	return false;
}

static bool
begin(struct apply *a)
{
	struct call *c = a->c;

	if (!may_still(a))
		return false;
	a->at = 0;
	a->tries++;
	a->fresh = apply_fresh(a);
	return a->trial ? change_weigh_begin(c, &a->ch)
			: change_make_begin(c, &a->ch);
}

/* It gave way: what was compared before it began is so still, as far as that
 * is not another's doing. */
static void
gave_way(struct apply *a)
{
	a->begun = false;
	free(a->read);
	a->read = NULL;
	if (a->fresh)
		a->as_of = a->paused_at;
}

static bool
ready(struct apply *a)
{
	if (a->begun && store_resume(a->c->b->store) != 0)
		gave_way(a);
	if (!a->begun && !begin(a))
		return false;
	a->begun = true;
	return true;
}

static void
rest(struct apply *a)
{
	struct broker *b = a->c->b;

	b->storing = true;
	a->paused_at = store_changes(b->store);
	store_pause(b->store);
	timer_set(a->timer, 0);
}

static void
done(struct apply *a)
{
	struct broker *b = a->c->b;

	a->put_then = NULL;
	a->begun = false;
	if (b->storing)
		b->wake(b); /* once this turn is over */
	b->storing = false;
}

/* A turn's work. *retmore: there is more. */
static int
put_some(struct apply *a, bool *retmore, struct problem *p)
{
	const size_t n = steps(a);
	const bool all = a->tries > AGAIN || FAULT(one_turn);
	unsigned i = 0;
	int r = 0;

	while (r == 0 && a->at < n && (i < TURN || all))
		i += put_one(a, a->at++, &r, p);
	*retmore = r == 0;
	if (r != 0 || a->at < n)
		return r;
	do {
		if ((r = remove_part(a)) == GW_ENOENT)
			r = read_some(a);
	} while (r == 0 && all);
	*retmore = r == 0;
	return r == GW_ENOENT ? 0 : r;
}

void
apply_put_turn(struct apply *a)
{
	struct call *c = a->c;
	call_fn *then = a->put_then;
	struct problem p = {0};
	bool more = false;
	int r;

	if (!ready(a))
		return;
	r = put_some(a, &more, &p);
	if (more) {
		rest(a);
		return;
	}
	done(a);
	if (r != 0)
		change_fail(c, r, &p);
	else
		then(c);
}

void
apply_put(struct apply *a, bool trial, call_fn *then)
{
	a->trial = trial;
	a->tries = 0;
	a->put_then = then;
	apply_put_turn(a);
}

void
apply_put_stop(struct apply *a)
{
	free(a->read);
	a->read = NULL;
	if (a->put_then == NULL)
		return;
	if (a->begun && store_resume(a->c->b->store) == 0)
		store_rollback(a->c->b->store);
	done(a);
}

bool
apply_put_end(struct call *c)
{
	struct apply *a = c->state;

	return a->trial ? change_weigh_end(c, &a->ch, finish)
			: change_make_end(c, &a->ch, finish);
}
