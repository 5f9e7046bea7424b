/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help - the texts made from the command table, 80 columns wide.
 */
#ifndef JITCTL_CMD_HELP_H
#define JITCTL_CMD_HELP_H

#include <stdbool.h>
#include <stdio.h>

#include "jitctl/cmd/cmd.h"

void help_all(FILE *f, const struct cmd *cmds);
void help_command(FILE *f, const struct cmd *c);
/* The commands of a noun; false: there is no such noun. */
bool help_noun(FILE *f, const struct cmd *cmds, const char *noun);
/* "usage: jitctl request TARGET [--for DURATION] ..." */
void help_usage(FILE *f, const struct cmd *c);

#endif
