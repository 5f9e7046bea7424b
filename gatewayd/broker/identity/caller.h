/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caller - who is asking. Ends in the verb or in a refusal.
 */
#ifndef BROKER_IDENTITY_CALLER_H
#define BROKER_IDENTITY_CALLER_H

#include "broker/call/call.h"

/* fn(c) runs once it is known who asks, that they may, and, where the verb's
 * row wants one, that a code was burned. */
void caller_check(struct call *c, const struct msg_api_call *m, call_fn *fn);
/* Refuses it, on record. */
void caller_refuse(
    struct call *c, int status, const char *code, const char *text);
/* The same, in the lock's words. */
void caller_locked(struct call *c, const struct lock *l);

#endif
