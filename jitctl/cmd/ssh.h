/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh - how this user's ssh is called.
 */
#ifndef JITCTL_CMD_SSH_H
#define JITCTL_CMD_SSH_H

#include "jitctl/jitctl.h"

enum { SSH_TEXT_SIZE = 2 * LIMIT_PATH_SIZE };

/* "ssh -i FILE -p PORT": the key that ssh would not try by itself, and the port
 * unless it is 22 or 0; to be pasted, as far as it fits. */
void ssh_begin(
    const struct ctx *c, unsigned port, char ret[static SSH_TEXT_SIZE]);

#endif
