/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process - the one skeleton every long-running process of the gateway shares:
 * control socket, links, message dispatch, timers, evidence, sandbox.
 *
 * How a process starts: gatewayd forks, drops to the uid and capabilities of
 * that process, and execs its binary with the control socket as descriptor 3.
 * process_main() then receives SUP_CONFIG, calls def->start (and def->reload
 * for each SUP_CONFIG after that), receives SUP_LISTENER where it listens and
 * SUP_LINK for each process it talks to (again whenever that one was restarted:
 * the new link replaces the old). When every process in def->needs has been
 * linked once, it calls def->ready, enters the sandbox and sends SUP_READY.
 * What fails before that is logged and ends the process with status 1; gatewayd
 * tries again, and gives up before it ever served. argv is read for --version
 * only, and by the API for its instance.
 *
 * Everything is one thread. Handlers must not block.
 */
#ifndef PROCESS_PROCESS_H
#define PROCESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "core/conf.h"
#include "core/event.h"
#include "core/proc.h"
#include "wire/ipc.h"
#include "wire/messages.h"

struct process; /* this process */
struct peer;    /* one link */
struct timer;   /* one timer */
struct watch;   /* one watched descriptor */

/*
 * Handles one decoded message of a type listed in def->handlers; several types
 * may have one handler. Its descriptors (if it carries any) belong to the
 * handler when that returns 0. Any negative return closes that peer and is
 * audited as peer.protocol.
 */
typedef int process_handler_fn(
    struct process *r, struct peer *p, const struct ipc_msg *msg);

struct process_handler {
	uint16_t type;
	process_handler_fn *fn;
};

struct process_sandbox {
	const char *const *ro; /* Landlock: readable folders, NULL-terminated */
	const char *const *rw; /* and writable ones; NULL lists = none */
};

struct process_def {
	enum proc proc;
	const char *name; /* "broker" */
	uint32_t needs;   /* PROC_BIT mask of links wanted before ready */
	const struct process_handler *handlers;
	size_t nhandlers;
	/* Files are opened, keys loaded, state read. conf lives on. */
	int (*start)(struct process *r, const struct conf *conf);
	/* All needed links are there. May send. 0: serving from now on;
	 * PROCESS_LATER: process_ready() will say when. */
	int (*ready)(struct process *r);
	/* A link was made (anew), or was lost. May be NULL. */
	void (*peer_up)(struct process *r, struct peer *p);
	void (*peer_down)(struct process *r, struct peer *p);
	/* The configuration was read again, and is in force in what start() was
	 * given; old is what it was. NULL = nothing needs to be done. */
	void (*reload)(struct process *r, const struct conf *old);
	/* SUP_STOP: finish and call process_exit(); NULL = exit at once. */
	void (*stop)(struct process *r);
	/* SUP_LISTENER; fd is the callee's when it returns 0. May be NULL. */
	int (*listener)(struct process *r, int fd, bool tls);
	/* Filled by start or before; read when the sandbox is entered. */
	struct process_sandbox *sandbox;
	/* The notary only: process_append() without fn, for lack of a link to
	 * itself. f is never NULL. */
	int (*append)(struct process *r, enum event_code ev,
	    const struct event_fields *f);
};

enum { PROCESS_LATER = 1 };
/* After PROCESS_LATER, once: SUP_READY, from now on we serve. */
int process_ready(struct process *r);

/* Tells the supervisor that we live. The skeleton answers its heartbeat; who
 * works longer than a second without coming back to the loop says so itself. */
void process_alive(struct process *r);
/* Milliseconds since the supervisor last asked us that, or since our start: it
 * does every two seconds, unless it hangs. */
int64_t process_unheard_ms(const struct process *r);

/* Runs the process; returns its exit status. ctx is process_ctx() for handlers.
 */
int process_main(
    const struct process_def *def, void *ctx, int argc, char **argv);

/* The supervisor's own way in: no control socket; def->start is called with
 * the configuration given, then the loop runs. It makes its peers itself. */
int process_supervise(const struct process_def *def, void *ctx,
    const struct msg_sup_config *config);
/* Supervisor: a link over fd, which is owned from here on, also on failure. */
MUST_CHECK int process_adopt(struct process *r, struct peer **ret,
    enum proc proc, const struct msg_sup_link *link, int fd);
/* Supervisor: another configuration, in the place of the one it started with.
 */
void process_reload(struct process *r, const struct conf *conf);
/* Supervisor: the notary was sent its configuration; now what waits for it. */
void process_notary_up(struct process *r);

void *process_ctx(struct process *r);
/* "https" or "admin" for the API binary, else "". */
const char *process_instance(struct process *r);
void process_exit(struct process *r, int status); /* leaves the loop soon */

/* ---- links */
/* The live link to proc (not for sessions), or NULL. */
struct peer *process_peer(struct process *r, enum proc proc);
/* The session link with this connection id, or NULL. */
struct peer *process_session(struct process *r, uint64_t conn);
enum proc peer_proc(const struct peer *p);
uint64_t peer_conn(const struct peer *p);
/* The SUP_LINK that announced it: client address and port of a session. */
const struct msg_sup_link *peer_link(const struct peer *p);
void peer_set_state(struct peer *p, enum msg_state s);
/* One pointer of the process's own per link, e.g. the session's record. */
void peer_set_data(struct peer *p, void *data);
void *peer_data(const struct peer *p);
void peer_close(struct peer *p); /* peer_down is called */
/* p's process has ended: what it sent before is handled now, then p is closed.
 */
void peer_drain(struct peer *p);

/*
 * Queues and sends; order is kept. GW_ECLOSED when p is NULL or gone,
 * GW_ELIMIT past LIMIT_PEER_QUEUE (the link is then closed). fd -1 = none; it
 * is duplicated, the caller keeps its own.
 */
int peer_send(struct peer *p, unsigned type, const void *body, int fd);
int peer_send2(
    struct peer *p, unsigned type, const void *body, int fd0, int fd1);

/* Bytes queued to p and not yet sent: who streams stops well below
 * LIMIT_PEER_QUEUE and continues later. 0 for NULL. */
size_t peer_queued(const struct peer *p);

/* ---- evidence */
typedef void process_durable_fn(void *arg, int result, uint64_t seq);
/*
 * Sends an event to the notary. With fn, it is called once the record is
 * durable (result 0) or refused/lost (negative; also when the notary dies
 * before it answered). Without, fire and forget; while the notary is away up
 * to 1,024 such records wait for it. f may be NULL; it is not consumed.
 */
int process_append(struct process *r, enum event_code ev,
    const struct event_fields *f, process_durable_fn *fn, void *arg);

/* A fresh, non-zero request id. */
uint32_t process_rid(struct process *r);

/* ---- time and descriptors */
typedef void process_timer_fn(struct process *r, void *arg);
/* One-shot; free with timer_free, also inside fn. */
struct timer *timer_new(struct process *r, process_timer_fn *fn, void *arg);
void timer_set(struct timer *t, int64_t in_ms); /* <= 0: next turn */
void timer_stop(struct timer *t);
void timer_free(struct timer *t);

enum { WATCH_READ = 1, WATCH_WRITE = 2 };
typedef void process_watch_fn(
    struct process *r, int fd, unsigned what, void *arg);
struct watch *watch_new(
    struct process *r, int fd, process_watch_fn *fn, void *arg);
void watch_set(struct watch *w, unsigned what); /* 0 = pause */
void watch_free(struct watch *w);

#endif
