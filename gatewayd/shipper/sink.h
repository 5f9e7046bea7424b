/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink - one receiver: a TLS connection, made again whenever it breaks, and
 * the account of what reached it. Does not read the log: it asks its owner for
 * records and is given frames.
 *
 * TLS syslog has no acknowledgement, and what TCP acknowledged may lie unread
 * in the receiver's kernel for as long as the receiver is stuck, and die with
 * it. So when the oldest write is 30 s old the connection is ended in order
 * and made anew: a receiver that answers the goodbye has read all before it.
 * What it read less than 30 s ago may be in its memory only and counts as not
 * there either. Whatever is not known to be there when a connection breaks is
 * sent again; the receiver drops repeats by the record's id.
 */
#ifndef SHIPPER_SINK_H
#define SHIPPER_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "process/process.h"

struct sink;

struct sink_hooks {
	/* The sink can take frames of the records from seq on; answer, now or
	 * later, with sink_give. Asked again only after that or a reconnect. */
	void (*want)(void *ctx, struct sink *s, uint64_t from);
	/* It came up, or it went and why. Once per change. */
	void (*changed)(void *ctx, struct sink *s, bool up, const char *why);
	/* Everything below seq has arrived: keep that. */
	void (*arrived)(void *ctx, struct sink *s, uint64_t next);
	void *ctx;
};

/* Resolves the host (blocking) and reads the CA file: before the sandbox; if
 * either fails the sink is not usable and says so. next is the first record to
 * deliver. conf lives on. */
MUST_CHECK int sink_new(struct sink **ret, struct process *r,
    const struct conf_sink *conf, uint64_t next,
    const struct sink_hooks *hooks);
void sink_free(struct sink *s);
void sink_start(struct sink *s);
/* Frames of the records from .. next-1, as wanted; the bytes are copied. Empty
 * with next == from means there is nothing yet: give again when there is. An
 * answer to a question of an earlier connection is passed over. */
MUST_CHECK int sink_give(
    struct sink *s, const struct buf *frames, uint64_t from, uint64_t next);
/* want() was called and not answered. */
bool sink_waits(const struct sink *s);
/* Ends in order: close_notify, and if the peer answers it, all has arrived. */
void sink_stop(struct sink *s);
bool sink_stopped(const struct sink *s);

const char *sink_name(const struct sink *s);
bool sink_up(const struct sink *s);
bool sink_usable(const struct sink *s);
/* The first record not known to have arrived. */
uint64_t sink_next(const struct sink *s);
/* Back to record 0: the log is not the one this cursor was of. */
void sink_rewind(struct sink *s);

#endif
