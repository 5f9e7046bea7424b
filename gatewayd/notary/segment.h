/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment - one file of the log and the index into it. Knows bytes, offsets
 * and names; no signatures, no meaning.
 */
#ifndef NOTARY_SEGMENT_H
#define NOTARY_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

enum {
	SEGMENT_NAME_SIZE = 40,
	SEGMENT_STRIDE = 64, /* every so many records an offset is kept */
};

struct segment {
	uint64_t first; /* sequence number of its first record */
	uint64_t count;
	uint64_t size; /* bytes that are whole records */
	uint64_t *at;  /* offset of record i * SEGMENT_STRIDE */
	size_t nat, cat;
};

struct segments {
	struct segment *s; /* ascending, without gaps */
	size_t n, cap;
};

void segment_log_name(char ret[static SEGMENT_NAME_SIZE], uint64_t first);
void segment_leaves_name(char ret[static SEGMENT_NAME_SIZE], uint64_t first);

/* The segments of a folder by name, sorted, all counts 0. */
MUST_CHECK int segments_list(struct segments *ret, int dirfd);
void segments_done(struct segments *s);
MUST_CHECK int segments_add(struct segments *s, uint64_t first);
/* The one that holds seq, or NULL. */
const struct segment *segments_find(const struct segments *s, uint64_t seq);

/* Notes that one more record of n bytes (with LF) stands at the end. */
MUST_CHECK int segment_count(struct segment *s, size_t n);
/* Whole lines from record `from` on into out, at least one, at most max bytes;
 * *retn = how many. */
MUST_CHECK int segment_read(const struct segment *s, int dirfd, uint64_t from,
    size_t max, struct buf *out, uint64_t *retn);

#endif
