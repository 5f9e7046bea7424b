/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant - the list of grants, for the commands that show it.
 */
#ifndef JITCTL_CMD_GRANT_H
#define JITCTL_CMD_GRANT_H

#include "base/attr.h"
#include "jitctl/jitctl.h"

/* Takes the ended grants out of {"items":[...]}: the gateway lists those of a
 * user too. */
void grant_drop_ended(json_t *reply);
/* The list on stdout, as out_items() does. */
MUST_CHECK int grant_print(
    const struct ctx *c, const json_t *reply, const char *empty);

#endif
