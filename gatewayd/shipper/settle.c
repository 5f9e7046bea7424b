/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle - see the header.
 */
#include "shipper/settle.h"

#include <string.h>

#include "base/fault.h"

void
settle_init(struct settle *s, uint64_t next)
{
	*s = (struct settle){.arrived = next, .sent = next, .given = next};
}

void
settle_reached(struct settle *s, uint64_t next)
{
	if (next > s->arrived)
		s->arrived = next;
	if (s->arrived > s->sent)
		s->sent = s->arrived;
	if (s->sent > s->given)
		s->given = s->sent;
}

void
settle_given(struct settle *s, uint64_t next)
{
	s->given = next;
}

void
settle_sent(struct settle *s, int64_t now_ms)
{
	struct sample *last = s->n > 0 ? &s->samples[s->n - 1] : NULL;

	if (s->sent == s->given)
		return;
	s->sent = s->given;
	/* Within one second, or when no further sample fits, the later time
	 * counts: late is safe. */
	if (last == NULL ||
	    (s->n < SETTLE_SAMPLES &&
		(last->t_ms / 1000 != now_ms / 1000 || last->read)))
		last = &s->samples[s->n++];
	*last = (struct sample){.t_ms = now_ms, .next = s->sent};
}

void
settle_read(struct settle *s, uint64_t next)
{
	for (unsigned i = 0; i < s->n && s->samples[i].next <= next; i++)
		s->samples[i].read = true;
}

bool
settle_arrived(struct settle *s, int64_t now_ms, int64_t kept_ms)
{
	unsigned n = 0;

	while (n < s->n && s->samples[n].t_ms + kept_ms <= now_ms &&
	       (s->samples[n].read || FAULT(sink_unread)))
		n++;
	if (n == 0)
		return false;
	s->arrived = s->samples[n - 1].next;
	s->n -= n;
	memmove(s->samples, s->samples + n, s->n * sizeof(s->samples[0]));
	return true;
}

bool
settle_unread(const struct settle *s, int64_t now_ms, int64_t age_ms)
{
	for (unsigned i = 0; i < s->n; i++)
		if (!s->samples[i].read)
			return now_ms - s->samples[i].t_ms >= age_ms;
	return false;
}

void
settle_forget(struct settle *s)
{
	settle_init(s, s->arrived);
}
