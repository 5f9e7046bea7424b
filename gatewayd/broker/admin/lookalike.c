/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookalike - see the header.
 */
#include "broker/admin/lookalike.h"

#include "base/attr.h"
#include "base/err.h"
#include "base/fault.h"

static int
check(
    struct store *s, enum store_name kind, const char *name, struct problem *p)
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
	char other[LIMIT_NAME_SIZE];
	const int r = store_look_alike(s, kind, name, other);

	if (r == GW_ENOENT || (r == 0 && FAULT(look_alike)))
		return 0;
	if (r != 0)
		return r;
	problem_set(p, 409, "look-alike", words[kind].field,
	    "the new %s %s could be taken for the %s %s, which is there "
	    "already: if that is meant, use its name, else choose another",
	    words[kind].word, name, words[kind].word, other);
	return GW_EEXIST;
}

static int
check_all(struct store *s, enum store_name kind, const struct name_list *l,
    struct problem *p)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < l->n; i++)
		r = check(s, kind, l->name[i], p);
	return r;
}

int
lookalike_user(struct store *s, const struct user *u, struct problem *p)
{
	const int r = check(s, STORE_NAME_USER, u->name, p);

	return r != 0 ? r : check_all(s, STORE_NAME_GROUP, &u->groups, p);
}

int
lookalike_target(struct store *s, const struct target *t, struct problem *p)
{
	const int r = check(s, STORE_NAME_TARGET, t->name, p);

	return r != 0 ? r : check_all(s, STORE_NAME_LOGIN, &t->logins, p);
}

int
lookalike_role(struct store *s, const struct policy_role *r, struct problem *p)
{
	int e;

	if ((e = check(s, STORE_NAME_ROLE, r->name, p)) != 0 ||
	    (e = check_all(s, STORE_NAME_GROUP, &r->groups, p)) != 0)
		return e;
	return check_all(s, STORE_NAME_LOGIN, &r->logins, p);
}
