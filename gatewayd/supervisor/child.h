/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child - the processes of the gateway and their lives: each is started,
 * linked to those it talks to, and started again when it ends.
 */
#ifndef SUPERVISOR_CHILD_H
#define SUPERVISOR_CHILD_H

#include "supervisor/supervisor.h"

/* Who they run as is looked up now: what that takes (files, a directory
 * service) the filter need not allow. On failure a line was logged. */
MUST_CHECK int child_init(struct supervisor *s);
/* On failure a line was logged. */
MUST_CHECK int child_start_all(struct supervisor *s);
/* Process pid ended: it is started again after a pause, or, when nobody was
 * ever served and it keeps failing, the gateway ends. */
void child_exited(struct supervisor *s, pid_t pid, int status);
/* The control link of child p was lost (its exit follows). */
void child_link_lost(struct supervisor *s, struct peer *p);
/* Child p lost its link to proc: both get a new one. GW_EPROTO: it has none. */
int child_relink(struct supervisor *s, struct peer *p, enum proc proc);
/* A session of the zygote died by a signal: another takes its place, with a
 * memory of another layout, and the old one only waits for its sessions. */
void child_renew_zygote(struct supervisor *s);
/* A session is gone: retired zygotes without any end. */
void child_rest(struct supervisor *s);
/* At a stop: SIGKILL to all zygotes, so that what they did not kill is ours. */
void child_kill_zygotes(struct supervisor *s);
/* Child p is ready. True when all of them are now. */
bool child_ready(struct supervisor *s, struct peer *p);
/* Tells all that run what the configuration is now. */
void child_config_all(struct supervisor *s);
/* SUP_STOP to all but notary and shipper. */
void child_stop_all(struct supervisor *s);
/* At a stop: the firewall did not say that it shut every door. Says so on
 * stderr and on record. Before notary is told to stop. */
void child_say_open(struct supervisor *s);
/* Kills whoever still runs: it did not stop when asked. */
void child_kill_all(struct supervisor *s);
/* Does a process run, apart from those in the PROC_BIT mask? */
bool child_any(const struct supervisor *s, uint32_t but);

#endif
