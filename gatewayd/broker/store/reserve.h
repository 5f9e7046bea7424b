/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reserve - RESERVE_SIZE of the disk behind the place in the file where the
 * next commit is written (SQLite's write-ahead log, which is begun anew, and
 * keeps its size), allocated to it: on a full disk what takes access away can
 * be stored all the same. A file system that cannot do that has none.
 */
#ifndef BROKER_STORE_RESERVE_H
#define BROKER_STORE_RESERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RESERVE_SIZE = 1024 * 1024 };

struct reserve {
	int fd;         /* of that file; -1 = not yet */
	uint64_t used;  /* of it, */
	uint64_t until; /* and where its own disk ends */
	bool never;     /* the file system cannot */
	int error;      /* why there is none, or no more; 0 = unknown */
};

void reserve_init(struct reserve *r);
void reserve_done(struct reserve *r);
/* Its file begins with n zeros; its disk stays. */
void reserve_blank(struct reserve *r, size_t n);
/* After each commit: as much as there was, if the disk gives it. used:
 * UINT64_MAX = all of the file. */
void reserve_hold(struct reserve *r, const char *path, uint64_t used);
/* Is half of it left, for those who take away? */
bool reserve_left(const struct reserve *r);

#endif
