/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootsock - what root on the gateway tells the running supervisor: a socket in
 * the state folder, for uid 0 alone, one question at a time. `gatewayd
 * unprotect` asks it (unprotect.c). No other process of ours has a part in it
 * but the notary, which writes who and why first, and the firewall.
 */
#ifndef SUPERVISOR_ROOTSOCK_H
#define SUPERVISOR_ROOTSOCK_H

#include "supervisor/supervisor.h"

#define UNPROTECT_UNTOLD                                                       \
	"whether a target names it cannot be told, as the broker does not "    \
	"answer: nothing was changed; it is started anew within 10 seconds, "  \
	"try again then"

/* Where it is; GW_ELIMIT when the state folder's path is too long for one. */
MUST_CHECK int rootsock_path(
    const struct conf *c, char ret[static LIMIT_PATH_SIZE]);
/* From here on root is heard. On failure a line was logged. */
MUST_CHECK int rootsock_start(struct supervisor *s);
/* The broker's answer: a target that still has the port, or none. */
int on_whose_is(struct process *r, struct peer *p, const struct ipc_msg *msg);
/* The firewall's answer, and that there will be none. */
int on_fw_unprotected(
    struct process *r, struct peer *p, const struct ipc_msg *msg);
void rootsock_firewall_lost(struct supervisor *s);

#endif
