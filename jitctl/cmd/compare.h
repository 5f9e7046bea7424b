/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare - a recording, taken from the gateway as a whole, and what its log
 * says of it: recording.end has the digest of the file, of each where it has
 * several, for the recorder was started again meanwhile. The log itself is
 * proved by verify.c.
 */
#ifndef JITCTL_CMD_COMPARE_H
#define JITCTL_CMD_COMPARE_H

#include <stdint.h>

#include "base/attr.h"

enum { COMPARE_HEX_SIZE = 65 };

struct ctx;

struct taken {
	int fd;        /* in memory only: nobody else reads it */
	uint64_t size; /* its bytes */
	char sha256[COMPARE_HEX_SIZE];
};

/* Reads all of the recording. An exit code, what went wrong is said;
 * EXIT_NOT_FOUND when there is none. Channel 0 is the lowest that was recorded.
 * taken_done() always. */
MUST_CHECK int take(
    struct ctx *c, const char *sid, uint64_t channel, struct taken *ret);
void taken_done(struct taken *t);
/* Says what became of comparing it with the log. EXIT_VERIFY when it is not
 * what was recorded, EXIT_OK when it is or nobody can say. */
MUST_CHECK int compare(
    struct ctx *c, const char *sid, uint64_t channel, const struct taken *t);
/* The gateway has none: EXIT_VERIFY, and it is said, when its log has one; else
 * EXIT_NOT_FOUND. */
MUST_CHECK int compare_gone(struct ctx *c, const char *sid, uint64_t channel);

#endif
