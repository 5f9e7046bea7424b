/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger - the log on disk: segments of records, the Merkle tree over them,
 * signed checkpoints, and the one place that says "durable".
 *
 *   log/audit-<first seq, 20 digits>.ndjson   the records, append only
 *   log/leaves-<first seq, 20 digits>.bin     32 bytes per record, only to name
 *                                             the bad one; checked by the roots
 * The last segment owns LEDGER_RESERVE_SIZE of the disk behind its end, which
 * nobody else can take: what ends access is written there on a full disk. Where
 * a file system cannot do that, a file of that size gives way (reserve.h).
 *
 * MUST NOT report a record as written before fdatasync(2) returned 0.
 * MUST refuse every record after an fdatasync that failed.
 * MUST leave no part of a line behind when a write fails.
 *
 * Does not know what a record means (fold.h does) and sends nothing.
 */
#ifndef NOTARY_LEDGER_H
#define NOTARY_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/record.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/secret.h"
#include "core/event.h"
#include "core/logtime.h"

enum {
	LEDGER_SEGMENT_SIZE = 64 * 1024 * 1024,
	LEDGER_RESERVE_SIZE = 1024 * 1024,
	LEDGER_BATCH_SIZE = 4 * 1024 * 1024, /* bytes of one batch */
};

struct ledger;

/* One record to be written, and what became of it. */
struct ledger_entry {
	enum event_code event;
	enum proc origin;
	uint64_t conn;         /* sessions */
	const uint8_t *fields; /* event_fields_json */
	size_t len;
	int result; /* 0 durable, else why it was not written */
	uint64_t seq;
};

struct ledger_def {
	const char *dir;  /* made if absent */
	const char *node; /* conf.server_id */
	const char *boot; /* clock_boot_id() */
	const char *vkey; /* conf.log_key; must be log_seed's */
	const struct secret *log_seed;
	/* Every record, at open and when it has become durable. Negative at
	 * open: the log is not usable. */
	int (*on_record)(
	    void *arg, const struct record *r, const void *line, size_t n);
	void *arg;
	uint64_t segment_size; /* 0: LEDGER_SEGMENT_SIZE; tests make it small */
};

/*
 * Reads and checks the whole log: continuous numbers, every checkpoint's root,
 * the last one's signature. A torn last line is cut off and reported in
 * *retcut (bytes). GW_ECORRUPT with a sentence in reterr when it does not
 * verify: the notary must not start then; GW_ESTATE when another has it open.
 */
MUST_CHECK int ledger_open(struct ledger **ret, const struct ledger_def *def,
    uint64_t *retcut, char *reterr, size_t size);
void ledger_free(struct ledger *l);

/*
 * Writes the entries in order with one write and one fdatasync, and a
 * checkpoint over them if asked, at this time. On a full disk
 * what ends access is written behind an audit.degraded, what gives access is
 * refused (GW_ESYS) until there is room again. Every entry gets its result; the
 * function itself returns 0 or the first failure.
 */
MUST_CHECK int ledger_commit(struct ledger *l, struct ledger_entry *e, size_t n,
    bool checkpoint, const struct logtime *t);

/* Does such a record end access, or say what broke? It is written also where
 * others are refused. */
bool ledger_ends_access(enum event_code e);

uint64_t ledger_next(const struct ledger *l); /* = number of durable records */
int64_t ledger_time(const struct ledger *l);  /* of the last record */
uint64_t ledger_checkpointed(const struct ledger *l); /* records covered */
bool ledger_degraded(const struct ledger *l);
bool ledger_broken(const struct ledger *l);
/* The errno for which it could not grow last; 0 = none was said. */
int ledger_error(const struct ledger *l);
bool ledger_reserve_in_file(const struct ledger *l); /* reserve.h */

/* Whole durable records from seq on, at least one and at most max bytes.
 * *retnext is where to go on. GW_ENOENT past the end, GW_ESYS. */
MUST_CHECK int ledger_read(struct ledger *l, uint64_t from, size_t max,
    struct buf *out, uint64_t *retnext);

#endif
