/* SPDX-License-Identifier: Apache-2.0 */
/*
 * until - see until.h.
 */
#include "session/until.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "session/chan.h"
#include "session/session.h"

void
until_moved(struct session *s, const struct msg_ses_until *m)
{
	const bool later = m->end_boot_ms > s->grant.end_boot_ms;

	if (!s->logged_in || s->spawn.probe || FAULT(until_deaf))
		return;
	s->grant.end_ms = m->end_ms;
	s->grant.end_boot_ms = m->end_boot_ms;
	for (struct chan *c = s->chans; later && c != NULL; c = c->next)
		c->until_due = true;
}

/* Not into the bytes of a program that draws the screen, nor after its end. */
static bool
may_tell(const struct chan *c)
{
	return (c->kind == CHAN_SHELL || c->kind == CHAN_EXEC) &&
	       !c->target_eof && !c->target_close && !c->user_close &&
	       !c->close_to_user && !c->eof_to_user && !c->screen.alternate &&
	       c->screen.state == SCREEN_TEXT &&
	       stream_empty(&c->flow[FLOW_ERR]);
}

static void
tell(const struct session *s, struct chan *c)
{
	char line[LIMIT_TEXT_SIZE], time[32];

	str_time(time, sizeof(time), s->grant.end_ms);
	(void)snprintf(line, sizeof(line),
	    "%ssallyport: extended until %.10s %.8s UTC\r\n",
	    c->pty ? "\r\n" : "", time, strlen(time) >= 19 ? time + 11 : "");
	if (!stream_front(&c->flow[FLOW_ERR], line, strlen(line)))
		c->broken = true;
}

void
until_step(struct session *s)
{
	for (struct chan *c = s->chans; c != NULL; c = c->next) {
		if (!c->until_due)
			continue;
		if (c->kind == CHAN_SFTP)
			c->until_due = false; /* nobody reads there */
		if (!c->until_due || !may_tell(c))
			continue;
		c->until_due = false;
		tell(s, c);
		s->busy = true;
	}
}
