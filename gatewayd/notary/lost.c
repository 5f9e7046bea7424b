/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lost - the ends of programs that their session did not write: it was killed,
 * or could not reach us. Once a session is over and its process gone, its
 * channels get their session.channel_end from the fold, with what the kernel
 * counted (flow.end, a second after the cut).
 */
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "notary/notary.h"
#include "notary/unended.h"

enum {
	LOOK_MS = 500,
	LINKS_MS = 5000,      /* after our start: until sessions are linked */
	COUNT_WAIT_MS = 3000, /* for the kernel's count */
	AT_ONCE = 32,         /* internal: the fold changes meanwhile */
};

struct end {
	struct fold_leg leg;
	uint32_t channel;
	bool counted;
	uint64_t bytes_in, bytes_out;
};

struct looking {
	struct notary *n;
	int64_t now_ms;
	bool again;
	struct end end[AT_ONCE];
	size_t nends;
};

static bool
is_linked(const struct notary *n, const char *sid)
{
	for (const struct session_peer *s = n->sessions; s != NULL; s = s->next)
		if (s->has_leg && strcmp(s->leg.sid, sid) == 0)
			return true;
	return false;
}

static void
add_end(struct looking *t, const struct unended_session *s,
    const struct unended_item *i)
{
	char key[LIMIT_NAME_SIZE];

	pair_channel_key(key, s->leg.sid, i->channel);
	if (queue_has(t->n, EV_SESSION_CHANNEL_END, key))
		return;
	t->end[t->nends++] = (struct end){.leg = s->leg,
	    .channel = i->channel,
	    .counted = s->counted,
	    .bytes_in = s->bytes_in,
	    .bytes_out = s->bytes_out};
}

static int
find_ends(void *arg, const struct unended_session *s)
{
	struct looking *t = arg;
	const int64_t since = t->now_ms - s->over_ms;

	if (!s->over || s->nchannels == 0)
		return 0;
	t->again = true;
	/* a clock that went back does not make us wait */
	if (is_linked(t->n, s->leg.sid) ||
	    (!s->counted && since >= 0 && since < COUNT_WAIT_MS))
		return 0;
	for (const struct unended_item *i = s->items; i != NULL; i = i->next)
		if (i->kind == UNENDED_CHANNEL && t->nends < AT_ONCE)
			add_end(t, s, i);
	return t->nends < AT_ONCE ? 0 : -1;
}

static int
write_end(struct notary *n, const struct end *e)
{
	char key[LIMIT_NAME_SIZE];
	struct queue_item item = {
	    .event = EV_SESSION_CHANNEL_END, .origin = PROC_NOTARY, .key = key};
	struct event_fields f;
	int r;

	pair_channel_key(key, e->leg.sid, e->channel);
	event_fields_init(&f);
	leg_identity(&f, &e->leg);
	if (e->leg.conn <= LIMIT_NUMBER_MAX)
		event_num(&f, EF_CONN, (int64_t)e->leg.conn);
	event_num(&f, EF_CHANNEL, e->channel);
	if (e->counted) {
		event_count(&f, EF_BYTES_IN, e->bytes_in);
		event_count(&f, EF_BYTES_OUT, e->bytes_out);
	}
	event_str(&f, EF_REASON, "lost");
	event_str(&f, EF_MSG,
	    e->counted ? "The session did not write this end; the bytes are "
			 "those the kernel counted on its way to the target, "
			 "of all its channels."
		       : "The session did not write this end.");
	r = queue_add(n, &item, &f);
	event_fields_done(&f);
	return r;
}

void
lost_look(struct process *r, void *arg)
{
	struct notary *n = arg;
	struct looking t = {.n = n, .now_ms = notary_now(n).utc_ms};
	int e = 0;

	(void)r;
	if (FAULT(lost_ends))
		return;
	(void)!unended_each(fold_unended(n->fold), find_ends, &t);
	for (size_t i = 0; e == 0 && i < t.nends; i++)
		e = write_end(n, &t.end[i]);
	if (e != 0)
		log_err("the end of a channel could not be put into the audit "
			"log: %s",
		    err_str(e));
	if (t.again)
		timer_set(n->lost_timer, LOOK_MS);
}

void
lost_begin(struct notary *n)
{
	timer_set(n->lost_timer, LINKS_MS);
}
