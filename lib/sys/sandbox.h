/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox - no_new_privs, Landlock (the ABI is asked at run time; without it a
 * log line, never a failure of the seccomp part) and a seccomp filter built by
 * libseccomp: listed calls pass, a few common probes fail with EACCES, the
 * rest kills the process (or, in a fault build with FAULT(sandbox_log), logs).
 *
 * The common set suits a daemon that opens files and waits on descriptors. It
 * has no execve, no fork, no ptrace, no signals to others, no executable
 * memory, no threads, and no way to make a socket: who needs one lists socket,
 * connect, bind, listen or accept4 in allow. Which files may be opened is
 * Landlock's part.
 */
#ifndef SYS_SANDBOX_H
#define SYS_SANDBOX_H

#include <stdbool.h>

#include "base/attr.h"

struct sandbox {
	const char *const *ro; /* readable folders or files, NULL-terminated */
	const char *const *rw; /* writable ones */
	const int *allow;      /* syscall numbers, -1-terminated */
	const int *deny_errno; /* these give EACCES instead of death */
	bool strict;           /* leave the common set out: allow is all */
};

/* Irrevocable. GW_ESYS/GW_EUNSUPPORTED when the filter cannot be loaded: the
 * caller must then exit. Paths of ro and rw that do not exist are passed over:
 * what is not there needs no permission. */
MUST_CHECK int sandbox_enter(const struct sandbox *s);

#endif
