/* SPDX-License-Identifier: Apache-2.0 */
/*
 * end - see end.h.
 */
#include "session/end.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "session/auth.h"
#include "session/chan.h"
#include "session/leg.h"
#include "session/links.h"
#include "session/session.h"
#include "session/shim.h"
#include "session/target_leg.h"
#include "session/text.h"

enum {
	HANG_UP_MS = 1500, /* after all is sent, if the client stays */
	PROGRAM_WAIT_MS = 1000,
	WORD_WAIT_MS = 2000,
	EXIT_ENDED = 255,
};

/* What a reason's name does not say by itself. */
static const char *
explained(enum end_reason why)
{
	switch (why) {
	case END_IDLE:
		return " (nothing was sent for too long)";
	case END_TARGET_GONE:
		return " (the target closed the connection)";
	case END_AUDIT_FAILED:
		return " (the gateway could not write its evidence)";
	case END_SHUTDOWN:
		return " (the gateway stops)";
	default:
		return "";
	}
}

/* Does the grant outlive a session that ends for that? What ends grants before
 * their time, the broker says. */
static bool
grant_lives(const struct session *s, enum end_reason why)
{
	return s->logged_in && s->now.boot_ms < s->grant.end_boot_ms &&
	       (why == END_IDLE || why == END_TARGET_GONE ||
		   why == END_AUDIT_FAILED || why == END_KILLED ||
		   why == END_PROTOCOL || why == END_SHUTDOWN ||
		   why == END_CLIENT_GONE || why == END_TARGET_REFUSED);
}

/* How they get in again. */
static void
way_back(const struct session *s, enum end_reason why, char *ret, size_t size)
{
	char time[32];

	ret[0] = '\0';
	if (!end_may_ask(why) || s->grant.target[0] == '\0')
		return;
	str_time(time, sizeof(time), s->grant.end_ms);
	if (grant_lives(s, why) && strlen(time) >= 19)
		text_fit(ret, size,
		    ". The grant lives on until %.10s %.8s UTC: connect again "
		    "with ssh",
		    time, time + 11);
	else
		text_fit(ret, size,
		    ". To connect again: jitctl request %s --reason 'WHY'",
		    s->grant.target);
}

static void
default_text(struct session *s, enum end_reason why, const char *explanation)
{
	char time[32], way[LIMIT_TEXT_SIZE];
	int64_t at = why == END_EXPIRED && s->grant.end_ms > 0 ? s->grant.end_ms
							       : s->now.utc_ms;

	str_time(time, sizeof(time), at);
	if (strlen(time) < 19)
		return;
	time[19] = '\0'; /* 2026-11-22T12:31:00 -> the clock part */
	way_back(s, why, way, sizeof(way));
	text_fit(s->ending->text, sizeof(s->ending->text),
	    "sallyport: session ended: %s at %s UTC%s%s", end_reason_str(why),
	    time + 11, explanation, way);
}

static void
begin(struct session *s, enum end_reason why, const char *text,
    const char *explanation)
{
	struct ending *e = s->ending;

	if (e->reason != END_NONE)
		return;
	e->reason = why;
	default_text(s, why, explanation);
	if (text != NULL)
		str_escape(e->text, sizeof(e->text), text, strlen(text));
	if (e->until_ms == 0)
		e->until_ms = s->now.boot_ms + LIMIT_CLIENT_TAIL_S * 1000 - 500;
	/* by its clock: the broker knows what else is open */
	if (why == END_EXPIRED && text == NULL && s->broker.up)
		e->word_ms = s->now.boot_ms + WORD_WAIT_MS;
	log_info("ends: %s", end_reason_str(why));
	s->phase = why == END_LOGOUT || s->user.dead ? PH_DONE : PH_ENDING;
	s->busy = true;
}

void
end_begin(struct session *s, enum end_reason why, const char *text)
{
	begin(s, why, text, explained(why));
}

void
end_leg(struct session *s, const struct leg *l)
{
	const bool user = l == &s->user;
	char how[LIMIT_TEXT_SIZE];

	if (l->broken[0] == '\0' && !user && s->target->phase == TG_UP &&
	    !s->target->opened) {
		text_fit(how, sizeof(how),
		    " (the target let you in, and closed the connection before "
		    "a session was open; an administrator reads more with: "
		    "jitctl doctor %s)",
		    s->grant.target);
		begin(s, END_TARGET_GONE, NULL, how);
		return;
	}
	if (l->broken[0] == '\0') {
		end_begin(s, user ? END_LOGOUT : END_TARGET_GONE, NULL);
		return;
	}
	text_fit(how, sizeof(how), " (the connection %s broke: %s)",
	    user ? "from the client" : "to the target", l->broken);
	log_warn("%s", how + strlen(" "));
	begin(s, END_PROTOCOL, NULL, how);
}

void
end_silent(struct session *s, const struct leg *l)
{
	const bool user = l == &s->user;
	char how[64];

	text_fit(how, sizeof(how), " (nothing came from the %s for %d seconds)",
	    user ? "client" : "target", (int)LIMIT_ALIVE_S);
	begin(s, user ? END_CLIENT_GONE : END_TARGET_GONE, NULL, how);
}

void
end_unrecorded(struct session *s, const char *text)
{
	char line[LIMIT_TEXT_SIZE];

	text_fit(line, sizeof(line), "sallyport: session ended: %s: %s",
	    end_reason_str(END_AUDIT_FAILED), text);
	end_begin(s, END_AUDIT_FAILED, text[0] == '\0' ? NULL : line);
}

void
end_stop(struct session *s, const struct msg_ses_stop *m)
{
	char line[LIMIT_TEXT_SIZE];

	line[0] = '\0';
	if (m->text[0] != '\0')
		text_prefixed(line, sizeof(line), m->text);
	if (s->ending->word_ms != 0) { /* the reason with it: one for all */
		s->ending->word_ms = 0;
		s->ending->reason = END_NONE;
	}
	end_begin(s,
	    m->reason == END_NONE ? END_KILLED : (enum end_reason)m->reason,
	    line[0] == '\0' ? NULL : line);
}

static void
drop_target(struct session *s, bool politely)
{
	struct leg *l = &s->target->leg;

	for (struct chan *c = s->chans; c != NULL; c = c->next) {
		c->target = NULL; /* freed with the leg */
		for (int f = 0; f < FLOWS; f++)
			stream_done(&c->flow[f]);
	}
	if (l->ssh == NULL)
		return;
	if (politely && !l->dead && ssh_is_connected(l->ssh)) {
		leg_flush(l);
		leg_disconnect(l);
		leg_done(l);
		return;
	}
	leg_reset(l);
}

/* Clients wait for the answers to their requests before they show anything. */
static void
answer_requests(struct chan *c)
{
	struct chan_request *r;

	while ((r = c->reqs) != NULL) {
		if (r->type == SSH_CHANNEL_REQUEST_PTY)
			c->pty = true;
		if (r->type == SSH_CHANNEL_REQUEST_SHELL ||
		    r->type == SSH_CHANNEL_REQUEST_EXEC ||
		    r->type == SSH_CHANNEL_REQUEST_SUBSYSTEM)
			c->kind = CHAN_EXEC;
		if (r->msg != NULL)
			(void)ssh_message_channel_request_reply_success(r->msg);
		chan_request_drop(c);
	}
}

/* 0 the whole line is written, GW_EAGAIN not yet, GW_ECLOSED it cannot be. */
static int
write_reason(struct session *s, struct chan *c)
{
	char line[LIMIT_TEXT_SIZE + 128];
	const char *p = line + c->reason_sent;
	uint32_t window = ssh_channel_window_size(c->user);
	size_t left;
	int w = 0;

	(void)snprintf(line, sizeof(line), "%s%s%s\r\n",
	    screen_leave(&c->screen), c->pty ? "\r\n" : "", s->ending->text);
	left = strlen(p) < window ? strlen(p) : window;
	if (left > 0)
		w = c->pty
			? ssh_channel_write(c->user, p, (uint32_t)left)
			: ssh_channel_write_stderr(c->user, p, (uint32_t)left);
	if (w < 0)
		return GW_ECLOSED;
	c->reason_sent += (size_t)w;
	return line[c->reason_sent] == '\0' ? 0 : GW_EAGAIN;
}

static void
send_reason(struct session *s, struct chan *c)
{
	int r = GW_ECLOSED;

	if (c->reason_done || c->user == NULL)
		return;
	answer_requests(c);
	if (!c->user_close && !c->close_to_user) {
		if (c->reason_ms == 0)
			c->reason_ms = s->now.boot_ms + PROGRAM_WAIT_MS;
		/* a client that is still asking for its program takes a close
		 * now for a refusal and does not show the line */
		if (c->kind == CHAN_NONE && s->now.boot_ms < c->reason_ms)
			return;
		if ((r = write_reason(s, c)) == GW_EAGAIN)
			return;
	}
	if (r == 0 && !c->exit_sent) {
		c->exit_sent = true;
		(void)ssh_channel_request_send_exit_status(c->user, EXIT_ENDED);
	}
	if (r == 0 && !c->eof_to_user)
		(void)ssh_channel_send_eof(c->user);
	c->reason_done = true;
	if (!c->close_to_user)
		(void)ssh_channel_close(c->user);
	c->close_to_user = true;
}

static void
hang_up(struct session *s)
{
	s->phase = PH_DONE;
	/* what broke on its way in may still be told */
	if ((s->user.dead && s->user.broken[0] == '\0') ||
	    s->user.ssh == NULL || !ssh_is_connected(s->user.ssh))
		return;
	/* what nothing of arrives, an orderly end would not tell either: the
	 * kernel would keep it to itself, and give up */
	s->user.silent = !FAULT(unheard_goodbye) &&
			 leg_unanswered(&s->user, HANG_UP_MS) >= LEG_ASKED;
	(void)ssh_session_set_disconnect_message(s->user.ssh, s->ending->text);
	/* the channels are freed with it: first what points to them */
	for (struct chan *c = s->chans; c != NULL; c = c->next) {
		answer_requests(c);
		c->user = NULL;
	}
	leg_disconnect(&s->user);
}

/* Has every channel been sent the reason? A channel whose open still waits is
 * accepted only for that. */
static bool
all_sent(struct session *s)
{
	bool all = true;

	for (struct chan *c = s->chans; c != NULL; c = c->next) {
		if (c->open != NULL && s->logged_in)
			(void)chan_accept(s, c);
		send_reason(s, c);
		all = all && c->reason_done;
	}
	return all && shim_tx(s->user.fd) == 0;
}

/* There is no channel on which it reads why: it is hung up on as soon as one
 * knows that it hears so. */
static void
ask_client(struct session *s)
{
	leg_ask(&s->user, s->now.boot_ms);
	leg_flush(&s->user);
	s->ending->asked = true;
}

void
end_step(struct session *s)
{
	struct ending *e = s->ending;

	if (s->phase != PH_ENDING && s->phase != PH_DONE)
		return;
	if (s->target->leg.ssh != NULL)
		drop_target(s, e->reason == END_LOGOUT);
	if (s->phase == PH_DONE || s->user.dead ||
	    s->now.boot_ms >= e->until_ms) {
		hang_up(s);
		return;
	}
	if (s->now.boot_ms < e->word_ms && s->broker.up)
		return;
	e->word_ms = 0;
	if (!all_sent(s))
		return;
	/* A client with channels leaves by itself once they are closed; one
	 * that is just logging in gets time to open one and read why. */
	if (e->sent_ms == 0) {
		e->sent_ms = s->now.boot_ms;
		if (!s->logged_in)
			e->sent_ms -= HANG_UP_MS;
		else if (s->chans == NULL &&
			 !(s->last_chan == 0 && s->target->phase == TG_FAILED))
			ask_client(s);
	}
	if (s->now.boot_ms - e->sent_ms >= HANG_UP_MS
		? leg_unanswered(&s->user, 0) == 0
		: e->asked && s->user.heard)
		hang_up(s);
}

/* Of a connection that nobody logged in on: what was tried, and what went wrong
 * with its key exchange. */
static void
report_nobody(struct session *s, struct msg_ses_end *m)
{
	const char *version = NULL;
	const char *failure = "";

	if (s->auth->tried != NULL) {
		m->tried.p = (const uint8_t *)s->auth->tried;
		m->tried.len = (uint32_t)s->auth->ntried;
	}
	if (s->user.ssh != NULL) {
		version = ssh_get_clientbanner(s->user.ssh);
		if (s->user.event == NULL)
			failure = ssh_get_error(s->user.ssh);
	}
	if (version != NULL)
		text_fit(m->client_version, sizeof(m->client_version), "%s",
		    version);
	if (s->no_algorithm)
		text_fit(m->text, sizeof(m->text), "%s: %s",
		    leg_no_common(s->algorithms, failure), failure);
	else if (s->ending->reason == END_LOGOUT)
		str_escape(m->text, sizeof(m->text), failure, strlen(failure));
}

void
end_report(struct session *s)
{
	struct msg_ses_end m = {.reason = (uint8_t)s->ending->reason,
	    .bytes_in = s->bytes_in,
	    .bytes_out = s->bytes_out,
	    .exit = s->exit,
	    .logged_in = s->logged_in};

	if (s->spawn.probe)
		return;
	memcpy(m.text, s->ending->text, sizeof(m.text));
	if (!s->logged_in)
		report_nobody(s, &m);
	link_post(&s->broker, MSG_SES_END, &m);
}
