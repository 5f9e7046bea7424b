/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota - what becomes of a user who fills the log (usage.h).
 */
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "notary/notary.h"

static void
reached(struct notary *n, const char *user, int64_t utc_ms)
{
	const struct queue_item item = {
	    .event = EV_AUDIT_QUOTA, .origin = PROC_NOTARY};
	struct msg_nt_quota m = {0};
	struct event_fields f;

	log_warn("the records of %s have filled their part of the log", user);
	memcpy(m.user, user, strlen(user) + 1); /* one of the same size */
	event_fields_init(&f);
	event_str(&f, EF_USER, user);
	event_num(&f, EF_SIZE, (int64_t)usage_quota(n->usage, utc_ms));
	event_num(&f, EF_SECONDS, usage_left_s(n->usage, user, utc_ms));
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, "quota");
	event_str(&f, EF_MSG,
	    "So many bytes of records within an hour are one user's doing: "
	    "what they have open ends, and nothing new opens for these "
	    "seconds.");
	if (queue_add(n, &item, &f) < 0)
		log_err("that could not be recorded");
	event_fields_done(&f);
	/* without a broker nothing of theirs opens either */
	(void)!peer_send(
	    process_peer(n->process, PROC_BROKER), MSG_NT_QUOTA, &m, -1);
}

void
quota_look(struct notary *n)
{
	const int64_t utc_ms = n->time.utc_ms;
	char user[LIMIT_NAME_SIZE];

	while (usage_reached(n->usage, utc_ms, user))
		reached(n, user, utc_ms);
}

struct names {
	char by[LIMIT_NAME_SIZE], user[LIMIT_NAME_SIZE];
};

static int
read_name(void *arg, const struct event_value *v)
{
	struct names *w = arg;
	char *ret = v->id == EF_BY ? w->by : w->user;

	if ((v->id != EF_BY && v->id != EF_USER) || v->n >= LIMIT_NAME_SIZE ||
	    memchr(v->p, '\0', v->n) != NULL)
		return 0;
	memcpy(ret, v->p, v->n);
	ret[v->n] = '\0';
	return 0;
}

/* Whose doing it is, as usage.c has it of the record. */
static enum usage_state
state_of(const struct notary *n, const struct event_fields *f)
{
	struct names w = {0};
	const char *user = w.by;

	if (event_each(f->b.p, f->b.len, read_name, &w) != 0)
		return USAGE_WITHIN; /* it becomes no record */
	if (w.by[0] == '\0')
		user = w.user;
	else if (event_actor_own(w.by))
		return USAGE_WITHIN;
	return user[0] == '\0' ? USAGE_WITHIN
			       : usage_of(n->usage, user, n->time.utc_ms);
}

/* What one user takes from another, and from themselves. Each of these is of a
 * thing that somebody has to have made before, so they are few; nobody can be
 * kept from them by what was filled in their name. */
static bool
takes_away(enum event_code ev)
{
	switch (ev) {
	case EV_LOCK_CREATE:
	case EV_REQUEST_DENY:
	case EV_REQUEST_WITHDRAW:
	case EV_CHANGE_DENY:
	case EV_CHANGE_WITHDRAW:
		return !FAULT(quota_locks);
	default:
		return ledger_ends_access(ev);
	}
}

/* These may be that, which the event alone does not tell (`user lock' is one):
 * for as long as a fourth more is not reached, either. */
static bool
may_take_away(enum event_code ev)
{
	return ev == EV_USER_UPDATE || ev == EV_USER_REMOVE ||
	       ev == EV_USER_KEY || ev == EV_ROLE_REMOVE ||
	       ev == EV_TARGET_REMOVE;
}

int
quota_check(const struct notary *n, enum event_code ev, enum proc origin,
    const struct event_fields *f)
{
	if (takes_away(ev))
		return 0;
	switch (state_of(n, f)) {
	case USAGE_WITHIN:
		return 0;
	case USAGE_OVER:
		/* what a session has done is on record until it is ended */
		return origin == PROC_SESSION || origin == PROC_RECORDER ||
			       may_take_away(ev)
			   ? 0
			   : GW_EFULL;
	default:
		return origin == PROC_SESSION ? GW_EDENIED : GW_EFULL;
	}
}

int
quota_open(const struct notary *n, const char *user)
{
	return usage_of(n->usage, user, n->time.utc_ms) == USAGE_WITHIN
		   ? 0
		   : GW_EFULL;
}
