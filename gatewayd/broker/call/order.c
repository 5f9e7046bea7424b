/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order - see the header.
 */
#include "broker/call/order.h"

#include <stddef.h>

#include "broker/broker.h"

static bool
is_of(const struct order *o, const struct call *c)
{
	return o->seq > c->order_from && o->seq <= c->order_to;
}

static bool
has_orders(const struct call *c)
{
	return order_left(c, ORDER_SHUT) > 0 ||
	       order_left(c, ORDER_PROTECT) > 0;
}

static void
run_ordered(struct call *c)
{
	call_fn *fn = c->ordered;

	c->ordered = NULL;
	timer_free(c->order_timer);
	c->order_timer = NULL;
	fn(c);
}

/* Each answer changes the list. */
static struct call *
next_done(struct broker *b)
{
	struct call *c = b->calls;

	while (c != NULL && (c->ordered == NULL || has_orders(c)))
		c = c->next;
	return c;
}

void
order_add(struct broker *b, struct order *o, enum order_kind kind, unsigned n)
{
	o->b = b;
	o->seq = ++b->order_seq;
	o->kind = kind;
	o->n = n;
	o->next = b->orders;
	b->orders = o;
}

bool
order_done(struct order *o, unsigned n)
{
	struct broker *b = o->b;

	o->n -= n < o->n ? n : o->n;
	if (o->n > 0)
		return false;
	for (struct order **op = &b->orders; *op != NULL; op = &(*op)->next)
		if (*op == o) {
			*op = o->next;
			break;
		}
	for (struct call *c = NULL; (c = next_done(b)) != NULL;)
		run_ordered(c);
	return true;
}

void
order_begin(struct call *c)
{
	c->order_from = c->b->order_seq;
	c->order_to = UINT64_MAX;
}

void
order_end(struct call *c)
{
	if (c->order_to == UINT64_MAX)
		c->order_to = c->b->order_seq;
}

unsigned
order_left(const struct call *c, enum order_kind kind)
{
	unsigned n = 0;

	for (const struct order *o = c->b->orders; o != NULL; o = o->next)
		n += o->kind == kind && is_of(o, c) ? o->n : 0;
	return n;
}

static void
on_late(struct process *r, void *arg)
{
	struct call *c = arg;

	(void)r;
	c->order_late = true;
	run_ordered(c);
}

void
order_wait(struct call *c, call_fn *fn)
{
	order_end(c);
	if (c->order_late || !has_orders(c)) {
		fn(c);
		return;
	}
	c->ordered = fn;
	c->order_timer = timer_new(c->b->process, on_late, c);
	if (c->order_timer == NULL)
		on_late(c->b->process, c);
	else
		timer_set(c->order_timer, LIMIT_CONFIRM_MS);
}
