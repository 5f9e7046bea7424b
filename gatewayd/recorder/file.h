/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file - one append-only file of a recording: what is written is hashed, chunk
 * by chunk and as a whole. And reading recordings back, by session and channel.
 * Names are made here, from checked parts only; there is no other way to one.
 */
#ifndef RECORDER_FILE_H
#define RECORDER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/limits.h"

enum {
	FILE_NAME_SIZE = 48,
	FILE_HASH_SIZE = 65,    /* hex SHA-256 and NUL */
	FILE_CHUNK = 64 * 1024, /* write no later than at so many bytes */
};

struct file {
	char name[FILE_NAME_SIZE];
	int fd;             /* -1 = not open */
	struct buf pending; /* not written yet */
	uint64_t size;      /* written */
	uint32_t chunks;
	bool unsynced; /* written since it was on disk last */
	void *whole;   /* the digest of all */
};

struct file_chunk {
	uint32_t n; /* counts from 0 */
	uint64_t offset;
	uint64_t size; /* 0: nothing was pending */
	char sha256[FILE_HASH_SIZE];
};

/* part 0 is "<sid>.<channel>.cast", part n "<sid>.<channel>.<n>.cast".
 * GW_EINVAL for a sid that is none. */
MUST_CHECK int file_name(char ret[static FILE_NAME_SIZE], const char *sid,
    uint32_t channel, unsigned part);
bool file_exists(int dir, const char *name);
/* Creates it, mode 0600; GW_EEXIST when it is there. */
MUST_CHECK int file_create(struct file *ret, int dir, const char *name);
/* Writes what is pending. A failure is final: errno is kept. */
MUST_CHECK int file_flush(struct file *f, struct file_chunk *ret);
/* What is written is on disk now. */
MUST_CHECK int file_sync(struct file *f);
/* fdatasync, closes; the digest of everything written. Flush first. */
MUST_CHECK int file_close(struct file *f, char ret[static FILE_HASH_SIZE]);
void file_drop(struct file *f); /* closes without a word; safe twice */

/* Digest and size of a file as it lies there. */
MUST_CHECK int file_digest(int dir, const char *name,
    char ret[static FILE_HASH_SIZE], uint64_t *retsize);
/* The "timestamp" of its header; GW_ECORRUPT when there is none. */
MUST_CHECK int file_started(int dir, const char *name, int64_t *ret_s);

/*
 * part 0: reads from all parts of a channel as if they were one file (the later
 * parts' headers left out). Half a line at a part's end, where the recorder was
 * killed, is left out. Another one: that file as it lies there, from 1. channel
 * 0 falls back to the lowest channel there is.
 * Appends at most max bytes; *retsize is the size of the whole. GW_ENOENT.
 */
MUST_CHECK int file_read(struct buf *out, int dir, const char *sid,
    uint32_t channel, unsigned part, uint64_t offset, size_t max,
    uint64_t *retsize);

#endif
