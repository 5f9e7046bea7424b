/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept - SSH connections: each is given a number and a session process.
 */
#ifndef SUPERVISOR_ACCEPT_H
#define SUPERVISOR_ACCEPT_H

#include "supervisor/supervisor.h"

/* The broker says which sources have a live grant or token. */
void accept_known(struct supervisor *s, const struct msg_sup_known *m);
/* From here on connections are accepted. */
MUST_CHECK int accept_start(struct supervisor *s);
/* Notary and recorder: a line to one is what a session takes for evidence that
 * can be written, so it gets one from when that is ready. */
bool accept_waits(enum proc proc);
/* Connects every live session to a process that was just (re)started. */
void accept_relink(struct supervisor *s, enum proc proc);
/* The line to the session process behind p is lost: it is killed, and counts
 * until it is reaped. */
void accept_lost(struct supervisor *s, struct peer *p);
/* What a zygote says about a session of its own. True: it died by a signal. */
bool accept_told(
    struct supervisor *s, pid_t zygote, const struct msg_sup_session *m);
/* A session's line for the operators: logged with its connection's number, up
 * to LIMIT_SESSION_LINES of them. */
void accept_said(
    struct supervisor *s, const struct peer *p, const struct msg_sup_say *m);
/* A zygote has ended and was reaped: its sessions are our children now. */
void accept_orphans(struct supervisor *s, pid_t zygote);
/* One of those was reaped. */
void accept_reaped(struct supervisor *s, pid_t pid, int status);
/* Has this zygote a session that is not reaped? */
bool accept_any_of(const struct supervisor *s, pid_t zygote);
/* The broker says that this connection is a user's: it keeps its place. */
void accept_logged_in(struct supervisor *s, uint64_t conn);
/* SIGKILL; nothing if there is no such session. */
void accept_kill(struct supervisor *s, uint64_t conn);
void accept_kill_all(struct supervisor *s);
/* A turn of the heartbeat of all sessions: one that hangs is killed. */
void accept_beat(struct supervisor *s);
/* A session process without a client, for the broker's probe of a target. */
int accept_probe(struct supervisor *s, uint64_t conn);
/* No new connections, and every session is asked to end. */
void accept_stop(struct supervisor *s);

#endif
