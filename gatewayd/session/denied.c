/* SPDX-License-Identifier: Apache-2.0 */
/*
 * denied - see denied.h.
 */
#include "session/denied.h"

#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "session/chan.h"
#include "session/links.h"
#include "session/nul.h"
#include "session/session.h"
#include "session/text.h"

enum { MINUTE_MS = 60 * 1000 };

/* What was sent, of what libssh says that it was. */
static const void *
given(const char *s, size_t *retn)
{
	const void *exact = nul_exact(s, retn);

	if (exact != NULL)
		return exact;
	*retn = strlen(s);
	return s;
}

static void
put(struct event_fields *f, enum event_field_id id, const char *s)
{
	const void *p;
	size_t n;

	if (s == NULL)
		return;
	p = given(s, &n);
	event_cut(f, id, p, n, LIMIT_DENIED_MAX);
}

static bool
had_nul(const struct denial *d)
{
	size_t n;

	return d->nul || nul_exact(d->wanted, &n) != NULL ||
	       nul_exact(d->command, &n) != NULL ||
	       nul_exact(d->dst, &n) != NULL;
}

bool
denied_waits(const struct session *s)
{
	return s->denials->nheld > 0 && !s->dialed;
}

static void
release(struct session *s)
{
	struct denials *all = s->denials;

	for (unsigned i = 0; i < all->nheld; i++) {
		link_note(&s->notary, EV_SESSION_CHANNEL_DENIED, &all->held[i]);
		event_fields_done(&all->held[i]);
	}
	all->nheld = 0;
}

/* Takes f. */
static void
note(struct session *s, struct event_fields *f)
{
	struct denials *all = s->denials;

	if (!s->dialed && all->nheld < DENIALS_HELD && !FAULT(denied_early)) {
		all->held[all->nheld++] = *f;
		return;
	}
	link_note(&s->notary, EV_SESSION_CHANNEL_DENIED, f);
	event_fields_done(f);
}

/* As it was written: libssh keeps 16 bits of it. */
static unsigned
port_of(const struct denial *d)
{
	uint32_t n;

	return nul_number(d->dst, &n) && !FAULT(short_port) ? n : d->port;
}

static void
record(struct session *s, const struct denial *d)
{
	struct event_fields f;

	link_event_init(&f, &s->grant);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, d->what);
	if (d->chan != NULL)
		event_num(&f, EF_CHANNEL, d->chan->id);
	put(&f, EF_WANTED, d->wanted);
	if (d->whole)
		event_str(&f, EF_COMMAND, d->command);
	else
		put(&f, EF_COMMAND, d->command);
	put(&f, EF_DST, d->dst);
	if (d->dst != NULL)
		event_num(&f, EF_DST_PORT, port_of(d));
	if (had_nul(d))
		event_str(&f, EF_MSG, "there was a NUL in it");
	note(s, &f);
}

static void
show(char ret[static DENIAL_SHOWN], const struct denial *d)
{
	char text[DENIAL_SHOWN - 16];
	const char *s = d->wanted != NULL    ? d->wanted
			: d->command != NULL ? d->command
			: d->dst != NULL     ? d->dst
					     : "";
	const char *p;
	size_t n;

	p = given(s, &n);
	str_escape(text, sizeof(text), p, n);
	if (d->dst != NULL)
		text_fit(ret, DENIAL_SHOWN, "%s:%u", text, port_of(d));
	else
		text_fit(ret, DENIAL_SHOWN, "%s", text);
}

/* True when it has a record of its own; else it is counted. */
static bool
counts(struct session *s, const struct denial *d)
{
	struct denials *all = s->denials;
	size_t i = 0;

	while (i < DENIAL_KINDS - 1 && all->kind[i].what != NULL &&
	       strcmp(all->kind[i].what, d->what) != 0)
		i++;
	if (all->kind[i].what == NULL)
		all->kind[i].what = d->what;
	if (all->since_ms == 0)
		all->since_ms = s->now.boot_ms;
	if (all->kind[i].n < LIMIT_DENIED_PER_MINUTE || FAULT(denied_tally)) {
		all->kind[i].n++;
		return true;
	}
	if (all->kind[i].left_out++ == 0)
		show(all->kind[i].first, d);
	show(all->kind[i].last, d);
	return false;
}

void
denied(struct session *s, const struct denial *d)
{
	if (counts(s, d))
		record(s, d);
}

static void
record_rest(struct session *s, const char *what, unsigned n, const char *first,
    const char *last)
{
	struct event_fields f;
	char msg[LIMIT_TEXT_SIZE];

	text_fit(msg, sizeof(msg),
	    "so many more within a minute; the first: %s; the last: %s", first,
	    last);
	link_event_init(&f, &s->grant);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, what);
	event_num(&f, EF_COUNT, n);
	event_str(&f, EF_MSG, msg);
	note(s, &f);
}

void
denied_end(struct session *s)
{
	struct denials *all = s->denials;

	for (size_t i = 0; i < DENIAL_KINDS; i++)
		if (all->kind[i].left_out > 0)
			record_rest(s, all->kind[i].what, all->kind[i].left_out,
			    all->kind[i].first, all->kind[i].last);
	release(s);
	*all = (struct denials){0};
}

void
denied_turn(struct session *s)
{
	if (s->dialed)
		release(s);
	if (s->denials->since_ms != 0 &&
	    s->now.boot_ms - s->denials->since_ms >= MINUTE_MS)
		denied_end(s);
}
