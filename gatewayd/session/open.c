/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open - see open.h.
 */
#include "session/open.h"

#include <stdlib.h>

#include "base/limits.h"
#include "session/chan.h"
#include "session/denied.h"
#include "session/links.h"
#include "session/names.h"
#include "session/relay.h"
#include "session/session.h"
#include "session/target_leg.h"

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
	else if (s->nchans >= LIMIT_CHANNELS)
		why = "too-many-channels";
	else if (!s->broker.up && s->phase == PH_RELAY)
		why = "broker-away";
	else if ((c = chan_new(s, &relay_user_cb, &relay_target_cb)) == NULL)
		why = "out-of-memory";
	if (why != NULL) {
		refuse_open(s, m, why);
		return;
	}
	c->open = m;
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

static void
refuse(struct session *s, struct chan *c, const char *why)
{
	(void)ssh_message_reply_default(c->open);
	denied(s, &(struct denial){.what = why, .chan = c});
	chan_free(s, c);
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
