/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep - closed.state on disk, as what is protected is now. A child writes it:
 * a disk may stall for seconds, and a closing waits for none. However much
 * changes meanwhile, it is written once more after that.
 */
#ifndef FIREWALL_KEEP_H
#define FIREWALL_KEEP_H

#include "base/attr.h"
#include "firewall/ruleset.h"
#include "process/process.h"

struct keep;

/* path and rules are borrowed. GW_ENOMEM. */
MUST_CHECK int keep_new(struct keep **ret, struct process *r, const char *path,
    const struct ruleset *rules);
/* Waits for a child that writes, and writes itself what is not on disk yet.
 * NULL is a no-op. */
void keep_free(struct keep *k);
/* The rules have changed: they are written soon. */
void keep_changed(struct keep *k);
/* The same, before this returns. On failure a line was logged. */
void keep_now(struct keep *k);
/* A broker hears whether it can be written: this one now, the one there is when
 * that changes. */
void keep_tell(const struct keep *k, struct peer *broker);

#endif
