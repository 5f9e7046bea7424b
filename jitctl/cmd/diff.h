/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff - whose access a policy file changes: what is lost, and by which of the
 * roles that stay it is had all the same.
 */
#ifndef JITCTL_CMD_DIFF_H
#define JITCTL_CMD_DIFF_H

#include <stdbool.h>

#include "base/attr.h"
#include "jitctl/jitctl.h"

/* On stdout, of the policy that there is and the file (both stay the caller's):
 * all, or what --user and --target name; with power, also whether it would wait
 * for a second admin, and EXIT_CONFLICT, said, where apply refuses it. EXIT_OK;
 * EXIT_FAILED where it is not all, said. */
MUST_CHECK int diff_print(
    struct ctx *c, json_t *now, const json_t *file, bool prune, bool power);

#endif
