/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code - the digits of the authenticator app, or a recovery code: from a
 * file or the terminal.
 *
 * MUST NOT be given on the command line or in the environment.
 */
#ifndef JITCTL_GATEWAY_CODE_H
#define JITCTL_GATEWAY_CODE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/secret.h"
#include "jitctl/jitctl.h"

/* Removes the spaces that apps show ("123 456"). false, said and freed, if so
 * many digits (0: not known) are not what is left: anything else would only
 * cost a try. */
bool code_tidy(struct secret *code, unsigned digits);
/* From the file that --code-file or JITCTL_CODE_FILE names, but not again (when
 * a first one was wrong), else from the terminal. EXIT_OK; EXIT_LOGIN,
 * EXIT_FAILED or EXIT_INTERRUPTED, said. */
MUST_CHECK int code_get(const struct ctx *c, bool again, struct secret *ret);
/* Where either a code or a recovery code will do: the file of either flag, or
 * NULL; and one of them, as code_get(). */
const char *code_source(const struct ctx *c);
MUST_CHECK int code_get_recovery(
    const struct ctx *c, bool again, struct secret *ret);
/* One of break-glass, and nothing else. */
MUST_CHECK int code_get_paper(
    const struct ctx *c, bool again, struct secret *ret);
/* A recovery code and nothing else. */
MUST_CHECK int code_get_only_recovery(const struct ctx *c, struct secret *ret);

#endif
