/* SPDX-License-Identifier: Apache-2.0 */
/*
 * c_help - the texts of cmd.c for "jitctl help".
 */
#include "jitctl/cmd/cmd.h"

#include <string.h>

#include "jitctl/term/out.h"
#include "jitctl/term/say.h"

static json_t *
cmd_json(const struct cmd *cmd)
{
	json_t *o = json_pack("{s:s,s:s,s:s,s:s}", "command", cmd->name,
	    "arguments", cmd->args, "what", cmd->what, "example", cmd->example);
	json_t *flags = json_array();

	for (unsigned i = 0; i < F_COUNT; i++)
		if ((cmd->flags & FLAG_BIT(i)) != 0)
			(void)json_array_append_new(
			    flags, json_string(flag_spec(i)->name));
	(void)json_object_set_new(o, "flags", flags);
	return o;
}

/* All commands, or those that begin with a word: as a list for scripts. */
static bool
as_object(const struct ctx *c, const struct cmd *one, const char *noun)
{
	json_t *list = json_array();
	json_t *o = NULL;
	bool done = false;

	for (unsigned i = 0; cmd_at(i) != NULL; i++) {
		const struct cmd *cmd = cmd_at(i);
		const size_t n = noun != NULL ? strlen(noun) : 0;

		if ((one == NULL || cmd == one) &&
		    (noun == NULL || (strncmp(cmd->name, noun, n) == 0 &&
					 cmd->name[n] == ' ')))
			(void)json_array_append_new(list, cmd_json(cmd));
	}
	o = json_pack("{s:o}", "items", list);
	done = json_array_size(list) > 0 && out_object(c, o);
	json_decref(o);
	return done;
}

int
run_help(struct ctx *c)
{
	struct opts words = c->opt;
	const struct cmd *cmd = NULL;
	unsigned used = 0;
	char err[256];

	if (words.nargs == 0) {
		if (as_object(c, NULL, NULL))
			return EXIT_OK;
		cmd_help_all(stdout);
		return EXIT_OK;
	}
	cmd = cmd_find(&words, &used, err, sizeof(err));
	if (as_object(c, cmd, cmd == NULL ? words.arg[0] : NULL))
		return EXIT_OK;
	if (cmd == NULL && words.nargs == 1 &&
	    cmd_help_noun(stdout, words.arg[0]))
		return EXIT_OK;
	if (cmd == NULL) {
		say_error("%s", err);
		return EXIT_USAGE;
	}
	cmd_help(stdout, cmd);
	return EXIT_OK;
}
