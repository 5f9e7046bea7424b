/* SPDX-License-Identifier: Apache-2.0 */
/*
 * denials - how many refusals of strangers become records. Whoever reaches the
 * API port can be refused thousands of times a second, and the log is never
 * thinned out: so many in each minute are written one by one, the rest as one
 * number per source when the minute is over. Refuses nothing itself.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/identity/denials.h"

enum { WINDOW_MS = 60 * 1000 };

struct source {
	struct addr addr; /* of IPv6 the /64: one host has all of it */
	unsigned n;
	unsigned left_out;
};

struct denials {
	struct broker *b;
	struct timer *timer;
	struct source source[LIMIT_API_DENIAL_SOURCES];
	unsigned nsources;
	unsigned n;        /* written in this window */
	unsigned left_out; /* of sources there was no place for */
};

static void
record_rest(const struct denials *d, const struct addr *addr, unsigned n)
{
	struct event_fields f;
	char text[ADDR_TEXT_SIZE];

	if (n == 0)
		return;
	event_fields_init(&f);
	if (addr != NULL) {
		addr_format(text, addr);
		event_str(&f, EF_SRC, text);
	}
	event_num(&f, EF_COUNT, n);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, "repeated");
	event_str(&f, EF_MSG,
	    "This many more requests were refused within a minute.");
	if (process_append(d->b->process, EV_API_DENIED, &f, NULL, NULL) != 0)
		log_warn("%u refusals could not be recorded", n);
	event_fields_done(&f);
}

static void
on_window(struct process *r, void *arg)
{
	struct denials *d = arg;

	(void)r;
	for (unsigned i = 0; i < d->nsources; i++)
		record_rest(d, &d->source[i].addr, d->source[i].left_out);
	record_rest(d, NULL, d->left_out);
	memset(d->source, 0, sizeof(d->source));
	d->nsources = d->n = d->left_out = 0;
}

int
denials_new(struct broker *b)
{
	struct denials *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return GW_ENOMEM;
	d->b = b;
	if ((d->timer = timer_new(b->process, on_window, d)) == NULL) {
		free(d);
		return GW_ENOMEM;
	}
	b->denials = d;
	return 0;
}

static struct source *
source_of(struct denials *d, const struct addr *addr)
{
	const struct addr key = addr_network(addr);

	for (unsigned i = 0; i < d->nsources; i++)
		if (addr_equal(&d->source[i].addr, &key))
			return &d->source[i];
	if (d->nsources >= LIMIT_API_DENIAL_SOURCES)
		return NULL;
	d->source[d->nsources].addr = key;
	return &d->source[d->nsources++];
}

bool
denials_write(struct broker *b, const struct addr *addr)
{
	struct denials *d = b->denials;
	struct source *s = NULL;

	if (addr->family == 0 || FAULT(denials_all))
		return true; /* the admin socket: root */
	if (d->nsources == 0)
		timer_set(d->timer, WINDOW_MS);
	if ((s = source_of(d, addr)) == NULL) {
		d->left_out++;
		return false;
	}
	if (s->n >= LIMIT_API_DENIALS_PER_SOURCE || d->n >= LIMIT_API_DENIALS) {
		s->left_out++;
		return false;
	}
	s->n++;
	d->n++;
	return true;
}
