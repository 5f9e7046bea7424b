/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor - starts, connects and restarts the processes of the gateway, and
 * accepts SSH connections for them. Runs as root with few capabilities, parses
 * nothing that comes from the network, holds no key.
 *
 * This header is what its files share; each has a header of its own:
 *   main.c    start, signals, stop
 *   child.c   one table of processes: fork, drop, exec, link, restart
 *   beat.c    does a process answer?
 *   pulse.c   asks all of them in turn, and kills who does not
 *   failing.c those that do not start
 *   said.c    what they write on stderr
 *   accept.c  the SSH listeners: one session per connection
 *   goodbye.c those for whom there is no place
 *   listen.c  sockets, and whose port it is before it is bound
 */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/limits.h"
#include "core/known.h"
#include "process/process.h"

enum { CHILD_COUNT = 8 };

/* Of one process: is it asked whether it lives, and for how long (beat.c). */
struct beat {
	bool asked, once; /* it has not answered; it has answered before */
	unsigned turns;   /* since it was asked, or started */
};

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
	const struct child_spec *spec; /* NULL before child_init() */
	uid_t uid;
	gid_t gid;
	pid_t pid; /* 0 = not running */
	struct peer *peer;
	bool ready;
	bool exited;       /* and reaped: its last words are read */
	unsigned failures; /* in a row, for the back-off */
	int64_t started_us;
	struct timer *restart;
	struct beat beat;
	/* failing.c: the first error that it wrote, escaped, and why it does
	 * not start; "" = none, it does */
	bool was_ready;
	char said[LIMIT_TEXT_SIZE], fails[LIMIT_TEXT_SIZE];
};

struct conn;     /* accept.c */
struct said;     /* said.c */
struct rootsock; /* rootsock.c */
struct goodbyes;

/* A zygote of which a session died by a signal: whoever made it die knows more
 * now about the memory of its siblings. It forks no more, and lives on as the
 * one that reaps, until its last session is gone. */
struct retired {
	struct retired *next;
	pid_t pid;
	struct peer *peer; /* NULL: it is about to end */
	bool exited;       /* and reaped: its last words are read */
	struct beat beat;
};

/* Records of one kind: how many were written, how many only counted. */
struct tally {
	unsigned n, left_out;
};

/* An orderly stop: who is asked to end now. */
enum stop_step {
	STOP_NONE = 0,     /* we serve */
	STOP_SESSIONS,     /* they say goodbye to their users */
	STOP_ZYGOTES,      /* ... and did not go when killed: their parents */
	STOP_CHILDREN,     /* everybody but notary and shipper */
	STOP_LAST_WRITERS, /* notary and shipper: theirs is the last record */
	STOP_NOW,          /* asked twice: only what is killed may yet go */
};

struct supervisor {
	struct process *process;
	const struct conf *conf;
	const char *config_path; /* where it was read, and is again */
	struct child child[CHILD_COUNT];
	struct retired *retired;
	unsigned nretired;
	struct said *said;
	struct conn *conns;
	unsigned nconns;
	uint64_t next_conn;
	struct tally connects, refusals; /* of this minute: accept.c */
	struct timer *tally_timer;
	struct goodbyes *goodbyes;
	struct known known; /* sources, as the broker says */
	int ssh_fd[LIMIT_LISTEN];
	struct watch *ssh_watch[LIMIT_LISTEN];
	int api_fd[LIMIT_LISTEN];
	int admin_fd;
	struct rootsock *rootsock; /* rootsock.c */
	bool served; /* once: doors proven shut, everybody ready */
	enum stop_step stop;
	bool killed; /* somebody did not stop when asked */
	bool sessions_killed;
	bool shut;      /* at the stop: a firewall process says so */
	unsigned shuts; /* ... and how many were started anew for it */
	struct timer *stop_timer;
	struct timer *beat_timer;
	unsigned beat_turn;
};

/* NULL before child_init(), and for a session. */
struct child *supervisor_child(struct supervisor *s, enum proc proc);
/* The control link of a process; NULL when it does not run. */
struct peer *supervisor_peer(struct supervisor *s, enum proc proc);
/* The control link of the zygote with this pid, retired or not; NULL when it is
 * lost. */
struct peer *supervisor_zygote(const struct supervisor *s, pid_t pid);
/* The pid of the zygote behind this link; 0 if that is none. */
pid_t supervisor_zygote_pid(const struct supervisor *s, const struct peer *p);
/* Is this one of the processes we started, a zygote or another? */
bool supervisor_started(const struct supervisor *s, pid_t pid);

#endif
