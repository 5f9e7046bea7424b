/* SPDX-License-Identifier: Apache-2.0 */
/* keygen - see the header. No shell: arguments go straight to execvp. */
#include "tests/unit/support/keygen.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS_MAX = 24 };

bool
keygen_init(char ret[static 128])
{
	const char *tmp = getenv("TMPDIR");
	char out[16];

	(void)snprintf(ret, 128, "%s/sallyport-unit.XXXXXX",
	    tmp != NULL && strlen(tmp) < 64 ? tmp : "/tmp");
	if (mkdtemp(ret) == NULL)
		abort();
	/* -? is an unknown option: prints usage, exits 1; 127 = not there */
	if (keygen_run(ret, NULL, out, sizeof(out),
		(const char *const[]){"-?", NULL}) == 127) {
		keygen_done(ret);
		return false;
	}
	return true;
}

void
keygen_done(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
	(void)rmdir(dir);
}

static void
child(const char *dir, const char *in_name, int outfd, const char *const *args)
{
	char *argv[ARGS_MAX + 2] = {0};
	size_t n = 1;
	int fd;

	if (chdir(dir) != 0)
		_exit(126);
	fd = open(in_name != NULL ? in_name : "/dev/null", O_RDONLY);
	if (fd < 0 || dup2(fd, 0) < 0 || dup2(outfd, 1) < 0)
		_exit(126);
	fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || dup2(fd, 2) < 0)
		_exit(126);
	argv[0] = strdup("ssh-keygen");
	for (; *args != NULL && n < ARGS_MAX; args++)
		argv[n++] = strdup(*args);
	(void)execvp("ssh-keygen", argv);
	_exit(127);
}

int
keygen_run(const char *dir, const char *in_name, char *out, size_t size,
    const char *const *args)
{
	int p[2], status = 0;
	size_t at = 0;
	char skip[512];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0)
		child(dir, in_name, p[1], args);
	(void)close(p[1]);
	for (;;) {
		bool keep = out != NULL && at + 1 < size;
		ssize_t n = read(p[0], keep ? out + at : skip,
		    keep ? size - 1 - at : sizeof(skip));

		if (n <= 0)
			break;
		if (keep)
			at += (size_t)n;
	}
	if (out != NULL)
		out[at] = '\0';
	(void)close(p[0]);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int
open_in(const char *dir, const char *name, int flags)
{
	int d = open(dir, O_DIRECTORY | O_CLOEXEC);
	int fd = d < 0 ? -1 : openat(d, name, flags | O_CLOEXEC, 0600);

	if (d >= 0)
		(void)close(d);
	return fd;
}

bool
keygen_read(const char *dir, const char *name, char *ret, size_t size)
{
	int fd = open_in(dir, name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size);

	if (fd >= 0)
		(void)close(fd);
	if (n < 0 || (size_t)n >= size)
		return false;
	ret[n] = '\0';
	return true;
}

void
keygen_write(const char *dir, const char *name, const void *p, size_t n)
{
	int fd = open_in(dir, name, O_WRONLY | O_CREAT | O_TRUNC);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n || close(fd) != 0)
		abort();
}
