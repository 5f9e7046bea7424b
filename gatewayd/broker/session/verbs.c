/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verbs - session.list and session.kill.
 */
#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/listing.h"
#include "broker/call/order.h"
#include "broker/call/put.h"
#include "broker/grant/history.h"
#include "broker/session/list.h"
#include "broker/session/session.h"
#include "broker/session/verbs.h"

static json_t *
live_json(const void *what)
{
	const struct session *s = what;
	json_t *o = json_object();
	char source[ADDR_TEXT_SIZE];

	addr_format(source, &s->client);
	put_str(o, "sid", s->sid);
	put_str(o, "grant", s->grant_id);
	put_str(o, "user", s->user);
	put_str(o, "user_id", s->user_id);
	put_str(o, "target", s->target);
	put_str(o, "target_id", s->target_id);
	put_str(o, "login", s->login);
	put_str(o, "source", source);
	put_time(o, "start", s->start_ms);
	put_time(o, "end", 0);
	if (o != NULL)
		(void)json_object_set_new(o, "reason", json_null());
	put_count(o, "bytes_in", EVENT_COUNT_UNKNOWN); /* until it ends */
	put_count(o, "bytes_out", EVENT_COUNT_UNKNOWN);
	put_bool(o, "recorded", s->recorded);
	return o;
}

static json_t *
over_json(const void *what)
{
	const struct session_row *x = what;
	json_t *o = json_object();

	put_str(o, "sid", x->sid);
	put_str(o, "grant", x->grant);
	put_str(o, "user", x->user);
	put_str(o, "user_id", x->user_id);
	put_str(o, "target", x->target);
	put_str(o, "target_id", x->target_id);
	put_str(o, "login", x->login);
	put_str(o, "source", x->source);
	put_time(o, "start", x->start_ms);
	put_time(o, "end", x->end_ms);
	put_str(o, "reason", end_reason_str((enum end_reason)x->reason));
	put_count(o, "bytes_in", x->bytes_in);
	put_count(o, "bytes_out", x->bytes_out);
	put_bool(o, "recorded", x->recorded);
	return o;
}

static void
list_ended(void *arg, const struct session_row *x)
{
	const struct listing_place p = {
	    .start_ms = x->start_ms, .id = x->sid, .what = x};

	listing_ended(arg, &p, over_json);
}

static int
list(struct call *c, struct listing *l)
{
	const bool everybody = listing_everybody(l, c);
	struct listing_place after;
	int r = 0;

	l->live_json = live_json;
	for (const struct session *s = c->b->sessions; s != NULL && r == 0;
	     s = s->next) {
		const struct listing_place p = {
		    .start_ms = s->start_ms, .id = s->sid, .what = s};

		if (!s->gone && s->leg && s->owner == NULL &&
		    (everybody ||
			(strcmp(s->user, c->user) == 0 &&
			    grant_same_id(s->user_id, call_user_id(c)))))
			r = listing_live(l, &p);
	}
	listing_sort(l);
	if (l->all && r == 0) {
		history_flush(c->b);
		listing_after(l, &after);
		r = store_session_each(c->b->store, everybody ? NULL : c->user,
		    call_user_id(c), after.start_ms, after.id, LIMIT_LIST_PAGE,
		    list_ended, l);
	}
	listing_ended(l, NULL, NULL);
	return r;
}

/* What runs now; with all=1 also what has ended, and to auditors (and root on
 * the admin socket) everybody's. */
void
verb_sessions(struct call *c)
{
	listing_answer(c, list);
}

static void
killed(struct call *c)
{
	struct session *s = session_by_sid(c->b, c->arg);
	json_t *o = json_object();
	char when[32], text[LIMIT_TEXT_SIZE];

	if (s != NULL) { /* else it ended by itself meanwhile */
		str_time(when, sizeof(when), broker_now(c->b).utc_ms);
		(void)snprintf(text, sizeof(text),
		    "sallyport: session ended: killed by %s at %.8s UTC. Your "
		    "grant %s lives on.",
		    c->user, when + 11, s->grant_id);
		put_str(o, "grant", s->grant_id);
		order_begin(c);
		session_stop(s, END_KILLED, c->user, text);
	}
	put_str(o, "sid", c->arg);
	put_str(o, "reason", "killed");
	call_reply_end(c, o);
}

void
verb_session_kill(struct call *c)
{
	static const char *const keys[] = {"sid", "reason", NULL};
	struct problem p = {0};
	struct event_fields f;
	struct session *s = NULL;
	const char *sid = NULL, *why = NULL;

	if (json_only(c->req.body, keys, &p) != 0 ||
	    json_get_str(
		c->req.body, "sid", true, LIMIT_ID_SIZE - 1, &sid, &p) != 0 ||
	    json_get_str(c->req.body, "reason", false, LIMIT_REASON_MAX, &why,
		&p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (id_ok(sid, 's'))
		s = session_by_sid(c->b, sid);
	if (s == NULL || s->state == SES_ENDING || s->owner != NULL) {
		call_refuse(c, 404, "not-found", "sid",
		    "there is no live session of that id: see jitctl sessions "
		    "ls");
		return;
	}
	text_set(c->arg, sizeof(c->arg), sid);
	call_fields(c, &f);
	event_str(&f, EF_SID, s->sid);
	event_str(&f, EF_GRANT, s->grant_id);
	event_str(&f, EF_USER, s->user);
	event_str(&f, EF_USER_ID, s->user_id);
	if (s->grant != NULL)
		call_owner(c, &f, s->grant->g.owner);
	event_str(&f, EF_TARGET, s->target);
	event_str(&f, EF_TARGET_ID, s->target_id);
	event_str(&f, EF_REASON, "killed");
	event_str(&f, EF_WHY, why);
	call_append(c, EV_SESSION_TERMINATE, &f, killed);
	event_fields_done(&f);
}
