/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage - how much of the log each user's doings take within an hour, as the
 * log itself says: it is read at the start too, so a restart gives nobody
 * anything. Who reaches the quota is held up, not the gateway: the broker ends
 * what they have open, nothing new opens, and of what their sessions write
 * beyond a fourth more nothing is taken. What ends access is always written,
 * also what they end of others' (quota.c).
 *
 * The quota is LIMIT_LOG_USER, and a fourth of what recordings leave free where
 * that is less. When all users together have reached LIMIT_LOG_ALL, or half of
 * that room, each one's is an eighth until the hour is over: whoever has little
 * goes on.
 *
 * Times are the log's. No I/O, no clock.
 */
#ifndef NOTARY_USAGE_H
#define NOTARY_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/record.h"
#include "base/attr.h"
#include "base/limits.h"
#include "core/event.h"

struct usage;

enum usage_state { USAGE_FAR = 0, USAGE_OVER, USAGE_WITHIN };

/* room: bytes that recordings leave free (base/disk.h). */
MUST_CHECK int usage_new(struct usage **ret, uint64_t room);
void usage_free(struct usage *u); /* NULL is a no-op */
/* One record, of any kind, at the start and live. */
void usage_record(
    struct usage *u, const struct record *r, const void *line, size_t n);
/* The next user who is at their quota, without a record that says so: false =
 * none. Each is named once. */
bool usage_reached(
    struct usage *u, int64_t utc_ms, char ret[static LIMIT_NAME_SIZE]);
/* USAGE_OVER: from the quota on; USAGE_FAR: a fourth beyond it. */
enum usage_state usage_of(
    const struct usage *u, const char *user, int64_t utc_ms);
/* Bytes of an hour that are one user's now. */
uint64_t usage_quota(const struct usage *u, int64_t utc_ms);
/* Seconds until the hour of a user is over, at least one. */
int64_t usage_left_s(const struct usage *u, const char *user, int64_t utc_ms);

#endif
