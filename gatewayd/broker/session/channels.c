/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channels - see the header.
 */
#include "broker/session/channels.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/session/list.h"
#include "broker/session/session.h"
#include "core/pace.h"

enum { TURN_MS = 100 };

static const struct pace_limit limit_own = {
    .burst = LIMIT_CHANNELS_BURST, .rate = LIMIT_CHANNELS_RATE};
static const struct pace_limit limit_user = {
    .burst = LIMIT_CHANNELS_USER_BURST, .rate = LIMIT_CHANNELS_USER_RATE};
static const struct pace_limit limit_all = {
    .burst = LIMIT_CHANNELS_ALL_BURST, .rate = LIMIT_CHANNELS_ALL_RATE};

struct user_pace {
	struct user_pace *next;
	char user[LIMIT_NAME_SIZE];
	struct pace pace;
};

/* One that waits. */
struct asked {
	struct asked *next;
	uint64_t conn;
	uint32_t rid;
};

struct channels {
	struct broker *b;
	struct timer *timer;
	struct pace all;
	struct user_pace *users; /* who has asked lately */
	struct asked *first, **end;
};

/* Finds it or makes it; those who have their burst again go. NULL: no memory.
 */
static struct pace *
pace_of(struct channels *c, const char *user, int64_t boot_ms)
{
	struct user_pace **up = &c->users;
	struct user_pace *u, *found = NULL;

	while ((u = *up) != NULL) {
		if (strcmp(u->user, user) == 0) {
			found = u;
		} else if (pace_room(&u->pace, &limit_user, boot_ms) >=
			   limit_user.burst) {
			*up = u->next;
			free(u);
			continue;
		}
		up = &u->next;
	}
	if (found == NULL && (found = calloc(1, sizeof(*found))) != NULL) {
		memcpy(found->user, user, strlen(user) + 1); /* of that size */
		found->next = c->users;
		c->users = found;
	}
	return found == NULL ? NULL : &found->pace;
}

static bool
take(struct channels *c, struct session *s)
{
	const int64_t now = clock_now().boot_ms;
	struct pace *user = pace_of(c, s->user, now);

	if (user == NULL || pace_room(&s->channels, &limit_own, now) == 0 ||
	    pace_room(user, &limit_user, now) == 0 ||
	    pace_room(&c->all, &limit_all, now) == 0)
		return false;
	pace_spend(&s->channels, &limit_own, 1);
	pace_spend(user, &limit_user, 1);
	pace_spend(&c->all, &limit_all, 1);
	return true;
}

static bool
may_have(const struct session *s)
{
	return s != NULL && s->grant != NULL &&
	       (s->state == SES_AUTHED || s->state == SES_DIALING ||
		   s->state == SES_LIVE);
}

/* False while it has to wait. */
static bool
answer(struct channels *c, struct peer *p, struct session *s, uint32_t rid)
{
	struct msg_ses_channel_ok ok = {.rid = rid};

	if (may_have(s)) {
		if (!take(c, s))
			return false;
		ok.given = CHANNEL_YES;
	}
	if (peer_send(p, MSG_SES_CHANNEL_OK, &ok, -1) != 0)
		log_debug("a session went before it heard of its channel");
	return true;
}

static void
on_turn(struct process *r, void *arg)
{
	struct channels *c = arg;
	struct asked **ap = &c->first;
	struct asked *a;

	while ((a = *ap) != NULL) {
		struct peer *p = process_session(r, a->conn);
		struct session *s = session_find(c->b, a->conn);

		if (p != NULL && !answer(c, p, s, a->rid)) {
			ap = &a->next;
			continue;
		}
		if (s != NULL)
			s->asking--;
		*ap = a->next;
		free(a);
	}
	c->end = ap;
	if (c->first != NULL)
		timer_set(c->timer, TURN_MS);
}

static int
wait_for(struct channels *c, struct peer *p, struct session *s, uint32_t rid)
{
	const struct msg_ses_channel_ok later = {
	    .rid = rid, .given = CHANNEL_LATER};
	struct asked *a;

	if (s->asking >= LIMIT_CHANNELS)
		return GW_EPROTO; /* it may not have as many */
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return GW_ENOMEM;
	a->conn = s->conn;
	a->rid = rid;
	if (c->first == NULL)
		timer_set(c->timer, TURN_MS);
	*c->end = a;
	c->end = &a->next;
	s->asking++;
	return peer_send(p, MSG_SES_CHANNEL_OK, &later, -1);
}

int
on_ses_channel(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_ses_channel *m = msg->body;
	struct broker *b = process_ctx(r);
	struct session *s = session_find(b, peer_conn(p));

	/* in the order in which it asked */
	if ((s == NULL || s->asking == 0) && answer(b->channels, p, s, m->rid))
		return 0;
	return wait_for(b->channels, p, s, m->rid);
}

int
channels_new(struct broker *b)
{
	struct channels *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return GW_ENOMEM;
	if ((c->timer = timer_new(b->process, on_turn, c)) == NULL) {
		free(c);
		return GW_ENOMEM;
	}
	c->b = b;
	c->end = &c->first;
	b->channels = c;
	return 0;
}

void
channels_free(struct broker *b)
{
	struct channels *c = b->channels;

	b->channels = NULL;
	if (c == NULL)
		return;
	while (c->users != NULL) {
		struct user_pace *u = c->users;

		c->users = u->next;
		free(u);
	}
	while (c->first != NULL) {
		struct asked *a = c->first;

		c->first = a->next;
		free(a);
	}
	free(c); /* the timer went with the loop */
}
