/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn - one TLS connection at a time to one receiver: made, written to, and
 * ended so that one knows what the receiver has read. Knows bytes, no message;
 * does not try again, but each attempt after a break goes to the host's next
 * address.
 */
#ifndef SHIPPER_TRANSPORT_CONN_H
#define SHIPPER_TRANSPORT_CONN_H

#include <stddef.h>

#include "base/attr.h"
#include "core/conf.h"
#include "process/process.h"

struct conn;

/* Each is the last thing its event does: it may open, send, end, close. */
struct conn_hooks {
	void (*up)(void *ctx);      /* the receiver is who it should be */
	void (*drained)(void *ctx); /* all that was put is written */
	/* The goodbye was answered: all that was written has been read. */
	void (*ended)(void *ctx);
	/* Gone, or it took too long to make; everything put is forgotten. */
	void (*broken)(void *ctx, const char *why); /* HOST port N: ... */
	void *ctx;
};

/* Resolves the host (blocking): before the sandbox. conf and hooks.ctx live on,
 * and so does the conn. GW_ESTATE when that fails, *why then is a sentence that
 * says so; GW_ENOMEM. The CA file is read when a connection is made, if it is
 * not the one that was read before. */
MUST_CHECK int conn_new(struct conn **ret, struct process *p,
    const struct conf_sink *conf, const struct conn_hooks *hooks,
    const char **why);

/* TCP and TLS have 10 s each; then broken is called. */
void conn_open(struct conn *c);
/* Copies; writes nothing yet. GW_ECLOSED when it is not up, GW_ELIMIT when more
 * than 4 MiB wait. */
MUST_CHECK int conn_put(struct conn *c, const void *p, size_t n);
void conn_send(struct conn *c);
/* Nothing may be left to write; without effect when it is not up. */
void conn_end(struct conn *c);
/* At once, and no hook is called. */
void conn_close(struct conn *c);
/* As if the receiver had: hooks.broken is called. */
void conn_break(struct conn *c, const char *why);

#endif
