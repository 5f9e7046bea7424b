/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change - what the commands that change something at the gateway share: a body
 * put together, one signed call, its refusal printed.
 */
#ifndef JITCTL_CMD_CHANGE_H
#define JITCTL_CMD_CHANGE_H

#include <stdbool.h>

#include "base/attr.h"
#include "jitctl/gateway/call.h"
#include "jitctl/jitctl.h"

/* Takes the value over; false when it is NULL or memory is out. */
bool change_set(json_t *body, const char *key, json_t *value);
/* One signed call. The body is consumed; NULL is EXIT_USAGE (its maker has said
 * why). A refusal is printed. *ret is to be given to reply_done() always. */
MUST_CHECK int change(
    struct ctx *c, enum api_verb verb, json_t *body, struct reply *ret);
/* An invitation of a reply, for user; "" after saying that it leads to another
 * gateway, or is none. Borrowed. */
const char *change_invitation(
    const struct ctx *c, const char *user, const json_t *v);
/* Removes what the first argument names; after follows what is said then. */
MUST_CHECK int change_remove(
    struct ctx *c, enum api_verb verb, const char *key, const char *after);

#endif
