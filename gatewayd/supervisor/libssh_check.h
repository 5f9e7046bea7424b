/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libssh_check - does the installed libssh have the published security fixes?
 */
#ifndef SUPERVISOR_LIBSSH_CHECK_H
#define SUPERVISOR_LIBSSH_CHECK_H

#include <stdbool.h>

#include "base/attr.h"

/* Has that version of Debian's package libssh-4 ("0.10.6-0+deb12u3") all fixes
 * of its line (0.10, 0.11, 0.12 and newer)? *retneeds: the first of the line
 * that has them, a constant. An older line than 0.10 has none; a version that
 * is no version is not fixed. */
MUST_CHECK bool libssh_fixed(const char *version, const char **retneeds);

/* 0: the installed one has them, or dpkg cannot be asked (a warning was
 * logged). GW_EDENIED: it lacks some; a line in the log says which revision has
 * them. */
MUST_CHECK int libssh_check(void);

#endif
