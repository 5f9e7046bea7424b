/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peercred - SO_PEERCRED, then the audit login uid of that process. The pid
 * may be another's by the time its loginuid is read: the uid is proof, the
 * loginuid only a hint for the log.
 */
#include "base/peercred.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"

int64_t
peercred_loginuid(int64_t pid)
{
	char path[64];
	char text[32] = "";
	uint64_t v = 0;
	ssize_t n;
	int fd;

	(void)snprintf(
	    path, sizeof(path), "/proc/%lld/loginuid", (long long)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (n <= 0)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	/* (uid_t)-1 is the kernel's "not set". */
	if (str_u64(text, 0, UINT32_MAX - 1, &v) != 0)
		return -1;
	return (int64_t)v;
}

void
peercred_get(struct peercred *ret, int fd)
{
	struct ucred c;
	socklen_t n = sizeof(c);

	*ret = (struct peercred){.uid = -1, .pid = -1, .loginuid = -1};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) != 0 ||
	    n != sizeof(c))
		return;
	ret->uid = (int64_t)c.uid;
	ret->pid = (int64_t)c.pid;
	if (c.pid > 0)
		ret->loginuid = peercred_loginuid(ret->pid);
}
