/* SPDX-License-Identifier: Apache-2.0 */
/*
 * safefile - reading files we trust and writing files that last.
 *
 * MUST check the descriptor it reads from, never the path before or after.
 * MUST NOT follow a symbolic link in the last component.
 * MUST NOT hang on a FIFO or a device put in the file's place.
 * Folders above the file are the caller's choice and are not checked.
 */
#include "base/safefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

/* Closes without losing the errno that GW_ESYS promises to keep. */
static void
close_keep(int fd)
{
	const int saved = errno;

	if (fd >= 0)
		(void)close(fd);
	errno = saved;
}

static int
check_trusted(const struct stat *st, unsigned flags)
{
	const mode_t open_to_others = (flags & SAFEFILE_PRIVATE) != 0 ? 077
				      : (flags & SAFEFILE_NOT_OTHERS) != 0
					  ? 027
					  : 022;

	if (!S_ISREG(st->st_mode))
		return GW_EDENIED;
	if ((flags & SAFEFILE_ANY_OWNER) == 0 && st->st_uid != 0 &&
	    st->st_uid != geteuid())
		return GW_EDENIED;
	return (st->st_mode & open_to_others) == 0 || FAULT(file_mode)
		   ? 0
		   : GW_EDENIED;
}

/* Exactly n bytes and then the end: a file that changed its length while we
 * read it is not used. */
static int
read_exactly(int fd, uint8_t *p, size_t n)
{
	size_t at = 0;
	ssize_t got = 0;
	uint8_t more = 0;

	while (at < n) {
		got = read(fd, p + at, n - at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return GW_ESYS;
		if (got == 0)
			return GW_ESTATE;
		at += (size_t)got;
	}
	do
		got = read(fd, &more, 1);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return GW_ESYS;
	return got == 0 ? 0 : GW_ESTATE;
}

int
safefile_read(struct secret *ret, const char *path, size_t max, unsigned flags)
{
	struct secret s = {0};
	struct stat st;
	size_t n = 0;
	int fd = -1;
	int r = GW_EINVAL;

	if (path[0] != '/')
		goto out;
	r = GW_ESYS;
	fd = open(
	    path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0)
		goto out;
	if ((r = check_trusted(&st, flags)) != 0)
		goto out;
	r = GW_ELIMIT;
	if (st.st_size < 0 || (uint64_t)st.st_size > max ||
	    (uint64_t)st.st_size > SECRET_SIZE_MAX)
		goto out;
	n = (size_t)st.st_size;
	if ((r = secret_new(&s, n > 0 ? n : 1)) != 0)
		goto out;
	s.len = n;
	if ((r = read_exactly(fd, s.p, n)) != 0)
		goto out;

	*ret = s;
	s = (struct secret){0};
out:
	close_keep(fd);
	secret_free(&s);
	return r;
}

int
safefile_write_all(int fd, const void *p, size_t n)
{
	const uint8_t *at = p;
	ssize_t put = 0;

	while (n > 0) {
		put = write(fd, at, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return GW_ESYS;
		at += put;
		n -= (size_t)put;
	}
	return 0;
}

/* Opens the folder of an absolute path; *retname points into path. */
static int
open_parent(const char *path, int *retfd, const char **retname)
{
	char dir[PATH_MAX] = "";
	const char *slash = strrchr(path, '/');
	size_t n = 0;
	int fd = -1;

	if (path[0] != '/' || slash == NULL || slash[1] == '\0' ||
	    strcmp(slash, "/.") == 0 || strcmp(slash, "/..") == 0)
		return GW_EINVAL;
	n = slash > path ? (size_t)(slash - path) : 1;
	if (n >= sizeof(dir))
		return GW_ELIMIT;
	memcpy(dir, path, n);
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return GW_ESYS;
	*retfd = fd;
	*retname = slash + 1;
	return 0;
}

/* Owner before mode: a change of owner clears set-id bits. */
static int
set_owner_mode(int fd, mode_t mode, uid_t uid, gid_t gid)
{
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(fd, uid, gid) != 0)
		return GW_ESYS;
	return fchmod(fd, mode) == 0 ? 0 : GW_ESYS;
}

int
safefile_write(const char *path, const void *p, size_t n, mode_t mode,
    uid_t uid, gid_t gid)
{
	char tmp[NAME_MAX + 1] = "";
	char tag[17] = "";
	uint8_t random[8];
	const char *name = NULL;
	bool made = false;
	int saved = 0;
	int dir = -1;
	int fd = -1;
	int r = 0;

	if ((r = open_parent(path, &dir, &name)) != 0)
		goto out;
	secret_fill(random, sizeof(random));
	str_hex(tag, random, sizeof(random));
	if ((r = str_fmt(tmp, sizeof(tmp), ".%s.%s", name, tag)) != 0)
		goto out;
	r = GW_ESYS;
	fd = openat(dir, tmp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		goto out;
	made = true;
	if ((r = safefile_write_all(fd, p, n)) != 0)
		goto out;
	if ((r = set_owner_mode(fd, mode, uid, gid)) != 0)
		goto out;
	r = GW_ESYS;
	if (fsync(fd) != 0 || renameat(dir, tmp, dir, name) != 0)
		goto out;
	made = false;
	if (fsync(dir) != 0)
		goto out;
	r = 0;
out:
	saved = errno;
	if (made)
		(void)unlinkat(dir, tmp, 0);
	errno = saved;
	close_keep(fd);
	close_keep(dir);
	return r;
}

int
safefile_mkdir(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	const char *name = NULL;
	int parent = -1;
	int fd = -1;
	int r = 0;

	if ((r = open_parent(path, &parent, &name)) != 0)
		goto out;
	r = GW_ESYS;
	if (mkdirat(parent, name, 0700) == 0) {
		if (fsync(parent) != 0)
			goto out;
	} else if (errno != EEXIST) {
		goto out;
	}
	fd = openat(
	    parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		goto out;
	r = set_owner_mode(fd, mode, uid, gid);
out:
	close_keep(fd);
	close_keep(parent);
	return r;
}
