/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sallyport-recorder - takes terminal bytes from sessions, stamps the time,
 * writes asciicast files and puts their digests into the log while the session
 * runs. It says "ready" only once recording.start is durable, and "failed" as
 * soon as a byte could not be written: the session then ends. It interprets
 * nothing it records, and reads recordings back for the broker alone.
 *
 * MUST NOT touch a file before the notary has taken recording.start: who a
 * session is, is the notary's to say, not the session's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/safefile.h"
#include "base/str.h"
#include "recorder/channel.h"
#include "recorder/medium.h"
#include "recorder/room.h"
#include "recorder/share.h"

enum {
	TICK_MS = 500,         /* nothing waits longer than two of these */
	PACE_MS = 100,         /* but who sends too much; then some of it */
	GOODBYE_MS = 200,      /* for the last records to leave */
	READ_MAX = 128 * 1024, /* internal: at a time */
};

/* One session: its link, and what is recorded of it. */
struct recording {
	struct recording *next;
	struct peer *peer;
	char sid[LIMIT_ID_SIZE];
	struct channel *channels;
	unsigned nchannels;
	char user[LIMIT_NAME_SIZE];
	bool known; /* the notary has agreed that these are its own */
	bool failed;
	bool full; /* what is on its way is written, then it ends */
	struct share share;
};

struct recorder {
	struct process *process;
	struct recording *recordings;
	struct timer *tick;
	struct timer *goodbye;
	struct timer *pace;
	bool pacing; /* it is set */
	struct left *left;
	struct shares *shares;
	struct medium medium;
	int dir;
	char path[LIMIT_PATH_SIZE + 32];   /* of this process's folder */
	char folder[LIMIT_PATH_SIZE + 64]; /* of the recordings in it */
};

/* recording.start on its way; its answer may come after the session went. */
struct starting {
	struct recorder *rec;
	struct channel *channel; /* ours alone when its session is gone */
};

/* ---- what the session and the broker hear */

static void
send_state(struct recording *s, const struct msg_rec_state *m)
{
	if (peer_send(s->peer, MSG_REC_STATE, m, -1) != 0)
		log_debug("a session went before it heard its state");
}

static void
send_told(struct recording *s, const struct channel *c)
{
	const struct msg_rec_state m = {.channel = c->id, .bytes = c->told};

	send_state(s, &m);
}

/* What was written of it is safe from our death: the session may forget it, and
 * send more. Where that would be too fast it hears of the rest later. */
static void
answer(struct recorder *rec, struct recording *s, struct channel *c)
{
	const uint64_t owed = c->written - c->told;
	const uint64_t cost = FAULT(pace_of_output) ? owed : c->cost - c->paid;
	const uint64_t paid = share_answer(
	    rec->shares, s->user, &s->share, cost, clock_now().boot_ms);
	const uint64_t n = share_part(owed, paid, cost);

	c->paid += paid;
	c->told += n;
	c->slow = n < owed;
	if (n > 0)
		send_told(s, c);
	if (c->slow && !rec->pacing)
		timer_set(rec->pace, PACE_MS);
	rec->pacing = rec->pacing || c->slow;
}

/* More than a session may send before it is answered. */
static bool
too_much(const struct recording *s, size_t n)
{
	for (const struct channel *c = s->channels; c != NULL; c = c->next)
		n += (size_t)(c->received - c->told);
	return n > LIMIT_REC_UNACKED && !FAULT(record_ahead);
}

/* For the broker's lists; without a broker there are none. */
static void
send_started(struct recorder *rec, const struct recording *s)
{
	struct msg_rec_started m = {0};

	memcpy(m.sid, s->sid, sizeof(m.sid));
	if (peer_send(process_peer(rec->process, PROC_BROKER), MSG_REC_STARTED,
		&m, -1) != 0)
		log_debug("a recording began while the broker was away");
}

static struct channel *
channel_find(const struct recording *s, uint32_t id)
{
	struct channel *c = s->channels;

	while (c != NULL && c->id != id)
		c = c->next;
	return c;
}

/* Ends all channels; what cannot be ended is at least closed. */
static void
end_all(struct recording *s, const char *reason)
{
	while (s->channels != NULL) {
		struct channel *c = s->channels;

		s->channels = c->next;
		if (channel_end(c, reason) != 0)
			log_err("a recording of session %s has no proper end",
			    s->sid);
	}
	s->nchannels = 0;
}

/* Its evidence, then its session hears it and stops. */
static void
put_failed(struct recorder *rec, struct recording *s, int why)
{
	const int saved = errno;
	const char *text = why != GW_ESYS ? err_str(why)
			   : saved != 0   ? strerror(saved)
					  : "the log took no record of it";
	struct msg_rec_state m = {.result = msg_result(why)};
	struct event_fields f;

	if (why == GW_EFULL) {
		share_text(rec->shares, s->user, &s->share, clock_now(), m.text,
		    sizeof(m.text));
		text = m.text;
	} else {
		(void)snprintf(m.text, sizeof(m.text),
		    "the gateway cannot write its recording (%s)", text);
	}
	log_err("recording of session %s failed: %s", s->sid, text);
	event_fields_init(&f);
	if (s->known)
		event_str(&f, EF_SID, s->sid);
	event_num(&f, EF_CONN, (int64_t)peer_conn(s->peer));
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_MSG, text);
	if (process_append(rec->process, EV_RECORDING_FAILED, &f, NULL, NULL) !=
	    0)
		log_err("that could not be recorded either");
	event_fields_done(&f);
	send_state(s, &m);
}

/* The recording is incomplete from here on. */
static void
fail(struct recorder *rec, struct recording *s, int why)
{
	if (s->failed || (why == GW_ESYS && medium_failed(&rec->medium, errno)))
		return;
	s->failed = true;
	if (!s->full)
		put_failed(rec, s, why);
	while (s->channels != NULL) {
		struct channel *c = s->channels;

		s->channels = c->next;
		channel_fail(c);
	}
	s->nchannels = 0;
}

/* No more room: what was relayed meanwhile is on its way, and is still written,
 * in the room that is held for it. */
static void
stop_at(struct recorder *rec, struct recording *s, int why)
{
	if (why != GW_EFULL || s->nchannels == 0 || s->full) {
		fail(rec, s, why);
		return;
	}
	s->full = true;
	put_failed(rec, s, why);
}

/* Its files have, by n bytes; where there was no room for them, within what was
 * held. */
static int
grown(struct recorder *rec, struct recording *s, uint64_t n)
{
	int e = GW_EFULL;

	if (!s->full)
		e = room_take(rec->shares, rec->dir, s->user, &s->share, n);
	if (e != GW_EFULL)
		return e;
	if (!s->full)
		stop_at(rec, s, e);
	return share_take_held(&s->share, n);
}

static void
on_durable(void *arg, int result, uint64_t seq)
{
	struct starting *w = arg;
	struct recorder *rec = w->rec;
	struct channel *c = w->channel;
	struct recording *s;
	struct peer *p;

	(void)seq;
	free(w);
	c->waiting = false;
	c->begun = result == 0;
	if (c->gone) {
		channel_end_gone(c, rec->left, result);
		return;
	}
	/* still in its session's list, or it would be gone */
	if ((p = process_session(rec->process, c->conn)) == NULL ||
	    (s = peer_data(p)) == NULL)
		return;
	errno = 0; /* what the notary refuses is no error of a call of ours */
	if (result == 0) {
		s->known = true;
		result = channel_begin(c, rec->left);
	}
	if (result == 0)
		result = grown(rec, s, channel_size(c));
	if (result != 0) {
		stop_at(rec, s, result);
		return;
	}
	/* a restart of ours does not give a session its share again */
	s->share.bytes += c->received;
	send_started(rec, s);
	send_told(s, c);
}

/* ---- what sessions send */

/* A session keeps the sid and the user of its first message; whether they are
 * its own, the notary says before anything is written. */
static int
check_claim(struct recording *s, const struct msg_rec_open *m)
{
	int e;

	if (s->sid[0] != '\0')
		return strcmp(s->sid, m->sid) == 0 &&
			       (strcmp(s->user, m->user) == 0 ||
				   FAULT(record_user))
			   ? 0
			   : GW_EDENIED;
	if ((e = str_copy(s->sid, sizeof(s->sid), m->sid)) == 0)
		e = str_copy(s->user, sizeof(s->user), m->user);
	return e;
}

static int
on_open(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_rec_open *m = msg->body;
	struct recorder *rec = process_ctx(r);
	struct recording *s = peer_data(p);
	struct starting *w = NULL;
	struct channel *c = NULL;
	int e;

	if (s == NULL || channel_find(s, m->channel) != NULL)
		return GW_EPROTO;
	if (s->nchannels >= LIMIT_CHANNELS)
		return GW_ELIMIT;
	if ((e = check_claim(s, m)) != 0)
		return e;
	peer_set_state(p, MST_READY);
	if (s->failed || s->full)
		return 0; /* it knows */
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return GW_ENOMEM;
	if ((e = room_hold(rec->shares, rec->dir, s->user, &s->share)) == 0)
		e = channel_new(
		    &c, r, rec->dir, peer_conn(p), m, on_durable, w);
	if (e != 0) {
		free(w);
		if (e == GW_EPROTO)
			return e;
		stop_at(rec, s, e);
		return 0;
	}
	w->rec = rec;
	w->channel = c;
	c->next = s->channels;
	s->channels = c;
	s->nchannels++;
	if (FAULT(record_gate))
		send_told(s, c);
	return 0;
}

static int
on_data(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_rec_data *m = msg->body;
	struct recorder *rec = process_ctx(r);
	struct recording *s = peer_data(p);
	struct channel *c = s != NULL ? channel_find(s, m->channel) : NULL;
	uint64_t before, size;
	int e;

	if (s != NULL && s->failed)
		return 0; /* on its way out */
	if (c == NULL || too_much(s, m->data.len))
		return GW_EPROTO;
	before = c->written;
	size = channel_size(c);
	e = channel_data(c, m->kind, m->data.p, m->data.len);
	if (e == 0)
		e = grown(rec, s, channel_size(c) - size);
	if (e == GW_EPROTO)
		return e;
	if (e != 0)
		stop_at(rec, s, e);
	else if (c->written != before && !c->slow)
		answer(rec, s, c);
	return 0;
}

static int
on_close(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_rec_close *m = msg->body;
	struct recorder *rec = process_ctx(r);
	struct recording *s = peer_data(p);
	struct msg_rec_state ended = {.channel = m->channel, .ended = 1};
	struct channel **cp;
	struct channel *c;
	int e;

	if (s == NULL)
		return GW_EPROTO;
	for (cp = &s->channels; *cp != NULL; cp = &(*cp)->next)
		if ((*cp)->id == m->channel)
			break;
	if ((c = *cp) == NULL)
		return s->failed ? 0 : GW_EPROTO;
	*cp = c->next;
	s->nchannels--;
	ended.bytes = c->received;
	(void)share_answer(rec->shares, s->user, &s->share,
	    channel_size(c) - c->paid, clock_now().boot_ms);
	if ((e = channel_end(c, s->full ? "full" : "")) != 0)
		fail(rec, s, e);
	else
		send_state(s, &ended);
	return 0;
}

/* ---- what the notary knows */

static bool
is_open(const struct recorder *rec, const char *file)
{
	for (const struct recording *s = rec->recordings; s != NULL;
	     s = s->next)
		for (const struct channel *c = s->channels; c != NULL;
		     c = c->next)
			if (strcmp(c->text.name, file) == 0)
				return true;
	return false;
}

static int
on_unended(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_unended *m = msg->body;
	struct recorder *rec = process_ctx(r);

	(void)p;
	return is_open(rec, m->file) ? 0 : left_add(rec->left, m);
}

/* ---- what the broker asks */

static int
on_read(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_rec_read *m = msg->body;
	struct recorder *rec = process_ctx(r);
	struct msg_rec_bytes a = {.rid = m->rid};
	struct buf b;
	int e;

	buf_init(&b, READ_MAX);
	e = file_read(&b, rec->dir, m->sid, m->channel, m->part, m->offset,
	    m->max < READ_MAX ? m->max : READ_MAX, &a.size);
	if (e != 0)
		buf_reset(&b);
	/* a sid that is none is a recording that is none */
	a.result = msg_result(e == GW_EINVAL ? GW_ENOENT : e);
	a.data.p = b.p;
	a.data.len = (uint32_t)b.len;
	e = peer_send(p, MSG_REC_BYTES, &a, -1);
	buf_done(&b);
	return e == GW_ECLOSED ? 0 : e;
}

static int
on_look(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_rec_look *m = msg->body;
	struct recorder *rec = process_ctx(r);
	struct msg_rec_looked a = {.rid = m->rid};

	medium_look(&rec->medium, a.text);
	return peer_send(p, MSG_REC_LOOKED, &a, -1);
}

/* ---- life */

static void
on_tick(struct process *r, void *arg)
{
	struct recorder *rec = arg;

	(void)r;
	for (struct recording *s = rec->recordings; s != NULL; s = s->next) {
		int e = 0;

		for (struct channel *c = s->channels; c != NULL && e == 0;
		     c = c->next) {
			const uint64_t before = c->written;

			/* what was written a tick ago the disk has by now */
			if (c->waiting || (e = channel_sync(c)) != 0 ||
			    (e = channel_flush(c)) != 0)
				continue;
			if (c->written != before && !c->slow)
				answer(rec, s, c);
		}
		if (e != 0)
			fail(rec, s, e);
	}
	if (rec->recordings != NULL)
		timer_set(rec->tick, TICK_MS);
}

/* Some for each that waits, so that none is late. */
static void
on_pace(struct process *r, void *arg)
{
	struct recorder *rec = arg;
	const int64_t now = clock_now().boot_ms;

	(void)r;
	rec->pacing = false;
	share_round(rec->shares);
	for (struct recording *s = rec->recordings; s != NULL; s = s->next) {
		s->share.waiting = 0;
		for (const struct channel *c = s->channels; c != NULL;
		     c = c->next)
			if (c->slow)
				share_waits(
				    rec->shares, s->user, &s->share, now);
	}
	for (struct recording *s = rec->recordings; s != NULL; s = s->next)
		for (struct channel *c = s->channels; c != NULL; c = c->next)
			if (c->slow)
				answer(rec, s, c);
}

static void
peer_up(struct process *r, struct peer *p)
{
	struct recorder *rec = process_ctx(r);
	struct recording *s;

	if (peer_proc(p) != PROC_SESSION)
		return;
	if ((s = calloc(1, sizeof(*s))) == NULL) {
		peer_close(p); /* no recorder, no session */
		return;
	}
	s->peer = p;
	peer_set_data(p, s);
	if (rec->recordings == NULL)
		timer_set(rec->tick, TICK_MS);
	s->next = rec->recordings;
	rec->recordings = s;
}

static void
peer_down(struct process *r, struct peer *p)
{
	struct recorder *rec = process_ctx(r);
	struct recording *s = peer_data(p);

	if (peer_proc(p) != PROC_SESSION || s == NULL)
		return;
	peer_set_data(p, NULL);
	for (struct recording **sp = &rec->recordings; *sp != NULL;
	     sp = &(*sp)->next)
		if (*sp == s) {
			*sp = s->next;
			break;
		}
	end_all(s, s->full ? "full" : "session-gone");
	share_release(rec->shares, s->user, &s->share, clock_now().boot_ms);
	free(s);
}

static void
on_goodbye(struct process *r, void *arg)
{
	(void)arg;
	process_exit(r, 0);
}

static void
stop(struct process *r)
{
	struct recorder *rec = process_ctx(r);

	for (struct recording *s = rec->recordings; s != NULL; s = s->next)
		end_all(s, "recorder-stopped");
	left_end_all(rec->left);
	timer_set(rec->goodbye, GOODBYE_MS);
}

static int
start(struct process *r, const struct conf *conf)
{
	struct recorder *rec = process_ctx(r);
	int e;

	rec->process = r;
	if ((e = shares_new(&rec->shares)) != 0)
		return e;
	if ((e = str_fmt(rec->path, sizeof(rec->path), "%s/recorder",
		 conf->state_dir)) != 0 ||
	    (e = str_fmt(rec->folder, sizeof(rec->folder), "%s/recordings",
		 rec->path)) != 0)
		return e;
	if (safefile_mkdir(rec->folder, 0700, (uid_t)-1, (gid_t)-1) != 0 ||
	    (rec->dir = open(rec->folder,
		 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0) {
		log_err("cannot use %s: %s (it must belong to this user, on a "
			"disk that can be written; `gatewayd init` makes it)",
		    rec->folder, strerror(errno));
		return GW_ESYS;
	}
	medium_init(&rec->medium, r, rec->folder, rec->dir);
	if ((e = left_new(&rec->left, r, rec->dir)) != 0)
		return e;
	rec->tick = timer_new(r, on_tick, rec);
	rec->goodbye = timer_new(r, on_goodbye, rec);
	rec->pace = timer_new(r, on_pace, rec);
	return rec->tick != NULL && rec->goodbye != NULL && rec->pace != NULL
		   ? 0
		   : GW_ENOMEM;
}

int
main(int argc, char **argv)
{
	static const struct process_handler handlers[] = {
	    {MSG_REC_OPEN, on_open},
	    {MSG_REC_DATA, on_data},
	    {MSG_REC_CLOSE, on_close},
	    {MSG_REC_READ, on_read},
	    {MSG_REC_LOOK, on_look},
	    {MSG_NT_UNENDED, on_unended},
	};
	static struct recorder rec; /* the process's one context */
	const char *const rw[] = {rec.path, NULL};
	struct process_sandbox box = {.rw = rw};
	const struct process_def def = {.proc = PROC_RECORDER,
	    .name = "recorder",
	    .needs = PROC_BIT(PROC_NOTARY),
	    .handlers = handlers,
	    .nhandlers = ARRAY_LEN(handlers),
	    .start = start,
	    .peer_up = peer_up,
	    .peer_down = peer_down,
	    .stop = stop,
	    .sandbox = &box};

	return process_main(&def, &rec, argc, argv);
}
