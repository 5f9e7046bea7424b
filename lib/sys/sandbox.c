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
#define FS_RESOLVE_UNIX (1ULL << 16) /* to reach a Unix socket by its path */
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

enum { END = -1 };

static bool
listed(const int *const lists[static SANDBOX_LISTS], int nr)
{
	for (unsigned i = 0; i < SANDBOX_LISTS; i++)
		for (const int *l = lists[i]; l != NULL && *l != END; l++)
			if (*l == nr)
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
	if (abi >= 9)
		fs |= FS_RESOLVE_UNIX;
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
		if (listed(s->allow, SCMP_SYS(connect)))
			attr.net &= ~NET_CONNECT_TCP;
		if (listed(s->allow, SCMP_SYS(bind)))
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

/* ---- seccomp
 * Two filters, of which the kernel takes the stricter answer. One knows the
 * arguments and says EACCES to all that no list or rule allows; the other knows
 * numbers only, and what it does to the rest is worse. One alone could not say
 * "any other argument": libseccomp knows no else.
 */
static int
sys_error(int e)
{
	errno = -e;
	return GW_ESYS;
}

static bool
has_rule(const struct sandbox *s, int nr)
{
	for (unsigned i = 0; i < SANDBOX_LISTS; i++)
		for (const struct sandbox_rule *r = s->rules[i];
		     r != NULL && r->nr != END; r++)
			if (r->nr == nr)
				return true;
	return false;
}

static int
add(scmp_filter_ctx ctx, uint32_t action, int nr)
{
	const int r = seccomp_rule_add(ctx, action, nr, 0);

	return r == 0 || r == -EEXIST ? 0 : sys_error(r);
}

static int
add_rule(scmp_filter_ctx ctx, const struct sandbox_rule *rule)
{
	struct scmp_arg_cmp c[ARRAY_LEN(rule->when)];
	unsigned n = 0;
	int r;

	for (unsigned i = 0; i < ARRAY_LEN(rule->when); i++)
		if (rule->when[i].mask != 0)
			c[n++] =
			    SCMP_CMP64(rule->when[i].arg, SCMP_CMP_MASKED_EQ,
				rule->when[i].mask, rule->when[i].is);
	r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rule->nr, n, c);
	return r == 0 || r == -EEXIST ? 0 : sys_error(r);
}

static int
fill_arguments(scmp_filter_ctx ctx, const struct sandbox *s)
{
	int r;

	for (unsigned i = 0; i < SANDBOX_LISTS; i++) {
		for (const int *l = s->allow[i]; l != NULL && *l != END; l++)
			if (!has_rule(s, *l) &&
			    (r = add(ctx, SCMP_ACT_ALLOW, *l)) != 0)
				return r;
		for (const struct sandbox_rule *k = s->rules[i];
		     k != NULL && k->nr != END; k++)
			if (listed(s->allow, k->nr) &&
			    (r = add_rule(ctx, k)) != 0)
				return r;
	}
	/* the other filter comes after this one; it has no such exception */
	return add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(seccomp));
}

static int
fill_numbers(scmp_filter_ctx ctx, const struct sandbox *s)
{
	int r;

	for (unsigned i = 0; i < SANDBOX_LISTS; i++) {
		for (const int *l = s->allow[i]; l != NULL && *l != END; l++)
			if ((r = add(ctx, SCMP_ACT_ALLOW, *l)) != 0)
				return r;
		for (const int *l = s->refuse[i]; l != NULL && *l != END; l++)
			if (!listed(s->allow, *l) &&
			    (r = add(ctx, SCMP_ACT_ERRNO(EACCES), *l)) != 0)
				return r;
	}
	return 0;
}

static int
load(const struct sandbox *s, uint32_t rest,
    int (*fill)(scmp_filter_ctx ctx, const struct sandbox *s))
{
	scmp_filter_ctx ctx = seccomp_init(rest);
	int r = GW_EUNSUPPORTED;
	int e;

	if (ctx == NULL)
		return r;
	/* A thread some library started earlier gets the filter as well;
	 * no_new_privs is set already; calls are looked up by halves. */
	if (seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1) != 0 ||
	    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0) != 0 ||
	    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0)
		goto out;
	if ((r = fill(ctx, s)) == 0 && (e = seccomp_load(ctx)) != 0)
		r = sys_error(e);
out:
	seccomp_release(ctx);
	return r;
}

static int
seccomp_enter(const struct sandbox *s)
{
	uint32_t rest =
	    s->mild ? SCMP_ACT_ERRNO(ENOSYS) : SCMP_ACT_KILL_PROCESS;
	int r = 0;

	if (FAULT(no_seccomp))
		return 0;
	if (FAULT(sandbox_log))
		rest = SCMP_ACT_LOG;
	else if (!FAULT(sandbox_args))
		r = load(s, SCMP_ACT_ERRNO(EACCES), fill_arguments);
	return r == 0 ? load(s, rest, fill_numbers) : r;
}

int
sandbox_enter(const struct sandbox *s)
{
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return GW_ESYS;
	if (!s->no_fs && (r = landlock_enter(s)) != 0)
		return r;
	return seccomp_enter(s);
}
