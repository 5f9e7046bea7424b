/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - see record.h.
 */
#include "session/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "session/chan.h"
#include "session/end.h"
#include "session/links.h"
#include "session/ring.h"
#include "session/session.h"

/* A channel's recording. It outlives its channel until the recorder has said
 * that all of it is written. */
struct recording {
	struct tap tap; /* first: the channel knows us as this */
	struct recording *next;
	const struct chan *chan; /* NULL: it is closed */
	uint32_t channel, cols, rows;
	bool ready;       /* this link's recorder has begun it */
	bool said_close;  /* to this link's recorder */
	uint64_t written; /* bytes the recorder has answered for */
	struct ring kept; /* those after them, for another recorder */
	size_t sent;      /* of kept, on this link */
};

/* ---- to the recorder */

/* 0, GW_EAGAIN: its socket is full, GW_ECLOSED: it is lost. */
static int
send_bytes(
    struct session *s, const struct recording *r, const uint8_t *p, size_t n)
{
	struct msg_rec_data m = {.channel = r->channel, .kind = REC_OUTPUT};
	int e;

	m.data.p = p;
	m.data.len = (uint32_t)n;
	e = ipc_send(&s->recorder.ipc, MSG_REC_DATA, &m, NULL, 0);
	if (e == GW_EAGAIN) {
		s->record->full = s->record->waits = true;
	} else if (e != 0) {
		link_lost(&s->recorder);
		e = GW_ECLOSED;
	}
	return e;
}

/* What another recorder was given, and its close, as far as they go now. */
static void
push(struct session *s, struct recording *r)
{
	struct msg_rec_close m = {.channel = r->channel};
	const uint8_t *p;
	size_t n = 0;

	while (s->recorder.up && r->ready && r->sent < r->kept.len) {
		p = ring_peek_at(&r->kept, r->sent, &n);
		if (n > LIMIT_REC_DATA_MAX)
			n = LIMIT_REC_DATA_MAX;
		if (send_bytes(s, r, p, n) != 0)
			return;
		r->sent += n;
	}
	if (!s->recorder.up || !r->ready || r->chan != NULL || r->said_close)
		return;
	r->said_close = true;
	link_post(&s->recorder, MSG_REC_CLOSE, &m);
}

static size_t
offer(struct tap *t, struct chan *c, enum flow f, const uint8_t *p, size_t n)
{
	struct session *s = c->session;
	struct recording *r = (struct recording *)t;
	struct record *all = s->record;

	if (f == FLOW_IN)
		return n; /* what is typed is not recorded */
	if (!s->recorder.up || !r->ready || r->sent < r->kept.len)
		return 0;
	if (n > LIMIT_REC_DATA_MAX)
		n = LIMIT_REC_DATA_MAX;
	if (n > LIMIT_REC_UNACKED - all->kept)
		n = LIMIT_REC_UNACKED - all->kept;
	if (n == 0) {
		all->waits = true; /* for the recorder's word */
		return 0;
	}
	if (!ring_reserve(&r->kept, n)) {
		end_begin(s, END_AUDIT_FAILED, NULL);
		return 0;
	}
	if (send_bytes(s, r, p, n) != 0)
		return 0;
	if (!FAULT(record_keep)) {
		r->sent += ring_put(&r->kept, p, n);
		all->kept += n;
	}
	all->waits_since_ms = 0;
	return n;
}

static void
close_recording(struct tap *t, struct chan *c)
{
	struct recording *r = (struct recording *)t;

	r->chan = NULL;
	/* of what a recorder had no room for it still writes what it has got */
	if (c->session->record->lost)
		c->unrecorded = r->kept.len;
	push(c->session, r);
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
send_open(struct session *s, struct recording *r)
{
	const struct msg_ses_auth_ok *g = &s->grant;
	const struct chan *c = r->chan;
	struct msg_rec_open m = {
	    .channel = r->channel, .cols = r->cols, .rows = r->rows};

	r->ready = r->said_close = false;
	r->sent = 0;
	if (str_copy(m.sid, sizeof(m.sid), g->sid) != 0 ||
	    str_copy(m.grant, sizeof(m.grant), g->grant) != 0 ||
	    str_copy(m.user, sizeof(m.user), g->user) != 0 ||
	    str_copy(m.target, sizeof(m.target), g->target) != 0 ||
	    str_copy(m.login, sizeof(m.login), g->login) != 0 ||
	    str_copy(m.term, sizeof(m.term), c == NULL ? "" : c->term) != 0) {
		end_begin(s, END_AUDIT_FAILED, NULL);
		return;
	}
	if (c != NULL && c->command != NULL) {
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
	if (s->grant.record == RECORD_NONE ||
	    (!c->pty && c->kind != CHAN_SHELL &&
		(s->grant.record != RECORD_ALL || FAULT(glass_exec))))
		return;
	if ((r = calloc(1, sizeof(*r))) == NULL) {
		end_begin(s, END_AUDIT_FAILED, NULL);
		return;
	}
	r->tap.ops = &recorder_tap;
	r->chan = c;
	r->channel = c->id;
	r->cols = c->cols != 0 ? c->cols : 80;
	r->rows = c->rows != 0 ? c->rows : 24;
	r->next = s->record->all;
	s->record->all = r;
	chan_tap(c, &r->tap);
	send_open(s, r);
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
	struct recording *r = recording_of(c);
	struct msg_rec_data m = {.channel = c->id, .kind = REC_RESIZE};
	char text[32];

	/* a minimized window says 0x0, which no player can show */
	if (r == NULL || c->cols == 0 || c->rows == 0)
		return;
	r->cols = c->cols < LIMIT_TERM_SIDE ? c->cols : LIMIT_TERM_SIDE;
	r->rows = c->rows < LIMIT_TERM_SIDE ? c->rows : LIMIT_TERM_SIDE;
	if (!record_ready(s, c) ||
	    str_fmt(text, sizeof(text), "%ux%u", r->cols, r->rows) != 0)
		return;
	m.data.p = (const uint8_t *)text;
	m.data.len = (uint32_t)strlen(text);
	link_post(&s->recorder, MSG_REC_DATA, &m);
}

/* ---- from the recorder */

static void
forget(struct session *s, struct recording *r)
{
	struct recording **at = &s->record->all;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	s->record->kept -= r->kept.len;
	ring_done(&r->kept);
	free(r);
}

/* False when that cannot be: what it has answered for is not there any more, or
 * it has more than it was given. */
static bool
answered(struct session *s, struct recording *r, const struct msg_rec_state *m)
{
	const size_t given = r->ready ? r->sent : r->kept.len;
	const bool keeps = !FAULT(record_keep);
	uint64_t n;

	if (keeps && (m->bytes < r->written || m->bytes - r->written > given))
		return false;
	n = keeps ? m->bytes - r->written : 0;
	ring_drop(&r->kept, (size_t)n);
	s->record->kept -= (size_t)n;
	r->sent -= r->ready ? (size_t)n : 0;
	r->written = m->bytes;
	r->ready = true;
	if (r->kept.len == 0)
		ring_done(&r->kept);
	return m->ended == 0 || (r->said_close && r->kept.len == 0);
}

void
record_state(struct session *s, const struct msg_rec_state *m)
{
	struct recording *r = s->record->all;

	while (r != NULL && r->channel != m->channel)
		r = r->next;
	s->busy = true;
	if (m->result != 0) {
		s->record->failed = true;
		if (msg_error(m->result) != GW_EFULL)
			s->record->lost = true;
	} else if (r != NULL && !answered(s, r, m)) {
		log_err("the recording of channel %u lacks what was written "
			"before",
		    m->channel);
		s->record->failed = s->record->lost = true;
	}
	if (s->record->failed)
		end_unrecorded(s, m->text);
	else if (r != NULL && m->ended != 0)
		forget(s, r);
}

void
record_relinked(struct session *s)
{
	for (struct recording *r = s->record->all; r != NULL; r = r->next)
		send_open(s, r);
	for (struct chan *c = s->chans; c != NULL; c = c->next)
		if (c->reqs != NULL && record_on(c))
			c->reqs->since_ms = s->now.boot_ms;
	s->busy = true;
}

void
record_turn(struct session *s)
{
	struct record *all = s->record;

	if (!all->waits)
		all->waits_since_ms = 0; /* nothing waits for it now */
	else if (all->waits_since_ms == 0)
		all->waits_since_ms = s->now.boot_ms;
	all->full = all->waits = false;
	for (struct recording *r = all->all; r != NULL; r = r->next)
		push(s, r);
}

bool
record_waits(const struct session *s)
{
	return s->record->full;
}

bool
record_late(const struct session *s, int64_t before_ms)
{
	return s->record->waits && s->record->waits_since_ms != 0 &&
	       s->record->waits_since_ms < before_ms;
}

bool
record_unwritten(const struct session *s)
{
	return s->record->all != NULL && !s->record->failed;
}

void
record_done(struct session *s)
{
	/* whose line it is, the supervisor says before it */
	if (s->record->kept > 0)
		log_err("its recording may lack the last %zu bytes",
		    s->record->kept);
	else if (s->record->all != NULL)
		log_err("the recorder has not confirmed the end of its "
			"recording; all bytes of it are written");
	while (s->record->all != NULL)
		forget(s, s->record->all);
}
