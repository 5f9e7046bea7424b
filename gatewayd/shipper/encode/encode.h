/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encode - a format of records for receivers, as a table. An encoder turns one
 * record of the log into one message; how messages are kept apart on the way
 * is the transport's business. Encoders are pure and keep no state. A new
 * format is a file in this folder with a table like these, and a line where
 * main.c joins encoders and transports.
 */
#ifndef SHIPPER_ENCODE_ENCODE_H
#define SHIPPER_ENCODE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct encode_how {
	const char *node;     /* this gateway's server_id */
	const char *events;   /* of those that send some only: which */
	int64_t now_ms;       /* UTC */
	uint64_t passed_over; /* messages that were too old; counted on */
};

struct encoder {
	const char *name; /* for people */
	bool news;        /* a new receiver is told what happens from now on */
	/*
	 * Appends the message for one line of the log, given without its LF, or
	 * nothing when the receiver is not to have it. Where it is to have all,
	 * a line that is no record of ours gets a message too: its copy has no
	 * holes. out's errors.
	 */
	int (*message)(struct buf *out, struct encode_how *how,
	    const void *line, size_t n);
};

#endif
