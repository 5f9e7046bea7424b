/* SPDX-License-Identifier: Apache-2.0 */
/*
 * right - the rights of administration: who may change or see what is not
 * their own. A set of them is their sum. Who approves requests has none of
 * these for it: a quorum names groups (quorum.h).
 */
#ifndef CORE_RIGHT_H
#define CORE_RIGHT_H

#include <stdbool.h>
#include <stdint.h>

/* The numbers are in stores: none changes its meaning. */
enum right {
	RIGHT_NONE = 0,
	RIGHT_ADMIN = 1,       /* all of them, and what none of them gives */
	RIGHT_AUDITOR = 2,     /* reads the log and recordings */
	RIGHT_POLICY = 4,      /* targets and roles */
	RIGHT_RESPONDER = 8,   /* locks, kills, revokes */
	RIGHT_USER_ADMIN = 16, /* users, but those who have a right */
	RIGHTS_ALL = 31
};

/* One of those in wanted, or admin. */
bool right_may(uint8_t have, uint8_t wanted);
/* "user-admin"; NULL: it is not one right. */
const char *right_str(enum right r);
/* RIGHT_NONE: no right is called so. */
enum right right_find(const char *name);

#endif
