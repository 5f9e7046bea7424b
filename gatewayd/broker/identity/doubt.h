/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doubt - invitations that were made, or end, while the clock was wrong: nobody
 * can say how old they are, so they are void. Until the store says so too, as
 * it may be full, none is taken and none is made.
 */
#ifndef BROKER_IDENTITY_DOUBT_H
#define BROKER_IDENTITY_DOUBT_H

#include <stdint.h>

#include "base/attr.h"
#include "wire/json.h"

struct broker;

/* What was made now does not end later, by a clock that says so. */
int64_t doubt_latest_ms(int64_t now_ms);
/* Those of users last changed before that record, and those that end later than
 * one made now: void; *retn = how many. On failure they are in doubt until
 * doubt_settle(). */
MUST_CHECK int doubt_invitations(
    struct broker *b, uint64_t before_seq, uint64_t *retn);
/* Tries again, if any are. 0: none is in doubt; else *p says so. */
MUST_CHECK int doubt_settle(struct broker *b, struct problem *p);

#endif
