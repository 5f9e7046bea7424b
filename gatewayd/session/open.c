/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open - see open.h.
 */
#include "session/open.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "session/chan.h"
#include "session/denied.h"
#include "session/links.h"
#include "session/names.h"
#include "session/relay.h"
#include "session/session.h"
#include "session/target_leg.h"
#include "session/text.h"

static const char *
kind_name(int subtype)
{
	switch (subtype) {
	case SSH_CHANNEL_DIRECT_TCPIP:
		return "direct-tcpip";
	case SSH_CHANNEL_FORWARDED_TCPIP:
		return "forwarded-tcpip";
	case SSH_CHANNEL_X11:
		return "x11";
	case SSH_CHANNEL_AUTH_AGENT:
		return "auth-agent";
	default:
		return "unknown-channel";
	}
}

/* What a person reads of it, and what would help. */
static void
reason_line(const struct session *s, const char *why, char *ret, size_t size)
{
	const char *target = s->grant.target;
	char said[128];

	if (strcmp(why, "target-refused-channel") == 0) {
		target_refusal(s->target, said, sizeof(said));
		text_fit(ret, size,
		    "sallyport: %s let you in, but opens no session: %s. Its "
		    "sshd may allow none, or no more on one connection "
		    "(MaxSessions); an administrator reads more with: jitctl "
		    "doctor %s\r\n",
		    target, said, target);
	} else if (strcmp(why, "too-many-channels") == 0) {
		text_fit(ret, size,
		    "sallyport: this connection has %d sessions, and may have "
		    "no more: close one of them, or connect anew (ssh -o "
		    "ControlPath=none)\r\n",
		    (int)LIMIT_CHANNELS);
	} else {
		text_fit(ret, size,
		    "sallyport: the gateway's broker does not answer, and "
		    "nothing opens without it: try again in a moment\r\n");
	}
}

/* A client shows of a refused open no more than "administratively prohibited",
 * and libssh sends no words with it: the channel is accepted, for the line that
 * says why to whoever asks for a program on it (request.c). */
static void
refuse(struct session *s, struct chan *c, const char *why)
{
	char line[LIMIT_TEXT_SIZE];

	denied(s, &(struct denial){.what = why, .chan = c});
	reason_line(s, why, line, sizeof(line));
	if (c->target != NULL) {
		(void)ssh_remove_channel_callbacks(c->target, &c->target_cb);
		ssh_channel_free(c->target);
		c->target = NULL;
	}
	c->close_to_target = true;
	if ((c->unopened = strdup(line)) == NULL || !chan_accept(s, c)) {
		(void)ssh_message_reply_default(c->open);
		chan_free(s, c);
	}
	s->busy = true;
}

/* Refuses an open that never becomes a channel. Takes m. */
static void
refuse_open(struct session *s, ssh_message m, const char *why)
{
	const int subtype = ssh_message_subtype(m);
	struct denial d = {.what = why};
	char *name = NULL;

	if (subtype == SSH_CHANNEL_UNKNOWN)
		d.wanted = name = names_next(NAME_OF_CHANNEL);
	if (subtype == SSH_CHANNEL_DIRECT_TCPIP ||
	    subtype == SSH_CHANNEL_FORWARDED_TCPIP) {
		d.dst = ssh_message_channel_request_open_destination(m);
		d.port =
		    (unsigned)ssh_message_channel_request_open_destination_port(
			m);
	}
	denied(s, &d);
	free(name);
	(void)ssh_message_reply_default(m);
	ssh_message_free(m);
}

void
open_asked(struct session *s, ssh_message m)
{
	int subtype = ssh_message_subtype(m);
	const char *why = NULL;
	struct chan *c = NULL;
	struct msg_ses_channel ask = {.rid = link_rid(&s->broker)};

	if (subtype != SSH_CHANNEL_SESSION)
		why = kind_name(subtype);
	else if (s->nchans > LIMIT_CHANNELS)
		why = "too-many-channels"; /* it is told on one more */
	else if (!s->broker.up && s->phase == PH_RELAY)
		why = "broker-away";
	else if ((c = chan_new(s, &relay_user_cb, &relay_target_cb)) == NULL)
		why = "out-of-memory";
	if (why != NULL) {
		refuse_open(s, m, why);
		return;
	}
	c->open = m;
	if (s->nchans > LIMIT_CHANNELS) {
		refuse(s, c, "too-many-channels");
		return;
	}
	c->open_rid = ask.rid;
	c->open_ms = s->now.boot_ms;
	if (s->phase == PH_RELAY)
		link_post(&s->broker, MSG_SES_CHANNEL, &ask);
	s->busy = true;
}

static enum chan_given
given(unsigned said)
{
	switch (said) {
	case CHANNEL_YES:
		return CHAN_GIVEN;
	case CHANNEL_LATER:
		return CHAN_LATER;
	default:
		return CHAN_DENIED;
	}
}

void
open_answered(struct session *s, const struct msg_ses_channel_ok *m)
{
	for (struct chan *c = s->chans; c != NULL; c = c->next)
		if (c->open != NULL && c->open_rid == m->rid)
			c->given = given(m->given);
	s->busy = true;
}

/* Opens the target's side, then accepts the user's: whatever the target sends
 * early finds a channel with callbacks. */
static void
open_target(struct session *s, struct chan *c)
{
	int rc;

	if (c->target == NULL) {
		c->target = ssh_channel_new(s->target->leg.ssh);
		if (c->target == NULL) {
			c->broken = true;
			return;
		}
		(void)ssh_set_channel_callbacks(c->target, &c->target_cb);
	}
	rc = ssh_channel_open_session(c->target);
	if (rc == SSH_AGAIN)
		return;
	if (rc != SSH_OK &&
	    (s->target->leg.dead || !ssh_is_connected(s->target->leg.ssh)))
		return; /* it hung up: the session ends by that */
	s->target->opened = s->target->opened || rc == SSH_OK;
	if (rc != SSH_OK || !chan_accept(s, c)) {
		refuse(s, c, "target-refused-channel");
		return;
	}
	s->busy = true;
}

void
open_step(struct session *s, struct chan *c)
{
	const bool late = s->now.boot_ms - c->open_ms > LIMIT_FREEZE_S * 1000;

	if (c->given == CHAN_GIVEN) {
		if (s->target->phase == TG_UP)
			open_target(s, c);
	} else if (c->given == CHAN_DENIED || !s->broker.up ||
		   (late && c->given != CHAN_LATER))
		refuse(s, c, "broker-away"); /* no answer is a no */
}
