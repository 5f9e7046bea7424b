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

#include <stddef.h>

#include "base/buf.h"

struct encoder {
	const char *name; /* for people */
	/*
	 * Appends the message for one line of the log, given without its LF.
	 * node is this gateway's server_id. A line that is no record of ours
	 * gets a message too: the receiver's copy has no holes. out's errors.
	 */
	int (*message)(
	    struct buf *out, const char *node, const void *line, size_t n);
};

#endif
