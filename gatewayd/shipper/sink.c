/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink - see the header. When to connect, when to try again, when to ask what
 * was read; the connection itself is the transport's.
 */
#include "shipper/sink.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "shipper/cursor.h"
#include "shipper/settle.h"

enum {
	TICK_MS = 1000,
	MUTE_MS = 10 * 1000,         /* no answer to an end: that is said */
	GIVE_UP_MS = 10 * 60 * 1000, /* it may have much to read before us */
	BACKOFF_MIN_MS = 500,
	STEADY_MS = 30 * 1000, /* up so long: failures are forgotten */
	SAVE_MS = 30 * 1000,   /* what nobody wanted is read again */
	CLOSE_MS = 2000,       /* for the answer to the last goodbye */
	MESSAGE_MAX = 2 * LIMIT_RECORD_MAX,
	CAUSES = 8, /* internal: of one outage, kept so that each is told once,
		     * also when they take turns */
};

struct cause {
	char text[LIMIT_TEXT_SIZE];
};

enum state { SINK_DOWN = 0, SINK_OPENING, SINK_UP, SINK_ENDING };

struct sink {
	const struct conf_sink *conf;
	struct encode_how how;
	const struct encoder *encoder;
	const struct transport_ops *ops;
	struct transport *transport; /* NULL: not usable */
	const char *unusable;        /* why */
	struct sink_hooks hooks;
	char cursor[LIMIT_PATH_SIZE + LIMIT_NAME_SIZE + 32];
	struct settle account;
	struct buf message;
	struct timer *retry, *tick;
	enum state state;
	int64_t ending_ms; /* since when, if it is */
	int64_t saved_ms;  /* when the cursor was written */
	bool unsaved;      /* since then more has arrived */
	int64_t up_ms;     /* since when, however often it was made anew */
	unsigned failures;
	bool reported, reported_up; /* what the owner knows */
	struct cause why;           /* of the state that was reported */
	struct cause causes[CAUSES];
	unsigned ncauses;
	bool asked;   /* want() is not answered */
	bool unbegun; /* where the log ends is not known yet */
	bool stopping, stopped;
	int unkept; /* why the cursor could not be written; 0 = it was */
};

static int64_t
now_ms(void)
{
	return clock_now().boot_ms;
}

static void
keep_cursor(struct sink *s, uint64_t next)
{
	const int error = cursor_write(s->cursor, next);

	if (error == s->unkept)
		return;
	s->unkept = error;
	s->hooks.kept(s->hooks.ctx, s->cursor, error);
}

static void
save(struct sink *s)
{
	s->unsaved = false;
	s->saved_ms = now_ms();
	keep_cursor(s, s->account.arrived);
	s->hooks.arrived(s->hooks.ctx);
}

static void
settle(struct sink *s, int64_t kept_ms)
{
	if (settle_arrived(&s->account, now_ms(), kept_ms) ||
	    (s->unsaved && now_ms() - s->saved_ms >= SAVE_MS))
		save(s);
}

/* Is this the first time since it was up? The oldest is forgotten for it. */
static bool
is_fresh(struct sink *s, const struct cause *why)
{
	for (unsigned i = 0; i < CAUSES; i++)
		if (strcmp(s->causes[i].text, why->text) == 0)
			return false;
	s->causes[s->ncauses++ % CAUSES] = *why;
	return true;
}

static void
report(struct sink *s, bool up, const char *why)
{
	struct cause cause = {.text = ""};
	bool fresh = true;

	text_set(cause.text, sizeof(cause.text), why);
	if (s->reported && s->reported_up == up &&
	    (up || FAULT(first_cause) || strcmp(s->why.text, cause.text) == 0))
		return;
	if (up)
		memset(s->causes, 0, sizeof(s->causes));
	else
		fresh = is_fresh(s, &cause);
	s->reported = true;
	s->reported_up = up;
	s->why = cause;
	s->hooks.changed(s->hooks.ctx, up, s->why.text, fresh);
}

static void
ask(struct sink *s)
{
	if (s->state != SINK_UP || s->asked || s->stopping ||
	    s->account.sent != s->account.given)
		return;
	s->asked = true;
	s->hooks.want(s->hooks.ctx, s->account.sent);
}

static void
unask(struct sink *s)
{
	if (!s->asked || FAULT(ship_cursor))
		return;
	s->asked = false;
	s->hooks.unwant(s->hooks.ctx);
}

/* ---- the connection's life */

static void
begin(struct sink *s)
{
	s->state = SINK_OPENING;
	s->ops->open(s->transport);
}

static void
end(struct sink *s)
{
	unask(s);
	s->state = SINK_ENDING;
	s->ending_ms = now_ms();
	s->ops->end(s->transport);
}

static int64_t
backoff_ms(unsigned failures, int64_t max_ms)
{
	int64_t ms = BACKOFF_MIN_MS;
	uint32_t rnd = 0;

	for (unsigned i = 1; i < failures && ms < max_ms; i++)
		ms *= 2;
	if (ms > max_ms)
		ms = max_ms;
	secret_fill(&rnd, sizeof(rnd));
	return ms / 2 + (int64_t)(rnd % (uint32_t)(ms / 2 + 1));
}

/* It may want to be left alone for longer than we would. */
static int64_t
pause_ms(const struct sink *s)
{
	const int64_t own = backoff_ms(s->failures, s->ops->pause_max_ms);
	const int64_t asked =
	    s->ops->asked_ms != NULL ? s->ops->asked_ms(s->transport) : 0;

	return asked > own ? asked : own;
}

static void
on_broken(void *ctx, const char *why)
{
	struct sink *s = ctx;

	settle_forget(&s->account);
	unask(s);
	s->state = SINK_DOWN;
	if (s->stopping) {
		s->stopped = true;
		return;
	}
	if (s->up_ms != 0 && now_ms() - s->up_ms >= STEADY_MS)
		s->failures = 0;
	s->up_ms = 0;
	s->failures++;
	report(s, false, why);
	timer_set(s->retry, pause_ms(s));
}

static void
on_read(void *ctx, uint64_t next)
{
	struct sink *s = ctx;

	if (s->ops->answers) {
		settle_reached(&s->account, next);
		save(s);
		return;
	}
	settle_read(&s->account, next);
	settle(s, s->stopping ? 0 : s->ops->kept_ms);
}

static void
on_ended(void *ctx)
{
	struct sink *s = ctx;

	s->state = SINK_DOWN;
	if (s->stopping)
		s->stopped = true;
	else
		begin(s);
}

static void
on_up(void *ctx)
{
	struct sink *s = ctx;

	s->state = SINK_UP;
	if (s->up_ms == 0)
		s->up_ms = now_ms();
	report(s, true, "");
}

static void
on_sent(void *ctx)
{
	struct sink *s = ctx;

	if (s->ops->answers && s->account.arrived != s->account.given) {
		/* those behind the last message, which nobody wanted */
		settle_reached(&s->account, s->account.given);
		s->unsaved = true;
	} else {
		settle_sent(&s->account, now_ms());
	}
	ask(s);
}

/* ---- time */

static void
on_tick(struct process *p, void *arg)
{
	struct sink *s = arg;
	const int64_t now = now_ms();

	(void)p;
	timer_set(s->tick, TICK_MS);
	settle(s, s->ops->kept_ms);
	if (s->state == SINK_UP && s->account.sent == s->account.given &&
	    settle_unread(&s->account, now, s->ops->ask_ms))
		end(s);
	else if (s->state != SINK_ENDING)
		return;
	else if (now - s->ending_ms >= (s->stopping ? CLOSE_MS : GIVE_UP_MS))
		s->ops->give_up(s->transport, "the receiver reads nothing");
	else if (now - s->ending_ms >= MUTE_MS)
		report(s, false, "the receiver reads nothing");
}

static void
on_retry(struct process *p, void *arg)
{
	(void)p;
	begin(arg);
}

/* ---- what the owner calls */

static int
put(struct sink *s, uint64_t seq, const void *line, size_t n)
{
	int e;

	buf_reset(&s->message);
	if ((e = s->encoder->message(&s->message, &s->how, line, n)) != 0)
		return e;
	return s->ops->put(s->transport, seq, s->message.p, s->message.len);
}

void
sink_give(
    struct sink *s, const struct bytes *lines, uint64_t from, uint64_t next)
{
	const uint8_t *p = lines->p;
	const uint8_t *end = p + lines->len;
	int e = 0;

	if (FAULT(ship_cursor))
		keep_cursor(s, next); /* it has not arrived */
	if (!s->asked || s->state != SINK_UP || from != s->account.sent)
		return;
	s->asked = false;
	s->how.now_ms = clock_now().utc_ms;
	for (uint64_t seq = from; seq < next && e == 0; seq++) {
		const uint8_t *lf = memchr(p, '\n', (size_t)(end - p));

		if ((e = lf == NULL ? GW_EINVAL
				    : put(s, seq, p, (size_t)(lf - p))) == 0)
			p = lf + 1;
	}
	if (e != 0) {
		s->ops->give_up(s->transport, err_str(e));
		return;
	}
	if (s->how.passed_over > 0)
		log_warn("sink %s: %llu messages are too old by now, and are "
			 "not sent",
		    s->conf->name, (unsigned long long)s->how.passed_over);
	s->how.passed_over = 0;
	settle_given(&s->account, next);
	s->ops->send(s->transport);
}

void
sink_start(struct sink *s)
{
	if (s->transport == NULL)
		report(s, false, s->unusable);
	else
		timer_set(s->tick, TICK_MS);
	if (s->unbegun) /* from behind its end: the answer says where that is */
		s->hooks.want(s->hooks.ctx, LIMIT_NUMBER_MAX);
	else if (s->transport != NULL)
		timer_set(s->retry, 0);
}

void
sink_stop(struct sink *s)
{
	s->stopping = true;
	timer_stop(s->retry);
	if (s->unsaved)
		save(s);
	if (s->state == SINK_ENDING)
		return;
	if (s->state == SINK_UP && s->account.sent == s->account.given) {
		end(s);
		return;
	}
	if (s->transport != NULL)
		s->ops->close(s->transport);
	unask(s);
	s->state = SINK_DOWN;
	s->stopped = true;
}

bool
sink_stopped(const struct sink *s)
{
	return s->stopped;
}

const char *
sink_name(const struct sink *s)
{
	return s->conf->name;
}

bool
sink_up(const struct sink *s)
{
	return s->reported_up;
}

const char *
sink_why(const struct sink *s)
{
	return s->why.text;
}

bool
sink_usable(const struct sink *s)
{
	return s->transport != NULL;
}

uint64_t
sink_next(const struct sink *s)
{
	return s->account.arrived;
}

bool
sink_shorter(struct sink *s, uint64_t end)
{
	const bool begins = s->unbegun;
	const uint64_t from = begins ? end : 0;

	s->unbegun = false;
	settle_init(&s->account, from);
	keep_cursor(s, from);
	unask(s);
	if (!begins)
		ask(s);
	else if (s->transport != NULL && !s->stopping)
		timer_set(s->retry, 0);
	return !begins;
}

/* ---- setting up */

static void
sink_free(struct sink *s)
{
	if (s == NULL)
		return;
	timer_free(s->retry);
	timer_free(s->tick);
	buf_done(&s->message);
	free(s);
}

int
sink_new(struct sink **ret, struct process *p, const struct sink_def *def)
{
	struct sink *s = calloc(1, sizeof(*s));
	const struct transport_hooks on = {.up = on_up,
	    .sent = on_sent,
	    .read = on_read,
	    .ended = on_ended,
	    .broken = on_broken,
	    .ctx = s};
	int e = GW_ENOMEM;

	if (s == NULL)
		return e;
	s->conf = def->conf;
	s->how.node = def->node;
	s->how.events = def->conf->events;
	s->encoder = def->encoder;
	s->ops = def->transport;
	s->hooks = def->hooks;
	buf_init(&s->message, MESSAGE_MAX);
	s->retry = timer_new(p, on_retry, s);
	s->tick = timer_new(p, on_tick, s);
	if (s->retry == NULL || s->tick == NULL)
		goto out;
	if ((e = str_fmt(s->cursor, sizeof(s->cursor), "%s/cursor.%s",
		 def->folder, s->conf->name)) != 0)
		goto out;
	s->unbegun = s->encoder->news && cursor_is_new(s->cursor);
	settle_init(&s->account, cursor_read(s->cursor));
	/* what its configuration cannot give is this sink's state, not the
	 * process's end */
	e = s->ops->make(&s->transport, p, s->conf, &on, &s->unusable);
	if (e == GW_ESTATE)
		e = 0;
	if (e == 0) {
		*ret = s;
		s = NULL;
	}
out:
	sink_free(s);
	return e;
}
