/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chan - see chan.h.
 */
#include "session/chan.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/str.h"
#include "session/links.h"
#include "session/session.h"

struct chan *
chan_new(struct session *s, const struct ssh_channel_callbacks_struct *user_cb,
    const struct ssh_channel_callbacks_struct *target_cb)
{
	struct chan *c = calloc(1, sizeof(*c));
	struct chan **end = &s->chans;

	if (c == NULL)
		return NULL;
	c->id = ++s->last_chan;
	buf_init(&c->env, LIMIT_ENV_MAX);
	c->session = s;
	c->user_cb = *user_cb;
	c->user_cb.userdata = c;
	ssh_callbacks_init(&c->user_cb);
	c->target_cb = *target_cb;
	c->target_cb.userdata = c;
	ssh_callbacks_init(&c->target_cb);
	while (*end != NULL)
		end = &(*end)->next;
	*end = c;
	s->nchans++;
	return c;
}

static void
close_taps(struct chan *c)
{
	struct tap *t;

	while ((t = c->taps) != NULL) {
		c->taps = t->next;
		t->ops->close(t, c);
	}
}

void
chan_free(struct session *s, struct chan *c)
{
	struct chan **p = &s->chans;

	while (*p != NULL && *p != c)
		p = &(*p)->next;
	if (*p != NULL) {
		*p = c->next;
		s->nchans--;
	}
	close_taps(c);
	/* waiting messages point into their channel: first they */
	while (c->reqs != NULL)
		chan_request_drop(c);
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
	for (int f = 0; f < FLOWS; f++)
		stream_done(&c->flow[f]);
	free(c->command);
	free(c->unopened);
	buf_done(&c->env);
	free(c);
	/* what waited for a reader lies between small things that stay: by
	 * itself malloc may keep it all as long as the session lives */
	(void)malloc_trim(0);
}

/* Each start has its end: with what is known, and else with why it is not. */
static void
write_end(struct session *s, const struct chan *c, const char *why)
{
	char text[96];
	struct event_fields f;

	link_event_init(&f, &s->grant);
	event_num(&f, EF_CHANNEL, c->id);
	event_count(&f, EF_BYTES_IN, c->bytes_in);
	event_count(&f, EF_BYTES_OUT, c->bytes_out);
	if (c->got_exit)
		event_num(&f, EF_EXIT, c->exit_status);
	if (c->exit_signal[0] != '\0')
		event_str(&f, EF_REASON, c->exit_signal);
	else if (!c->got_exit)
		event_str(&f, EF_REASON, why);
	if (c->unrecorded > 0 &&
	    str_fmt(text, sizeof(text),
		"up to %llu bytes of its output are not in its recording",
		(unsigned long long)c->unrecorded) == 0)
		event_str(&f, EF_MSG, text);
	link_note(&s->notary, EV_SESSION_CHANNEL_END, &f);
	event_fields_done(&f);
}

void
chan_ended(struct session *s, struct chan *c, const char *why)
{
	close_taps(c);
	if (c->begun)
		write_end(s, c, why);
	chan_free(s, c);
}

bool
chan_accept(struct session *s, struct chan *c)
{
	if ((c->user = ssh_channel_new(s->user.ssh)) == NULL)
		return false;
	(void)ssh_set_channel_callbacks(c->user, &c->user_cb);
	(void)ssh_message_channel_request_open_reply_accept_channel(
	    c->open, c->user);
	ssh_message_free(c->open);
	c->open = NULL;
	c->opened = true;
	return true;
}

struct chan *
chan_of(struct session *s, ssh_channel user)
{
	for (struct chan *c = s->chans; c != NULL; c = c->next)
		if (user != NULL && c->user == user)
			return c;
	return NULL;
}

bool
chan_broken(const struct chan *c)
{
	bool broken = c->broken;

	for (int f = 0; f < FLOWS; f++)
		broken = broken || c->flow[f].broken;
	return broken;
}

size_t
chan_cost(const struct chan *c)
{
	size_t n = 0;

	for (int f = 0; f < FLOWS; f++)
		n += stream_cost(&c->flow[f]);
	return n;
}

struct chan_request *
chan_request_add(struct chan *c, int type, ssh_message m)
{
	struct chan_request *r;
	struct chan_request **end = &c->reqs;

	if (c->nreqs >= LIMIT_CHANNEL_REQUESTS ||
	    (r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->type = type;
	r->msg = m;
	while (*end != NULL)
		end = &(*end)->next;
	*end = r;
	c->nreqs++;
	return r;
}

void
chan_request_drop(struct chan *c)
{
	struct chan_request *r = c->reqs;

	c->reqs = r->next;
	c->nreqs--;
	if (r->msg != NULL)
		ssh_message_free(r->msg);
	free(r);
}

void
chan_tap(struct chan *c, struct tap *t)
{
	struct tap **end = &c->taps;

	while (*end != NULL)
		end = &(*end)->next;
	*end = t;
}
