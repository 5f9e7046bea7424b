/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program - posix_spawn with fixed arguments.
 */
#include "jitctl/gateway/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/safefile.h"
#include "jitctl/jitctl.h"

extern char **environ;

static int
spawn(const char *const *argv, int in, int out, bool quiet, bool detach,
    pid_t *ret)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	int e = 0;

	if (posix_spawn_file_actions_init(&fa) != 0)
		return -1;
	if (posix_spawnattr_init(&at) != 0) {
		(void)posix_spawn_file_actions_destroy(&fa);
		return -1;
	}
	e = posix_spawn_file_actions_adddup2(&fa, in, 0);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&fa, out, 1);
	if (e == 0 && quiet)
		e = posix_spawn_file_actions_addopen(
		    &fa, 2, "/dev/null", O_WRONLY, 0);
	if (e == 0 && detach)
		e = posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSID);
	/* posix_spawnp does not write to argv; its type is history. */
	if (e == 0)
		e = posix_spawnp(ret, argv[0], &fa, &at,
		    (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawnattr_destroy(&at);
	(void)posix_spawn_file_actions_destroy(&fa);
	errno = e;
	return e == 0 ? 0 : -1;
}

/* Reads to the end, or to max bytes. */
static size_t
read_all(int fd, char *buf, size_t max)
{
	size_t n = 0;

	while (n < max) {
		const ssize_t got = read(fd, buf + n, max - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

/* The input as a file without a name: of any size, and nothing can deadlock. */
static int
input_file(const void *in, size_t n)
{
	int fd = memfd_create("jitctl-input", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if ((n > 0 && safefile_write_all(fd, in, n) != 0) ||
	    lseek(fd, 0, SEEK_SET) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

int
program_run(const char *const *argv, const void *in, size_t n, char **ret,
    size_t max, bool quiet, bool detach)
{
	int out[2] = {-1, -1};
	int infd = input_file(in, n);
	char *buf = calloc(1, max + 1);
	pid_t pid = -1;
	int status = -1;

	if (infd < 0 || buf == NULL || pipe2(out, O_CLOEXEC) != 0)
		goto out;
	if (spawn(argv, infd, out[1], quiet, detach, &pid) != 0) {
		pid = -1;
		goto out;
	}
	(void)close(out[1]);
	out[1] = -1;
	(void)read_all(out[0], buf, max);
	*ret = buf;
	buf = NULL;
out:
	if (infd >= 0)
		(void)close(infd);
	for (unsigned i = 0; i < 2; i++)
		if (out[i] >= 0)
			(void)close(out[i]);
	free(buf);
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	if (pid <= 0)
		return -1;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT)
		return EXIT_INTERRUPTED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
