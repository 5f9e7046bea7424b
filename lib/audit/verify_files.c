/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_files - a log as it lies on disk, or comes through a pipe, given to
 * verify.c line by line; for jitctl and tests alike.
 */
#include "audit/verify_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/alike.h"
#include "base/err.h"

enum {
	CHUNK = 64 * 1024,
	FRAMED_MAX = 2 * LIMIT_RECORD_MAX, /* a record, with its frame */
};

/* The whole lines of b; what is left stands at its front then. False: something
 * is wrong. */
static bool
give_lines(struct verify *v, struct buf *b)
{
	size_t at = 0;
	const uint8_t *lf;

	while (b->len > at &&
	       (lf = memchr(b->p + at, '\n', b->len - at)) != NULL) {
		const size_t n = (size_t)(lf - b->p) - at;

		if (!verify_line(v, b->p + at, n))
			return false;
		at += n + 1;
	}
	buf_shift(b, at);
	return true;
}

int
verify_fd(struct verify *v, int fd)
{
	struct buf b;
	uint8_t *p = malloc(CHUNK);
	const bool copy = verify_is_copy(v);
	const size_t most =
	    copy ? (size_t)FRAMED_MAX : (size_t)LIMIT_RECORD_MAX;
	bool over = false; /* in a line of a copy that is no record's */
	int r = p == NULL ? GW_ENOMEM : 0;

	buf_init(&b, FRAMED_MAX + CHUNK);
	while (r == 0) {
		ssize_t n = read(fd, p, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = GW_ESYS;
		if (n <= 0)
			break;
		buf_put(&b, p, (size_t)n);
		if ((r = buf_err(&b)) < 0)
			break;
		over = over && memchr(b.p, '\n', b.len) == NULL;
		if (!give_lines(v, &b))
			goto out;
		if (b.len <= most)
			continue;
		if (!copy)
			break; /* no record is that long */
		over = true;
		verify_part(v, b.p, b.len);
		buf_shift(&b, b.len - ALIKE_OVERLAP);
	}
	if (r == 0 && over)
		(void)verify_line(v, b.p, b.len);
	else if (r == 0 && b.len > 0)
		verify_half_line(v);
out:
	buf_done(&b);
	free(p);
	return r;
}

/* -1 with errno also for what is no regular file: a fifo would block. */
static int
open_file(int dirfd, const char *file)
{
	int fd =
	    openat(dirfd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	(void)close(fd);
	errno = EINVAL;
	return -1;
}

static int
read_leaves(struct verify *v, int dirfd, const char *file)
{
	int fd = open_file(dirfd, file);
	struct stat st;
	uint8_t *p = NULL;
	uint64_t first = 0;
	char digits[21];
	ssize_t n;
	int r = GW_ESYS;

	if (fd < 0 || fstat(fd, &st) != 0)
		goto out;
	memcpy(digits, file + strlen("leaves-"), 20);
	digits[20] = '\0';
	first = strtoull(digits, NULL, 10);
	r = GW_ENOMEM;
	if ((p = malloc((size_t)st.st_size + 1)) == NULL)
		goto out;
	r = GW_ESYS;
	if ((n = read(fd, p, (size_t)st.st_size)) < 0)
		goto out;
	r = verify_leaves(v, first, p, (size_t)n);
out:
	free(p);
	if (fd >= 0)
		(void)close(fd);
	return r;
}

static bool
has_name(const char *s, const char *head, const char *tail)
{
	size_t n = strlen(s), nh = strlen(head), nt = strlen(tail);

	return n == nh + 20 + nt && strncmp(s, head, nh) == 0 &&
	       strspn(s + nh, "0123456789") >= 20 &&
	       strcmp(s + nh + 20, tail) == 0;
}

static int
is_leaves(const struct dirent *e)
{
	return has_name(e->d_name, "leaves-", ".bin");
}

static int
is_log(const struct dirent *e)
{
	return has_name(e->d_name, "audit-", ".ndjson");
}

static int
each(struct verify *v, const char *dir, int dirfd, bool leaves)
{
	struct dirent **list = NULL;
	int n = scandir(dir, &list, leaves ? is_leaves : is_log, alphasort);
	int r = n < 0 ? GW_ESYS : 0;

	if (n == 0 && !leaves) {
		errno = ENOENT;
		r = GW_ESYS;
	}
	for (int i = 0; i < n; i++) {
		if (r == 0 && leaves) {
			r = read_leaves(v, dirfd, list[i]->d_name);
		} else if (r == 0 && !verify_failed(v)) {
			int fd = open_file(dirfd, list[i]->d_name);

			r = fd < 0 ? GW_ESYS : verify_fd(v, fd);
			if (fd >= 0)
				(void)close(fd);
		}
		free(list[i]);
	}
	free(list);
	return r;
}

int
verify_dir(struct verify *v, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int r = GW_ESYS;

	if (fd < 0 || fstat(fd, &st) != 0)
		goto out;
	if (!S_ISDIR(st.st_mode)) {
		verify_copy(v);
		r = verify_fd(v, fd);
		goto out;
	}
	/* hashes first: the log may grow meanwhile, they must not be ahead */
	if ((r = each(v, dir, fd, true)) == 0) {
		verify_copy(v);
		r = each(v, dir, fd, false);
	}
out:
	if (fd >= 0)
		(void)close(fd);
	return r;
}
