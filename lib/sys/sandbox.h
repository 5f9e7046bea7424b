/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox - no_new_privs, Landlock (the ABI is asked at run time; without it a
 * log line, never a failure of the seccomp part) and seccomp filters built by
 * libseccomp. Knows no process: which may do what is the table of confine.c.
 *
 * A call that is listed passes; if rules name it too, only as one of them says,
 * and else it fails with EACCES. What is refused fails with EACCES. The rest
 * kills the process (or, in a fault build with FAULT(sandbox_log), is logged).
 */
#ifndef SYS_SANDBOX_H
#define SYS_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

enum { SANDBOX_LISTS = 4 };

/* (the call's argument & mask) == is. A mask of 0 asks nothing. */
struct sandbox_cond {
	unsigned arg;
	uint64_t mask;
	uint64_t is;
};

/* One way in which call nr may be made. */
struct sandbox_rule {
	int nr;
	struct sandbox_cond when[2];
};

struct sandbox {
	const char *const *ro; /* readable folders or files, NULL-terminated */
	const char *const *rw; /* writable ones */
	/* Lists of system calls, each -1-terminated. What is allowed as well
	 * is not refused. */
	const int *allow[SANDBOX_LISTS];
	const int *refuse[SANDBOX_LISTS];
	/* Lists of rules, each ending with .nr = -1. They allow nothing that
	 * is in no list of allow. */
	const struct sandbox_rule *rules[SANDBOX_LISTS];
	bool mild;  /* the rest fails with ENOSYS and kills nobody */
	bool no_fs; /* no Landlock */
};

/* Irrevocable. GW_ESYS/GW_EUNSUPPORTED when a filter cannot be loaded: the
 * caller must then exit. Paths of ro and rw that do not exist are passed over:
 * what is not there needs no permission. */
MUST_CHECK int sandbox_enter(const struct sandbox *s);

#endif
