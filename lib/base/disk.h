/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk - how much room a file system has, and the order in which those who
 * write there stop: recordings first, while the log still has
 * LIMIT_DISK_KEEP_MAX or a tenth of a smaller one for itself; then new access,
 * at LIMIT_DISK_OPEN_MIN. So with the files that can be made there
 * (LIMIT_DISK_KEEP_FILES, LIMIT_DISK_OPEN_FILES). The reserves of the log
 * (notary/ledger.h) and of the store (broker/store/reserve.h) are nobody
 * else's.
 */
#ifndef BASE_DISK_H
#define BASE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct disk {
	uint64_t free, total; /* bytes, for those who are not root */
	/* files that can be made, and that there can be; total 0 = the file
	 * system counts none */
	uint64_t files_free, files_total;
	uint64_t dev; /* which file system it is */
};

/* Of the file system that path, or the descriptor, is on. GW_ESYS. */
MUST_CHECK int disk_read(struct disk *ret, const char *path);
MUST_CHECK int disk_read_fd(struct disk *ret, int fd);
/* Recordings leave so many bytes free. */
uint64_t disk_kept(const struct disk *d);
/* May a recording grow there? */
bool disk_may_record(const struct disk *d);
/* Are the files, and not the bytes, what it has too few of for recordings? */
bool disk_lacks_files(const struct disk *d);
/* Of the disk of the log: may access be given? */
bool disk_may_open(const struct disk *d);

/* By the errno of what failed there. Full: there may be room again. Dead: the
 * medium, its mount or the descriptor is gone, and nobody who has it open can
 * go on. No other error says that either of the two is so. */
bool disk_is_full(int error);
bool disk_is_dead(int error);
/* Makes a file in that folder, writes and reads it, waits for the medium, and
 * removes it. 0, or the errno of what failed. */
int disk_try(int dir);

#endif
