/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_state - what ledger.c (writing) and scan.c (reading all of it at the
 * start) share. Nobody else includes this.
 */
#ifndef NOTARY_LEDGER_STATE_H
#define NOTARY_LEDGER_STATE_H

#include <openssl/types.h>

#include "audit/merkle.h"
#include "audit/note.h"
#include "notary/ledger.h"
#include "notary/segment.h"

struct ledger {
	struct ledger_def def; /* strings are ours */
	int dirfd;
	int fd;        /* the last segment, O_APPEND */
	int leaves_fd; /* its leaf hashes; -1 = none, for lack of disk */
	struct segments segs;
	uint64_t reserved;  /* where the last segment's own disk ends */
	bool in_file;       /* it cannot have any: the reserve is a file, */
	bool file_there;    /* which is there (reserve.h) */
	struct merkle tree; /* over the durable records */
	int64_t time_ms;
	uint64_t covered; /* by the last checkpoint */
	struct note_key key;
	EVP_PKEY *pkey;
	bool degraded, broken;
	int error;        /* why it could not grow; 0: no room, as was seen */
	uint64_t refused; /* records refused since degraded */
	struct buf out;   /* the batch being written */
};

/* A sentence for the operator into the caller's buffer. */
void ledger_say(char *ret, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Opens (create: makes) the last segment's files for appending. */
MUST_CHECK int ledger_segment_open(struct ledger *l, bool create);

/* scan.c: reads everything; ledger_open's second half. */
MUST_CHECK int ledger_scan(
    struct ledger *l, uint64_t *retcut, char *reterr, size_t size);

#endif
