/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_now - see the header.
 */
#include "jitctl/gateway/policy_now.h"

#include "base/str.h"
#include "core/rolefield.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/say.h"

const struct policy_section *
policy_sections(void)
{
	static const struct policy_section sections[POLICY_SECTIONS] = {
	    {"users", "user", VERB_USERS},
	    {"targets", "target", VERB_TARGETS},
	    {"roles", "role", VERB_ROLES},
	};

	return sections;
}

int
policy_now_section(struct ctx *c, const struct policy_section *s,
    const char *name, json_t *policy)
{
	struct query q = {0};
	struct reply r = {0};
	json_t *items = NULL;
	int x;

	query_add(&q, "policy", "1");
	if (name != NULL)
		query_add(&q, "name", name);
	x = read_list(c, s->list, &q, &r);
	items = json_object_get(r.json, "items");
	if (x == EXIT_OK && (!json_is_array(items) ||
				json_object_set(policy, s->name, items) != 0)) {
		say_error("the gateway gives no list of its %s", s->name);
		x = EXIT_FAILED;
	}
	reply_done(&r);
	return x;
}

int
policy_now(struct ctx *c, json_t *policy)
{
	const struct policy_section *s = policy_sections();
	int x = EXIT_OK;

	for (unsigned i = 0; x == EXIT_OK && i < POLICY_SECTIONS; i++)
		x = policy_now_section(c, &s[i], NULL, policy);
	return x;
}

/* ---- as a file */

static void
role_to_file(json_t *role)
{
	const struct rolefield *f = rolefields();
	char text[32];

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		const json_t *v = json_object_get(role, f[i].name);

		if (f[i].kind != ROLE_SECONDS || !json_is_integer(v))
			continue;
		str_duration_format(
		    text, sizeof(text), (uint64_t)json_integer_value(v));
		(void)json_object_set_new(role, f[i].name, json_string(text));
	}
}

void
policy_to_file(json_t *policy)
{
	json_t *role = NULL;
	size_t i = 0;

	json_array_foreach(json_object_get(policy, "roles"), i, role)
	{
		role_to_file(role);
	}
}
