/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor - starts, connects and restarts the processes of the gateway, and
 * accepts SSH connections for them. Runs as root with few capabilities, parses
 * nothing that comes from the network, holds no key.
 *
 *   child.c   one table of processes: fork, drop, exec, restart
 *   accept.c  the SSH listeners: one session per connection
 *   listen.c  sockets, and whose port it is before we take it
 */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/limits.h"
#include "process/process.h"

enum { CHILD_COUNT = 8 };

/* What one process is; the table is in child.c. */
struct child_spec {
	enum proc proc;
	const char *binary;   /* in PKGLIBEXECDIR */
	const char *user;     /* system user and group */
	const char *instance; /* the API's "https" or "admin" */
	uint64_t caps;        /* bits by CAP_* */
	uint32_t links;       /* PROC_BIT of the fixed processes it talks to */
};

struct child {
	const struct child_spec *spec;
	pid_t pid; /* 0 = not running */
	struct peer *peer;
	bool ready;
	unsigned failures; /* in a row, for the back-off */
	int64_t started_us;
	struct timer *restart;
};

struct conn; /* accept.c */

/* Records of one kind: how many were written, how many only counted. */
struct tally {
	unsigned n, left_out;
};

struct supervisor {
	struct process *process;
	const struct conf *conf;
	struct child child[CHILD_COUNT];
	struct conn *conns;
	unsigned nconns;
	uint64_t next_conn;
	struct tally connects, refusals; /* of this minute: accept.c */
	struct timer *tally_timer;
	int ssh_fd[LIMIT_LISTEN];
	struct watch *ssh_watch[LIMIT_LISTEN];
	int api_fd[LIMIT_LISTEN];
	int admin_fd;
	bool all_ready; /* doors proven shut, everybody serving */
	bool stopping;
	bool told;   /* the children: sessions had their time to say goodbye */
	bool last;   /* notary and shipper too */
	bool killed; /* one of them did not stop by itself */
	struct timer *stop_timer;
};

/* child.c */
MUST_CHECK int child_start_all(struct supervisor *s);
void child_exited(struct supervisor *s, pid_t pid, int status);
/* The control link of child p was lost (its exit follows). */
void child_link_lost(struct supervisor *s, struct peer *p);
/* Child p lost its link to proc. GW_EPROTO: it has none. */
int child_relink(struct supervisor *s, struct peer *p, enum proc proc);
void child_ready(struct supervisor *s, struct peer *p);
/* SUP_STOP to all but notary and shipper: they have the last word. */
void child_stop_all(struct supervisor *s);
/* Whoever still runs: it did not stop when asked. */
void child_kill_all(struct supervisor *s);
/* Does a process run, apart from those in the PROC_BIT mask? */
bool child_any(const struct supervisor *s, uint32_t but);
/* NULL when it does not run. */
struct peer *child_peer(struct supervisor *s, enum proc proc);

/* accept.c */
MUST_CHECK int accept_start(struct supervisor *s);
/* Connects every live session to a process that was just (re)started. */
void accept_relink(struct supervisor *s, enum proc proc);
void accept_lost(struct supervisor *s, struct peer *p);
int accept_probe(struct supervisor *s, uint64_t conn);
/* No new connections; every session is told to end. */
void accept_stop(struct supervisor *s);

/* listen.c */
struct port_use {
	bool listening;
	bool established; /* a live connection has this local port */
	char who[128];    /* ", sshd, process 812", escaped; empty: not told */
};
/* Reads /proc/net/tcp and tcp6. */
MUST_CHECK int listen_port_use(struct port_use *ret, uint16_t port);
/* One gatewayd per state_dir, until it ends; on failure a line was logged. */
MUST_CHECK int listen_lock(const struct conf *c);
/* Opens every socket of the configuration; on failure a line was logged. */
MUST_CHECK int listen_open(struct supervisor *s);

/* notify.c: sd_notify(3)'s protocol; silent when nobody asked. */
void notify_send(const char *text);

/* libssh.c: 0 when the libssh installed has the fixes LESSONS demands. */
MUST_CHECK int libssh_check(void);

#endif
