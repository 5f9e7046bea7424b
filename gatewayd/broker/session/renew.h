/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew - what sessions have open ends with their grant: also when that ends
 * later than it was to.
 */
#ifndef BROKER_SESSION_RENEW_H
#define BROKER_SESSION_RENEW_H

#include "broker/session/session.h"

/* What struct grant_hooks wants of us. */
void renew_legs(
    struct live_grant *lg, int64_t end_boot_ms, renewed_fn *fn, void *arg);
void renew_moved(struct live_grant *lg);
/* s is there again: it is to end when its grant does, and to know that. */
void renew_follow(struct session *s);
/* Its leg was opened, perhaps until an end that its grant had before. */
void renew_late(struct session *s);

#endif
