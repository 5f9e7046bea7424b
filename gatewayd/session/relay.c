/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay - bytes and ends of channels between the legs. libssh's callbacks put
 * bytes into rings and note events; everything else happens in relay_step,
 * outside of libssh.
 *
 * MUST: a stalled direction is drained whole or not at all (ring.h).
 * MUST: a user's CLOSE is not answered before the target's came: OpenSSH sends
 *	 it often before the exit status.
 * MUST: recorded bytes go to the recorder before they go to the user.
 *
 * "ssh host tail -f log | grep -m 1 x": when its output goes nowhere any more,
 * an OpenSSH client says so by eow@openssh.com and throws away what still
 * comes, for ever. libssh tells of such a request that it came, but not its
 * name, and cannot send one. So it is taken for what it is (relay_unknown), and
 * passed on as the close of the channel: a target's program then dies of its
 * next output, as it would without us. If there may be more input for it, it
 * first has to show that there is more output.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "session/session.h"

enum {
	WRITE_MAX = 128 * 1024, /* internal: at a time */
	READ_CHUNK = 32 * 1024,
	/* what may have been on its way when the user's side went deaf */
	DEAF_MS = 1000,
	DEAF_BYTES = 4 * 1024 * 1024,
};

/* ---- callbacks: enqueue only */
static int
take(struct chan *c, struct stream *st, const void *p, uint32_t n)
{
	size_t took;

	if (st->stalled) {
		/* libssh holds more than any window allows: a hostile peer */
		if (n > RING_SIZE - RING_HEADROOM)
			c->broken = true;
		return 0;
	}
	took = ring_put(&st->ring, p, n);
	if (took == 0 && n > 0 && st->ring.p == NULL)
		c->broken = true;
	st->stalled = took < n;
	return (int)took;
}

static int
on_user_data(
    ssh_session ssh, ssh_channel ch, void *p, uint32_t n, int is_err, void *arg)
{
	struct chan *c = arg;
	int took;

	(void)ssh;
	(void)ch;
	if (is_err || c->close_to_target || c->target_close)
		return (int)n;
	took = take(c, &c->in, p, n);
	c->bytes_in += (unsigned)took;
	return took;
}

static int
on_target_data(
    ssh_session ssh, ssh_channel ch, void *p, uint32_t n, int is_err, void *arg)
{
	struct chan *c = arg;
	const struct session *s = c->session;
	int took;

	(void)ssh;
	(void)ch;
	if (c->user_deaf && !is_err) {
		c->deaf_bytes += n;
		c->deaf_late = s->now.boot_ms - c->deaf_ms > DEAF_MS;
	}
	if (c->user_close || (c->user_deaf && !is_err))
		return (int)n;
	took = take(c, is_err ? &c->err : &c->out, p, n);
	c->bytes_out += (unsigned)took;
	return took;
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
	struct chan_request **end = &c->reqs;

	(void)ssh;
	(void)ch;
	if (sig == NULL || c->nreqs >= LIMIT_CHANNEL_REQUESTS ||
	    (r = calloc(1, sizeof(*r))) == NULL)
		return;
	if (str_copy(r->signal, sizeof(r->signal), sig) != 0) {
		free(r);
		return;
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = r;
	c->nreqs++;
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
static bool
stream_empty(const struct stream *st)
{
	return st->ring.len == 0 && !st->stalled;
}

/* Takes what libssh held back, if all of it fits; with drop, to nowhere. */
static void
unstall(struct session *s, struct stream *st, ssh_channel ch, int is_err,
    uint64_t *count, bool drop)
{
	uint8_t buf[READ_CHUNK];
	int have;
	int n;

	if (!st->stalled || ch == NULL)
		return;
	have = ssh_channel_poll(ch, is_err);
	if (have > 0 && !drop &&
	    ring_room(&st->ring) < (size_t)have + RING_HEADROOM)
		return;
	while (have > 0 && (drop || ring_room(&st->ring) >= sizeof(buf))) {
		n = ssh_channel_read_nonblocking(ch, buf, sizeof(buf), is_err);
		if (n <= 0)
			break;
		if (!drop) {
			(void)ring_put(&st->ring, buf, (size_t)n);
			*count += (unsigned)n;
		}
		have = ssh_channel_poll(ch, is_err);
	}
	if (have <= 0)
		st->stalled = false;
	s->busy = true;
}

static void
to_target(struct session *s, struct chan *c)
{
	struct stream *st = &c->in;
	const uint8_t *p;
	size_t n;
	int w;

	while (st->ring.len > 0 && !leg_busy(&s->target_leg)) {
		uint32_t window = ssh_channel_window_size(c->target);

		p = ring_peek(&st->ring, &n);
		n = n > WRITE_MAX ? WRITE_MAX : n;
		n = n > window ? window : n;
		if (n == 0)
			return;
		w = ssh_channel_write(c->target, p, (uint32_t)n);
		if (w <= 0)
			return;
		ring_drop(&st->ring, (size_t)w);
		s->bytes_in += (unsigned)w;
		s->active_ms = s->now.boot_ms;
	}
}

/* How many of the first n bytes may be shown: all, or as many as recorded. */
static size_t
show(struct session *s, struct chan *c, struct stream *st, size_t n)
{
	const uint8_t *p;
	size_t m;

	if (!c->recorded)
		return n;
	while (st->recorded < n) {
		p = ring_peek_at(&st->ring, st->recorded, &m);
		if (m > n - st->recorded)
			m = n - st->recorded;
		if ((m = record_output(s, c, p, m)) == 0)
			break;
		st->recorded += m;
	}
	return st->recorded < n ? st->recorded : n;
}

static void
to_user(struct session *s, struct chan *c, struct stream *st, bool is_err)
{
	const uint8_t *p;
	size_t n;
	int w;

	while (st->ring.len > 0 && !leg_busy(&s->user)) {
		uint32_t window = ssh_channel_window_size(c->user);

		p = ring_peek(&st->ring, &n);
		n = n > WRITE_MAX ? WRITE_MAX : n;
		n = n > window ? window : n;
		n = show(s, c, st, n);
		if (n == 0)
			return;
		w = is_err ? ssh_channel_write_stderr(c->user, p, (uint32_t)n)
			   : ssh_channel_write(c->user, p, (uint32_t)n);
		if (w <= 0)
			return;
		if (c->pty && !is_err)
			screen_see(&c->screen, p, (size_t)w);
		ring_drop(&st->ring, (size_t)w);
		if (c->recorded)
			st->recorded -= (size_t)w;
		s->bytes_out += (unsigned)w;
		s->active_ms = s->now.boot_ms;
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
	if (c->pty || c->user_deaf || client == NULL ||
	    strncmp(client, "SSH-2.0-OpenSSH", 15) != 0)
		return;
	c->user_deaf = true;
	c->deaf_ms = s->now.boot_ms;
	s->busy = true;
}

/* The user's side throws away what comes, and the program does not stop, or
 * cannot be told anything either. */
static bool
talks_to_nobody(const struct chan *c)
{
	return c->user_deaf && (c->deaf_late || c->deaf_bytes > DEAF_BYTES ||
				   (c->user_eof && stream_empty(&c->in)));
}

static void
pass_ends(struct session *s, struct chan *c)
{
	bool in_out = stream_empty(&c->in);
	bool out_out = stream_empty(&c->out) && stream_empty(&c->err);

	if ((c->user_eof || c->user_close) && in_out && !c->eof_to_target &&
	    !c->close_to_target) {
		c->eof_to_target = true;
		(void)ssh_channel_send_eof(c->target);
	}
	if (((c->user_close && in_out) || talks_to_nobody(c)) &&
	    c->reqs == NULL && !c->close_to_target) {
		c->close_to_target = true;
		(void)ssh_channel_close(c->target);
	}
	pass_exit(s, c);
	if (c->target_eof && out_out && !c->eof_to_user && !c->user_close) {
		c->eof_to_user = true;
		(void)ssh_channel_send_eof(c->user);
	}
	if (!c->target_close || c->out.stalled || c->err.stalled)
		return;
	if (!c->close_to_target) {
		c->close_to_target = true;
		(void)ssh_channel_close(c->target);
	}
	if (out_out && !c->close_to_user) {
		c->close_to_user = true;
		(void)ssh_channel_close(c->user);
	}
}

static void
chan_end(struct session *s, struct chan *c)
{
	struct event_fields f;

	record_close(s, c);
	event_fields_init(&f);
	link_event_common(s, &f);
	event_num(&f, EF_CHANNEL, c->id);
	event_num(&f, EF_BYTES_IN, (int64_t)c->bytes_in);
	event_num(&f, EF_BYTES_OUT, (int64_t)c->bytes_out);
	if (c->got_exit)
		event_num(&f, EF_EXIT, c->exit_status);
	event_str(&f, EF_REASON, c->exit_signal);
	link_note(s, EV_SESSION_CHANNEL_END, &f);
	event_fields_done(&f);
	chan_free(s, c);
}

/* May free c. */
static void
relay_chan(struct session *s, struct chan *c)
{
	const bool deaf = c->user_close || c->user_deaf;
	const bool closed = c->target_close || c->close_to_target;

	unstall(s, &c->in, c->user, 0, &c->bytes_in, closed);
	unstall(s, &c->out, c->target, 0, &c->bytes_out, deaf);
	unstall(s, &c->err, c->target, 1, &c->bytes_out, c->user_close);
	if (deaf) {
		ring_done(&c->out.ring);
		c->out.recorded = 0;
	}
	if (c->user_close) {
		ring_done(&c->err.ring);
		c->err.recorded = 0;
	}
	if (closed)
		ring_done(&c->in.ring);
	else
		to_target(s, c);
	if (!deaf)
		to_user(s, c, &c->out, false);
	if (!c->user_close)
		to_user(s, c, &c->err, true);
	pass_ends(s, c);
	if (c->user_close && c->target_close && c->close_to_user &&
	    c->close_to_target)
		chan_end(s, c);
}

bool
relay_frozen(const struct session *s)
{
	return !s->notary.up || (s->auth.grant.record && !s->recorder.up);
}

void
relay_step(struct session *s)
{
	struct chan *next;

	if (s->phase != PH_RELAY || s->target.phase != TG_UP)
		return;
	if (relay_frozen(s)) {
		if (s->frozen_ms == 0)
			s->frozen_ms = s->now.boot_ms;
		return;
	}
	s->frozen_ms = 0;
	for (struct chan *c = s->chans; c != NULL && s->phase == PH_RELAY;
	     c = next) {
		next = c->next;
		if (c->opened)
			relay_chan(s, c);
	}
}
