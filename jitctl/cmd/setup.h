/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup - what a target's sshd needs, as commands to be pasted there as root.
 * All of it is ours but the CA's keys; those, and the names, are parsed as what
 * they are: a gateway that was taken over writes no line of it.
 */
#ifndef JITCTL_CMD_SETUP_H
#define JITCTL_CMD_SETUP_H

#include "base/attr.h"
#include "jitctl/jitctl.h"

/* The commands for a target and its logins, as this client sent them, with the
 * "ca_keys" of the reply, on stdout. EXIT_VERIFY, said, when the reply is not
 * about these, or names another CA than the profile: nothing is printed then.
 */
MUST_CHECK int setup_print(const struct ctx *c, const char *target,
    const json_t *logins, const json_t *reply);

#endif
