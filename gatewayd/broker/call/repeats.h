/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repeats - a call that comes again with the same idempotency key gets the
 * first answer instead of a second effect. Kept are decisions, in the store.
 */
#ifndef BROKER_CALL_REPEATS_H
#define BROKER_CALL_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "broker/call/call.h"

enum repeat {
	REPEAT_NO = 0, /* the first of its kind: act */
	REPEAT_WAITS,  /* joined to the first, which is under way */
	REPEAT_KEPT,   /* *retstatus and *ret are the answer that was given */
	REPEAT_FAILED, /* the store could not be read: *reterr */
};

/* Marks c as the first where it is. ret is an initialised buffer. */
enum repeat repeats_find(
    struct call *c, uint16_t *retstatus, struct buf *ret, int *reterr);
/* Keeps the answer of the first, if it is a decision. */
void repeats_keep(struct call *c, unsigned status, const char *text);
/* One that waits for the answer of c, no longer joined to it; NULL: none. */
struct call *repeats_next(struct call *c);
/* The answer with "repeated": true, malloc()ed; NULL: it is no JSON. */
char *repeats_text(const char *text);

#endif
