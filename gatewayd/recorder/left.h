/* SPDX-License-Identifier: Apache-2.0 */
/*
 * left - recordings that an earlier recorder began and did not end. Each gets
 * its recording.end ("interrupted") from here: when its session goes on with
 * another part, or a while after this recorder was told of it, when no session
 * has come back.
 */
#ifndef RECORDER_LEFT_H
#define RECORDER_LEFT_H

#include <stdint.h>

#include "base/attr.h"
#include "process/process.h"
#include "wire/messages.h"

enum { LEFT_WAIT_MS = 6000 }; /* a session waits LIMIT_FREEZE_S for us */

struct left; /* all of them */

MUST_CHECK int left_new(struct left **ret, struct process *r, int dir);
/* Keeps it until then; a name that is none of ours is refused: GW_EPROTO. */
MUST_CHECK int left_add(struct left *l, const struct msg_nt_unended *m);
/* The session is back: next is the part that goes on. What was not added is
 * ended all the same. 0, or why the end could not be written. */
MUST_CHECK int left_goes_on(struct left *l, const char *sid, const char *grant,
    uint32_t channel, const char *file, const char *next);
/* Now, all that wait. */
void left_end_all(struct left *l);

#endif
