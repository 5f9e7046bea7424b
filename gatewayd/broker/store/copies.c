/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copies - see the header.
 */
#include "broker/store/copies.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"

int
copies_name(char *ret, size_t size, const char *path, int64_t version)
{
	return str_fmt(ret, size, "%s.v%lld", path, (long long)version);
}

int
copies_begin(char *ret, size_t size, const char *copy)
{
	const int r = str_fmt(ret, size, "%s.part", copy);

	if (r == 0)
		(void)unlink(ret); /* of an attempt that was cut off */
	return r;
}

/* The folder of the database; *retname is its name there. */
static int
open_folder(const char *path, const char **retname)
{
	const char *slash = strrchr(path, '/');
	char dir[COPIES_PATH_SIZE] = ".";

	*retname = slash != NULL ? slash + 1 : path;
	if (slash != NULL)
		(void)snprintf(
		    dir, sizeof(dir), "%.*s/", (int)(slash - path), path);
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The version a file of the folder is a copy of; 0 if it is none. */
static uint64_t
copy_version(const char *file, const char *name)
{
	const size_t n = strlen(name);
	uint64_t v = 0;

	if (strncmp(file, name, n) != 0 || strncmp(file + n, ".v", 2) != 0 ||
	    str_u64(file + n + 2, 1, INT64_MAX, &v) != 0)
		return 0;
	return v;
}

/* How many copies there are, and the oldest. */
static unsigned
count_copies(DIR *d, const char *name, uint64_t *retoldest)
{
	unsigned n = 0;

	*retoldest = UINT64_MAX;
	rewinddir(d);
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
		const uint64_t v = copy_version(e->d_name, name);

		if (v == 0)
			continue;
		n++;
		if (v < *retoldest)
			*retoldest = v;
	}
	return n;
}

/* Takes over fd. One that cannot be removed is no reason not to go on. */
static void
drop_old_copies(int fd, const char *name)
{
	DIR *d = fdopendir(fd);
	char file[COPIES_PATH_SIZE];
	uint64_t oldest = 0;

	if (d == NULL) {
		(void)close(fd);
		return;
	}
	while (count_copies(d, name, &oldest) > COPIES_KEPT)
		if (str_fmt(file, sizeof(file), "%s.v%llu", name,
			(unsigned long long)oldest) != 0 ||
		    unlinkat(dirfd(d), file, 0) != 0)
			break;
	(void)closedir(d);
}

static int
sync_file(const char *path)
{
	const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r = 0, e;

	if (fd < 0)
		return GW_ESYS;
	if (fsync(fd) != 0)
		r = GW_ESYS;
	e = errno;
	(void)close(fd);
	errno = e;
	return r;
}

int
copies_settle(const char *path, const char *part, const char *copy)
{
	const char *name = NULL;
	const int dir = open_folder(path, &name);
	int e;

	if (dir >= 0 && sync_file(part) == 0 && rename(part, copy) == 0 &&
	    fsync(dir) == 0) {
		drop_old_copies(dir, name);
		return 0;
	}
	e = errno;
	(void)unlink(part);
	if (dir >= 0)
		(void)close(dir);
	errno = e;
	return GW_ESYS;
}
