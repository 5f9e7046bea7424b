/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access - see the header.
 */
#include "core/access.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "core/login.h"
#include "core/merge.h"
#include "core/term.h"

enum { SIDES = 2, STEP = 16 };

/* Users, or targets, that no role tells apart. */
struct kind {
	/* A role says more of them than that it is for them, or reaches them:
	 * they are told from the others by it. */
	bool own;
	enum user_kind user_kind;
	uint64_t *bits[SIDES]; /* the roles that are for them, or reach them */
	struct name_list groups[SIDES];
	struct target *target[SIDES]; /* one of them; NULL: not there */
	struct access_names names;
};

struct kinds {
	struct kind *kind;
	size_t n;
};

/* A role by its name: what it is before and after; NULL: there is none. */
struct pair {
	const struct policy_role *role[SIDES];
	bool same;
};

struct access_diff {
	int64_t at_ms;
	struct pair *pairs;
	size_t npairs, words;
	struct kinds users, targets;
	uint64_t *bits[SIDES];            /* of what is looked at */
	struct policy_role *roles[SIDES]; /* of them, those that count */
	size_t nroles[SIDES];
	struct policy_result verdict;
	struct merge merge;
	struct access now[SIDES],
	    told[SIDES]; /* of one login, and of those before */
	struct name_list logins;
	struct access_change change;
};

/* ---- roles */

static struct pair *
pair_of(struct access_diff *d, const char *name)
{
	for (size_t i = 0; i < d->npairs; i++) {
		const struct pair *p = &d->pairs[i];
		const struct policy_role *r =
		    p->role[0] != NULL ? p->role[0] : p->role[1];

		if (r != NULL && strcmp(r->name, name) == 0)
			return &d->pairs[i];
	}
	return &d->pairs[d->npairs++];
}

struct access_diff *
access_diff_new(const struct policy_role *before, size_t nbefore,
    const struct policy_role *after, size_t nafter, int64_t at_ms)
{
	struct access_diff *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->at_ms = at_ms;
	d->pairs = calloc(nbefore + nafter + 1, sizeof(*d->pairs));
	if (d->pairs == NULL) {
		access_diff_free(d);
		return NULL;
	}
	for (size_t i = 0; i < nbefore; i++)
		pair_of(d, before[i].name)->role[0] = &before[i];
	for (size_t i = 0; i < nafter; i++)
		pair_of(d, after[i].name)->role[1] = &after[i];
	for (size_t i = 0; i < d->npairs; i++) {
		struct pair *p = &d->pairs[i];

		p->same = p->role[0] != NULL && p->role[1] != NULL &&
			  policy_role_equal(p->role[0], p->role[1]);
	}
	d->words = d->npairs / 64 + 1;
	for (unsigned s = 0; s < SIDES; s++) {
		d->bits[s] = calloc(d->words, sizeof(uint64_t));
		d->roles[s] = calloc(d->npairs + 1, sizeof(*d->roles[s]));
		if (d->bits[s] == NULL || d->roles[s] == NULL) {
			access_diff_free(d);
			return NULL;
		}
	}
	return d;
}

static void
kinds_free(struct kinds *k)
{
	for (size_t i = 0; i < k->n; i++) {
		for (unsigned s = 0; s < SIDES; s++) {
			free(k->kind[i].bits[s]);
			free(k->kind[i].target[s]);
		}
		free(k->kind[i].names.name);
	}
	free(k->kind);
}

void
access_diff_free(struct access_diff *d)
{
	if (d == NULL)
		return;
	kinds_free(&d->users);
	kinds_free(&d->targets);
	for (unsigned s = 0; s < SIDES; s++) {
		free(d->bits[s]);
		free(d->roles[s]);
	}
	free(d->pairs);
	free(d);
}

/* ---- kinds of users and targets */

static void
set_bit(uint64_t *bits, size_t i, bool on)
{
	if (on)
		bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool
has_bit(const uint64_t *bits, size_t i)
{
	return (bits[i / 64] >> (i % 64) & 1) != 0;
}

static bool
names_equal(const struct name_list *a, const struct name_list *b)
{
	for (unsigned i = 0; i < a->n; i++)
		if (!name_list_has(b, a->name[i]))
			return false;
	return a->n == b->n;
}

/* To the roles that reach both they are the same. */
static bool
target_like(const struct target *a, const struct target *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->port == b->port && a->reach == b->reach &&
	       names_equal(&a->logins, &b->logins);
}

static bool
is_kind(const struct access_diff *d, const struct kind *k,
    const struct target *const target[SIDES])
{
	const size_t size = d->words * sizeof(uint64_t);

	for (unsigned s = 0; s < SIDES; s++)
		if (memcmp(k->bits[s], d->bits[s], size) != 0 ||
		    !target_like(k->target[s], target[s]))
			return false;
	return true;
}

static struct target *
target_copy(const struct target *t)
{
	struct target *x = malloc(sizeof(*x));

	if (x != NULL)
		*x = *t;
	return x;
}

static int
kind_new(const struct access_diff *d, struct kind *k,
    const struct target *const target[SIDES])
{
	const size_t size = d->words * sizeof(uint64_t);

	for (unsigned s = 0; s < SIDES; s++) {
		if ((k->bits[s] = malloc(size)) == NULL)
			return GW_ENOMEM;
		memcpy(k->bits[s], d->bits[s], size);
		if (target[s] != NULL &&
		    (k->target[s] = target_copy(target[s])) == NULL)
			return GW_ENOMEM;
	}
	return 0;
}

/* The kind of what d->bits says; a new one if there is none, or it is to be its
 * own. NULL: no memory. */
static struct kind *
kind_of(const struct access_diff *d, struct kinds *all,
    const struct target *const target[SIDES], bool own)
{
	struct kind *more = NULL;

	for (size_t i = 0; i < all->n && !own; i++)
		if (!all->kind[i].own && is_kind(d, &all->kind[i], target))
			return &all->kind[i];
	if (all->n % STEP == 0) {
		more = reallocarray(all->kind, all->n + STEP, sizeof(*more));
		if (more == NULL)
			return NULL;
		all->kind = more;
	}
	more = &all->kind[all->n++];
	memset(more, 0, sizeof(*more));
	more->own = own;
	return kind_new(d, more, target) == 0 ? more : NULL;
}

static int
kind_add(struct kind *k, const char *name)
{
	struct access_names *l = &k->names;
	void *more = NULL;

	if (l->n % STEP == 0) {
		more = reallocarray(l->name, l->n + STEP, sizeof(*l->name));
		if (more == NULL)
			return GW_ENOMEM;
		l->name = more;
	}
	name_set(l->name[l->n++], name);
	return 0;
}

static void
clear_bits(struct access_diff *d)
{
	for (unsigned s = 0; s < SIDES; s++)
		memset(d->bits[s], 0, d->words * sizeof(uint64_t));
}

/* The role is theirs until a moment, or by their name. */
static bool
is_own(const struct policy_role *r, const char *name,
    const struct name_list *groups)
{
	for (unsigned i = 0; i < r->logins.n; i++)
		if (login_is_own(r->logins.name[i]))
			return true;
	return r->any_of.n > 0 ||
	       policy_for_until_ms(r, name, groups) != MEMBER_ALWAYS;
}

int
access_diff_user(struct access_diff *d, const char *name, enum user_kind kind,
    const struct name_list *before, const struct name_list *after)
{
	static const struct target *const none[SIDES] = {NULL, NULL};
	const struct name_list *const groups[SIDES] = {before, after};
	struct kind *k = NULL;
	bool own = kind != KIND_PERSON;

	clear_bits(d);
	for (unsigned s = 0; s < SIDES; s++)
		for (size_t i = 0; groups[s] != NULL && i < d->npairs; i++) {
			const struct policy_role *r = d->pairs[i].role[s];

			if (r == NULL || r->report_only ||
			    !policy_is_for_kind(r, kind) ||
			    !policy_is_for(r, name, groups[s], d->at_ms))
				continue;
			set_bit(d->bits[s], i, true);
			own = own || is_own(r, name, groups[s]);
		}
	if ((k = kind_of(d, &d->users, none, own)) == NULL)
		return GW_ENOMEM;
	for (unsigned s = 0; k->names.n == 0 && s < SIDES; s++)
		if (groups[s] != NULL)
			k->groups[s] = *groups[s];
	k->user_kind = kind;
	return kind_add(k, name);
}

int
access_diff_target(struct access_diff *d, const struct target *before,
    const struct target *after)
{
	const struct target *const target[SIDES] = {before, after};
	struct kind *k = NULL;
	bool own = false;

	if (before == NULL && after == NULL)
		return 0;
	clear_bits(d);
	for (unsigned s = 0; s < SIDES; s++)
		for (size_t i = 0; target[s] != NULL && i < d->npairs; i++) {
			const struct policy_role *r = d->pairs[i].role[s];

			if (r == NULL || !policy_reaches(r, target[s]))
				continue;
			set_bit(d->bits[s], i, true);
			own = own || r->any_of.n > 0;
		}
	if ((k = kind_of(d, &d->targets, target, own)) == NULL)
		return GW_ENOMEM;
	return kind_add(k, (after != NULL ? after : before)->name);
}

/* ---- judging */

/* The roles of a side that concern both, as if it were their time. */
static void
pick_roles(struct access_diff *d, unsigned s)
{
	size_t n = 0;

	for (size_t i = 0; i < d->npairs; i++) {
		const struct policy_role *r = d->pairs[i].role[s];

		if (!has_bit(d->bits[s], i) || (r->deny && r->hours.n > 0))
			continue;
		d->roles[s][n] = *r;
		for (unsigned k = 0; k < r->any_of.n; k++)
			d->roles[s][n].any_of.of[k].timed = false;
		d->roles[s][n++].hours.n = 0;
	}
	d->nroles[s] = n;
}

static void
judge(struct access_diff *d, unsigned s, const struct kind *u,
    const struct kind *t, const char *login)
{
	struct access *ret = &d->now[s];
	struct term term = {.until_ms = HOURS_NEVER};
	const struct policy_facts f = {.user = u->names.name[0],
	    .kind = u->user_kind,
	    .groups = &u->groups[s],
	    .target_name = t->target[s]->name,
	    .target = t->target[s],
	    .login = login,
	    .role = "",
	    .reason = "",
	    .ticket = "",
	    .settled = true,
	    .anywhere = true,
	    .hardware = HARDWARE_VERIFIED,
	    .anytime = true,
	    .utc_ms = d->at_ms,
	    .when_ms = d->at_ms,
	    .max_s = LIMIT_GRANT_MAX_S,
	    .mfa_max_s = LIMIT_GRANT_MAX_S};

	policy_decide(&d->verdict, &f, d->roles[s], d->nroles[s]);
	ret->any = d->verdict.verdict != POLICY_DENY;
	if (!ret->any)
		return;
	merge_roles(&d->merge, &term, &f, d->roles[s], d->nroles[s], login,
	    t->target[s]->port);
	ret->roles = d->merge.names;
	ret->all = d->merge.all;
}

/* Whether users or groups are in a role that counts before and after until
 * another moment. */
static bool
term_differs(const struct access_diff *d, const struct kind *u)
{
	const char *name = u->names.name[0];

	for (size_t i = 0; i < d->npairs; i++) {
		const struct pair *p = &d->pairs[i];

		if (has_bit(d->bits[0], i) && has_bit(d->bits[1], i) &&
		    name_list_has(&d->now[0].roles, p->role[0]->name) &&
		    name_list_has(&d->now[1].roles, p->role[1]->name) &&
		    policy_for_until_ms(p->role[0], name, &u->groups[0]) !=
			policy_for_until_ms(p->role[1], name, &u->groups[1]))
			return true;
	}
	return false;
}

/* It says whose role it is or what for, which is told by itself. */
static bool
is_asked(size_t field)
{
	switch (field) {
	case ROLE_FIELD_name:
	case ROLE_FIELD_users:
	case ROLE_FIELD_groups:
	case ROLE_FIELD_targets:
	case ROLE_FIELD_labels:
	case ROLE_FIELD_select:
	case ROLE_FIELD_logins:
	case ROLE_FIELD_ports:
	case ROLE_FIELD_deny:
		return true;
	default:
		return false;
	}
}

/* A condition of a role that counts before and after. */
static bool
condition_differs(const struct access_diff *d, const struct rolefield *f)
{
	for (size_t i = 0; i < d->npairs; i++) {
		const struct pair *p = &d->pairs[i];

		if (!p->same && p->role[0] != NULL && p->role[1] != NULL &&
		    name_list_has(&d->now[0].roles, p->role[0]->name) &&
		    name_list_has(&d->now[1].roles, p->role[0]->name) &&
		    !rolefield_equal(f, p->role[0], p->role[1]))
			return true;
	}
	return false;
}

static void
compare(struct access_diff *d, const struct kind *u, struct access_change *ret)
{
	const struct access *b = &d->now[0], *a = &d->now[1];
	const struct rolefield *f = rolefields();
	bool any = false;

	memset(ret->differs, 0, sizeof(ret->differs));
	if (!b->any || !a->any) {
		ret->is = a->any ? ACCESS_GAINED
				 : (b->any ? ACCESS_LOST : ACCESS_NONE);
		return;
	}
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		if (f[i].merge == ROLE_SHOWN || is_asked(i))
			continue;
		ret->differs[i] =
		    f[i].merge == ROLE_SELECTS
			? condition_differs(d, &f[i])
			: !rolefield_equal(&f[i], &b->all, &a->all);
		any = any || ret->differs[i];
	}
	ret->differs[ROLE_FIELD_users] = u->own && term_differs(d, u);
	any = any || ret->differs[ROLE_FIELD_users];
	ret->is = any || !names_equal(&b->roles, &a->roles) ? ACCESS_CHANGED
							    : ACCESS_NONE;
}

/* ---- telling */

static bool
side_equal(const struct access *a, const struct access *b)
{
	const struct rolefield *f = rolefields();

	if (!a->any || !b->any)
		return a->any == b->any;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		if (f[i].merge != ROLE_SELECTS && f[i].merge != ROLE_SHOWN &&
		    !rolefield_equal(&f[i], &a->all, &b->all))
			return false;
	return names_equal(&a->roles, &b->roles);
}

static void
flush(struct access_diff *d, access_fn *fn, void *arg)
{
	if (d->logins.n > 0)
		fn(arg, &d->change);
	d->logins.n = 0;
}

/* Logins that go the same way are told as one. */
static void
tell(struct access_diff *d, const struct kind *u, const char *login,
    access_fn *fn, void *arg)
{
	struct access_change c = d->change;

	compare(d, u, &c);
	if (d->logins.n > 0 &&
	    (c.is != d->change.is || !side_equal(&d->now[0], &d->told[0]) ||
		!side_equal(&d->now[1], &d->told[1]) ||
		d->logins.n == LIMIT_LIST))
		flush(d, fn, arg);
	if (c.is == ACCESS_NONE)
		return;
	d->change = c;
	memcpy(d->told, d->now, sizeof(d->told));
	merge_list(&d->logins, login);
}

static void
judge_login(struct access_diff *d, const struct kind *u, const struct kind *t,
    const char *login)
{
	for (unsigned s = 0; s < SIDES; s++) {
		d->now[s].any = false;
		if (t->target[s] != NULL &&
		    name_list_has(&t->target[s]->logins, login))
			judge(d, s, u, t, login);
	}
}

static void
judge_pair(struct access_diff *d, const struct kind *u, const struct kind *t,
    access_fn *fn, void *arg)
{
	struct name_list logins = {0};

	for (unsigned s = 0; s < SIDES; s++)
		pick_roles(d, s);
	for (unsigned s = 0; s < SIDES; s++)
		for (unsigned i = 0;
		     t->target[s] != NULL && i < t->target[s]->logins.n; i++)
			merge_list(&logins, t->target[s]->logins.name[i]);
	d->change = (struct access_change){.users = &u->names,
	    .targets = &t->names,
	    .logins = &d->logins,
	    .before = &d->told[0],
	    .after = &d->told[1]};
	d->logins.n = 0;
	for (unsigned i = 0; i < logins.n; i++) {
		judge_login(d, u, t, logins.name[i]);
		tell(d, u, logins.name[i], fn, arg);
	}
	flush(d, fn, arg);
}

/* Sets d->bits to the roles that concern both. False: nothing can have changed,
 * for there are none, or they are as before. */
static bool
may_change(struct access_diff *d, const struct kind *u, const struct kind *t)
{
	bool any = false, moved = false;

	for (size_t w = 0; w < d->words; w++) {
		for (unsigned s = 0; s < SIDES; s++)
			d->bits[s][w] = u->bits[s][w] & t->bits[s][w];
		any = any || (d->bits[0][w] | d->bits[1][w]) != 0;
		moved = moved || d->bits[0][w] != d->bits[1][w];
	}
	if (!any || moved || !target_like(t->target[0], t->target[1]))
		return any;
	for (size_t i = 0; i < d->npairs; i++)
		if (has_bit(d->bits[0], i) && !d->pairs[i].same)
			return true;
	return false;
}

int
access_diff_run(struct access_diff *d, size_t max, access_fn *fn, void *arg)
{
	size_t n = 0;

	for (size_t u = 0; u < d->users.n; u++)
		for (size_t t = 0; t < d->targets.n; t++) {
			if (!may_change(
				d, &d->users.kind[u], &d->targets.kind[t]))
				continue;
			if (n++ == max)
				return GW_ELIMIT;
			judge_pair(
			    d, &d->users.kind[u], &d->targets.kind[t], fn, arg);
		}
	return 0;
}
