/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock - the locks that stand, for commands that show whom they are on.
 */
#ifndef JITCTL_CMD_LOCK_H
#define JITCTL_CMD_LOCK_H

#include <stdbool.h>

#include "jitctl/jitctl.h"
#include "jitctl/term/out.h"

#define LOCK_OWN_TEXT                                                          \
	"That is you: another admin, or root on the gateway, has to take it "  \
	"away. "

bool lock_is_own(const struct ctx *c, const char *user);
/* Those that are shown to the caller; NULL: none could be read, which is said.
 * To be freed. */
json_t *lock_all(struct ctx *c);
/* The one on that user's name, or NULL; borrowed. */
const json_t *lock_of_user(const json_t *items, const char *user);
/* Is there one on whom whoami tells of? In words. Who has rights is shown those
 * of others as well: of these a name, a key and everything count. */
enum { LOCK_COVERS_SIZE = 4 * CELL_SIZE };
bool lock_covers(
    char ret[static LOCK_COVERS_SIZE], const json_t *items, const json_t *who);

#endif
