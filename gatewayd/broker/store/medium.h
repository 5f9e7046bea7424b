/* SPDX-License-Identifier: Apache-2.0 */
/*
 * medium - does what the store lies on live?
 */
#ifndef BROKER_STORE_MEDIUM_H
#define BROKER_STORE_MEDIUM_H

enum medium {
	MEDIUM_DEAD = 0, /* nothing can be stored */
	MEDIUM_GONE,     /* it is, in files that nobody finds any more */
	MEDIUM_FULL,     /* not now */
	MEDIUM_WELL
};

/* Hears, from within a call that fails, that no later one can do anything
 * either, and why. Not of a disk that is full. */
typedef void medium_dead_fn(void *arg, const char *why);

#endif
