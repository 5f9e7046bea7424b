/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink - one receiver: an encoder, a transport whose connection is made again
 * whenever it breaks, the account of what arrived (settle.h) and the cursor
 * that keeps it. Does not read the log: it asks its owner for records.
 *
 * A receiver that does not answer for what it was sent is asked, by an end in
 * order, as soon as the transport says so. Whatever is not known to have
 * arrived when a connection breaks is sent again; the receiver drops repeats by
 * the record's id.
 */
#ifndef SHIPPER_SINK_H
#define SHIPPER_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "process/process.h"
#include "shipper/encode/encode.h"
#include "shipper/transport/transport.h"

struct sink;

struct sink_hooks {
	/* The sink can take records from this one on; answer, now or later,
	 * with sink_give. Asked again only after that. */
	void (*want)(void *ctx, uint64_t from);
	/* What it wanted it cannot take any more: the connection is gone. */
	void (*unwant)(void *ctx);
	/* It came up, or it went and why; once per change, also of why alone.
	 * fresh: nothing of this outage had that cause before. */
	void (*changed)(void *ctx, bool up, const char *why, bool fresh);
	/* More has arrived, see sink_next; the cursor is written. */
	void (*arrived)(void *ctx);
	/* ... or cannot be, by the errno; 0: it can again. Once per change. */
	void (*kept)(void *ctx, const char *path, int error);
	void *ctx;
};

struct sink_def {
	const struct conf_sink *conf; /* lives on, as node does */
	const char *node;             /* server_id, for the encoder */
	const char *folder;           /* where its cursor is kept */
	const struct encoder *encoder;
	const struct transport_ops *transport;
	struct sink_hooks hooks;
};

/* Before the sandbox: makes the transport, reads the cursor. A transport that
 * cannot be made leaves a sink that is not usable, and says so at its start. No
 * hook is called before sink_start. GW_ENOMEM, GW_ELIMIT. */
MUST_CHECK int sink_new(
    struct sink **ret, struct process *p, const struct sink_def *def);
void sink_start(struct sink *s);
/* The records from .. next-1 as wanted: one line each, with its LF. Without
 * effect when these are not wanted. */
void sink_give(
    struct sink *s, const struct bytes *lines, uint64_t from, uint64_t next);
/* Ends in order: what the receiver then says it has read has arrived. */
void sink_stop(struct sink *s);
bool sink_stopped(const struct sink *s);

const char *sink_name(const struct sink *s);
bool sink_up(const struct sink *s);
/* Why it is down now; "" = it is not, or has not tried yet. */
const char *sink_why(const struct sink *s);
bool sink_usable(const struct sink *s);
/* The first record not known to have arrived. */
uint64_t sink_next(const struct sink *s);
/* The log ends before what was wanted. A new sink that is told news begins
 * there. Else it is not the log that this cursor was of, and all of it is sent:
 * true. */
bool sink_shorter(struct sink *s, uint64_t end);

#endif
