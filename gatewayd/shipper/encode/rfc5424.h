/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rfc5424 - one record of the log as one syslog message (RFC 5424), and its
 * frame (RFC 5425: "LEN SP MSG"). Pure. The record itself is the MSG, byte for
 * byte: what the SIEM keeps can be verified against the checkpoints.
 *
 *   <PRI>1 TIME server_id sallyport origin CODE [sallyport@32473 ...] RECORD
 */
#ifndef SHIPPER_ENCODE_RFC5424_H
#define SHIPPER_ENCODE_RFC5424_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

enum {
	RFC5424_FACILITY = 13, /* log audit */
};

/* Severity of a catalogue entry (1..6) as syslog's (7..0); 3 for others. */
unsigned rfc5424_severity(unsigned sev);

/*
 * Appends one frame for a line without its LF. A line that is no record of
 * ours is sent all the same, with nothing but its bytes: the SIEM's copy has
 * no holes. buf's errors.
 */
MUST_CHECK int rfc5424_frame(
    struct buf *out, const char *hostname, const void *line, size_t n);

#endif
