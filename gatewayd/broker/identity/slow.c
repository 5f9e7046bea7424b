/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slow - see the header.
 */
#include "broker/identity/slow.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "broker/broker.h"
#include "sys/scrypt.h"

static void
on_turn(struct process *r, void *arg)
{
	struct broker *b = arg;
	struct slow *s = b->slow;
	const int64_t from_ms = clock_now().boot_ms;

	(void)r;
	if (s == NULL)
		return;
	b->slow = s->next;
	s->next = NULL;
	s->result = scrypt_hash(s->hash, s->salt, s->plain);
	explicit_bzero(s->plain, sizeof(s->plain));
	if (b->slow != NULL)
		timer_set(b->slow_timer, clock_now().boot_ms - from_ms);
	s->then(s->c, s);
}

void
slow_hash(struct call *c, struct slow *s, slow_fn *then)
{
	struct broker *b = c->b;
	struct slow **at = &b->slow;
	const bool idle = b->slow == NULL;

	s->c = c;
	s->then = then;
	if (b->slow_timer == NULL &&
	    (b->slow_timer = timer_new(b->process, on_turn, b)) == NULL) {
		s->result = GW_ENOMEM;
		then(c, s);
		return;
	}
	while (*at != NULL && ((*at)->after <= s->after || FAULT(slow_last)))
		at = &(*at)->next;
	s->next = *at;
	*at = s;
	if (FAULT(slow_at_once))
		on_turn(b->process, b);
	else if (idle)
		timer_set(b->slow_timer, 0);
}

void
slow_done(struct slow *s)
{
	struct slow **at = s->c != NULL ? &s->c->b->slow : NULL;

	while (at != NULL && *at != NULL && *at != s)
		at = &(*at)->next;
	if (at != NULL && *at == s)
		*at = s->next;
	explicit_bzero(s, sizeof(*s));
}
