/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code - the six digits of the authenticator app: from a file or the terminal.
 *
 * MUST NOT be given on the command line or in the environment.
 */
#ifndef JITCTL_GATEWAY_CODE_H
#define JITCTL_GATEWAY_CODE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/secret.h"
#include "jitctl/jitctl.h"

/* Apps show "123 456": takes the spaces out. Anything but six digits would cost
 * a try for nothing; false, said and freed. */
bool code_tidy(struct secret *code);
/* The file that --code-file or JITCTL_CODE_FILE names, or NULL. */
const char *code_file(const struct ctx *c);
/* From that file, only once (again: there was one before), else from the
 * terminal. EXIT_OK; EXIT_LOGIN, EXIT_FAILED or EXIT_INTERRUPTED, said. */
MUST_CHECK int code_get(const struct ctx *c, bool again, struct secret *ret);

#endif
