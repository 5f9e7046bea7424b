/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order - what was ordered of the firewall and is not yet confirmed. A call
 * whose own orders are not all confirmed is not answered for a while, and after
 * that its answer says what is not so yet.
 */
#ifndef BROKER_CALL_ORDER_H
#define BROKER_CALL_ORDER_H

#include <stdint.h>

#include "broker/call/call.h"

enum order_kind {
	ORDER_NONE = 0,
	ORDER_SHUT,    /* what was ended passes nothing any more */
	ORDER_PROTECT, /* a port is shut */
};

/* Of n things of one kind; part of what waits for the confirmation. */
struct order {
	struct order *next;
	struct broker *b;
	uint64_t seq;
	enum order_kind kind;
	unsigned n;
};

/* *o lives until all n of it are confirmed or it is given up. */
void order_add(
    struct broker *b, struct order *o, enum order_kind kind, unsigned n);
/* n more are confirmed. True: these were the last, o is no order any more. */
bool order_done(struct order *o, unsigned n);

/* What is ordered between the two is this call's; all of it in one turn. */
void order_begin(struct call *c);
void order_end(struct call *c);
/* So many of this call's are not confirmed. */
unsigned order_left(const struct call *c, enum order_kind kind);
/* Calls fn once all are, or after LIMIT_CONFIRM_MS; the second time at once
 * then. */
void order_wait(struct call *c, call_fn *fn);

#endif
