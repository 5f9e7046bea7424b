/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files - the policy files and folders that -f names, as one.
 */
#ifndef JITCTL_CMD_FILES_H
#define JITCTL_CMD_FILES_H

#include "jitctl/jitctl.h"

/* The body of policy.apply, and "places", the same lists of where each entry
 * is. NULL after all that is wrong with them was said. */
json_t *files_read(const struct ctx *c);

#endif
