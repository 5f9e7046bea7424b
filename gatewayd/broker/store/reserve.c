/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reserve - see the header.
 */
#include "broker/store/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"

enum { STEP = RESERVE_SIZE / 8 }; /* so rarely is more of it asked for */

void
reserve_init(struct reserve *r)
{
	*r = (struct reserve){.fd = -1};
}

void
reserve_done(struct reserve *r)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	reserve_init(r);
}

void
reserve_blank(struct reserve *r, size_t n)
{
	static const char zeros[64];

	if (n > sizeof(zeros) || pwrite(r->fd, zeros, n, 0) != (ssize_t)n ||
	    fdatasync(r->fd) != 0)
		reserve_done(r); /* what is there is read again, and is so */
}

/* SQLite may have made it anew. */
static bool
look(struct reserve *r, const char *path, uint64_t *retsize)
{
	struct stat st;

	if (r->fd >= 0 && (fstat(r->fd, &st) != 0 || st.st_nlink == 0))
		reserve_done(r);
	if (r->fd < 0)
		r->fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (r->fd < 0 || fstat(r->fd, &st) != 0) {
		r->error = errno;
		return false;
	}
	*retsize = (uint64_t)st.st_size;
	return true;
}

void
reserve_hold(struct reserve *r, const char *path, uint64_t used)
{
	uint64_t size = 0;

	r->error = 0;
	if (!look(r, path, &size)) {
		r->until = 0;
		r->used = 0;
		return;
	}
	r->used = used < size ? used : size;
	if (r->until < size)
		r->until = size;
	if (r->never || r->until >= r->used + RESERVE_SIZE - STEP ||
	    FAULT(no_store_reserve))
		return;
	if (fallocate(
		r->fd, FALLOC_FL_KEEP_SIZE, (off_t)r->used, RESERVE_SIZE) == 0)
		r->until = r->used + RESERVE_SIZE;
	else
		r->error = errno;
	r->never = r->error == EOPNOTSUPP || r->error == ENOSYS;
}

bool
reserve_left(const struct reserve *r)
{
	return r->never || r->until >= r->used + RESERVE_SIZE / 2 ||
	       FAULT(change_when_full);
}
