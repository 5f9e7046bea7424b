/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk - see the header.
 */
#include "base/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"

static void
fill(struct disk *ret, const struct statvfs *v, const struct stat *st)
{
	ret->free = (uint64_t)v->f_bavail * v->f_frsize;
	ret->total = (uint64_t)v->f_blocks * v->f_frsize;
	ret->files_free = (uint64_t)v->f_favail;
	ret->files_total = (uint64_t)v->f_files;
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

/* So many files can be made there, or that part of all that a small one has. */
static bool
has_files(const struct disk *d, uint64_t n, uint64_t parts)
{
	const uint64_t part = d->files_total / parts;

	return d->files_total == 0 || d->files_free >= (part < n ? part : n) ||
	       FAULT(any_files);
}

bool
disk_may_record(const struct disk *d)
{
	return (d->free >= disk_kept(d) &&
		   has_files(d, LIMIT_DISK_KEEP_FILES, 10)) ||
	       FAULT(no_disk_order);
}

bool
disk_may_open(const struct disk *d)
{
	return (d->free >= LIMIT_DISK_OPEN_MIN &&
		   has_files(d, LIMIT_DISK_OPEN_FILES, 20)) ||
	       FAULT(open_when_full);
}

bool
disk_lacks_files(const struct disk *d)
{
	return !has_files(d, LIMIT_DISK_KEEP_FILES, 10);
}

bool
disk_is_full(int error)
{
	return error == ENOSPC || error == EDQUOT;
}

bool
disk_is_dead(int error)
{
	static const int dead[] = {EIO, EBADF, EROFS, ENOENT, ENOTDIR, ENODEV,
	    ENXIO, ESTALE, ESPIPE, EUCLEAN, EREMOTEIO, ENOTCONN, ESHUTDOWN,
	    EACCES, EPERM};

	for (size_t i = 0; i < sizeof(dead) / sizeof(dead[0]); i++)
		if (dead[i] == error)
			return true;
	return false;
}

int
disk_try(int dir)
{
	static const char name[] = ".alive";
	char c = 'a';
	int e = 0;
	int fd =
	    openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	if (pwrite(fd, &c, 1, 0) != 1 || fdatasync(fd) != 0 ||
	    pread(fd, &c, 1, 0) != 1)
		e = errno;
	(void)close(fd);
	if (unlinkat(dir, name, 0) != 0 && e == 0)
		e = errno;
	return e;
}
