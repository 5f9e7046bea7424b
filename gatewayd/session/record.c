/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - what the session hands to the recorder: the output of channels with
 * a terminal, and of shells without one. Time, framing, digests and files are
 * the recorder's own.
 */
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "session/session.h"

bool
record_wanted(const struct session *s, const struct chan *c)
{
	/* a shell without a terminal is interactive all the same */
	return s->auth.grant.record != 0 && (c->pty || c->kind == CHAN_SHELL);
}

static void
send_open(struct session *s, struct chan *c)
{
	const struct msg_ses_auth_ok *g = &s->auth.grant;
	struct msg_rec_open m = {.channel = c->id,
	    .cols = c->cols != 0 ? c->cols : 80,
	    .rows = c->rows != 0 ? c->rows : 24};

	c->rec_ready = false;
	c->rec_open = ++s->rec_opens;
	if (str_copy(m.sid, sizeof(m.sid), g->sid) != 0 ||
	    str_copy(m.grant, sizeof(m.grant), g->grant) != 0 ||
	    str_copy(m.user, sizeof(m.user), g->user) != 0 ||
	    str_copy(m.target, sizeof(m.target), g->target) != 0 ||
	    str_copy(m.login, sizeof(m.login), g->login) != 0 ||
	    str_copy(m.term, sizeof(m.term), c->term) != 0 ||
	    str_copy(m.command, sizeof(m.command), c->command) != 0) {
		end_begin(s, END_AUDIT_FAILED, NULL);
		return;
	}
	/* a recorder that is away is told by record_relinked */
	link_tell(s, &s->recorder, MSG_REC_OPEN, &m);
}

void
record_open(struct session *s, struct chan *c)
{
	c->recorded = true;
	send_open(s, c);
}

bool
record_ready(const struct session *s, const struct chan *c)
{
	return !c->recorded || (s->recorder.up && c->rec_ready);
}

size_t
record_output(struct session *s, struct chan *c, const void *p, size_t n)
{
	struct msg_rec_data m = {.channel = c->id, .kind = REC_OUTPUT};
	int r;

	if (!record_ready(s, c))
		return 0;
	if (n > LIMIT_REC_DATA_MAX)
		n = LIMIT_REC_DATA_MAX;
	m.data.p = p;
	m.data.len = (uint32_t)n;
	r = ipc_send(&s->recorder.ipc, MSG_REC_DATA, &m, NULL, 0);
	if (r == 0) {
		s->rec_full_ms = 0;
		return n;
	}
	if (r == GW_EAGAIN) {
		s->rec_full = true;
		if (s->rec_full_ms == 0)
			s->rec_full_ms = s->now.boot_ms;
	} else
		link_lost(s, &s->recorder);
	return 0;
}

void
record_resize(struct session *s, struct chan *c)
{
	struct msg_rec_data m = {.channel = c->id, .kind = REC_RESIZE};
	char text[32];

	if (!c->recorded || !record_ready(s, c))
		return;
	/* a minimized window says 0x0, which no player can show */
	if (c->cols == 0 || c->rows == 0)
		return;
	if (str_fmt(text, sizeof(text), "%ux%u",
		c->cols < LIMIT_TERM_SIDE ? c->cols : LIMIT_TERM_SIDE,
		c->rows < LIMIT_TERM_SIDE ? c->rows : LIMIT_TERM_SIDE) != 0)
		return;
	m.data.p = (const uint8_t *)text;
	m.data.len = (uint32_t)strlen(text);
	link_tell(s, &s->recorder, MSG_REC_DATA, &m);
}

void
record_close(struct session *s, struct chan *c)
{
	struct msg_rec_close m = {.channel = c->id};

	if (c->recorded)
		link_tell(s, &s->recorder, MSG_REC_CLOSE, &m);
	c->recorded = false;
}

void
record_state(struct session *s, const struct msg_rec_state *m)
{
	if (m->result != 0) {
		end_begin(s, END_AUDIT_FAILED, NULL);
		return;
	}
	for (struct chan *c = s->chans; c != NULL; c = c->next)
		if (c->recorded && c->rec_open <= m->opens)
			c->rec_ready = true;
	s->busy = true;
}

void
record_relinked(struct session *s)
{
	s->rec_opens = 0; /* counted per link */
	for (struct chan *c = s->chans; c != NULL; c = c->next)
		if (c->recorded) {
			send_open(s, c);
			if (c->reqs != NULL)
				c->reqs->since_ms = s->now.boot_ms;
		}
	s->busy = true;
}
