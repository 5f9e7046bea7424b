/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk - see the header.
 */
#include "base/disk.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"

static void
fill(struct disk *ret, const struct statvfs *v, const struct stat *st)
{
	ret->free = (uint64_t)v->f_bavail * v->f_frsize;
	ret->total = (uint64_t)v->f_blocks * v->f_frsize;
	ret->dev = (uint64_t)st->st_dev;
}

int
disk_read(struct disk *ret, const char *path)
{
	struct statvfs v;
	struct stat st;

	if (statvfs(path, &v) != 0 || stat(path, &st) != 0)
		return GW_ESYS;
	fill(ret, &v, &st);
	return 0;
}

int
disk_read_fd(struct disk *ret, int fd)
{
	struct statvfs v;
	struct stat st;

	if (fstatvfs(fd, &v) != 0 || fstat(fd, &st) != 0)
		return GW_ESYS;
	fill(ret, &v, &st);
	return 0;
}

uint64_t
disk_kept(const struct disk *d)
{
	const uint64_t part = d->total / 10;

	if (part < LIMIT_DISK_KEEP_MIN)
		return LIMIT_DISK_KEEP_MIN;
	return part < LIMIT_DISK_KEEP_MAX ? part : LIMIT_DISK_KEEP_MAX;
}

bool
disk_may_record(const struct disk *d)
{
	return d->free >= disk_kept(d) || FAULT(no_disk_order);
}

bool
disk_may_open(const struct disk *d)
{
	return d->free >= LIMIT_DISK_OPEN_MIN || FAULT(open_when_full);
}
