/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt - questions on /dev/tty and secrets from files. Never from argv, never
 * echoed; the terminal is restored on Ctrl-C too.
 */
#ifndef JITCTL_TERM_PROMPT_H
#define JITCTL_TERM_PROMPT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/secret.h"
#include "jitctl/jitctl.h"

/* Is a pasted text what it should be? */
enum prompt_whole {
	PROMPT_NONE = 0, /* no, and no more will make it that */
	PROMPT_MORE,     /* as far as it goes */
	PROMPT_WHOLE,
};
typedef enum prompt_whole prompt_whole_fn(const char *text);

/* There is a terminal to ask on, and asking is allowed. */
bool prompt_possible(const struct ctx *c);
/* EXIT_OK, EXIT_INTERRUPTED (Ctrl-C), EXIT_LOGIN (no terminal, end of file).
 * What went wrong is said. The secret is without line end and never empty. */
MUST_CHECK int prompt_secret(
    const struct ctx *c, const char *question, struct secret *ret);
/* The same for what people paste, and what may have been broken on its way: all
 * white space is left out, and lines are read until they are whole together, or
 * cannot be. What else was pasted behind it is swallowed, here and after every
 * question: no shell reads it. */
MUST_CHECK int prompt_pasted(const struct ctx *c, const char *question,
    prompt_whole_fn *whole, struct secret *ret);
/* First line of a file, "-" is stdin; with whole (may be NULL) as many as
 * prompt_pasted() takes. EXIT_OK, or EXIT_FAILED after saying why. */
MUST_CHECK int prompt_file(
    const char *path, prompt_whole_fn *whole, struct secret *ret);
/* A line that may be seen, without its end and never empty. EXIT_OK,
 * EXIT_INTERRUPTED (Ctrl-C); EXIT_LOGIN: no terminal, end of file, nothing, or
 * more than fits. */
MUST_CHECK int prompt_text(
    const struct ctx *c, const char *question, char *ret, size_t size);
/* EXIT_OK for y or yes, and with --yes without asking; EXIT_INTERRUPTED
 * (Ctrl-C); EXIT_FAILED for anything else. Says nothing. */
MUST_CHECK int prompt_yes(const struct ctx *c, const char *question);

#endif
