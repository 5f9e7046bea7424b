/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh - how this user's ssh is called.
 */
#ifndef JITCTL_CMD_SSH_H
#define JITCTL_CMD_SSH_H

#include "jitctl/jitctl.h"

/* What a known_hosts file has of the gateway. */
enum ssh_knows { SSH_KNOWS_NONE = 0, SSH_KNOWS_OTHER, SSH_KNOWS };

/* In what ssh-keygen -F prints. Another key of the same type is refused by ssh
 * unless the right one is there as well. */
enum ssh_knows ssh_knows_in(const char *text, const char *host_key);
/* In the user's file and the host's. name is ssh's for the gateway. */
enum ssh_knows ssh_knows(const char *name, const char *host_key);
/* "[HOST]:PORT" */
void ssh_name(const struct ctx *c, char ret[static LIMIT_HOST_SIZE + 16]);

enum { SSH_TEXT_SIZE = 2 * LIMIT_PATH_SIZE };

/* "ssh -i FILE -p PORT": the key that ssh would not try by itself, and the port
 * unless it is 22 or 0; to be pasted, as far as it fits. */
void ssh_begin(
    const struct ctx *c, unsigned port, char ret[static SSH_TEXT_SIZE]);

#endif
