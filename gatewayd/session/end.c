/* SPDX-License-Identifier: Apache-2.0 */
/*
 * end - how a session ends: the target's leg first and at once, then the user
 * is told why, on the channel's standard error (on a terminal: in its output),
 * with exit status 255. The user's leg outlives the end by at most
 * LIMIT_CLIENT_TAIL_S. The kernel cuts the target's leg on time also without
 * any of this.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "session/session.h"
#include "session/shim.h"
#include "session/text.h"

enum {
	HANG_UP_MS = 1500, /* after all is told, if the client stays */
	PROGRAM_WAIT_MS = 1000,
	LINKS_WAIT_MS = 10000,
	EXIT_TOLD = 255,
};

static void
default_text(struct session *s, enum end_reason why)
{
	char time[32];
	int64_t at = why == END_EXPIRED && s->auth.grant.end_ms > 0
			 ? s->auth.grant.end_ms
			 : s->now.utc_ms;

	str_time(time, sizeof(time), at);
	if (strlen(time) < 19)
		return;
	time[19] = '\0'; /* 2026-11-22T12:31:00 -> the clock part */
	text_fmt(s->ending.text, sizeof(s->ending.text),
	    "sallyport: session ended: %s at %s UTC. Again: jitctl request %s",
	    end_reason_str(why), time + 11, s->auth.grant.target);
}

static void
drop_target(struct session *s, bool politely)
{
	for (struct chan *c = s->chans; c != NULL; c = c->next) {
		c->target = NULL; /* freed with the leg */
		ring_done(&c->in.ring);
		ring_done(&c->out.ring);
		ring_done(&c->err.ring);
	}
	if (s->target_leg.ssh == NULL)
		return;
	if (politely && !s->target_leg.dead &&
	    ssh_is_connected(s->target_leg.ssh)) {
		leg_flush(&s->target_leg);
		ssh_disconnect(s->target_leg.ssh);
		/* libssh has closed the descriptor */
		shim_del(s->target_leg.fd);
		s->target_leg.fd = -1;
		leg_done(&s->target_leg);
		return;
	}
	leg_reset(&s->target_leg);
}

void
end_begin(struct session *s, enum end_reason why, const char *text)
{
	if (s->ending.reason != END_NONE)
		return;
	s->ending.reason = why;
	default_text(s, why);
	if (text != NULL)
		str_escape(
		    s->ending.text, sizeof(s->ending.text), text, strlen(text));
	s->ending.until_ms = s->now.boot_ms + LIMIT_CLIENT_TAIL_S * 1000 - 500;
	log_info("connection %llu ends: %s", (unsigned long long)s->spawn.conn,
	    end_reason_str(why));
	s->phase = why == END_LOGOUT || s->user.dead ? PH_DONE : PH_TELL;
	s->busy = true;
}

void
end_stop(struct session *s, const struct msg_ses_stop *m)
{
	char line[LIMIT_TEXT_SIZE];

	line[0] = '\0';
	if (m->text[0] != '\0')
		text_fmt(line, sizeof(line), "%s%.480s",
		    strncmp(m->text, "sallyport:", 10) == 0 ? ""
							    : "sallyport: ",
		    m->text);
	end_begin(s,
	    m->reason == END_NONE ? END_KILLED : (enum end_reason)m->reason,
	    line[0] == '\0' ? NULL : line);
}

/* Accepts a channel whose open was held, only to be able to say why. */
static void
accept_to_tell(struct session *s, struct chan *c)
{
	if ((c->user = ssh_channel_new(s->user.ssh)) == NULL)
		return;
	(void)ssh_set_channel_callbacks(c->user, &c->user_cb);
	(void)ssh_message_channel_request_open_reply_accept_channel(
	    c->open, c->user);
	ssh_message_free(c->open);
	c->open = NULL;
	c->opened = true;
}

/* Clients wait for the answers to their requests before they show anything. */
static void
answer_requests(struct chan *c)
{
	struct chan_request *r;

	while ((r = c->reqs) != NULL) {
		c->reqs = r->next;
		c->nreqs--;
		if (r->type == SSH_CHANNEL_REQUEST_PTY)
			c->pty = true;
		if (r->type == SSH_CHANNEL_REQUEST_SHELL ||
		    r->type == SSH_CHANNEL_REQUEST_EXEC ||
		    r->type == SSH_CHANNEL_REQUEST_SUBSYSTEM)
			c->kind = CHAN_EXEC;
		if (r->msg != NULL)
			(void)ssh_message_channel_request_reply_success(r->msg);
		request_free(r);
	}
}

static void
tell(struct session *s, struct chan *c)
{
	char line[LIMIT_TEXT_SIZE + 128];
	uint32_t window;
	size_t left;
	int w;

	if (c->told || c->user == NULL)
		return;
	answer_requests(c);
	if (c->user_close || c->close_to_user)
		goto close;
	if (c->tell_ms == 0)
		c->tell_ms = s->now.boot_ms + PROGRAM_WAIT_MS;
	/* a client that is still asking for its program takes a close now
	 * for a refusal and does not show the line */
	if (c->kind == CHAN_NONE && s->now.boot_ms < c->tell_ms)
		return;
	(void)snprintf(line, sizeof(line), "%s%s%s\r\n",
	    screen_leave(&c->screen), c->pty ? "\r\n" : "", s->ending.text);
	left = strlen(line) - c->told_n;
	window = ssh_channel_window_size(c->user);
	if (left > window)
		left = window;
	if (left > 0) {
		w = c->pty ? ssh_channel_write(
				 c->user, line + c->told_n, (uint32_t)left)
			   : ssh_channel_write_stderr(
				 c->user, line + c->told_n, (uint32_t)left);
		if (w > 0)
			c->told_n += (size_t)w;
		if (w < 0)
			goto close;
	}
	if (c->told_n < strlen(line))
		return;
	if (!c->exit_sent)
		(void)ssh_channel_request_send_exit_status(c->user, EXIT_TOLD);
	c->exit_sent = true;
	if (!c->eof_to_user)
		(void)ssh_channel_send_eof(c->user);
close:
	c->told = true;
	if (!c->close_to_user)
		(void)ssh_channel_close(c->user);
	c->close_to_user = true;
}

static void
hang_up(struct session *s)
{
	s->phase = PH_DONE;
	if (s->user.dead || s->user.ssh == NULL ||
	    !ssh_is_connected(s->user.ssh))
		return;
	(void)ssh_session_set_disconnect_message(s->user.ssh, s->ending.text);
	/* ssh_disconnect frees every channel: first what points to them */
	for (struct chan *c = s->chans; c != NULL; c = c->next) {
		answer_requests(c);
		c->user = NULL;
	}
	ssh_disconnect(s->user.ssh);
	shim_del(s->user.fd);
	s->user.fd = -1;
	s->user.dead = true;
}

void
end_step(struct session *s)
{
	bool all_told = true;

	if (s->phase != PH_TELL && s->phase != PH_DONE)
		return;
	if (s->target_leg.ssh != NULL)
		drop_target(s, s->ending.reason == END_LOGOUT);
	if (s->phase == PH_DONE)
		return;
	if (s->user.dead || s->now.boot_ms >= s->ending.until_ms) {
		hang_up(s);
		return;
	}
	for (struct chan *c = s->chans; c != NULL; c = c->next) {
		if (c->open != NULL && s->auth.ok)
			accept_to_tell(s, c);
		tell(s, c);
		all_told = all_told && c->told;
	}
	if (!all_told || shim_tx(s->user.fd) > 0)
		return;
	/* A client with channels goes by itself once they are closed; who is
	 * just logging in gets time to open one and read why. */
	if (s->auth.ok && s->next_chan == 0 && s->target.phase == TG_FAILED &&
	    s->ending.told_ms == 0)
		s->ending.told_ms = s->now.boot_ms;
	if (s->ending.told_ms == 0)
		s->ending.told_ms =
		    s->now.boot_ms - (s->chans == NULL ? HANG_UP_MS : 0);
	if (s->now.boot_ms - s->ending.told_ms >= HANG_UP_MS)
		hang_up(s);
}

/* Does the notary or the recorder owe an answer for too long? Who hears
 * nothing any more is as good as dead. */
static bool
evidence_late(struct session *s)
{
	const int64_t late = s->now.boot_ms - LIMIT_FREEZE_S * 1000;

	if (!s->rec_full)
		s->rec_full_ms = 0; /* nothing waits for it now */
	if (s->rec_full_ms != 0 && s->rec_full_ms < late)
		return true;
	if (s->target.phase == TG_CERT && s->target.rid != 0 &&
	    s->target.asked_ms < late)
		return true;
	for (const struct chan *c = s->chans; c != NULL; c = c->next)
		if (c->reqs != NULL && c->reqs->since_ms < late &&
		    (c->reqs->state == REQ_RECORDER ||
			c->reqs->state == REQ_EVIDENCE))
			return true;
	return false;
}

static void
check_relay(struct session *s)
{
	const struct msg_ses_auth_ok *g = &s->auth.grant;
	int64_t now = s->now.boot_ms;

	if (now >= g->end_boot_ms && !FAULT(session_deadline))
		end_begin(s, END_EXPIRED, NULL);
	else if (s->target.phase == TG_UP && s->target_leg.dead)
		end_begin(s, END_TARGET_GONE, NULL);
	else if (s->target.phase < TG_UP &&
		 now - s->target.since_ms > LIMIT_LOGIN_GRACE_S * 1000)
		end_begin(s, END_TARGET_REFUSED,
		    "sallyport: the target did not answer in time");
	else if ((s->frozen_ms != 0 &&
		     now - s->frozen_ms > LIMIT_FREEZE_S * 1000) ||
		 evidence_late(s))
		end_begin(s, END_AUDIT_FAILED, NULL);
	else if (g->idle_s != 0 && now - s->active_ms > g->idle_s * 1000LL)
		end_begin(s, END_IDLE, NULL);
}

void
end_check_clocks(struct session *s)
{
	int64_t age = s->now.boot_ms - s->start_ms;

	switch (s->phase) {
	case PH_LINKS:
		if (age > LINKS_WAIT_MS)
			end_begin(s, END_ABORTED, "sallyport: not ready");
		break;
	case PH_KEX:
	case PH_AUTH:
		if (age > LIMIT_LOGIN_GRACE_S * 1000)
			end_begin(s, END_PROTOCOL,
			    "sallyport: no login within 30 seconds");
		break;
	case PH_RELAY:
		if (!s->probe.on) /* a probe has its own clock and no grant */
			check_relay(s);
		break;
	default:
		break;
	}
}
