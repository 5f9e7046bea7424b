/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine - see the header. A row is what one process needs; what no list has
 * kills it, but for the supervisor, under whose filter libraries start that ask
 * for more than they need.
 */
#include "sys/confine.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/err.h"
#include "sys/sandbox.h"

#define NR(name) SCMP_SYS(name)
#define END -1

/* A daemon that opens files and waits on descriptors. It has no execve, no
 * fork, no ptrace, no signals to others, no threads, and no way to make a
 * socket. Which files may be opened is Landlock's part. */
static const int common[] = {
    /* descriptors and waiting */
    NR(read), NR(write), NR(readv), NR(writev), NR(pread64), NR(pwrite64),
    NR(close), NR(dup), NR(dup2), NR(dup3), NR(fcntl), NR(ioctl), NR(pipe2),
    NR(poll), NR(ppoll), NR(select), NR(pselect6), NR(epoll_create1),
    NR(epoll_ctl), NR(epoll_wait), NR(epoll_pwait), NR(epoll_pwait2),
    NR(timerfd_create), NR(timerfd_settime), NR(timerfd_gettime), NR(eventfd2),
    NR(signalfd4),
    /* sockets that exist already */
    NR(recvmsg), NR(sendmsg), NR(recvfrom), NR(sendto), NR(shutdown),
    NR(getsockopt), NR(getsockname), NR(getpeername),
    /* files, inside what Landlock leaves */
    NR(openat), NR(newfstatat), NR(stat), NR(lstat), NR(fstat), NR(statx),
    NR(access), NR(faccessat), NR(faccessat2), NR(readlink), NR(readlinkat),
    NR(lseek), NR(fsync), NR(fdatasync), NR(sync_file_range), NR(rename),
    NR(renameat), NR(renameat2), NR(unlink), NR(unlinkat), NR(mkdir),
    NR(mkdirat), NR(rmdir), NR(ftruncate), NR(fallocate), NR(fadvise64),
    NR(getdents64), NR(flock), NR(fchmod), NR(fchown), NR(umask), NR(statfs),
    NR(fstatfs), NR(getcwd), NR(sendfile), NR(copy_file_range), NR(open),
    /* memory */
    NR(brk), NR(mmap), NR(mprotect), NR(munmap), NR(mremap), NR(madvise),
    NR(mlock), NR(mlock2), NR(munlock), NR(membarrier),
    /* time, randomness, identity */
    NR(futex), NR(getrandom), NR(clock_gettime), NR(clock_getres),
    NR(clock_nanosleep), NR(nanosleep), NR(gettimeofday), NR(time), NR(getpid),
    NR(gettid), NR(getppid), NR(getuid), NR(geteuid), NR(getgid), NR(getegid),
    NR(getrusage), NR(times), NR(sysinfo), NR(uname), NR(sched_getaffinity),
    NR(sched_yield), NR(getcpu), NR(restart_syscall), NR(prlimit64),
    /* signals to oneself, the end */
    NR(rt_sigaction), NR(rt_sigprocmask), NR(rt_sigreturn), NR(rt_sigpending),
    NR(rt_sigtimedwait), NR(sigaltstack), NR(exit), NR(exit_group), END};

/* Libraries try these and live without them. */
static const int probes[] = {NR(socket), NR(socketpair), NR(connect), NR(bind),
    NR(listen), NR(setsockopt), NR(accept4), NR(accept), NR(openat2), NR(prctl),
    NR(setrlimit), NR(sched_setaffinity), NR(sched_setscheduler),
    NR(setpriority), NR(getpriority), NR(chmod), NR(fchmodat), NR(chown),
    NR(fchownat), NR(link), NR(linkat), NR(symlink), NR(symlinkat),
    NR(utimensat), NR(memfd_create), NR(inotify_init1), NR(io_uring_setup),
    NR(getpgrp), NR(getsid), END};

/* ---- arguments. The kernel reads the low half of an int. */
#define LOW UINT64_C(0xffffffff)
#define COND(arg, mask, is)                                                    \
	{                                                                      \
		arg, mask, is                                                  \
	}
#define ANY COND(0, 0, 0)
#define IS(arg, v) COND(arg, LOW, v)
#define IS_BUT(arg, v, bits) COND(arg, LOW & ~(uint64_t)(bits), v)
#define ONLY(arg, bits) IS_BUT(arg, 0, bits)
#define WITHOUT(arg, bits) COND(arg, bits, 0)
#define NO_POINTER(arg) COND(arg, UINT64_MAX, 0)

#define RULE(name, a, b)                                                       \
	{                                                                      \
		NR(name),                                                      \
		{                                                              \
			a, b                                                   \
		}                                                              \
	}
#define LAST                                                                   \
	{                                                                      \
		.nr = END                                                      \
	}
#define FCNTL(cmd) RULE(fcntl, IS(1, cmd), ANY)
#define IOCTL(request) RULE(ioctl, IS(1, request), ANY)
#define SOCKOPT(level, name) RULE(setsockopt, IS(1, level), IS(2, name))
#define PRCTL(option) RULE(prctl, IS(0, option), ANY)
#define SOCKET(family, type)                                                   \
	RULE(socket, IS(0, family),                                            \
	    IS_BUT(1, type, SOCK_CLOEXEC | SOCK_NONBLOCK))

/* A descriptor must bring no signal to anybody: no F_SETOWN, F_SETSIG,
 * O_ASYNC. */
#define FCNTL_PLAIN                                                            \
	FCNTL(F_GETFD), FCNTL(F_SETFD), FCNTL(F_GETFL),                        \
	    RULE(fcntl, IS(1, F_SETFL), WITHOUT(2, O_ASYNC))
#define FCNTL_DUP FCNTL(F_DUPFD), FCNTL(F_DUPFD_CLOEXEC)
#define FILE_LOCKS FCNTL(F_GETLK), FCNTL(F_SETLK), FCNTL(F_SETLKW)
/* No address, and none of the flags that connect (MSG_FASTOPEN) or hand memory
 * over. Where a sendmsg goes a filter cannot see; without a flag that connects
 * a stream goes where it is connected. */
#define SEND_FLAGS (MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE)
#define SENDMSG RULE(sendmsg, ONLY(2, SEND_FLAGS), ANY)
#define SENDTO RULE(sendto, ONLY(3, SEND_FLAGS), NO_POINTER(4))
#define SENDTO_ANYBODY RULE(sendto, ONLY(3, SEND_FLAGS), ANY)
#define NO_NEW_CODE                                                            \
	RULE(mmap, WITHOUT(2, PROT_EXEC), ANY),                                \
	    RULE(mprotect, WITHOUT(2, PROT_EXEC), ANY)
/* Only to ask about terminals and queued bytes, and to ask for limits. */
#define ASKING IOCTL(TCGETS), IOCTL(FIONREAD), IOCTL(FIONBIO), IOCTL(FIOCLEX)
#define ASK_LIMITS RULE(prlimit64, NO_POINTER(2), ANY)

static const struct sandbox_rule plain[] = {FCNTL_PLAIN, FCNTL_DUP, FILE_LOCKS,
    SENDMSG, NO_NEW_CODE, ASKING, ASK_LIMITS, LAST};
static const struct sandbox_rule sends[] = {SENDTO, LAST};

/* ---- what each process has besides */
#define KEEPALIVE                                                              \
	SOCKOPT(SOL_SOCKET, SO_KEEPALIVE), SOCKOPT(IPPROTO_TCP, TCP_KEEPIDLE), \
	    SOCKOPT(IPPROTO_TCP, TCP_KEEPINTVL),                               \
	    SOCKOPT(IPPROTO_TCP, TCP_KEEPCNT),                                 \
	    SOCKOPT(IPPROTO_TCP, TCP_USER_TIMEOUT)
#define NODELAY SOCKOPT(IPPROTO_TCP, TCP_NODELAY)
#define FORK                                                                   \
	RULE(clone,                                                            \
	    IS(0, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD), ANY)

/* The way to a target, and which address of ours leads there. */
static const int broker_calls[] = {
    NR(socket), NR(connect), NR(bind), NR(setsockopt), END};
static const struct sandbox_rule broker_rules[] = {SOCKET(AF_INET, SOCK_STREAM),
    SOCKET(AF_INET6, SOCK_STREAM), SOCKET(AF_INET, SOCK_DGRAM),
    SOCKET(AF_INET6, SOCK_DGRAM), NODELAY, KEEPALIVE, LAST};

static const int shipper_calls[] = {
    NR(socket), NR(connect), NR(setsockopt), END};
static const struct sandbox_rule shipper_rules[] = {
    SOCKET(AF_INET, SOCK_STREAM), SOCKET(AF_INET6, SOCK_STREAM), NODELAY,
    KEEPALIVE, LAST};

/* A child writes its file (firewall/keep.c). Netlink and raw packets have an
 * address each. */
static const int firewall_calls[] = {
    NR(clone), NR(wait4), NR(set_robust_list), NR(rseq), NR(close_range), END};
static const struct sandbox_rule firewall_rules[] = {
    SENDTO_ANYBODY, FORK, LAST};

static const int api_calls[] = {NR(accept4), NR(setsockopt), END};
static const struct sandbox_rule api_rules[] = {
    NODELAY, SOCKOPT(IPPROTO_TCP, TCP_CORK), LAST};

/* All a relay needs. No file, no new socket, no other process; and no sendmsg,
 * which passes descriptors on: who gets one closes it, and a socket that
 * lingers makes them wait. */
static const int session_calls[] = {NR(read), NR(write), NR(close), NR(fcntl),
    NR(recvfrom), NR(sendto), NR(recvmsg), NR(poll), NR(ppoll), NR(setsockopt),
    NR(getsockopt), NR(shutdown), NR(futex), NR(brk), NR(mmap), NR(mprotect),
    NR(munmap), NR(mremap), NR(madvise), NR(getpid), NR(gettid), NR(getrandom),
    NR(clock_gettime), NR(gettimeofday), NR(time), NR(rt_sigreturn),
    NR(rt_sigprocmask), NR(getrusage), NR(restart_syscall), NR(exit),
    NR(exit_group), END};
/* libssh looks for known_hosts and a home folder, glibc for /proc. */
static const int session_probes[] = {NR(openat), NR(open), NR(newfstatat),
    NR(stat), NR(lstat), NR(fstat), NR(statx), NR(access), NR(faccessat),
    NR(faccessat2), NR(readlink), NR(socket), NR(connect), NR(ioctl), NR(uname),
    NR(getuid), NR(geteuid), NR(getgid), NR(getegid), NR(lseek), NR(sysinfo),
    NR(prlimit64), NR(getcwd), NR(mlock), NR(munlock), NR(getsockname),
    NR(getpeername), NR(sched_getaffinity), END};
static const struct sandbox_rule session_rules[] = {
    FCNTL_PLAIN, SENDTO, NO_NEW_CODE, LAST};
static const struct sandbox_rule relay_options[] = {NODELAY,
    SOCKOPT(IPPROTO_TCP, TCP_QUICKACK), SOCKOPT(IPPROTO_TCP, TCP_USER_TIMEOUT),
    SOCKOPT(SOL_SOCKET, SO_RCVBUF), SOCKOPT(SOL_SOCKET, SO_LINGER), LAST};

/* What forking needs, and what its sessions need to confine themselves further:
 * a filter is inherited, so what is missing here no session has either. */
static const int zygote_calls[] = {NR(clone), NR(wait4), NR(kill), NR(prctl),
    NR(setsockopt), NR(seccomp), NR(landlock_create_ruleset),
    NR(landlock_add_rule), NR(landlock_restrict_self), NR(set_robust_list),
    NR(rseq), END};
static const struct sandbox_rule zygote_rules[] = {FORK,
    RULE(kill, IS(1, SIGKILL), ANY), PRCTL(PR_SET_NO_NEW_PRIVS),
    PRCTL(PR_SET_DUMPABLE), RULE(prlimit64, IS(0, 0), ANY), LAST};

/* It starts all others: this is also what those need until they confine
 * themselves, and what the libraries of this and the next Debian ask for. */
static const int supervisor_calls[] = {NR(execve), NR(clone), NR(clone3),
    NR(vfork), NR(wait4), NR(waitid), NR(kill), NR(tgkill), NR(setsid),
    NR(chdir), NR(setuid), NR(setgid), NR(setresuid), NR(setresgid),
    NR(setgroups), NR(getresuid), NR(getresgid), NR(getgroups), NR(capget),
    NR(capset), NR(prctl), NR(seccomp), NR(landlock_create_ruleset),
    NR(landlock_add_rule), NR(landlock_restrict_self), NR(socket), NR(connect),
    NR(bind), NR(listen), NR(accept4), NR(socketpair), NR(setsockopt),
    NR(sendmmsg), NR(recvmmsg), NR(arch_prctl), NR(set_tid_address),
    NR(set_robust_list), NR(rseq), NR(setrlimit), NR(getrlimit),
    NR(close_range), NR(chmod), NR(fchmodat), NR(chown), NR(fchownat), NR(pipe),
    NR(epoll_create), NR(eventfd), NR(getpgrp), NR(getsid), NR(getdents),
    NR(truncate), NR(munlockall), NR(mlockall), NR(getpriority),
    NR(sched_getparam), NR(sched_getscheduler), NR(mincore), NR(msync),
    NR(pause), NR(alarm), END};
static const struct sandbox_rule supervisor_rules[] = {FCNTL_PLAIN, FCNTL_DUP,
    FILE_LOCKS, SENDMSG,
    /* the service manager's socket and a resolver's have addresses */
    SENDTO_ANYBODY, RULE(sendmmsg, ONLY(3, SEND_FLAGS), ANY), ASKING, NODELAY,
    KEEPALIVE, SOCKOPT(SOL_SOCKET, SO_REUSEADDR),
    SOCKOPT(SOL_SOCKET, SO_LINGER), SOCKOPT(SOL_SOCKET, SO_SNDBUF),
    SOCKOPT(SOL_SOCKET, SO_RCVBUF), SOCKOPT(SOL_SOCKET, SO_SNDBUFFORCE),
    SOCKOPT(SOL_SOCKET, SO_RCVBUFFORCE), SOCKOPT(SOL_SOCKET, SO_RCVTIMEO),
    SOCKOPT(SOL_SOCKET, SO_SNDTIMEO), SOCKOPT(SOL_SOCKET, SO_PASSCRED),
    SOCKOPT(IPPROTO_TCP, TCP_QUICKACK), SOCKOPT(IPPROTO_TCP, TCP_CORK),
    SOCKOPT(IPPROTO_IPV6, IPV6_V6ONLY), SOCKOPT(IPPROTO_IP, IP_RECVERR),
    SOCKOPT(IPPROTO_IPV6, IPV6_RECVERR), LAST};

static const struct sandbox rows[PROC_COUNT] = {
    [PROC_SUPERVISOR] = {.allow = {common, supervisor_calls},
	.refuse = {probes},
	.rules = {supervisor_rules},
	.mild = true,
	.no_fs = true},
    [PROC_BROKER] = {.allow = {common, broker_calls},
	.refuse = {probes},
	.rules = {plain, sends, broker_rules}},
    [PROC_NOTARY] = {.allow = {common},
	.refuse = {probes},
	.rules = {plain, sends}},
    [PROC_FIREWALL] = {.allow = {common, firewall_calls},
	.refuse = {probes},
	.rules = {plain, firewall_rules}},
    [PROC_API] = {.allow = {common, api_calls},
	.refuse = {probes},
	.rules = {plain, sends, api_rules}},
    [PROC_ADMIN] = {.allow = {common, api_calls},
	.refuse = {probes},
	.rules = {plain, sends, api_rules}},
    [PROC_ZYGOTE] = {.allow = {common, zygote_calls},
	.refuse = {probes},
	.rules = {plain, sends, zygote_rules, relay_options}},
    [PROC_SESSION] = {.allow = {session_calls},
	.refuse = {session_probes},
	.rules = {session_rules, relay_options}},
    [PROC_RECORDER] = {.allow = {common},
	.refuse = {probes},
	.rules = {plain, sends}},
    [PROC_SHIPPER] = {.allow = {common, shipper_calls},
	.refuse = {probes},
	.rules = {plain, sends, shipper_rules}},
};

int
confine_enter(enum proc p, const char *const *ro, const char *const *rw)
{
	struct sandbox s;

	if ((unsigned)p >= PROC_COUNT || rows[p].allow[0] == NULL)
		return GW_EINVAL;
	s = rows[p];
	s.ro = ro;
	s.rw = rw;
	return sandbox_enter(&s);
}
