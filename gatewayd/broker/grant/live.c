/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live - the grants that are open, and their end. The kernel ends them by
 * itself; the timers here tell the people and the log, and cut what a kernel
 * timeout cannot (revoke, release).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/put.h"
#include "broker/call/subject.h"
#include "broker/grant/close.h"
#include "broker/grant/ended.h"
#include "broker/grant/firewall.h"
#include "broker/grant/history.h"
#include "broker/grant/live.h"
#include "broker/grant/recheck.h"
#include "broker/identity/regulars.h"

enum {
	/* Timers count CLOCK_MONOTONIC, grants boottime: a suspend makes them
	 * differ, so the clock is read again this often. */
	CHECK_AGAIN_MS = 30 * 1000,
	SOONEST_UNUSED_MS = LIMIT_GRANT_MIN_S * 1000,
	/* Less is no way back: it would be over before they are there. */
	WAY_MIN_MS = 5 * 1000,
};

static void
on_timer(struct process *r, void *arg)
{
	struct live_grant *lg = arg;

	(void)r;
	grant_activate(lg);
}

struct live_grant *
grant_new(struct broker *b, const struct grant *g, const char *key_fp)
{
	struct live_grant *lg = calloc(1, sizeof(*lg));

	if (lg == NULL)
		return NULL;
	if ((lg->timer = timer_new(b->process, on_timer, lg)) == NULL) {
		free(lg);
		return NULL;
	}
	lg->b = b;
	lg->g = *g;
	text_set(lg->key_fp, sizeof(lg->key_fp), key_fp);
	lg->since_boot_ms = broker_now(b).boot_ms;
	lg->state = GRANT_INTENT;
	lg->next = b->grants;
	b->grants = lg;
	return lg;
}

struct live_grant *
grant_find(struct broker *b, const char *id)
{
	for (struct live_grant *lg = b->grants; lg != NULL; lg = lg->next)
		if (strcmp(lg->g.id, id) == 0)
			return lg;
	return NULL;
}

/* Whoever may come through the door has a place behind it. */
static void
mark_regular(struct live_grant *lg, bool on)
{
	void (*const change)(struct broker * b, const struct addr *a) =
	    on ? regulars_add : regulars_drop;

	if (lg->regular == on)
		return;
	lg->regular = on;
	change(lg->b, &lg->g.source4);
	change(lg->b, &lg->g.source6);
}

void
grant_drop(struct live_grant *lg)
{
	struct broker *b = lg->b;

	for (struct live_grant **lp = &b->grants; *lp != NULL;
	     lp = &(*lp)->next)
		if (*lp == lg) {
			*lp = lg->next;
			break;
		}
	mark_regular(lg, false);
	b->grant_hooks->gone(lg);
	timer_free(lg->timer);
	free(lg);
}

unsigned
grant_sessions(const struct live_grant *lg)
{
	return lg->b->grant_hooks->count(lg);
}

/* Somebody went through it; what an earlier broker saw is in the history. */
static bool
was_used(struct live_grant *lg)
{
	uint32_t n = 0;

	if (!lg->used && lg->sessions == 0) {
		history_flush(lg->b);
		lg->used =
		    store_session_count(lg->b->store, lg->g.id, &n) != 0 ||
		    n > 0;
	}
	return lg->used || lg->sessions > 0;
}

/* How long it may yet stand open with nobody going through. Of a direct one,
 * and of an admin's probe, nothing is known. */
static int64_t
unused_left_ms(struct live_grant *lg)
{
	const int64_t open_ms = broker_now(lg->b).boot_ms - lg->since_boot_ms;
	struct subject *x = NULL;
	struct policy_result v = {0};
	int64_t most_ms = INT64_MAX;

	/* no role says less, and a door that has just opened costs no look */
	if (lg->g.reach == REACH_PROXY && open_ms < SOONEST_UNUSED_MS)
		return SOONEST_UNUSED_MS - open_ms;
	if (lg->g.reach != REACH_PROXY || was_used(lg) || FAULT(stay_unused))
		return INT64_MAX;
	if ((x = calloc(1, sizeof(*x))) == NULL)
		return INT64_MAX; /* it is looked at again */
	/* what policy gives no more ends by itself (recheck.h) */
	if (recheck_verdict(x, lg, &v) && v.unused_after_s > 0)
		most_ms = (int64_t)v.unused_after_s * 1000;
	subject_clear(x);
	free(x);
	return most_ms == INT64_MAX ? most_ms : most_ms - open_ms;
}

/* In force until the clock says otherwise. */
void
grant_activate(struct live_grant *lg)
{
	const struct now now = broker_now(lg->b);
	int64_t left = grant_left_ms(&lg->g, &now, clock_boot_id());
	int64_t unused = left > 0 ? unused_left_ms(lg) : 0;

	lg->state = GRANT_ACTIVE;
	if (left <= 0 || unused <= 0) {
		grant_end(
		    lg, left <= 0 ? END_EXPIRED : END_UNUSED, "gateway", NULL);
		return;
	}
	mark_regular(lg, true);
	if (unused < left)
		left = unused;
	timer_set(lg->timer, left < CHECK_AGAIN_MS ? left : CHECK_AGAIN_MS);
}

struct live_grant *
grant_lookup(struct broker *b, const char *user, const char *user_id,
    const char *target, const char *login, const struct addr *source)
{
	const struct now now = broker_now(b);
	struct live_grant *best = NULL;
	int64_t best_left = 0;

	for (struct live_grant *lg = b->grants; lg != NULL; lg = lg->next) {
		const int64_t left =
		    grant_left_ms(&lg->g, &now, clock_boot_id());

		if (lg->state != GRANT_ACTIVE || left <= best_left ||
		    lg->g.reach == REACH_PROBE)
			continue;
		if ((strcmp(lg->g.user, user) != 0 && !FAULT(any_user)) ||
		    !grant_same_id(lg->g.user_id, user_id) ||
		    strcmp(lg->g.target, target) != 0 ||
		    strcmp(lg->g.login, login) != 0)
			continue;
		if (!grant_has_source(&lg->g, source) &&
		    !FAULT(no_source_check))
			continue;
		best = lg;
		best_left = left;
	}
	return best;
}

const struct live_grant *
grant_given(struct broker *b, const struct grant *want, const char *key_fp)
{
	const struct now now = broker_now(b);
	const struct live_grant *best = NULL;
	int64_t best_left = 0;

	for (const struct live_grant *lg = b->grants; lg != NULL;
	     lg = lg->next) {
		const int64_t left =
		    grant_left_ms(&lg->g, &now, clock_boot_id());

		if (lg->state == GRANT_ACTIVE && left > best_left &&
		    lg->g.reach != REACH_PROBE &&
		    strcmp(lg->key_fp, key_fp) == 0 &&
		    grant_gives(&lg->g, want, left)) {
			best = lg;
			best_left = left;
		}
	}
	return best;
}

void
grants_shift(struct broker *b, int64_t utc_ms, int64_t ahead_ms)
{
	for (struct live_grant *lg = b->grants; lg != NULL; lg = lg->next)
		grant_shift(&lg->g, utc_ms, ahead_ms);
}

/* ---- the end */

/* Would they be heard who ask again? Not when a right was taken from them, or
 * the target is gone. */
static bool
may_ask(const struct live_grant *lg, enum end_reason reason, const char *by)
{
	struct subject *s = NULL;
	bool there = false;

	if (!end_may_ask(reason) || strcmp(by, "policy") == 0)
		return FAULT(ask_anyway);
	if (reason != END_REVOKED)
		return true;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return false;
	there = subject_target(lg->b, s, lg->g.target) == 0;
	subject_clear(s);
	free(s);
	return there || FAULT(ask_anyway);
}

/* Is x something else that the same user has open at the same target? */
static bool
is_other(const struct live_grant *lg, const struct live_grant *x)
{
	return x != lg && x->state == GRANT_ACTIVE &&
	       x->g.reach != REACH_PROBE &&
	       strcmp(x->g.user, lg->g.user) == 0 &&
	       grant_same_id(x->g.user_id, lg->g.user_id) &&
	       strcmp(x->g.target, lg->g.target) == 0;
}

/* Another grant by which the same user gets to the same target from there, the
 * same login first, then the one that lasts longest; NULL: none. */
static const struct live_grant *
other_way(const struct live_grant *lg, const struct addr *source)
{
	const struct now now = broker_now(lg->b);
	const struct live_grant *best = NULL;
	int64_t best_rank = 0;

	for (const struct live_grant *x = lg->b->grants; x != NULL;
	     x = x->next) {
		int64_t rank = grant_left_ms(&x->g, &now, clock_boot_id());

		if (!is_other(lg, x) || rank < WAY_MIN_MS ||
		    !grant_has_source(&x->g, source))
			continue;
		if (strcmp(x->g.login, lg->g.login) == 0)
			rank += LIMIT_GRANT_MAX_S * INT64_C(1000);
		if (rank > best_rank) {
			best = x;
			best_rank = rank;
		}
	}
	return best;
}

void
grant_end_text(char ret[static LIMIT_TEXT_SIZE], const struct live_grant *lg,
    const struct grant_ending *e, const struct addr *source)
{
	const bool again = may_ask(lg, e->reason, e->by);
	const struct live_grant *x = NULL;
	char when[32], more[LIMIT_TEXT_SIZE] = "";

	if (again && e->reason != END_QUOTA) /* which ends all they have */
		x = other_way(lg, source);
	if (x != NULL) {
		str_time(when, sizeof(when), x->g.end_ms);
		(void)snprintf(more, sizeof(more),
		    ". ssh as %s works again until %.10s %.8s UTC: grant %s",
		    x->g.login, when, when + 11, x->g.id);
	} else if (e->reason == END_MOVED) {
		(void)snprintf(more, sizeof(more),
		    ": it is open for another address. To have it here: "
		    "jitctl move %s",
		    lg->g.target);
	} else if (again) { /* the role may want a reason */
		(void)snprintf(more, sizeof(more),
		    ". To connect again: jitctl request %s --reason 'WHY'",
		    lg->g.target);
	}
	str_time(when, sizeof(when), e->utc_ms);
	(void)snprintf(ret, LIMIT_TEXT_SIZE,
	    "sallyport: session ended: %s%s%s at %.8s UTC%s",
	    end_reason_str(e->reason), e->reason == END_REVOKED ? " by " : "",
	    e->reason == END_REVOKED ? e->by : "", when + 11, more);
}

json_t *
grant_sources_json(const struct grant *g)
{
	json_t *a = json_array();

	put_addr(a, &g->source4);
	put_addr(a, &g->source6);
	return a;
}

json_t *
grant_others_json(const struct live_grant *lg)
{
	json_t *list = json_array();

	for (const struct live_grant *x = lg->b->grants;
	     json_array_size(list) < LIMIT_GRANTS_TOLD && x != NULL;
	     x = x->next) {
		json_t *o = NULL;

		if (!is_other(lg, x) || FAULT(others_open))
			continue;
		o = json_object();
		put_str(o, "grant", x->g.id);
		put_str(o, "login", x->g.login);
		(void)json_object_set_new(
		    o, "sources", grant_sources_json(&x->g));
		put_time(o, "end", x->g.end_ms);
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *
ended_json(const struct live_grant *lg, enum end_reason reason, int64_t utc_ms)
{
	json_t *o = json_object();

	put_str(o, "grant", lg->g.id);
	put_str(o, "user", lg->g.user);
	put_str(o, "target", lg->g.target);
	put_str(o, "reason", end_reason_str(reason));
	put_time(o, "end", utc_ms);
	if (o != NULL)
		(void)json_object_set_new(o, "open", grant_others_json(lg));
	return o;
}

void
grant_remember(struct broker *b, const struct grant *g, enum end_reason reason,
    uint32_t sessions, uint64_t seq)
{
	const struct grant_row row = {.grant = *g,
	    .reason = (uint8_t)reason,
	    .ended_ms = broker_now(b).utc_ms,
	    .sessions = sessions,
	    .seq = seq};

	if (g->reach != REACH_PROBE)
		history_grant(b, &row);
}

int
on_nt_quota(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_quota *m = msg->body;
	struct broker *b = process_ctx(r);

	(void)p;
	log_warn("%s fills the log: what they have open ends", m->user);
	for (struct live_grant *lg = b->grants, *next = NULL; lg != NULL;
	     lg = next) {
		next = lg->next;
		if (lg->state == GRANT_ACTIVE &&
		    strcmp(lg->g.user, m->user) == 0)
			grant_end(lg, END_QUOTA, "gateway", NULL);
	}
	return 0;
}

void
grant_end(struct live_grant *lg, enum end_reason reason, const char *by,
    struct call *c)
{
	struct broker *b = lg->b;
	const int64_t now = broker_now(b).utc_ms;
	const struct grant_ending e = {
	    .reason = reason, .by = by, .utc_ms = now};

	if (b->ended != NULL)
		ended_grant(b->ended, &lg->g, grant_sessions(lg));
	firewall_close(b, lg->g.id, &lg->g, reason);
	if (!FAULT(end_sessions))
		b->grant_hooks->ended(lg, &e);
	grant_remember(b, &lg->g, reason, lg->sessions, lg->seq);
	if (c != NULL)
		order_end(c);
	close_grant(b, lg->g.id, reason, by, c,
	    c != NULL ? ended_json(lg, reason, now) : NULL);
	grant_drop(lg);
}
