/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transport - a way for messages to reach one receiver, as a table. A transport
 * keeps the messages apart on the way, writes them, and says what the receiver
 * has read of them. It reads none itself and does not try again: when and what
 * to send, the sink decides. A new one is a file in this folder with a table
 * like this, and a line where main.c joins encoders and transports.
 *
 * Messages are put only while it is up, from hooks.up or hooks.sent until the
 * next sent; then end, or more.
 */
#ifndef SHIPPER_TRANSPORT_TRANSPORT_H
#define SHIPPER_TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/conf.h"
#include "process/process.h"

struct transport_ops;

/* The head of every transport's own struct. */
struct transport {
	const struct transport_ops *ops;
};

/* Each but read is the last thing its event does: open, put, end and close may
 * be called in it. */
struct transport_hooks {
	void (*up)(void *ctx);   /* the receiver is who it should be */
	void (*sent)(void *ctx); /* all that was put is written: there is room
				  */
	/* The receiver has read every record below next. */
	void (*read)(void *ctx, uint64_t next);
	void (*ended)(void *ctx); /* in order, as end() asked for */
	void (*broken)(void *ctx, const char *why); /* and nothing else is known
						     */
	void *ctx;
};

struct transport_ops {
	const char *name; /* for people */
	/* The receiver is asked (by an end in order) what it has read when the
	 * first write it did not answer for is so old. */
	int64_t ask_ms;
	/* What it has read may be in its memory only for so long after it was
	 * written, and is lost with it. */
	int64_t kept_ms;
	/* It says of each message that it is there: what was sent is read. */
	bool answers;
	int64_t pause_max_ms; /* between tries */
	/* After broken: the pause that the receiver asked for, 0 = none. NULL:
	 * none of its kind asks. */
	int64_t (*asked_ms)(const struct transport *t);

	/* Before the sandbox: reads files, resolves names (blocking). conf and
	 * hooks.ctx live on, as it does itself. GW_ESTATE when the receiver
	 * cannot be used like this, *why then says so; else the process cannot
	 * go on. */
	int (*make)(struct transport **ret, struct process *p,
	    const struct conf_sink *conf, const struct transport_hooks *hooks,
	    const char **why);
	/* Begins to connect; up and then sent follow, or broken. */
	void (*open)(struct transport *t);
	/* One message, for record seq; copies. Of no bytes: there is none for
	 * it. On failure the connection is of no use any more: give it up. */
	int (*put)(
	    struct transport *t, uint64_t seq, const void *message, size_t n);
	/* Writes what was put; sent or broken follows. */
	void (*send)(struct transport *t);
	/* Nothing may be left to write. read and ended follow, or broken. */
	void (*end)(struct transport *t);
	/* At once, and no hook is called. */
	void (*close)(struct transport *t);
	/* As if the receiver had: broken is called. */
	void (*give_up)(struct transport *t, const char *why);
};

#endif
