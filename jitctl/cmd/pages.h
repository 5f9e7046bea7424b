/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages - a list that may be as long as a gateway is old, printed reply by
 * reply: nothing of it is kept. On stdout, or into a new file (--export).
 */
#ifndef JITCTL_CMD_PAGES_H
#define JITCTL_CMD_PAGES_H

#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"

/* arg as read_verb(). As json each item is a line. What is said of none is
 * empty. EXIT_OK, or an exit code after what went wrong was said; of a file
 * that was begun nothing is left then. retrows, if not NULL, gets how many
 * items there were. */
MUST_CHECK int pages_print(struct ctx *c, enum api_verb verb, const char *arg,
    const struct query *q, const struct col *cols, size_t n, const char *empty,
    size_t *retrows);

#endif
