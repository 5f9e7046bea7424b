/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recheck - is a grant still given, as users, targets and roles are now? Its
 * length and its code are not asked about again: they were right when it was
 * given.
 */
#ifndef BROKER_GRANT_RECHECK_H
#define BROKER_GRANT_RECHECK_H

#include "broker/call/subject.h"
#include "broker/grant/live.h"

/* False in every doubt. s is filled with whose grant it is and for what, and
 * may be used for the next. */
bool recheck_grant(struct subject *s, const struct live_grant *lg);

#endif
