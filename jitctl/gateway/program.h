/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program - runs another program: fixed arguments, no shell.
 */
#ifndef JITCTL_GATEWAY_PROGRAM_H
#define JITCTL_GATEWAY_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/* in (n bytes) to its stdin; at most max bytes of its stdout to *ret (malloc'd,
 * NUL-terminated). quiet: its stderr is dropped. detach: without a controlling
 * terminal, so that it cannot ask. Its exit status; EXIT_INTERRUPTED after
 * Ctrl-C; -1 with errno when it could not be run, *ret as it was. */
MUST_CHECK int program_run(const char *const *argv, const void *in, size_t n,
    char **ret, size_t max, bool quiet, bool detach);

#endif
