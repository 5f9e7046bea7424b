/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find - the command a line means, and the guess after a typo.
 */
#ifndef JITCTL_CMD_FIND_H
#define JITCTL_CMD_FIND_H

#include <stddef.h>

#include "jitctl/cmd/cmd.h"

/* The command among the plain words of a line: "jitctl --debug target add x"
 * works. *retused gets how many words are its name. A noun alone ("grants")
 * means its list. NULL with a sentence in reterr (size bytes), which may guess
 * what was meant: never a command that takes something away. */
const struct cmd *find_command(const struct cmd *cmds, const struct opts *words,
    unsigned *retused, char *reterr, size_t size);
/* The nth command that is this noun and a verb; NULL past the last. */
const struct cmd *find_of_noun(
    const struct cmd *cmds, const char *noun, unsigned n);

#endif
