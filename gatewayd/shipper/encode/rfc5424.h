/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rfc5424 - one record of the log as one syslog message (RFC 5424). The record
 * itself is the MSG, byte for byte: what the SIEM keeps can be verified against
 * the checkpoints.
 *
 *   <PRI>1 TIME server_id sallyport origin CODE [sallyport@32473 ...] RECORD
 */
#ifndef SHIPPER_ENCODE_RFC5424_H
#define SHIPPER_ENCODE_RFC5424_H

#include "shipper/encode/encode.h"

enum {
	RFC5424_FACILITY = 13, /* log audit */
};

/* A line that is no record is sent with nothing but its bytes. */
extern const struct encoder encoder_rfc5424;

/* Severity of a catalogue entry (1..6) as syslog's (7..0); 3 for others. */
unsigned rfc5424_severity(unsigned sev);

#endif
