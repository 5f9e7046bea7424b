/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_state - see the header.
 */
#include "notary/ledger_state.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"

void
ledger_say(char *ret, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(ret, size, fmt, ap);
	va_end(ap);
}

int
ledger_segment_open(struct ledger *l, bool create)
{
	const struct segment *s = &l->segs.s[l->segs.n - 1];
	char log[SEGMENT_NAME_SIZE], leaves[SEGMENT_NAME_SIZE];
	int flags = O_NOFOLLOW | O_CLOEXEC;
	int fd;

	segment_log_name(log, s->first);
	segment_leaves_name(leaves, s->first);
	fd = openat(l->dirfd, log,
	    O_RDWR | O_APPEND | flags | (create ? O_CREAT | O_EXCL : 0), 0600);
	if (fd < 0)
		return GW_ESYS;
	if (create && fsync(l->dirfd) != 0) {
		(void)close(fd);
		(void)unlinkat(l->dirfd, log, 0);
		return GW_ESYS;
	}
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = fd;
	if (l->leaves_fd >= 0)
		(void)close(l->leaves_fd);
	l->leaves_fd = openat(l->dirfd, leaves, O_RDWR | O_CREAT | flags, 0600);
	return 0;
}
