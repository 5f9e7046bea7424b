/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - see record.h.
 */
#include "session/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "session/chan.h"
#include "session/end.h"
#include "session/links.h"
#include "session/session.h"

struct recording {
	struct tap tap; /* first: the channel knows us as this */
	bool ready;
	uint32_t open; /* which REC_OPEN of the link it was, from 1 */
};

static size_t
offer(struct tap *t, struct chan *c, enum flow f, const uint8_t *p, size_t n)
{
	struct session *s = c->session;
	const struct recording *rec = (const struct recording *)t;
	struct msg_rec_data m = {.channel = c->id, .kind = REC_OUTPUT};
	int r;

	if (f == FLOW_IN)
		return n; /* what is typed is not recorded */
	if (!s->recorder.up || !rec->ready)
		return 0;
	if (n > LIMIT_REC_DATA_MAX)
		n = LIMIT_REC_DATA_MAX;
	m.data.p = p;
	m.data.len = (uint32_t)n;
	r = ipc_send(&s->recorder.ipc, MSG_REC_DATA, &m, NULL, 0);
	if (r == 0) {
		s->record->full_since_ms = 0;
		return n;
	}
	if (r == GW_EAGAIN) {
		s->record->full = true;
		if (s->record->full_since_ms == 0)
			s->record->full_since_ms = s->now.boot_ms;
	} else
		link_lost(&s->recorder);
	return 0;
}

static void
close_recording(struct tap *t, struct chan *c)
{
	struct msg_rec_close m = {.channel = c->id};

	link_post(&c->session->recorder, MSG_REC_CLOSE, &m);
	free(t);
}

static const struct tap_ops recorder_tap = {
    .offer = offer, .close = close_recording};

static struct recording *
recording_of(const struct chan *c)
{
	for (struct tap *t = c->taps; t != NULL; t = t->next)
		if (t->ops == &recorder_tap)
			return (struct recording *)t;
	return NULL;
}

static void
send_open(struct session *s, struct chan *c, struct recording *r)
{
	const struct msg_ses_auth_ok *g = &s->grant;
	struct msg_rec_open m = {.channel = c->id,
	    .cols = c->cols != 0 ? c->cols : 80,
	    .rows = c->rows != 0 ? c->rows : 24};

	r->ready = false;
	r->open = ++s->record->opens;
	if (str_copy(m.sid, sizeof(m.sid), g->sid) != 0 ||
	    str_copy(m.grant, sizeof(m.grant), g->grant) != 0 ||
	    str_copy(m.user, sizeof(m.user), g->user) != 0 ||
	    str_copy(m.target, sizeof(m.target), g->target) != 0 ||
	    str_copy(m.login, sizeof(m.login), g->login) != 0 ||
	    str_copy(m.term, sizeof(m.term), c->term) != 0) {
		end_begin(s, END_AUDIT_FAILED, NULL);
		return;
	}
	if (c->command != NULL) {
		m.command.p = (const uint8_t *)c->command;
		m.command.len = (uint32_t)strlen(c->command);
	}
	/* to a recorder that is not there record_relinked sends it again */
	link_post(&s->recorder, MSG_REC_OPEN, &m);
}

void
record_start(struct session *s, struct chan *c)
{
	struct recording *r;

	/* a shell without a terminal is interactive all the same */
	if (s->grant.record == 0 || (!c->pty && c->kind != CHAN_SHELL))
		return;
	if ((r = calloc(1, sizeof(*r))) == NULL) {
		end_begin(s, END_AUDIT_FAILED, NULL);
		return;
	}
	r->tap.ops = &recorder_tap;
	chan_tap(c, &r->tap);
	send_open(s, c, r);
}

bool
record_on(const struct chan *c)
{
	return recording_of(c) != NULL;
}

bool
record_ready(const struct session *s, const struct chan *c)
{
	const struct recording *r = recording_of(c);

	return r == NULL || (s->recorder.up && r->ready);
}

void
record_resize(struct session *s, struct chan *c)
{
	struct msg_rec_data m = {.channel = c->id, .kind = REC_RESIZE};
	char text[32];

	if (!record_on(c) || !record_ready(s, c))
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
	link_post(&s->recorder, MSG_REC_DATA, &m);
}

void
record_state(struct session *s, const struct msg_rec_state *m)
{
	struct recording *r;

	if (m->result != 0) {
		end_begin(s, END_AUDIT_FAILED,
		    msg_error(m->result) == GW_EFULL
			? "sallyport: session ended: audit_failed: the "
			  "gateway has no room left for recordings"
			: NULL);
		return;
	}
	for (struct chan *c = s->chans; c != NULL; c = c->next)
		if ((r = recording_of(c)) != NULL && r->open <= m->opens)
			r->ready = true;
	s->busy = true;
}

void
record_relinked(struct session *s)
{
	struct recording *r;

	s->record->opens = 0; /* counted per link */
	for (struct chan *c = s->chans; c != NULL; c = c->next)
		if ((r = recording_of(c)) != NULL) {
			send_open(s, c, r);
			if (c->reqs != NULL)
				c->reqs->since_ms = s->now.boot_ms;
		}
	s->busy = true;
}

void
record_turn(struct session *s)
{
	if (!s->record->full)
		s->record->full_since_ms = 0; /* nothing waits for it now */
	s->record->full = false;
}

bool
record_waits(const struct session *s)
{
	return s->record->full;
}

bool
record_late(const struct session *s, int64_t before_ms)
{
	return s->record->full && s->record->full_since_ms < before_ms;
}
