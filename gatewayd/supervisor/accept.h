/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept - SSH connections: each is given a number and a session process.
 */
#ifndef SUPERVISOR_ACCEPT_H
#define SUPERVISOR_ACCEPT_H

#include "supervisor/supervisor.h"

/* From here on connections are accepted. */
MUST_CHECK int accept_start(struct supervisor *s);
/* Connects every live session to a process that was just (re)started. */
void accept_relink(struct supervisor *s, enum proc proc);
/* The session process behind p has ended. */
void accept_lost(struct supervisor *s, struct peer *p);
/* A session process without a client, for the broker's probe of a target. */
int accept_probe(struct supervisor *s, uint64_t conn);
/* No new connections, and every session is asked to end. */
void accept_stop(struct supervisor *s);

#endif
