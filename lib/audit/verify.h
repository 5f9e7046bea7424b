/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify - checks a log of evidence without the gateway: numbers without a
 * gap, every line a record, every signed checkpoint's root equal to the tree
 * over the lines before it. Works on the notary's own segments and on any copy
 * that kept the bytes of the records (a SIEM's, an export): there a line may
 * have a syslog frame, or be another program's, and a record may come again.
 *
 * After a changed record the next checkpoint's root differs. Which record it
 * was follows from the leaf hashes the notary keeps beside each segment: they
 * are not trusted, but those that give the signed root are the true ones.
 * Without them only the stretch between two checkpoints can be named.
 *
 * A checkpoint signed by another key, or by none, is a failure, never skipped.
 * That records are missing after the last one given it finds out only by a
 * checkpoint that was kept elsewhere: verify_expect.
 */
#ifndef AUDIT_VERIFY_H
#define AUDIT_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/note.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/limits.h"

enum verify_verdict {
	VERIFY_BAD = 0, /* changed, missing, forged; text says what */
	VERIFY_OPEN,    /* good so far, but the tail has no checkpoint yet */
	VERIFY_OK,      /* the last record given is a checkpoint over all */
	VERIFY_SHORT,   /* good, but less than the expected checkpoint is of */
};

struct verify_result {
	enum verify_verdict verdict;
	uint64_t records;             /* checked */
	uint64_t covered;             /* records a good checkpoint signs for */
	uint64_t checkpoints;         /* good ones */
	uint64_t others;              /* lines of a copy that are none */
	int64_t covered_ms;           /* time of the last record of these */
	uint64_t expected;            /* records of verify_expect; 0 = none */
	bool named;                   /* bad_first is the one bad record */
	uint64_t bad_first, bad_last; /* where the fault is, when BAD */
	int64_t last_ms;              /* time of the last good record */
	char text[LIMIT_TEXT_SIZE];   /* a sentence for a person */
};

struct verify;

/* vkey: the checkpoint key in C2SP form (pub/log.vkey). GW_EINVAL;
 * GW_EUNSUPPORTED for another kind of key; GW_ENOMEM. */
MUST_CHECK int verify_new(struct verify **ret, const char *vkey);
void verify_free(struct verify *v);

/* A checkpoint of this log, with a good signature (expect.h): its records must
 * be there, as it has them. all false: not all of them, when it is one of later
 * than this copy. Before the first line. */
void verify_expect(struct verify *v, const struct note_checkpoint *c, bool all);

/*
 * One line without its LF. Lines must begin with record 0. false once something
 * is wrong: the result is final then, further lines are ignored.
 */
bool verify_line(struct verify *v, const void *line, size_t n);
/* Of the lines so far, and checks what no checkpoint signs for: ask at the end.
 * Borrowed until the next call. */
const struct verify_result *verify_result(struct verify *v);

/* Gives v a folder of segments (audit-*.ndjson, leaves-*.bin where there are
 * some, and where there are none it is a copy), or one file of a copy's lines.
 * GW_ESYS when it cannot be read. */
MUST_CHECK int verify_dir(struct verify *v, const char *dir);
/* The lines of a descriptor to its end (a file, a pipe from a SIEM). GW_ESYS,
 * GW_ENOMEM. */
MUST_CHECK int verify_fd(struct verify *v, int fd);

/* Appends the signed note of an audit.checkpoint record. GW_EPROTO when there
 * is none; buf's errors. */
MUST_CHECK int verify_note(struct buf *ret, const void *line, size_t n);

#endif
