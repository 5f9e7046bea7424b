/* SPDX-License-Identifier: Apache-2.0 */
/*
 * c_help - the texts of cmd.c for "jitctl help".
 */
#include "jitctl/cmd.h"

int
run_help(struct ctx *c)
{
	struct opts words = c->opt;
	const struct cmd *cmd = NULL;
	unsigned used = 0;
	char err[256];

	if (words.nargs == 0) {
		cmd_help_all(stdout);
		return EXIT_OK;
	}
	cmd = cmd_find(&words, &used, err, sizeof(err));
	if (cmd == NULL && words.nargs == 1 &&
	    cmd_help_noun(stdout, words.arg[0]))
		return EXIT_OK;
	if (cmd == NULL) {
		complain("%s", err);
		return EXIT_USAGE;
	}
	cmd_help(stdout, cmd);
	return EXIT_OK;
}
