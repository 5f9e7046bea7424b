/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen - the sockets of the gateway, and whether a port is free for one.
 */
#ifndef SUPERVISOR_LISTEN_H
#define SUPERVISOR_LISTEN_H

#include "supervisor/supervisor.h"

struct port_use {
	bool listening;
	bool established; /* a live connection has this local port */
	char who[128];    /* ", sshd, process 812", escaped; "" = unknown */
};

/* Reads /proc/net/tcp and tcp6. GW_ESYS. */
MUST_CHECK int listen_port_use(struct port_use *ret, uint16_t port);
/* One gatewayd per state_dir, until it ends; on failure a line was logged. */
MUST_CHECK int listen_lock(const struct conf *c);
/* Opens every socket of the configuration; on failure a line was logged. */
MUST_CHECK int listen_open(struct supervisor *s);

/* Before the API's sockets are handed out: one that its last holder has shut
 * down, or nobody can connect to, is made anew, and that is evidence. */
void listen_mend_api(struct supervisor *s);
void listen_mend_admin(struct supervisor *s);

#endif
