/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay - see relay.h.
 *
 * "ssh host tail -f log | grep -m 1 x": when its output is read no more, an
 * OpenSSH client says so by eow@openssh.com and discards what still comes, for
 * ever. libssh reports such a request, its name only in its log, and cannot
 * send one. So it is treated as what it is (relay_unknown), and passed on as
 * the close of the channel: a target's program then dies of its next output, as
 * it would without us. If there may be more input for it, it first has to show
 * that there is more output.
 */
#include "session/relay.h"

#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "session/chan.h"
#include "session/end.h"
#include "session/leg.h"
#include "session/nul.h"
#include "session/session.h"
#include "session/target_leg.h"

enum {
	WRITE_MAX = 128 * 1024, /* internal: at a time */
	/* what may have been on its way when the client began to discard */
	DISCARD_MS = 1000,
	DISCARD_BYTES = 4 * 1024 * 1024,
};

/* ---- callbacks: enqueue only */
static int
on_user_data(
    ssh_session ssh, ssh_channel ch, void *p, uint32_t n, int is_err, void *arg)
{
	struct chan *c = arg;
	size_t fitted;

	(void)ssh;
	(void)ch;
	if (is_err || c->close_to_target || c->target_close)
		return (int)n;
	fitted = stream_take(&c->flow[FLOW_IN], p, n);
	return (int)fitted;
}

static int
on_target_data(
    ssh_session ssh, ssh_channel ch, void *p, uint32_t n, int is_err, void *arg)
{
	struct chan *c = arg;
	const struct session *s = c->session;
	size_t fitted;

	(void)ssh;
	(void)ch;
	if (c->discards && !is_err) {
		c->discards_bytes += n;
		c->discards_late = s->now.boot_ms - c->discards_ms > DISCARD_MS;
	}
	if (c->user_close || (c->discards && !is_err))
		return (int)n;
	fitted = stream_take(&c->flow[is_err ? FLOW_ERR : FLOW_OUT], p, n);
	return (int)fitted;
}

static void
on_user_eof(ssh_session ssh, ssh_channel ch, void *arg)
{
	(void)ssh;
	(void)ch;
	((struct chan *)arg)->user_eof = true;
}

static void
on_target_eof(ssh_session ssh, ssh_channel ch, void *arg)
{
	(void)ssh;
	(void)ch;
	((struct chan *)arg)->target_eof = true;
}

static void
on_user_close(ssh_session ssh, ssh_channel ch, void *arg)
{
	(void)ssh;
	(void)ch;
	((struct chan *)arg)->user_close = true;
}

static void
on_target_close(ssh_session ssh, ssh_channel ch, void *arg)
{
	struct chan *c = arg;

	(void)ssh;
	(void)ch;
	c->target_eof = true;
	c->target_close = true;
}

static void
on_user_signal(ssh_session ssh, ssh_channel ch, const char *sig, void *arg)
{
	struct chan *c = arg;
	struct chan_request *r;
	char name[sizeof(r->signal)];
	size_t n;

	(void)ssh;
	(void)ch;
	if (sig != NULL && str_copy(name, sizeof(name), sig) == 0 &&
	    (r = chan_request_add(c, 0, NULL)) != NULL) {
		memcpy(r->signal, name, sizeof(name));
		r->nul = nul_exact(sig, &n) != NULL;
		nul_copied(r->signal, sig);
	}
}

static void
on_exit_status(ssh_session ssh, ssh_channel ch, int status, void *arg)
{
	struct chan *c = arg;

	(void)ssh;
	(void)ch;
	c->got_exit = true;
	c->exit_status = (uint32_t)status;
}

static void
on_exit_signal(ssh_session ssh, ssh_channel ch, const char *sig, int core,
    const char *text, const char *lang, void *arg)
{
	struct chan *c = arg;

	(void)ssh;
	(void)ch;
	(void)lang;
	if (sig == NULL ||
	    str_copy(c->exit_signal, sizeof(c->exit_signal), sig) != 0)
		return;
	if (text != NULL)
		str_escape(
		    c->exit_text, sizeof(c->exit_text), text, strlen(text));
	c->core = core != 0;
	c->got_signal = true;
}

const struct ssh_channel_callbacks_struct relay_user_cb = {
    .channel_data_function = on_user_data,
    .channel_eof_function = on_user_eof,
    .channel_close_function = on_user_close,
    .channel_signal_function = on_user_signal,
};

const struct ssh_channel_callbacks_struct relay_target_cb = {
    .channel_data_function = on_target_data,
    .channel_eof_function = on_target_eof,
    .channel_close_function = on_target_close,
    .channel_exit_status_function = on_exit_status,
    .channel_exit_signal_function = on_exit_signal,
};

/* ---- bytes */
/* How many of the first n bytes of the ring t has accepted, after it was
 * offered those it has not. */
static size_t
offer(struct chan *c, struct tap *t, enum flow f, size_t n)
{
	const uint8_t *p;
	size_t m;

	while (t->accepted[f] < n) {
		p = ring_peek_at(&c->flow[f].ring, t->accepted[f], &m);
		if (m > n - t->accepted[f])
			m = n - t->accepted[f];
		if ((m = t->ops->offer(t, c, f, p, m)) == 0)
			break;
		t->accepted[f] += m;
	}
	return t->accepted[f] < n ? t->accepted[f] : n;
}

/* The first bytes that may pass: one run, no more than the window, no more
 * than every tap has accepted. NULL when there is none. */
static const uint8_t *
next_bytes(struct chan *c, enum flow f, ssh_channel to, size_t *retn)
{
	uint32_t window = ssh_channel_window_size(to);
	const uint8_t *p = ring_peek(&c->flow[f].ring, retn);
	size_t n = *retn;

	n = n > WRITE_MAX ? WRITE_MAX : n;
	n = n > window ? window : n;
	for (struct tap *t = c->taps; t != NULL && n > 0; t = t->next) {
		size_t accepted = offer(c, t, f, n);

		if (!FAULT(session_tap))
			n = accepted;
	}
	*retn = n;
	return n == 0 ? NULL : p;
}

static void
passed(struct session *s, struct chan *c, enum flow f, size_t n)
{
	ring_drop(&c->flow[f].ring, n);
	for (struct tap *t = c->taps; t != NULL; t = t->next)
		t->accepted[f] -= n;
	s->active_ms = s->now.boot_ms;
}

/* Nobody will get what is in the ring. */
static void
discard(struct chan *c, enum flow f)
{
	ring_done(&c->flow[f].ring);
	for (struct tap *t = c->taps; t != NULL; t = t->next)
		t->accepted[f] = 0;
}

static void
to_target(struct session *s, struct chan *c)
{
	const uint8_t *p;
	size_t n;
	int w;

	while (!leg_busy(&s->target->leg) &&
	       (p = next_bytes(c, FLOW_IN, c->target, &n)) != NULL) {
		w = ssh_channel_write(c->target, p, (uint32_t)n);
		if (w <= 0)
			return;
		s->bytes_in += (unsigned)w;
		c->bytes_in += (unsigned)w;
		passed(s, c, FLOW_IN, (size_t)w);
	}
}

static void
to_user(struct session *s, struct chan *c, enum flow f)
{
	const uint8_t *p;
	size_t n;
	int w;

	while (!leg_busy(&s->user) &&
	       (p = next_bytes(c, f, c->user, &n)) != NULL) {
		w = f == FLOW_ERR
			? ssh_channel_write_stderr(c->user, p, (uint32_t)n)
			: ssh_channel_write(c->user, p, (uint32_t)n);
		if (w <= 0)
			return;
		if (c->pty && f == FLOW_OUT)
			screen_read(&c->screen, p, (size_t)w);
		s->bytes_out += (unsigned)w;
		c->bytes_out += (unsigned)w;
		passed(s, c, f, (size_t)w);
	}
}

/* ---- ends */
static void
pass_exit(struct session *s, struct chan *c)
{
	if (c->exit_sent || (!c->got_exit && !c->got_signal))
		return;
	c->exit_sent = true;
	if (c->got_exit) {
		(void)ssh_channel_request_send_exit_status(
		    c->user, (int)c->exit_status);
		s->exit = c->exit_status;
		return;
	}
	(void)ssh_channel_request_send_exit_signal(
	    c->user, c->exit_signal, c->core, c->exit_text, "");
}

void
relay_unknown(struct session *s, struct chan *c)
{
	const char *client = ssh_get_clientbanner(s->user.ssh);

	/* other clients have unknown requests of other kinds; OpenSSH's only
	 * other one is a break, for terminals */
	if (c->pty || c->discards || client == NULL ||
	    strncmp(client, "SSH-2.0-OpenSSH", 15) != 0)
		return;
	c->discards = true;
	c->discards_ms = s->now.boot_ms;
	s->busy = true;
}

/* The client discards what comes, and the program does not stop, or gets no
 * more input either. */
static bool
unread(const struct chan *c)
{
	return c->discards &&
	       (c->discards_late || c->discards_bytes > DISCARD_BYTES ||
		   (c->user_eof && stream_empty(&c->flow[FLOW_IN])));
}

static void
pass_ends(struct session *s, struct chan *c)
{
	bool in_passed = stream_empty(&c->flow[FLOW_IN]);
	bool out_passed = stream_empty(&c->flow[FLOW_OUT]) &&
			  stream_empty(&c->flow[FLOW_ERR]);

	if ((c->user_eof || c->user_close) && in_passed && !c->eof_to_target &&
	    !c->close_to_target) {
		c->eof_to_target = true;
		(void)ssh_channel_send_eof(c->target);
	}
	if (((c->user_close && in_passed) || unread(c)) && c->reqs == NULL &&
	    !c->close_to_target) {
		c->close_to_target = true;
		(void)ssh_channel_close(c->target);
	}
	pass_exit(s, c);
	if (c->target_eof && out_passed && !c->eof_to_user && !c->user_close) {
		c->eof_to_user = true;
		(void)ssh_channel_send_eof(c->user);
	}
	if (!c->target_close || c->flow[FLOW_OUT].stalled ||
	    c->flow[FLOW_ERR].stalled)
		return;
	if (!c->close_to_target) {
		c->close_to_target = true;
		(void)ssh_channel_close(c->target);
	}
	if (out_passed && !c->close_to_user) {
		c->close_to_user = true;
		(void)ssh_channel_close(c->user);
	}
}

static void
pass_bytes(struct session *s, struct chan *c, enum flow f, bool drop)
{
	struct stream *st = &c->flow[f];
	ssh_channel from = f == FLOW_IN ? c->user : c->target;

	if (stream_read(st, from, f == FLOW_ERR, NULL, drop))
		s->busy = true;
	if (drop)
		discard(c, f);
	else if (f == FLOW_IN)
		to_target(s, c);
	else
		to_user(s, c, f);
	stream_rest(st);
}

/* May free c. */
static void
relay_chan(struct session *s, struct chan *c)
{
	if (c->unopened != NULL && c->user_close)
		c->target_close = true; /* no program was asked for */
	pass_bytes(s, c, FLOW_IN, c->target_close || c->close_to_target);
	pass_bytes(s, c, FLOW_OUT, c->user_close || c->discards);
	pass_bytes(s, c, FLOW_ERR, c->user_close);
	pass_ends(s, c);
	if (c->user_close && c->target_close && c->close_to_user &&
	    c->close_to_target)
		chan_ended(s, c, "closed");
}

/* What stands still in all channels costs more than one connection may. */
static bool
too_much(const struct session *s)
{
	size_t n = 0;

	for (const struct chan *c = s->chans; c != NULL; c = c->next)
		n += chan_cost(c);
	return n > LIMIT_SESSION_BUFFERS && !FAULT(session_buffers);
}

static bool
frozen(const struct session *s)
{
	return !s->notary.up || (s->grant.record && !s->recorder.up);
}

void
relay_step(struct session *s)
{
	struct chan *next;

	if (s->phase != PH_RELAY || s->target->phase != TG_UP)
		return;
	if (frozen(s)) {
		if (s->frozen_ms == 0)
			s->frozen_ms = s->now.boot_ms;
		return;
	}
	s->frozen_ms = 0;
	if (too_much(s))
		end_begin(s, END_ABORTED,
		    "sallyport: session ended: its channels hold more unread "
		    "data than one connection may");
	for (struct chan *c = s->chans; c != NULL && s->phase == PH_RELAY;
	     c = next) {
		next = c->next;
		if (c->opened)
			relay_chan(s, c);
	}
}
