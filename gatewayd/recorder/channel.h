/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel - one recorded channel of a session: its files, their records in the
 * log, the clock it stamps events with. Knows nothing of messages.
 */
#ifndef RECORDER_CHANNEL_H
#define RECORDER_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "recorder/cast.h"
#include "recorder/file.h"
#include "role/role.h"
#include "wire/messages.h"

struct channel {
	struct channel *next;
	struct role *role;
	uint64_t conn;
	char sid[LIMIT_ID_SIZE];
	char grant[LIMIT_ID_SIZE];
	uint32_t id;
	int dir; /* borrowed */
	struct cast cast;
	struct file text; /* the .cast */
	struct file raw;  /* the .cast.raw; made when first needed */
	struct buf raw_line;
	int64_t zero_us;   /* CLOCK_MONOTONIC that is time 0 */
	uint64_t received; /* terminal bytes taken */
	uint64_t written;  /* of these, in the file */
};

/*
 * Creates the file (a further part when the session was recorded before, which
 * closes the earlier part's account in the log), writes its header and sends
 * recording.start; fn(arg) is called when that record is durable or refused.
 */
MUST_CHECK int channel_new(struct channel **ret, struct role *r, int dir,
    uint64_t conn, const struct msg_rec_open *m, role_durable_fn *fn,
    void *arg);
/* GW_EPROTO for data that is not of its kind; anything else is fatal for the
 * recording. */
MUST_CHECK int channel_data(
    struct channel *c, unsigned kind, const void *p, size_t n);
/* Writes what is pending and sends its recording.chunk. */
MUST_CHECK int channel_flush(struct channel *c);
/* Flushes, closes, sends recording.end (reason "" = an ordinary end), frees. */
MUST_CHECK int channel_end(struct channel *c, const char *reason);
/* Closes and frees without a record. */
void channel_free(struct channel *c);

#endif
