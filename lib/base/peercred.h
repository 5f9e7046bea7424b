/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peercred - who is at the other end of a Unix socket, as the kernel knows
 * it.
 */
#ifndef BASE_PEERCRED_H
#define BASE_PEERCRED_H

#include <stdint.h>

struct peercred {
	int64_t uid, pid;
	int64_t loginuid; /* -1 = not known or never set */
};

/* Never fails: what cannot be learnt is -1, which is nobody. */
void peercred_get(struct peercred *ret, int fd);
/* The audit login uid of a process; -1 = not known or never set. */
int64_t peercred_loginuid(int64_t pid);

#endif
