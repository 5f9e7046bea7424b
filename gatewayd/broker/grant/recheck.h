/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recheck - is a grant still given, as users, targets and roles are now? Its
 * length and its code are not asked about again: they were right when it was
 * given.
 */
#ifndef BROKER_GRANT_RECHECK_H
#define BROKER_GRANT_RECHECK_H

#include "broker/grant/live.h"

struct recheck; /* whom and what was read last: freed by recheck_free() */

/* NULL: out of memory. */
struct recheck *recheck_new(void);
void recheck_free(struct recheck *x); /* NULL is a no-op; wipes */
/* False in every doubt. */
bool recheck_grant(struct recheck *x, const struct live_grant *lg);
/* The same for one. */
bool grant_still_given(const struct live_grant *lg);

#endif
