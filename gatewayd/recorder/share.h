/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share - how much of the recordings' disk one session and one user may fill:
 * LIMIT_RECORDING_SESSION bytes of a session, and of all of a user's within a
 * day a fourth of the file system. Counts what this process has seen.
 */
#ifndef RECORDER_SHARE_H
#define RECORDER_SHARE_H

#include <stdint.h>

#include "base/attr.h"

struct shares;

MUST_CHECK int shares_new(struct shares **ret);
void shares_free(struct shares *s); /* NULL is a no-op */
/* So many more bytes of a session that had *session; total is the size of the
 * file system. GW_EFULL: they are too many; GW_ENOMEM. */
MUST_CHECK int share_take(struct shares *s, const char *user, uint64_t *session,
    uint64_t n, uint64_t total, int64_t boot_ms);

#endif
