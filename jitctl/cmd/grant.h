/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant - the list of grants, for the commands that show it.
 */
#ifndef JITCTL_CMD_GRANT_H
#define JITCTL_CMD_GRANT_H

#include <stddef.h>

#include "base/attr.h"
#include "jitctl/jitctl.h"

/* Removes the ended grants from {"items":[...]}: the gateway lists a user's own
 * ended ones too. */
void grant_drop_ended(json_t *reply);
/* Says what else a reply says is open at its target, a line each, how ("Still")
 * ahead; how many that are. */
size_t grant_tell_open(
    const struct ctx *c, const json_t *reply, const char *how);
/* The list on stdout, as out_items() does. */
MUST_CHECK int grant_print(
    const struct ctx *c, const json_t *reply, const char *empty);
/* The id of the one that the first argument means, a target or an id; without
 * one, of the only one there is. False: *retx is why not, which is said. */
bool grant_one(struct ctx *c, char ret[static LIMIT_ID_SIZE], int *retx);

#endif
