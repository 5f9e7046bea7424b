/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export - what the gateway has, as the file that apply takes.
 */
#include <string.h>

#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/list.h"
#include "jitctl/gateway/policy_now.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"
#include "jitctl/term/yaml.h"

static void
print(struct ctx *c, json_t *policy)
{
	policy_to_file(policy);
	if (!out_object(c, policy))
		out_yaml(stdout, policy);
}

int
run_export(struct ctx *c)
{
	json_t *policy = json_object();
	const int x = policy_now(c, policy);

	if (x == EXIT_OK)
		print(c, policy);
	json_decref(policy);
	return x;
}

/* ---- get */

static const struct policy_section *
find_section(const char *word)
{
	const struct policy_section *s = policy_sections();

	for (unsigned i = 0; i < POLICY_SECTIONS; i++)
		if (strcmp(word, s[i].name) == 0 || strcmp(word, s[i].one) == 0)
			return &s[i];
	say_error("get what? users, targets or roles");
	return NULL;
}

/* As the commands of its own print it. */
static int
print_table(struct ctx *c, const struct policy_section *s)
{
	const bool one = c->opt.nargs > 1;

	if (one)
		c->opt.arg[0] = c->opt.arg[1];
	switch (s->list) {
	case VERB_USERS:
		return one ? run_user_show(c) : run_users(c);
	case VERB_TARGETS:
		return one ? run_target_show(c) : run_targets(c);
	default:
		return one ? run_role_show(c) : run_roles(c);
	}
}

int
run_get(struct ctx *c)
{
	const struct policy_section *s = find_section(c->opt.arg[0]);
	const char *name = c->opt.nargs > 1 ? c->opt.arg[1] : NULL;
	json_t *policy = NULL;
	int x = EXIT_OK;

	if (s == NULL || (name != NULL && !name_arg("NAME", name)))
		return EXIT_USAGE;
	if (c->out != OUT_YAML && c->out != OUT_JSON)
		return print_table(c, s);
	policy = json_object();
	x = policy_now_section(c, s, name, policy);
	if (x == EXIT_OK && name != NULL &&
	    json_array_size(json_object_get(policy, s->name)) == 0) {
		say_error("there is no %s %s: %s %s lists them", s->one, name,
		    self(c), s->name);
		list_hint_name(c, s->list, s->one, name);
		x = EXIT_NOT_FOUND;
	}
	if (x == EXIT_OK)
		print(c, policy);
	json_decref(policy);
	return x;
}
