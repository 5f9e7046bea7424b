/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookalike - see the header.
 */
#include "broker/admin/lookalike.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/fault.h"
#include "broker/session/probe.h"
#include "core/glass.h"
#include "core/look.h"

/* One that was met before, of the same user, target or role. Borrowed. */
struct seen {
	enum store_name kind;
	const char *name;
};

struct check {
	struct store *s;
	struct problem *p;
	struct seen *seen;
	size_t n;
};

static bool
is_alike(const char *a, const char *b)
{
	char x[LOOKS][LOOK_SIZE], y[LOOKS][LOOK_SIZE];

	if (strcmp(a, b) == 0)
		return false;
	look_of(x, a);
	look_of(y, b);
	for (size_t i = 0; i < LOOKS; i++)
		if (strcmp(x[i], y[i]) == 0)
			return true;
	return false;
}

/* NULL: there is none that it could be taken for. */
static const char *
seen_alike(const struct check *x, enum store_name kind, const char *name)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->seen[i].kind == kind && is_alike(x->seen[i].name, name))
			return x->seen[i].name;
	return NULL;
}

static int
see(struct check *x, enum store_name kind, const char *name)
{
	struct seen *more = reallocarray(x->seen, x->n + 1, sizeof(*x->seen));

	if (more == NULL)
		return GW_ENOMEM;
	x->seen = more;
	x->seen[x->n++] = (struct seen){kind, name};
	return 0;
}

/* Is it what records have in the place of a name of that kind? A look at an
 * address that is no target's would read as one at a target. */
bool
lookalike_own(enum store_name kind, const char *name)
{
	if (FAULT(own_word))
		return false;
	return (kind == STORE_NAME_ROLE && glass_role_alike(name)) ||
	       (kind == STORE_NAME_TARGET &&
		   (strcmp(name, PROBE_UNNAMED) == 0 ||
		       is_alike(name, PROBE_UNNAMED)));
}

/* One that has it from before keeps it: doctor tells it. */
static int
check_own(struct check *x, enum store_name kind, const char *name)
{
	int r = GW_ENOENT;

	if (!lookalike_own(kind, name) ||
	    (r = store_name_used(x->s, kind, name)) != GW_ENOENT)
		return r == GW_ENOENT ? 0 : r;
	problem_set(x->p, 400, "bad-field",
	    kind == STORE_NAME_ROLE ? "role" : "target",
	    "%s is, or could be taken for, a word of the gateway's own "
	    "records: choose another name",
	    name);
	return GW_EINVAL;
}

static int
check(void *arg, enum store_name kind, const char *name)
{
	static const struct {
		const char *field, *word;
	} words[] = {
	    [STORE_NAME_USER] = {"user", "user"},
	    [STORE_NAME_TARGET] = {"target", "target"},
	    [STORE_NAME_ROLE] = {"role", "role"},
	    [STORE_NAME_GROUP] = {"groups", "group"},
	    [STORE_NAME_LOGIN] = {"logins", "login"},
	};
	struct check *x = arg;
	const char *same = seen_alike(x, kind, name);
	char other[LIMIT_NAME_SIZE];
	int r = check_own(x, kind, name);

	if (r != 0)
		return r;
	r = store_look_alike(x->s, kind, name, other);
	/* two that are new, of which the store knows neither */
	if (r == GW_ENOENT && same != NULL && !FAULT(pair_alike)) {
		r = store_name_used(x->s, kind, name);
		if (r == 0)
			return see(x, kind, name);
		name_set(other, same);
		r = r == GW_ENOENT ? 0 : r;
	}
	if (r == GW_ENOENT || (r == 0 && FAULT(look_alike)))
		return see(x, kind, name);
	if (r != 0)
		return r;
	problem_set(x->p, 409, "look-alike", words[kind].field,
	    "the new %s %s could be taken for the %s %s, which is there "
	    "already, or new too: if that is meant, use its name, else choose "
	    "another",
	    words[kind].word, name, words[kind].word, other);
	return GW_EEXIST;
}

/* ---- names */

static int
each(enum store_name kind, const struct name_list *l, lookalike_fn *fn,
    void *arg)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < l->n; i++)
		r = fn(arg, kind, l->name[i]);
	return r;
}

static int
each_approver(const struct quorum_list *l, lookalike_fn *fn, void *arg)
{
	int r = 0;

	for (unsigned i = 0; i < l->n && !FAULT(approver_alike); i++)
		for (unsigned k = 0; r == 0 && k < l->quorum[i].ngroups; k++)
			r = fn(arg, STORE_NAME_GROUP, l->quorum[i].group[k]);
	return r;
}

int
lookalike_of_user(const struct user *u, lookalike_fn *fn, void *arg)
{
	const int r = fn(arg, STORE_NAME_USER, u->name);

	return r != 0 ? r : each(STORE_NAME_GROUP, &u->groups, fn, arg);
}

int
lookalike_of_target(const struct target *t, lookalike_fn *fn, void *arg)
{
	const int r = fn(arg, STORE_NAME_TARGET, t->name);

	return r != 0 ? r : each(STORE_NAME_LOGIN, &t->logins, fn, arg);
}

int
lookalike_of_role(const struct policy_role *r, lookalike_fn *fn, void *arg)
{
	int e;

	if ((e = fn(arg, STORE_NAME_ROLE, r->name)) != 0 ||
	    (e = each(STORE_NAME_GROUP, &r->groups.names, fn, arg)) != 0 ||
	    (e = each_approver(&r->approvals, fn, arg)) != 0)
		return e;
	return each(STORE_NAME_LOGIN, &r->logins, fn, arg);
}

/* ---- refused */

int
lookalike_user(struct store *s, const struct user *u, struct problem *p)
{
	struct check x = {.s = s, .p = p};
	const int r = lookalike_of_user(u, check, &x);

	free(x.seen);
	return r;
}

int
lookalike_target(struct store *s, const struct target *t, struct problem *p)
{
	struct check x = {.s = s, .p = p};
	const int r = lookalike_of_target(t, check, &x);

	free(x.seen);
	return r;
}

int
lookalike_role(struct store *s, const struct policy_role *r, struct problem *p)
{
	struct check x = {.s = s, .p = p};
	const int e = lookalike_of_role(r, check, &x);

	free(x.seen);
	return e;
}
