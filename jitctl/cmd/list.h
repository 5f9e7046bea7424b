/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list - the commands that are one read and one table.
 */
#ifndef JITCTL_CMD_LIST_H
#define JITCTL_CMD_LIST_H

#include <stddef.h>

#include "base/attr.h"
#include "jitctl/gateway/read.h"
#include "jitctl/jitctl.h"
#include "jitctl/term/out.h"
#include "wire/verbs.h"

/* The one of the list whose name is the first argument: *retitem is borrowed
 * from *ret, which is to be given to reply_done() always. EXIT_NOT_FOUND, said,
 * when there is none. kind is what it is called. */
MUST_CHECK int list_get(struct ctx *c, enum api_verb verb, const char *kind,
    struct reply *ret, const json_t **retitem);
/* The one of the list whose name is the first argument, alone: EXIT_NOT_FOUND,
 * said, when there is none. kind is what it is called. */
MUST_CHECK int list_show(struct ctx *c, enum api_verb verb, const char *kind,
    const struct col *cols, size_t n);
/* That one, as list_show() prints it. */
void list_show_item(
    const struct ctx *c, const json_t *item, const struct col *cols, size_t n);
/* After a typo: one guess, of those that the asker may see. */
void list_hint_name(
    struct ctx *c, enum api_verb verb, const char *kind, const char *name);
/* Reads a list (q as for read_list) and prints it as out_items() does. An exit
 * code, what went wrong is said. */
MUST_CHECK int list_print(struct ctx *c, enum api_verb verb,
    const struct query *q, const struct col *cols, size_t n, const char *empty);

#endif
