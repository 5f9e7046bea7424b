/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libssh_check - refuses to serve with a libssh that lacks security fixes.
 * Debian keeps the upstream version and counts fixes in its own revision, so
 * dpkg is asked; on other systems only the session's own check of the run-time
 * version remains, and a line says so.
 *
 * Each line of libssh got its fixes in a version of its own, so a version is
 * compared within its line only: 0.11.4 is newer than the 0.10.6 that is fixed.
 */
#include "supervisor/libssh_check.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"

/* The first of each line with the fixes for CVE-2023-6004, 6918, 48795,
 * 2025-4877, 4878, 5318, 5372, 5987, 8114, 8277, 2026-0964..0968 and 3731: of
 * Debian 12, of Debian 13, of upstream. The last line is also that of all
 * newer ones. */
static const struct {
	const char *line; /* the smallest version of it */
	const char *fixed;
	/* how those begin that are; NULL = anyhow. Other packages of 0.10.6
	 * have a larger revision and not the fixes. */
	const char *start;
} lines[] = {
    {"0.10", "0.10.6-0+deb12u3", "0.10.6-0+deb12u"},
    {"0.11~", "0.11.5-0+deb13u1", NULL},
    {"0.12~", "0.12.2", NULL},
};

/* ---- Debian's order of versions (Policy 5.6.12) */
/* A tilde is before the end, the end before letters, those before the rest. */
static int
weight(char c)
{
	if (c == '~')
		return -1;
	if (c == '\0' || (c >= '0' && c <= '9'))
		return 0;
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return c;
	return c + 256;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* <0, 0, >0: the first na bytes of a against the first nb of b. */
static int
compare_part(const char *a, size_t na, const char *b, size_t nb)
{
	size_t i = 0;
	size_t j = 0;
	int d;

	while (i < na || j < nb) {
		while ((i < na && !is_digit(a[i])) ||
		       (j < nb && !is_digit(b[j]))) {
			d = weight(i < na ? a[i] : '\0') -
			    weight(j < nb ? b[j] : '\0');
			if (d != 0)
				return d;
			i++; /* equal: both are there */
			j++;
		}
		while (i < na && a[i] == '0')
			i++;
		while (j < nb && b[j] == '0')
			j++;
		for (d = 0;
		     i < na && j < nb && is_digit(a[i]) && is_digit(b[j]);
		     i++, j++)
			if (d == 0)
				d = a[i] - b[j];
		if (i < na && is_digit(a[i])) /* more digits: larger */
			return 1;
		if (j < nb && is_digit(b[j]))
			return -1;
		if (d != 0)
			return d;
	}
	return 0;
}

/* No epoch: libssh-4 has none. */
static int
compare_versions(const char *a, const char *b)
{
	const char *ra = strrchr(a, '-');
	const char *rb = strrchr(b, '-');
	const size_t na = ra == NULL ? strlen(a) : (size_t)(ra - a);
	const size_t nb = rb == NULL ? strlen(b) : (size_t)(rb - b);
	int d = compare_part(a, na, b, nb);

	ra = ra == NULL ? "0" : ra + 1;
	rb = rb == NULL ? "0" : rb + 1;
	return d != 0 ? d : compare_part(ra, strlen(ra), rb, strlen(rb));
}

bool
libssh_fixed(const char *version, const char **retneeds)
{
	size_t i = ARRAY_LEN(lines) - 1;

	while (i > 0 && (FAULT(one_libssh_line) ||
			    compare_versions(version, lines[i].line) < 0))
		i--;
	*retneeds = lines[i].fixed;
	if (lines[i].start != NULL && !FAULT(one_libssh_line) &&
	    strncmp(version, lines[i].start, strlen(lines[i].start)) != 0)
		return false;
	return is_digit(version[0]) && strchr(version, ':') == NULL &&
	       compare_versions(version, lines[i].fixed) >= 0;
}

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
	char w[] = "-W", f[] = "-f", fmt[] = "${Version}", pkg[] = "libssh-4";
	char have[128];
	char *ask[] = {query, w, f, fmt, pkg, NULL};
	const char *needs = NULL;

	if (run(ask, have, sizeof(have)) != 0 || have[0] == '\0') {
		log_warn("cannot ask dpkg which libssh is installed: make sure "
			 "yourself that it has the security fixes of %s, or of "
			 "that line's successor",
		    lines[0].fixed);
		return 0;
	}
	if (libssh_fixed(have, &needs) || FAULT(old_libssh))
		return 0;
	log_err("libssh-4 %s lacks security fixes that %s has: upgrade it, or "
		"start with --allow-old-libssh",
	    have, needs);
	return GW_EDENIED;
}
