/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace - see the header. fsync and fdatasync here come before libc's, for the
 * libraries as well.
 */
#include "tests/unit/support/trace.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void
trace_line(const char *text)
{
	const size_t n = strlen(text);

	/* a test that saw less than there was would prove nothing */
	if (write(TRACE_FD, text, n) != (ssize_t)n ||
	    write(TRACE_FD, "\n", 1) != 1)
		abort();
}

int
fdatasync(int fd)
{
	trace_line("sync");
	return (int)syscall(SYS_fdatasync, fd);
}

int
fsync(int fd)
{
	trace_line("sync");
	return (int)syscall(SYS_fsync, fd);
}
