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
#include "process/process.h"
#include "recorder/cast.h"
#include "recorder/file.h"
#include "recorder/left.h"
#include "wire/messages.h"

struct channel {
	struct channel *next;
	struct process *process;
	uint64_t conn;
	char sid[LIMIT_ID_SIZE];
	char grant[LIMIT_ID_SIZE];
	uint32_t id;
	int dir; /* borrowed */
	struct cast cast;
	struct file text; /* the .cast */
	struct file raw;  /* the .cast.raw; made when first needed */
	struct buf raw_line;
	struct msg_rec_open open; /* what the session says of itself */
	struct buf command;       /* of it, our own */
	unsigned part;
	char earlier[FILE_NAME_SIZE]; /* the part before this one, or "" */
	bool begun;   /* recording.start is durable: it has an end */
	bool waiting; /* recording.start is on its way: there is no file */
	bool gone;    /* ended meanwhile: the answer ends it */
	const char *reason; /* and why; NULL: it failed */
	int64_t zero_us;    /* CLOCK_MONOTONIC that is time 0 */
	int64_t last_us;    /* of the last event: no two are at one time */
	uint64_t received;  /* terminal bytes, earlier parts included */
	uint64_t written;   /* of these, in whole lines of the files */
	uint64_t told;      /* of these, its session was answered for */
	bool slow;          /* for the rest it waits: there was too much */
	uint64_t cost;      /* bytes of the files that those written are, */
	uint64_t paid;      /* and of these, what its pace was charged */
};

/*
 * Sends recording.start, which names the file (a further part when the session
 * was recorded before). fn(arg) is called when that record is durable or
 * refused; until then the channel waits. On failure it is not called.
 */
MUST_CHECK int channel_new(struct channel **ret, struct process *r, int dir,
    uint64_t conn, const struct msg_rec_open *m, process_durable_fn *fn,
    void *arg);
/* It is durable: creates the file, writes the header. Of an earlier part, the
 * end is on record then, and written says how far it went. */
MUST_CHECK int channel_begin(struct channel *c, struct left *left);
/* GW_EPROTO for data that is not of its kind, or before the file is there;
 * anything else is fatal for the recording. */
MUST_CHECK int channel_data(
    struct channel *c, unsigned kind, const void *p, size_t n);
/* Bytes of its files, with what is pending: escaped, output is up to six times
 * as long. */
uint64_t channel_size(const struct channel *c);
/* Writes what is pending and sends its recording.chunk. */
MUST_CHECK int channel_flush(struct channel *c);
/* What was written by the flush before this call is on disk. */
MUST_CHECK int channel_sync(struct channel *c);
/* Flushes, closes, sends recording.end (reason "" = an ordinary end), frees.
 * One that waits is only marked: whoever gets the answer ends it. */
MUST_CHECK int channel_end(struct channel *c, const char *reason);
/* After a failure: sends recording.end ("failed") of what lies there, as far as
 * that can be, and frees; one that waits is marked likewise. */
void channel_fail(struct channel *c);
/* Of one that was marked: the answer is there. */
void channel_end_gone(struct channel *c, struct left *left, int result);

#endif
