/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage - how much of the log each user's doings take within an hour. Who
 * reaches LIMIT_LOG_USER is held up, not the gateway: the broker ends what they
 * have open, nothing new opens, and of what their sessions write beyond a
 * fourth more nothing is taken. What ends access is always written.
 */
#ifndef NOTARY_USAGE_H
#define NOTARY_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "core/event.h"

struct usage;

enum usage_state { USAGE_FAR = 0, USAGE_OVER, USAGE_WITHIN };

MUST_CHECK int usage_new(struct usage **ret);
void usage_free(struct usage *u); /* NULL is a no-op */
/* A record of so many bytes; true: with it they have reached the quota. */
bool usage_charge(
    struct usage *u, const char *user, size_t bytes, int64_t boot_ms);
/* USAGE_OVER: from the quota on; USAGE_FAR: a fourth beyond it. */
enum usage_state usage_of(
    const struct usage *u, const char *user, int64_t boot_ms);
/* Seconds until the hour of a user is over, at least one. */
int64_t usage_left_s(const struct usage *u, const char *user, int64_t boot_ms);
/* Whose doing a record is of: by, else user; "" = of nobody who is charged. */
void usage_user(char ret[static LIMIT_NAME_SIZE], const struct event_fields *f);

#endif
