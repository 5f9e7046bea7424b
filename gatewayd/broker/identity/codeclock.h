/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codeclock - what users' codes tell of the clocks that make them. It is kept
 * in memory, for so many users; a restart forgets it.
 *
 * MUST NOT tell of a code of a time to come before its user has given a good
 * one: whoever guesses would learn which code will be right.
 */
#ifndef BROKER_IDENTITY_CODECLOCK_H
#define BROKER_IDENTITY_CODECLOCK_H

#include "base/secret.h"
#include "broker/call/call.h"
#include "core/drift.h"

MUST_CHECK int codeclock_new(struct codeclock **ret);
/* A good code of that step came with c: what there is to say of its clock goes
 * into c->code_clock. */
void codeclock_good(
    struct call *c, const struct otp *o, int64_t step, int64_t utc_s);
/* A wrong one did; ret: what there is to say at once, "" = nothing. */
void codeclock_wrong(const struct call *c, const struct secret *seed,
    const struct otp *o, int64_t utc_s, char ret[static DRIFT_TEXT_SIZE]);
/* What is known of a user's; "" = nothing is wrong with it. */
void codeclock_text(
    const struct broker *b, const char *user, char ret[static DRIFT_TEXT_SIZE]);
void codeclock_forget(struct broker *b, const char *user);

#endif
