/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past - history: what was asked, what became of it, and what was open. Nothing
 * of it is ever removed.
 */
#ifndef BROKER_SESSION_PAST_H
#define BROKER_SESSION_PAST_H

#include "broker/call/call.h"

/* history.list and history.show: past.c, chain.c */
void verb_history(struct call *c);
void verb_history_show(struct call *c);

/* Everybody's is theirs to read: root, admins, auditors. */
bool past_everybody(const struct call *c);
/* What became of a grant: "active", "ending" or "ended"; lg NULL: it is open no
 * more. */
const char *past_grant_state(
    const struct broker *b, const char *id, const struct live_grant *lg);
/* How many sessions it had, also before our start: with an end on record, or
 * running; counted, the number in its row of history, may be more (rows of
 * sessions are written a moment later). */
unsigned past_sessions(const struct broker *b, const char *id,
    const struct live_grant *lg, unsigned counted);

#endif
