/* SPDX-License-Identifier: Apache-2.0 */
/*
 * left - what a target that went, or moved, leaves behind: ports that stay
 * shut.
 */
#ifndef JITCTL_CMD_LEFT_H
#define JITCTL_CMD_LEFT_H

#include "wire/json.h"

struct ctx;

/* Says with which command root opens o's {"addresses","port","shared"} again,
 * after a line that begins with what is asked; o may be NULL. */
void left_tell(const struct ctx *c, const char *ask, const json_t *o);

#endif
