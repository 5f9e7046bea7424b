/* SPDX-License-Identifier: Apache-2.0 */
/*
 * undone - a record says that something was changed, and then it could not be:
 * a second one, of the same event and about the same, says so ("outcome" is
 * failure, "corrects" is the first one's number) before the call is answered.
 */
#ifndef BROKER_CALL_UNDONE_H
#define BROKER_CALL_UNDONE_H

#include "broker/call/call.h"

/* Before a record of the call is appended: what a second one would need. */
void undone_keep(
    struct call *c, enum event_code ev, const struct event_fields *f);
/* Makes that of f: why is the code of what it could not be done for, seq the
 * number of the first. */
void undone_fields(struct event_fields *f, const char *why, uint64_t seq);
typedef void undone_fn(struct call *c, const struct problem *p);

/* Has answer say that problem. If the call has a record (c->seq), the second
 * one comes first, and what is answered names both. Takes f: who asked. */
void undone(struct call *c, const struct problem *p, struct event_fields *f,
    undone_fn *answer);

#endif
