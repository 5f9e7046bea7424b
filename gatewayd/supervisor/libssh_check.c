/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libssh_check - refuses to serve with a libssh that lacks security fixes.
 * Debian keeps the upstream version and counts fixes in its own revision, so
 * dpkg is asked; on other systems only the session's own check of the run-time
 * version remains, and a line says so.
 */
#include "supervisor/libssh_check.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"

/* The first Debian 12 revision with the fixes for CVE-2023-6004, 6918, 48795,
 * 2025-4877, 4878, 5318, 5372, 5987, 8114, 8277, 2026-0964..0968 and 3731. */
static const char fixed[] = "0.10.6-0+deb12u3";

static int
run(char *const argv[], char *out, size_t size)
{
	posix_spawn_file_actions_t fa;
	char *envp[] = {NULL};
	size_t len = 0;
	int fd[2];
	int status = 0;
	pid_t pid;
	ssize_t n;
	int e;

	if (pipe2(fd, O_CLOEXEC) != 0)
		return GW_ESYS;
	(void)posix_spawn_file_actions_init(&fa);
	(void)posix_spawn_file_actions_adddup2(&fa, fd[1], 1);
	(void)posix_spawn_file_actions_addopen(
	    &fa, 2, "/dev/null", O_WRONLY, 0);
	e = posix_spawn(&pid, argv[0], &fa, NULL, argv, envp);
	(void)posix_spawn_file_actions_destroy(&fa);
	(void)close(fd[1]);
	if (e == 0)
		while (len + 1 < size &&
		       (n = read(fd[0], out + len, size - 1 - len)) > 0)
			len += (size_t)n;
	(void)close(fd[0]);
	out[len] = '\0';
	if (e != 0)
		return GW_ENOENT;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return GW_ESYS;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : GW_EDENIED;
}

int
libssh_check(void)
{
	char query[] = "/usr/bin/dpkg-query";
	char dpkg[] = "/usr/bin/dpkg";
	char w[] = "-W", f[] = "-f", fmt[] = "${Version}", pkg[] = "libssh-4";
	char compare[] = "--compare-versions", ge[] = "ge";
	char want[sizeof(fixed)];
	char have[128];
	char unused[128];
	char *ask[] = {query, w, f, fmt, pkg, NULL};
	char *cmp[] = {dpkg, compare, have, ge, want, NULL};

	memcpy(want, fixed, sizeof(fixed));
	if (run(ask, have, sizeof(have)) != 0 || have[0] == '\0') {
		log_warn("cannot ask dpkg which libssh is installed: make sure "
			 "yourself that it has the security fixes of %s",
		    fixed);
		return 0;
	}
	if (run(cmp, unused, sizeof(unused)) == 0 || FAULT(old_libssh))
		return 0;
	log_err("libssh-4 %s lacks security fixes that %s has: upgrade it, or "
		"start with --allow-old-libssh",
	    have, fixed);
	return GW_EDENIED;
}
