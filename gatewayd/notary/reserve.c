/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reserve - see the header.
 */
#include "notary/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/secret.h"
#include "base/str.h"
#include "notary/ledger_state.h"

#define RESERVE_FILE "reserve"

enum { STEP = 32 * 1024 }; /* so rarely is more of it asked for */

/* ---- in a file */

static bool
fill(int fd)
{
	uint8_t block[STEP]; /* that no file system makes smaller */

	secret_fill(block, sizeof(block));
	for (size_t at = 0; at < LEDGER_RESERVE_SIZE; at += sizeof(block))
		if (pwrite(fd, block, sizeof(block), (off_t)at) !=
		    (ssize_t)sizeof(block))
			return false;
	return fdatasync(fd) == 0;
}

static int
file_make(struct ledger *l, uint64_t more)
{
	struct stat sb;
	struct disk d;
	bool ok;
	int fd;

	if (l->file_there)
		return 0;
	fd = openat(l->dirfd, RESERVE_FILE,
	    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return GW_ESYS;
	ok = fstat(fd, &sb) == 0 && sb.st_size == LEDGER_RESERVE_SIZE;
	if (!ok)
		ok = disk_read_fd(&d, fd) == 0 &&
		     d.free >= LEDGER_RESERVE_SIZE + more && fill(fd);
	if (close(fd) != 0)
		ok = false;
	if (!ok)
		(void)unlinkat(l->dirfd, RESERVE_FILE, 0);
	l->file_there = ok;
	return ok ? 0 : GW_ESYS;
}

/* ---- behind the last segment */

static int
allocate(struct ledger *l, uint64_t size, uint64_t want)
{
	static const uint64_t extra[] = {STEP, 0};

	for (size_t i = 0; i < ARRAY_LEN(extra); i++)
		if (fallocate(l->fd, FALLOC_FL_KEEP_SIZE, (off_t)size,
			(off_t)(want + extra[i] - size)) == 0) {
			l->reserved = want + extra[i];
			return 0;
		}
	l->in_file = errno == EOPNOTSUPP || errno == ENOSYS;
	return GW_ESYS;
}

int
reserve_hold(struct ledger *l, uint64_t more)
{
	const uint64_t size = l->segs.s[l->segs.n - 1].size;
	const uint64_t want = size + more + LEDGER_RESERVE_SIZE;

	if (l->reserved >= want || FAULT(no_reserve))
		return 0;
	if (!l->in_file && allocate(l, size, want) == 0)
		return 0;
	if (!l->in_file)
		return GW_ESYS;
	return FAULT(no_reserve_file) ? 0 : file_make(l, more);
}

void
reserve_use(struct ledger *l)
{
	if (l->in_file)
		(void)unlinkat(l->dirfd, RESERVE_FILE, 0);
	l->file_there = false;
}

void
reserve_next(struct ledger *l, const struct segment *before)
{
	char name[SEGMENT_NAME_SIZE];
	int fd;

	l->reserved = 0;
	segment_log_name(name, before->first);
	fd = openat(l->dirfd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!ftruncate(fd, (off_t)before->size);
	(void)close(fd);
}
