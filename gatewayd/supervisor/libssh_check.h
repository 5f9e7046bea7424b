/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libssh_check - does the installed libssh have the published security fixes?
 */
#ifndef SUPERVISOR_LIBSSH_CHECK_H
#define SUPERVISOR_LIBSSH_CHECK_H

#include "base/attr.h"

/* 0: it has them, or dpkg cannot be asked (a warning was logged). GW_EDENIED:
 * it lacks some; a line in the log says which revision has them. */
MUST_CHECK int libssh_check(void);

#endif
