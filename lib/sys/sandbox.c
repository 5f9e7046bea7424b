/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox - Landlock by its system calls (no library exists on Debian 12) and
 * seccomp by libseccomp. Knows no process: what differs is in struct sandbox.
 * It does not change ids or capabilities; that happened before exec.
 */
#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"

/* Newer than Debian 12's header; the kernel says at run time what it knows. */
#define FS_TRUNCATE (1ULL << 14)
#define FS_IOCTL_DEV (1ULL << 15)
#define NET_BIND_TCP (1ULL << 0)
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ALL ((1ULL << 0) | (1ULL << 1)) /* abstract sockets, signals */

#define FS_ABI1 ((1ULL << 13) - 1)
#define FS_FILE                                                                \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |        \
	    FS_TRUNCATE)
#define FS_RO (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_RW                                                                  \
	(FS_FILE | LANDLOCK_ACCESS_FS_READ_DIR |                               \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |   \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |        \
	    LANDLOCK_ACCESS_FS_REFER)

/* struct landlock_ruleset_attr as of ABI 6; older kernels expect a prefix. */
struct ruleset_attr {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

#define NR(name) SCMP_SYS(name)
#define END -1

static const int common[] = {
    /* descriptors and waiting */
    NR(read), NR(write), NR(readv), NR(writev), NR(pread64), NR(pwrite64),
    NR(close), NR(dup), NR(dup2), NR(dup3), NR(fcntl), NR(pipe2), NR(poll),
    NR(ppoll), NR(select), NR(pselect6), NR(epoll_create1), NR(epoll_ctl),
    NR(epoll_wait), NR(epoll_pwait), NR(epoll_pwait2), NR(timerfd_create),
    NR(timerfd_settime), NR(timerfd_gettime), NR(eventfd2), NR(signalfd4),
    /* sockets that exist already */
    NR(recvmsg), NR(sendmsg), NR(recvfrom), NR(sendto), NR(shutdown),
    NR(getsockopt), NR(setsockopt), NR(getsockname), NR(getpeername),
    NR(socketpair),
    /* files, inside what Landlock leaves */
    NR(openat), NR(newfstatat), NR(stat), NR(lstat), NR(fstat), NR(statx),
    NR(access), NR(faccessat), NR(faccessat2), NR(readlink), NR(readlinkat),
    NR(lseek), NR(fsync), NR(fdatasync), NR(sync_file_range), NR(rename),
    NR(renameat), NR(renameat2), NR(unlink), NR(unlinkat), NR(mkdir),
    NR(mkdirat), NR(rmdir), NR(ftruncate), NR(fallocate), NR(fadvise64),
    NR(getdents64), NR(flock), NR(fchmod), NR(fchown), NR(umask), NR(statfs),
    NR(fstatfs), NR(getcwd), NR(sendfile), NR(copy_file_range), NR(open),
    /* memory */
    NR(brk), NR(munmap), NR(mremap), NR(madvise), NR(mlock), NR(mlock2),
    NR(munlock), NR(membarrier),
    /* time, randomness, identity */
    NR(futex), NR(getrandom), NR(clock_gettime), NR(clock_getres),
    NR(clock_nanosleep), NR(nanosleep), NR(gettimeofday), NR(time), NR(getpid),
    NR(gettid), NR(getppid), NR(getuid), NR(geteuid), NR(getgid), NR(getegid),
    NR(getrusage), NR(times), NR(sysinfo), NR(uname), NR(sched_getaffinity),
    NR(sched_yield), NR(getcpu), NR(restart_syscall),
    /* signals to oneself, the end */
    NR(rt_sigaction), NR(rt_sigprocmask), NR(rt_sigreturn), NR(rt_sigpending),
    NR(rt_sigtimedwait), NR(sigaltstack), NR(exit), NR(exit_group), END};

/* Libraries try these and live without them. */
static const int probes[] = {NR(socket), NR(connect), NR(bind), NR(listen),
    NR(accept4), NR(accept), NR(openat2), NR(prctl), NR(setrlimit),
    NR(sched_setaffinity), NR(sched_setscheduler), NR(setpriority),
    NR(getpriority), NR(chmod), NR(fchmodat), NR(chown), NR(fchownat), NR(link),
    NR(linkat), NR(symlink), NR(symlinkat), NR(utimensat), NR(memfd_create),
    NR(inotify_init1), NR(io_uring_setup), NR(getpgrp), NR(getsid), END};

static bool
listed(const int *list, int nr)
{
	for (; list != NULL && *list != END; list++)
		if (*list == nr)
			return true;
	return false;
}

/* ---- Landlock */
static int
landlock_abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

static uint64_t
fs_handled(int abi)
{
	uint64_t fs = FS_ABI1;

	if (abi >= 2)
		fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		fs |= FS_TRUNCATE;
	if (abi >= 5)
		fs |= FS_IOCTL_DEV;
	return fs;
}

static int
landlock_path(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {0};
	struct stat st;
	int fd;
	int r = GW_ESYS;

	if ((fd = open(path, O_PATH | O_CLOEXEC)) < 0)
		return errno == ENOENT ? 0 : GW_ESYS;
	if (fstat(fd, &st) != 0)
		goto out;
	rule.allowed_access = S_ISDIR(st.st_mode) ? access : access & FS_FILE;
	rule.parent_fd = fd;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) != 0)
		goto out;
	r = 0;
out:
	(void)close(fd);
	return r;
}

static int
landlock_enter(const struct sandbox *s)
{
	struct ruleset_attr attr = {0};
	size_t size = sizeof(attr.fs);
	int abi = landlock_abi();
	int fd;
	int r = 0;

	if (abi < 1) {
		log_warn("this kernel has no Landlock (%s): only the system "
			 "call filter confines this process",
		    strerror(errno));
		return 0;
	}
	attr.fs = fs_handled(abi);
	if (abi >= 4) {
		attr.net = NET_BIND_TCP | NET_CONNECT_TCP;
		if (listed(s->allow, NR(connect)))
			attr.net &= ~NET_CONNECT_TCP;
		if (listed(s->allow, NR(bind)))
			attr.net &= ~NET_BIND_TCP;
		size = sizeof(attr.fs) + sizeof(attr.net);
	}
	if (abi >= 6) {
		attr.scoped = SCOPE_ALL;
		size = sizeof(attr);
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0)
		return GW_ESYS;
	for (const char *const *p = s->ro; r == 0 && p != NULL && *p; p++)
		r = landlock_path(fd, *p, FS_RO & attr.fs);
	for (const char *const *p = s->rw; r == 0 && p != NULL && *p; p++)
		r = landlock_path(fd, *p, FS_RW & attr.fs);
	if (r == 0 && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		r = GW_ESYS;
	(void)close(fd);
	return r;
}

/* ---- seccomp */
static int
add_list(scmp_filter_ctx ctx, uint32_t action, const int *list, const int *but)
{
	int r;

	for (; list != NULL && *list != END; list++) {
		if (listed(but, *list))
			continue;
		r = seccomp_rule_add(ctx, action, *list, 0);
		if (r != 0 && r != -EEXIST) {
			errno = -r;
			return GW_ESYS;
		}
	}
	return 0;
}

/* nr passes while (arg & mask) == want, else it fails with EACCES. */
static int
add_masked(scmp_filter_ctx ctx, int nr, unsigned arg, uint64_t mask)
{
	struct scmp_arg_cmp ok = SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, mask, 0);
	struct scmp_arg_cmp no =
	    SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, mask, mask);
	int r;

	if ((r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, 1, &ok)) == 0)
		r = seccomp_rule_add_array(
		    ctx, SCMP_ACT_ERRNO(EACCES), nr, 1, &no);
	if (r != 0) {
		errno = -r;
		return GW_ESYS;
	}
	return 0;
}

/* ioctl only to ask about terminals and queued bytes; prlimit64 only to ask. */
static int
add_asking(scmp_filter_ctx ctx)
{
	static const uint64_t requests[] = {TCGETS, FIONREAD, FIONBIO, FIOCLEX};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(requests); i++) {
		struct scmp_arg_cmp c =
		    SCMP_CMP64(1, SCMP_CMP_EQ, requests[i], 0);

		r = seccomp_rule_add_array(
		    ctx, SCMP_ACT_ALLOW, NR(ioctl), 1, &c);
	}
	if (r == 0) {
		struct scmp_arg_cmp c = SCMP_CMP64(2, SCMP_CMP_EQ, 0, 0);

		r = seccomp_rule_add_array(
		    ctx, SCMP_ACT_ALLOW, NR(prlimit64), 1, &c);
	}
	if (r != 0) {
		errno = -r;
		return GW_ESYS;
	}
	return 0;
}

static int
fill(scmp_filter_ctx ctx, const struct sandbox *s)
{
	int r;

	if ((r = add_masked(ctx, NR(mmap), 2, PROT_EXEC)) != 0 ||
	    (r = add_masked(ctx, NR(mprotect), 2, PROT_EXEC)) != 0 ||
	    (r = add_list(ctx, SCMP_ACT_ALLOW, s->allow, NULL)) != 0 ||
	    (r = add_list(
		 ctx, SCMP_ACT_ERRNO(EACCES), s->deny_errno, s->allow)) != 0)
		return r;
	if (s->strict)
		return 0;
	if ((r = add_asking(ctx)) != 0 ||
	    (r = add_list(ctx, SCMP_ACT_ALLOW, common, s->deny_errno)) != 0)
		return r;
	return add_list(ctx, SCMP_ACT_ERRNO(EACCES), probes, s->allow);
}

static int
seccomp_enter(const struct sandbox *s)
{
	uint32_t rest =
	    FAULT(sandbox_log) ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS;
	scmp_filter_ctx ctx = seccomp_init(rest);
	int e;
	int r;

	if (ctx == NULL)
		return GW_EUNSUPPORTED;
	/* A thread some library started earlier gets the filter as well. */
	if (seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1) != 0) {
		r = GW_EUNSUPPORTED;
		goto out;
	}
	if ((r = fill(ctx, s)) != 0)
		goto out;
	if (!FAULT(no_seccomp) && (e = seccomp_load(ctx)) != 0) {
		errno = -e;
		r = GW_ESYS;
	}
out:
	seccomp_release(ctx);
	return r;
}

int
sandbox_enter(const struct sandbox *s)
{
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return GW_ESYS;
	if ((r = landlock_enter(s)) != 0)
		return r;
	return seccomp_enter(s);
}
