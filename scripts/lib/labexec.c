/* SPDX-License-Identifier: Apache-2.0 */
/*
 * labexec - what lab.sh starts a host with, and each command in it.
 *
 *   labexec --hold FILE keep|end
 *       makes the namespaces of a host and its init process, which reaps and
 *       does nothing else. Its pid and start time are in FILE once its /proc
 *       is there. Ends when init has; with "end" also when the caller does.
 *   labexec PID USER UID GID HOME NAME=VALUE... -- CMD...
 *       CMD as that user in the namespaces of the host whose init is PID, in
 * HOME
 *       (/ where there is none), its environment these alone. Stays, in the
 *       caller's own pid namespace, and ends as CMD does, which gets SIGTERM
 *       should labexec be gone before it.
 *
 * It is unshare, tini, nsenter, setpriv and env in one: a test runs hundreds of
 * commands, and to start three programs for each was most of what it did.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { USAGE = 2, CANNOT = 126, NOT_FOUND = 127, TEXT = 1024 };

enum {
	OF_HOST = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
		  CLONE_NEWPID
};

static void
die(const char *what)
{
	fprintf(stderr, "labexec: %s: %s\n", what, strerror(errno));
	_exit(CANNOT);
}

/* As it ended; a shell says what that was. */
static int
await(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			die("wait");
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	(void)signal(WTERMSIG(status), SIG_DFL);
	(void)prctl(PR_SET_DUMPABLE, 0); /* the core is the command's */
	(void)raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

/* ---- a host */

/* Whole or not there. proc = the caller's own: what is on /proc by now is the
 * host's. */
static void
tell(const char *file, int proc, pid_t pid)
{
	char stat[TEXT] = "", name[TEXT];
	char *field = NULL;
	FILE *f;
	int fd;

	(void)snprintf(name, sizeof(name), "%d/stat", (int)pid);
	if ((fd = openat(proc, name, O_RDONLY | O_CLOEXEC)) < 0 ||
	    read(fd, stat, sizeof(stat) - 1) <= 0 ||
	    (field = strrchr(stat, ')')) == NULL)
		die(name);
	(void)close(fd);
	for (int i = 2; field != NULL && i < 22; i++) /* proc(5): starttime */
		field = strchr(field + 1, ' ');
	if (field == NULL)
		die(name);
	(void)snprintf(name, sizeof(name), "%s.new", file);
	if ((f = fopen(name, "we")) == NULL ||
	    fprintf(f, "%d %llu\n", (int)pid, strtoull(field, NULL, 10)) < 0 ||
	    fclose(f) != 0 || rename(name, file) != 0)
		die(file);
}

static _Noreturn void
init(int up)
{
	siginfo_t dead;
	sigset_t died;

	(void)sigemptyset(&died);
	(void)sigaddset(&died, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &died, NULL) != 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    prctl(PR_SET_NAME, "labinit") != 0 || setsid() < 0 ||
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		NULL) != 0)
		die("the host's init");
	if (write(up, "", 1) != 1)
		_exit(CANNOT);
	(void)close(up);
	(void)close(STDERR_FILENO); /* whoever reads it waits for its end */
	for (;;)
		if (waitid(P_ALL, 0, &dead, WEXITED | WNOHANG) != 0 ||
		    dead.si_pid == 0)
			(void)sigwaitinfo(&died, NULL);
}

static int
hold(const char *file, int end)
{
	const int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int up[2];
	pid_t child;
	char c;

	(void)signal(SIGINT, SIG_IGN); /* the lab's end wants the host's logs */
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	if (end && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		die("prctl");
	if (proc < 0 || pipe2(up, O_CLOEXEC) != 0 || unshare(OF_HOST) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    (child = fork()) < 0)
		die("namespaces");
	if (child == 0) {
		(void)close(up[0]);
		init(up[1]);
	}
	(void)close(up[1]);
	if (read(up[0], &c, 1) != 1) {
		(void)await(child);
		return CANNOT; /* it has said why */
	}
	(void)close(up[0]);
	tell(file, proc, child);
	return await(child);
}

/* ---- a command */

static void
enter(const char *pid)
{
	const int fd = (int)syscall(SYS_pidfd_open, atoi(pid), 0);

	if (fd < 0 || setns(fd, OF_HOST) != 0)
		die("the host's namespaces");
	(void)close(fd);
}

/* No capability is left to what is run next, unless it is root. */
static void
become(const char *user, uid_t uid, gid_t gid)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3];

	if (uid == 0)
		return;
	if (syscall(SYS_capget, &h, d) != 0)
		die("capabilities");
	d[0].inheritable = d[1].inheritable = 0;
	if (syscall(SYS_capset, &h, d) != 0 || initgroups(user, gid) != 0 ||
	    setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
		die(user);
}

static int
run(char **argv, int env, int cmd)
{
	pid_t child;

	enter(argv[1]);
	if ((child = fork()) < 0)
		die("fork");
	if (child > 0)
		return await(child);
	if (chdir(argv[5]) != 0 && chdir("/") != 0)
		die("/");
	become(argv[2], (uid_t)atoi(argv[3]), (gid_t)atoi(argv[4]));
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)clearenv();
	for (int i = env; i < cmd; i++)
		(void)putenv(argv[i]);
	cmd++;
	(void)execvp(argv[cmd], argv + cmd);
	fprintf(stderr, "labexec: %s: %s\n", argv[cmd], strerror(errno));
	return errno == ENOENT ? NOT_FOUND : CANNOT;
}

int
main(int argc, char **argv)
{
	const int env = 6;
	int cmd = env;

	if (argc == 4 && strcmp(argv[1], "--hold") == 0)
		return hold(argv[2], strcmp(argv[3], "end") == 0);
	while (cmd < argc && strcmp(argv[cmd], "--") != 0)
		cmd++;
	if (cmd + 1 < argc)
		return run(argv, env, cmd);
	fputs("usage: labexec --hold FILE keep|end\n"
	      "       labexec PID USER UID GID HOME NAME=VALUE... -- CMD...\n",
	    stderr);
	return USAGE;
}
