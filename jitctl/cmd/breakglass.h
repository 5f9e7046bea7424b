/* SPDX-License-Identifier: Apache-2.0 */
/*
 * breakglass - what other commands say of break-glass.
 */
#ifndef JITCTL_CMD_BREAKGLASS_H
#define JITCTL_CMD_BREAKGLASS_H

#include "jitctl/jitctl.h"
#include "wire/json.h"

/* To whoever has a right: which uses wait for a review, a line each. */
void breakglass_tell_owed(struct ctx *c, const json_t *whoami);

#endif
