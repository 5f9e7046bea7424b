/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verbs - grant.list, grant.release, grant.revoke.
 */
#ifndef BROKER_GRANT_VERBS_H
#define BROKER_GRANT_VERBS_H

#include "broker/grant/live.h"

/* Is it the caller's? */
bool grant_is_own(const struct call *c, const struct grant *g);
/* The live grant that the body's "grant" names, one of the caller's own if so.
 * NULL: the call is answered. */
struct live_grant *grant_named(struct call *c, bool own);
json_t *grant_json(const struct live_grant *lg);
void verb_grants(struct call *c);
void verb_release(struct call *c);
void verb_revoke(struct call *c);

#endif
