/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal - what process.c (what a process does) and loop.c (when it does it)
 * share, one object in two files, and main.c, which makes and ends it. Nobody
 * else includes it.
 */
#ifndef PROCESS_INTERNAL_H
#define PROCESS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "process/process.h"
#include "wire/ipc.h"

struct event;
struct event_base;
struct append;
struct parked;
struct frame;

struct peer {
	struct peer *next;
	struct process *process;
	enum proc proc;
	struct msg_sup_link link;
	struct ipc ipc;
	struct event *rd, *wr;
	struct frame *out, **out_end; /* not yet sent */
	size_t queued;
	void *data;
	bool announced; /* peer_up was called */
	bool deaf;      /* its queue ran over; the loop closes it */
	bool dead;      /* closed; freed at the end of this turn */
};

struct process {
	const struct process_def *def;
	void *ctx;
	struct event_base *base;
	struct msg_sup_config config;
	struct peer *control;
	struct peer *peers; /* the control link is among them */
	struct timer *relink;
	void *body;      /* ipc_room() for all links */
	uint32_t linked; /* PROC_BIT of every kind linked so far */
	uint32_t rid;
	int64_t heard_boot_ms; /* the supervisor's last beat, or our start */
	struct append *appends;
	struct parked *parked;
	unsigned nparked;
	int status;
	bool started, ready;
	bool reap;   /* some peer is dead */
	bool broken; /* loop is to end */
};

int peer_new(struct peer **ret, struct process *r, enum proc proc, int fd);
void peer_shut(struct peer *p); /* closes; the struct lives on until reaped */

/* process.c: what the loop calls. */
void peer_readable(struct process *r, struct peer *p);
void peer_lost(struct process *r, struct peer *p);

/* process.c: what main.c calls. */
void append_forget(struct process *r); /* records that nobody will take */
process_timer_fn process_relink;

MUST_CHECK int loop_init(struct process *r);
void loop_run(struct process *r);
void loop_break(struct process *r);
void loop_done(struct process *r);

#endif
