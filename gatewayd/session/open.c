/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel - channels coming up and going: opens are held until the target has
 * opened its side, so that a refusal is the target's own. Requests are in
 * request.c, bytes in relay.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "session/session.h"

void
chan_deny(struct session *s, struct chan *c, const char *what)
{
	struct event_fields f;

	event_fields_init(&f);
	link_event_common(s, &f);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, what);
	if (c != NULL) {
		event_num(&f, EF_CHANNEL, c->id);
		event_str(&f, EF_COMMAND, c->command);
	}
	link_note(s, EV_SESSION_CHANNEL_DENIED, &f);
	event_fields_done(&f);
}

static struct chan *
chan_new(struct session *s)
{
	struct chan *c = calloc(1, sizeof(*c));
	struct chan **end = &s->chans;

	if (c == NULL)
		return NULL;
	c->id = ++s->next_chan;
	c->session = s;
	c->user_cb = relay_user_cb;
	c->user_cb.userdata = c;
	ssh_callbacks_init(&c->user_cb);
	c->target_cb = relay_target_cb;
	c->target_cb.userdata = c;
	ssh_callbacks_init(&c->target_cb);
	while (*end != NULL)
		end = &(*end)->next;
	*end = c;
	s->nchans++;
	return c;
}

void
chan_free(struct session *s, struct chan *c)
{
	struct chan **p = &s->chans;
	struct chan_request *r;

	while (*p != NULL && *p != c)
		p = &(*p)->next;
	if (*p != NULL) {
		*p = c->next;
		s->nchans--;
	}
	/* held messages point into their channel: first they */
	while ((r = c->reqs) != NULL) {
		c->reqs = r->next;
		request_free(r);
	}
	if (c->open != NULL)
		ssh_message_free(c->open);
	if (c->user != NULL) {
		(void)ssh_remove_channel_callbacks(c->user, &c->user_cb);
		ssh_channel_free(c->user);
	}
	if (c->target != NULL) {
		(void)ssh_remove_channel_callbacks(c->target, &c->target_cb);
		ssh_channel_free(c->target);
	}
	ring_done(&c->in.ring);
	ring_done(&c->out.ring);
	ring_done(&c->err.ring);
	free(c);
}

static const char *
open_name(int subtype)
{
	switch (subtype) {
	case SSH_CHANNEL_DIRECT_TCPIP:
		return "direct-tcpip";
	case SSH_CHANNEL_FORWARDED_TCPIP:
		return "forwarded-tcpip";
	case SSH_CHANNEL_X11:
		return "x11";
	default:
		return "unknown-channel";
	}
}

static void
on_open(struct session *s, ssh_message m)
{
	int subtype = ssh_message_subtype(m);
	const char *why = NULL;
	struct chan *c = NULL;
	struct msg_ses_channel ask = {.rid = session_rid(s)};

	if (subtype != SSH_CHANNEL_SESSION)
		why = open_name(subtype);
	else if (s->nchans >= LIMIT_CHANNELS)
		why = "too-many-channels";
	else if (!s->broker.up && s->phase == PH_RELAY)
		why = "broker-away";
	else if ((c = chan_new(s)) == NULL)
		why = "out-of-memory";
	if (why != NULL) {
		chan_deny(s, NULL, why);
		(void)ssh_message_reply_default(m);
		ssh_message_free(m);
		return;
	}
	c->open = m;
	c->open_rid = ask.rid;
	c->open_ms = s->now.boot_ms;
	if (s->phase == PH_RELAY)
		link_tell(s, &s->broker, MSG_SES_CHANNEL, &ask);
	s->busy = true;
}

void
chan_answered(struct session *s, const struct msg_ses_channel_ok *m)
{
	for (struct chan *c = s->chans; c != NULL; c = c->next)
		if (c->open != NULL && c->open_rid == m->rid)
			c->given = m->given != 0 ? CHAN_GIVEN : CHAN_DENIED;
	s->busy = true;
}

/* Does the open wait for the broker? May free c: no answer is a no. */
static bool
open_waits(struct session *s, struct chan *c)
{
	if (c->given == CHAN_GIVEN)
		return false;
	if (c->given == CHAN_ASKED && s->broker.up &&
	    s->now.boot_ms - c->open_ms <= LIMIT_FREEZE_S * 1000)
		return true;
	(void)ssh_message_reply_default(c->open);
	chan_deny(s, c, "broker-away");
	chan_free(s, c);
	return true;
}

static struct chan *
chan_of(struct session *s, ssh_channel user)
{
	for (struct chan *c = s->chans; c != NULL; c = c->next)
		if (user != NULL && c->user == user)
			return c;
	return NULL;
}

/* Of sizes that wait one after the other only the last one counts: a window
 * that is dragged while the target is slow must not fill the queue. */
static bool
supersedes(struct chan *c, ssh_message m)
{
	struct chan_request *r = c == NULL ? NULL : c->reqs;

	if (r == NULL ||
	    ssh_message_subtype(m) != SSH_CHANNEL_REQUEST_WINDOW_CHANGE)
		return false;
	while (r->next != NULL)
		r = r->next;
	if (r->type != SSH_CHANNEL_REQUEST_WINDOW_CHANGE || r->state != REQ_NEW)
		return false;
	ssh_message_free(r->msg);
	r->msg = m;
	return true;
}

static void
on_request(struct session *s, ssh_message m)
{
	struct chan *c = chan_of(s, ssh_message_channel_request_channel(m));
	struct chan_request *r = NULL;
	struct chan_request **end;

	if (c != NULL && c->told) {
		/* a failure would hide the line that is on its way */
		(void)ssh_message_channel_request_reply_success(m);
		ssh_message_free(m);
		return;
	}
	if (ssh_message_subtype(m) == SSH_CHANNEL_REQUEST_UNKNOWN) {
		if (c != NULL)
			relay_unknown(s, c);
		(void)ssh_message_reply_default(m);
		ssh_message_free(m);
		return;
	}
	if (supersedes(c, m))
		return;
	if (c == NULL || c->nreqs >= LIMIT_CHANNEL_REQUESTS ||
	    c->close_to_user || (r = calloc(1, sizeof(*r))) == NULL) {
		(void)ssh_message_reply_default(m);
		ssh_message_free(m);
		return;
	}
	r->msg = m;
	r->type = ssh_message_subtype(m);
	for (end = &c->reqs; *end != NULL; end = &(*end)->next)
		;
	*end = r;
	c->nreqs++;
	s->busy = true;
}

void
chan_message(struct session *s, ssh_message m)
{
	switch (ssh_message_type(m)) {
	case SSH_REQUEST_CHANNEL_OPEN:
		on_open(s, m);
		return;
	case SSH_REQUEST_CHANNEL:
		on_request(s, m);
		return;
	case SSH_REQUEST_GLOBAL:
		chan_deny(s, NULL, "tcpip-forward");
		break;
	default:
		break;
	}
	(void)ssh_message_reply_default(m);
	ssh_message_free(m);
}

/* Opens the target's side, then accepts the user's: whatever the target says
 * early finds a channel with callbacks. */
static void
open_step(struct session *s, struct chan *c)
{
	int rc;

	if (c->target == NULL) {
		if ((c->target = ssh_channel_new(s->target_leg.ssh)) == NULL) {
			c->broken = true;
			return;
		}
		(void)ssh_set_channel_callbacks(c->target, &c->target_cb);
	}
	rc = ssh_channel_open_session(c->target);
	if (rc == SSH_AGAIN)
		return;
	if (rc == SSH_OK)
		c->user = ssh_channel_new(s->user.ssh);
	if (rc != SSH_OK || c->user == NULL) {
		(void)ssh_message_reply_default(c->open);
		chan_deny(s, c, "target-refused-channel");
		chan_free(s, c);
		return;
	}
	(void)ssh_set_channel_callbacks(c->user, &c->user_cb);
	(void)ssh_message_channel_request_open_reply_accept_channel(
	    c->open, c->user);
	ssh_message_free(c->open);
	c->open = NULL;
	c->opened = true;
	s->busy = true;
}

/* May free c. */
void
chan_step(struct session *s, struct chan *c)
{
	if (c->broken) {
		end_begin(s, END_ABORTED,
		    "sallyport: a channel went over the gateway's limits");
		return;
	}
	if (!c->opened && open_waits(s, c))
		return;
	if (s->target.phase != TG_UP || s->phase != PH_RELAY)
		return;
	if (!c->opened)
		open_step(s, c);
	else
		request_step(s, c);
}

void
chan_durable(struct session *s, uint32_t rid, int result)
{
	if (rid == 0)
		return;
	for (struct chan *c = s->chans; c != NULL; c = c->next) {
		struct chan_request *r = c->reqs;

		if (r == NULL || r->rid != rid || r->state != REQ_EVIDENCE)
			continue;
		r->rid = 0;
		if (result == 0)
			r->state = REQ_SENT;
		else
			end_begin(s, END_AUDIT_FAILED, NULL);
		s->busy = true;
	}
}

void
chan_relinked(struct session *s)
{
	/* what waited for the notary that died is said again to this one */
	for (struct chan *c = s->chans; c != NULL; c = c->next)
		if (c->reqs != NULL && c->reqs->state == REQ_EVIDENCE) {
			c->reqs->state = REQ_RECORDER;
			c->reqs->rid = 0;
			c->reqs->since_ms = s->now.boot_ms;
		}
	if (s->target.phase == TG_CERT)
		s->target.rid = 0;
	s->busy = true;
}
