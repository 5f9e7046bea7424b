/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_now - see the header.
 */
#include "jitctl/gateway/policy_now.h"

#include <string.h>

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

/* ---- with a file applied */

/* A user keeps what is not said, and their keys where none is. */
static json_t *
lay_user(const json_t *was, const json_t *said)
{
	json_t *o = json_copy((json_t *)(uintptr_t)was);
	const char *key = NULL;
	json_t *v = NULL;

	json_object_foreach((json_t *)(uintptr_t)said, key, v)
	{
		if (strcmp(key, "keys") != 0 || json_array_size(v) > 0)
			(void)json_object_set(o, key, v);
	}
	return o;
}

json_t *
policy_by_name(const json_t *list, const char *key)
{
	json_t *o = json_object();
	json_t *v = NULL;
	size_t i = 0;

	json_array_foreach(list, i, v)
	{
		(void)json_object_set(o, member(v, key), v);
	}
	return o;
}

static json_t *
lay_section(const struct policy_section *s, const json_t *now,
    const json_t *file, bool prune)
{
	json_t *had = policy_by_name(json_object_get(now, s->name), s->one);
	const json_t *said = json_object_get(file, s->name);
	json_t *all = prune && said != NULL ? json_object() : json_copy(had);
	json_t *list = json_array(), *v = NULL;
	const char *key = NULL;
	size_t i = 0;

	json_array_foreach(said, i, v)
	{
		const json_t *was = json_object_get(had, member(v, s->one));

		if (was != NULL && s->list == VERB_USERS)
			(void)json_object_set_new(
			    all, member(v, s->one), lay_user(was, v));
		else
			(void)json_object_set(all, member(v, s->one), v);
	}
	json_object_foreach(all, key, v)
	{
		(void)json_array_append(list, v);
	}
	json_decref(had);
	json_decref(all);
	return list;
}

json_t *
policy_laid_over(const json_t *now, const json_t *file, bool prune)
{
	const struct policy_section *s = policy_sections();
	json_t *all = json_object();

	for (unsigned i = 0; all != NULL && i < POLICY_SECTIONS; i++)
		if (json_object_set_new(all, s[i].name,
			lay_section(&s[i], now, file, prune)) != 0) {
			json_decref(all);
			return NULL;
		}
	return all;
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
