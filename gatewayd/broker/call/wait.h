/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait - questions to other processes and their answers, paired by rid.
 */
#ifndef BROKER_CALL_WAIT_H
#define BROKER_CALL_WAIT_H

#include "broker/broker.h"

/* body is NULL when the process was lost before it answered. */
typedef void wait_fn(struct broker *b, void *arg, const void *body);

/* Sends body (whose first field is its u32 rid, set here) and calls fn with
 * the answer. After a failure fn is never called. */
MUST_CHECK int ask(struct broker *b, enum proc to, unsigned type, void *body,
    unsigned answer, wait_fn *fn, void *arg);
/* An answer came; one that nobody waits for is dropped. */
void wait_answer(
    struct broker *b, enum proc from, unsigned type, const void *body);
/* The link to from is gone: all that wait for it hear so. */
void wait_lost(struct broker *b, enum proc from);

#endif
