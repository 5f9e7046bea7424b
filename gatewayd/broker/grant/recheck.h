/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recheck - would a grant be given, as users, targets and roles are now, with
 * all that it has: login, port, sources, capabilities, the time it has left,
 * and unrecorded if it is? One that is wider ends; none is narrowed, for what
 * runs on it began with the wider right. Its code is not asked for again: it
 * was right when it was given.
 */
#ifndef BROKER_GRANT_RECHECK_H
#define BROKER_GRANT_RECHECK_H

#include "base/limits.h"
#include "broker/call/subject.h"
#include "broker/grant/live.h"
#include "core/grant.h"
#include "core/trial.h"

struct recheck {
	enum end_reason why;      /* it ends, if it does, */
	char by[LIMIT_NAME_SIZE]; /* and who has it end */
};

/* False in every doubt, with why in *ret. s is filled with whose grant it is
 * and for what, and may be used for the next. */
bool recheck_grant(
    struct subject *s, const struct live_grant *lg, struct recheck *ret);

/* What policy says of it; no probe. False: its user or target is not what it
 * was, and *ret denies. */
bool recheck_verdict(
    struct subject *s, const struct live_grant *lg, struct policy_result *ret);
/* The same, were it asked for now, to last for so long, until then. */
bool recheck_for(struct subject *s, const struct live_grant *lg,
    uint32_t seconds, int64_t end_ms, struct policy_result *ret,
    struct trial *ret_trial);

#endif
