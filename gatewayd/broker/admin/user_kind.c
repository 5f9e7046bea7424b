/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user_kind - see the header.
 */
#include "broker/admin/user_kind.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "wire/body.h"

static const char *
article(enum user_kind k)
{
	return k == KIND_AGENT ? "an" : "a";
}

int
user_owner_find(struct user *u, struct store *s, struct problem *p)
{
	struct user *owner = NULL;
	int r = GW_ENOMEM;

	if (u->kind != KIND_AGENT || u->owner_id[0] != '\0')
		return 0;
	if ((owner = calloc(1, sizeof(*owner))) == NULL)
		return r;
	r = store_user_get(s, u->owner, owner);
	if (r == 0 && owner->kind == KIND_PERSON) {
		memcpy(u->owner_id, owner->id, sizeof(u->owner_id));
	} else if (r == 0 || r == GW_ENOENT) {
		problem_set(p, 400, "bad-field", "owner",
		    r != 0 ? "owner: there is no user %s: jitctl users lists "
			     "them"
			   : "owner: %s is no person, and owns nobody",
		    u->owner);
		r = GW_EINVAL;
	}
	explicit_bzero(owner, sizeof(*owner));
	free(owner);
	return r;
}

/* The owner of an agent that is new; of one that is there it is said again, or
 * not at all. */
static int
parse_owner(struct user *u, const json_t *o, struct problem *p)
{
	const char *name = NULL;
	int r = json_get_name(o, "owner", false, &name, p);

	if (r != 0 || name == NULL)
		return r;
	if (u->owner[0] != '\0' && strcmp(u->owner, name) != 0) {
		problem_set(p, 409, "conflict", "owner",
		    "%s is an agent of %s and stays one: one of %s is another "
		    "user",
		    u->name, u->owner, name);
		return GW_ESTATE;
	}
	name_set(u->owner, name);
	return 0;
}

int
user_kind_parse(struct user *u, const json_t *o, struct problem *p)
{
	enum user_kind kind = u->kind;
	const char *word = NULL;
	int r = json_get_str(o, "kind", false, 16, &word, p);

	if (r != 0)
		return r;
	if (word != NULL && (kind = kind_find(word)) == KIND_NONE) {
		problem_set(p, 400, "bad-field", "kind",
		    "kind: person, machine or agent was expected");
		return GW_EINVAL;
	}
	if (kind == KIND_NONE)
		kind = KIND_PERSON;
	if (u->kind != KIND_NONE && u->kind != kind) {
		problem_set(p, 409, "conflict", "kind",
		    "%s is %s %s and stays one: %s %s is another user", u->name,
		    article(u->kind), kind_str(u->kind), article(kind),
		    kind_str(kind));
		return GW_ESTATE;
	}
	u->kind = (uint8_t)kind;
	if (json_object_get(o, "sources") != NULL)
		memset(&u->sources, 0, sizeof(u->sources));
	if ((r = parse_owner(u, o, p)) != 0)
		return r;
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
	if ((u->kind == KIND_AGENT) != (u->owner[0] != '\0') &&
	    !FAULT(agent_ownerless))
		return bad(p, "owner",
		    u->kind == KIND_AGENT
			? "an agent needs one, a person who lends it rights"
			: "only agents have one");
	if (u->kind == KIND_PERSON)
		return u->sources.n == 0
			   ? 0
			   : bad(p, "sources",
				 "only machines and agents have networks of "
				 "their own; from where people ask is said by "
				 "roles");
	if (u->nkeys == 0)
		return bad(
		    p, "keys", "a machine or agent needs one, and enrols none");
	if (u->sources.n == 0 && !FAULT(machine_anywhere))
		return bad(p, "sources",
		    "a machine or agent needs the networks that it asks from");
	if (u->rights != RIGHT_NONE && !FAULT(machine_rights))
		return bad(p, "rights", "a machine or agent has none");
	if (json_object_get(o, "totp") != NULL)
		return bad(
		    p, "totp", "a machine or agent has no second factor");
	return 0;
}
