/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply - what the dry run of a policy says, for those who are asked.
 */
#ifndef JITCTL_CMD_APPLY_H
#define JITCTL_CMD_APPLY_H

#include <stdio.h>

#include "wire/json.h"

struct ctx;

/* Each entry that is not as it is, what goes last. */
void apply_tell_planned(const struct ctx *c, FILE *f, const json_t *o);

#endif
