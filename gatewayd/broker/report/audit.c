/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit - audit.read and recording.get: bytes of the notary and the recorder,
 * passed on unchanged. Viewing a recording is itself an event.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/params.h"
#include "broker/report/audit.h"

enum {
	READ_DEFAULT = 128 * 1024,
	READ_MAX = LIMIT_BODY_MAX,
	VIEW_MS = 3600 * 1000, /* then reading on is a view of its own */
	VIEWED_MAX = 64,       /* internal: a ring */
};

/* Who was recorded as viewing a recording: what they read on is the same
 * view. */
struct viewed {
	char user[LIMIT_NAME_SIZE];
	char sid[LIMIT_ID_SIZE];
	uint32_t channel;
	int64_t end_boot_ms;
};

struct views {
	struct viewed viewed[VIEWED_MAX]; /* a ring */
	unsigned next;
};

int
views_new(struct views **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret != NULL ? 0 : GW_ENOMEM;
}

static void lines_read(struct call *c, const void *body);
static void bytes_read(struct call *c, const void *body);
static void is_there(struct call *c, const void *body);

/* Long answers from notary and recorder: too many lose us the link to them. */
static void
ask_long(struct call *c, enum proc to, unsigned type, void *body,
    unsigned answer, call_answer_fn *fn)
{
	struct problem p = {0};
	unsigned n = 0;

	for (const struct call *x = c->b->calls; x != NULL; x = x->next)
		n += x->answered == lines_read || x->answered == bytes_read ||
		     x->answered == is_there;
	if (n < LIMIT_LONG_READS) {
		call_ask(c, to, type, body, answer, fn);
		return;
	}
	problem_set(
	    &p, 503, "unavailable", NULL, "too much is being read; ask again");
	call_undone(c, &p);
}

static void
lines_read(struct call *c, const void *body)
{
	const struct msg_nt_lines *m = body;

	call_raw(c, 200, "application/x-ndjson", m->lines.p, m->lines.len);
}

void
verb_audit(struct call *c)
{
	struct msg_nt_read m = {0};
	uint64_t max = READ_DEFAULT;

	if (!params_num(c->query, "from", INT64_MAX, &m.from) ||
	    !params_num(c->query, "max", READ_MAX, &max)) {
		call_refuse(c, 400, "bad-field", "from",
		    "from is a record's number, max a number of bytes up to "
		    "%d",
		    (int)READ_MAX);
		return;
	}
	m.max = (uint32_t)max;
	ask_long(c, PROC_NOTARY, MSG_NT_READ, &m, MSG_NT_LINES, lines_read);
}

/* ---- recording.get */

/* It is not there; that somebody looked at it, if that is on record, is put
 * right. */
static void
no_recording(struct call *c)
{
	const struct msg_rec_read *asked = c->state;
	struct problem p = {0};

	if (asked->part > 0)
		problem_set(&p, 404, "not-found", NULL,
		    "the recording of session %s has no part %u here", c->arg,
		    asked->part);
	else if (asked->channel > 0 &&
		 store_session_recorded(c->b->store, c->arg) == 0)
		/* whether that channel was recorded the log knows, not we */
		problem_set(&p, 404, "not-found", NULL,
		    "there is no recording of channel %u of session %s here: "
		    "without a channel it is the lowest that was recorded",
		    asked->channel, c->arg);
	else if (store_session_recorded(c->b->store, c->arg) == 0)
		problem_set(&p, 404, "not-found", NULL,
		    "the recording of session %s is gone: it was made, and it "
		    "is not here",
		    c->arg);
	else if (store_session_ended(c->b->store, c->arg) == GW_ENOENT)
		problem_set(&p, 404, "not-found", NULL,
		    "no session %s has ended here, nor is it recorded: jitctl "
		    "sessions --all lists those that there are",
		    c->arg);
	else
		problem_set(&p, 404, "not-found", NULL,
		    "there is no recording of session %s: terminals, and "
		    "shells without one, are recorded where the role says so; "
		    "a command or a copy without a terminal is not",
		    c->arg);
	call_undone(c, &p);
}

static void
bytes_read(struct call *c, const void *body)
{
	const struct msg_rec_bytes *m = body;

	if (m->result != 0)
		no_recording(c);
	else
		call_raw(
		    c, 200, "application/x-asciicast", m->data.p, m->data.len);
}

static void
read_bytes(struct call *c)
{
	struct msg_rec_read *m = c->state;

	m->max = READ_DEFAULT;
	ask_long(c, PROC_RECORDER, MSG_REC_READ, m, MSG_REC_BYTES, bytes_read);
}

static void
view_recorded(struct call *c)
{
	const struct msg_rec_read *m = c->state;
	struct viewed *v =
	    &c->b->views->viewed[c->b->views->next++ % VIEWED_MAX];

	name_set(v->user, c->user);
	text_set(v->sid, sizeof(v->sid), m->sid);
	v->channel = m->channel;
	v->end_boot_ms = broker_now(c->b).boot_ms + VIEW_MS;
	read_bytes(c);
}

/* Asked for nothing of it, the recorder has said whether it is there: a look at
 * what is not there is none. */
static void
is_there(struct call *c, const void *body)
{
	const struct msg_rec_bytes *m = body;
	const struct msg_rec_read *asked = c->state;
	struct event_fields f;

	if (m->result != 0 && !FAULT(view_unseen)) {
		no_recording(c);
		return;
	}
	call_fields(c, &f);
	event_str(&f, EF_SID, c->arg);
	event_num(&f, EF_CHANNEL, (int64_t)asked->channel);
	call_append(c, EV_RECORDING_VIEW, &f, view_recorded);
	event_fields_done(&f);
}

static bool
goes_on(const struct call *c, const struct msg_rec_read *m)
{
	const int64_t now = broker_now(c->b).boot_ms;

	for (unsigned i = 0; (m->offset > 0 || m->part > 0) && i < VIEWED_MAX;
	     i++) {
		const struct viewed *v = &c->b->views->viewed[i];

		if (v->end_boot_ms > now && v->channel == m->channel &&
		    strcmp(v->sid, m->sid) == 0 &&
		    strcmp(v->user, c->user) == 0)
			return true;
	}
	return false;
}

void
verb_recording(struct call *c)
{
	struct msg_rec_read *m = call_state(c, sizeof(*m), free);
	uint64_t channel = 0;
	uint64_t part = 0;

	if (m == NULL)
		return;
	if (!id_ok(c->arg, 's') ||
	    !params_num(c->query, "offset", INT64_MAX, &m->offset) ||
	    !params_num(c->query, "channel", UINT32_MAX, &channel) ||
	    !params_num(c->query, "part", LIMIT_RECORDING_PARTS, &part)) {
		call_refuse(c, 400, "bad-field", "id",
		    "a session's id, offset, channel and part as numbers were "
		    "expected");
		return;
	}
	text_set(m->sid, sizeof(m->sid), c->arg);
	m->channel = (uint32_t)channel;
	m->part = (uint32_t)part;
	if (goes_on(c, m))
		read_bytes(c);
	else
		ask_long(
		    c, PROC_RECORDER, MSG_REC_READ, m, MSG_REC_BYTES, is_there);
}
