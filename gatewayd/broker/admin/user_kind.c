/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user_kind - see the header.
 */
#include "broker/admin/user_kind.h"

#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "wire/body.h"

int
user_kind_parse(struct user *u, const json_t *o, struct problem *p)
{
	enum user_kind kind = u->kind;
	const char *s = NULL;
	int r = json_get_str(o, "kind", false, 16, &s, p);

	if (r != 0)
		return r;
	if (s != NULL && (kind = kind_find(s)) == KIND_NONE) {
		problem_set(p, 400, "bad-field", "kind",
		    "kind: person or machine was expected");
		return GW_EINVAL;
	}
	if (kind == KIND_NONE)
		kind = KIND_PERSON;
	if (u->kind != KIND_NONE && u->kind != kind) {
		problem_set(p, 409, "conflict", "kind",
		    "%s is a %s and stays one: a %s is another user", u->name,
		    kind_str(u->kind), kind_str(kind));
		return GW_ESTATE;
	}
	u->kind = (uint8_t)kind;
	if (json_object_get(o, "sources") != NULL)
		memset(&u->sources, 0, sizeof(u->sources));
	return prefixes_parse(&u->sources, o, "sources", p);
}

static int
bad(struct problem *p, const char *field, const char *what)
{
	problem_set(p, 400, "bad-field", field, "%s: %s", field, what);
	return GW_EINVAL;
}

int
user_kind_check(const struct user *u, const json_t *o, struct problem *p)
{
	if (u->kind == KIND_PERSON)
		return u->sources.n == 0
			   ? 0
			   : bad(p, "sources",
				 "only machines have networks of their own; "
				 "from where people ask is said by roles");
	if (u->nkeys == 0)
		return bad(p, "keys", "a machine needs one, and enrols none");
	if (u->sources.n == 0 && !FAULT(machine_anywhere))
		return bad(p, "sources",
		    "a machine needs the networks that it asks from");
	if (u->rights != RIGHT_NONE && !FAULT(machine_rights))
		return bad(p, "rights", "a machine has none");
	if (json_object_get(o, "totp") != NULL)
		return bad(p, "totp", "a machine has no second factor");
	return 0;
}
