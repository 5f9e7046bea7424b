/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recover - what is open is the fold of the log. At the start, and whenever
 * the notary or the firewall was started anew:
 *
 *   ask the notary for the fold
 *   a store ahead of the log: something was rolled back: stop
 *   intents that nobody waits for: closed as aborted; what has run out: expired
 *   grants and sessions that live: taken over, with the time they have left
 *   the firewall is told everything, and removes what we did not name
 *
 * Until the first time that the log has told what is open only calls are
 * answered that need to know nothing; until the firewall is in step nothing is
 * opened and nobody is let in. What ends something is never held up by it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/safefile.h"
#include "base/str.h"
#include "broker/admin/first_admin.h"
#include "broker/admin/reconsider.h"
#include "broker/broker.h"
#include "broker/call/repeats.h"
#include "broker/call/wait.h"
#include "broker/grant/close.h"
#include "broker/grant/firewall.h"
#include "broker/grant/live.h"
#include "broker/grant/protect.h"
#include "broker/identity/doubt.h"
#include "broker/inbox.h"
#include "broker/recover.h"
#include "broker/session/list.h"
#include "broker/session/session.h"

enum {
	AGAIN_MS = 1000,
	/* A session of the fold whose process does not show up by then is
	 * gone: it ended while we were away. */
	ORPHAN_MS = 5000,
};

struct leg {
	struct leg *next;
	struct msg_nt_fold_leg m;
	uint8_t elements[ELEMENTS_MAX];
};

struct recovery {
	struct timer *again;
	struct timer *orphans;
	bool running, repeat, folding;
	bool announced; /* that we serve */
	uint64_t mark;  /* what was ended before the firewall's list was */
	struct leg *legs;
	unsigned aborted, expired, adopted;
};

static void fold_ended(struct broker *b, void *arg, const void *body);

static void
legs_free(struct recovery *r)
{
	while (r->legs != NULL) {
		struct leg *l = r->legs;

		r->legs = l->next;
		free(l);
	}
}

static void
recover_free(struct recovery *r)
{
	if (r == NULL)
		return;
	legs_free(r);
	timer_free(r->again);
	timer_free(r->orphans);
	free(r);
}

static void
on_again(struct process *r, void *arg)
{
	(void)r;
	recover_start(arg);
}

static void
on_orphans(struct process *r, void *arg)
{
	struct broker *b = arg;

	(void)r;
	for (struct session *s = b->sessions, *next = NULL; s != NULL;
	     s = next) {
		next = s->next;
		if (!s->gone && !s->linked && s->leg && s->pending == 0)
			session_lost(s, END_ABORTED);
	}
}

static int
prepare(struct broker *b)
{
	struct recovery *r = NULL;

	if (b->recovery != NULL)
		return 0;
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return GW_ENOMEM;
	r->again = timer_new(b->process, on_again, b);
	r->orphans = timer_new(b->process, on_orphans, b);
	if (r->again == NULL || r->orphans == NULL) {
		recover_free(r);
		return GW_ENOMEM;
	}
	b->recovery = r;
	return 0;
}

static void
try_again(struct broker *b)
{
	b->recovery->running = false;
	b->recovery->folding = false;
	timer_set(b->recovery->again, AGAIN_MS);
}

void
recover_start(struct broker *b)
{
	struct msg_nt_fold_get m = {0};
	struct recovery *r = NULL;

	if (prepare(b) != 0) {
		log_err("out of memory");
		process_exit(b->process, 1);
		return;
	}
	r = b->recovery;
	if (r->running) {
		r->repeat = true;
		return;
	}
	timer_stop(r->again);
	b->recovered = false;
	legs_free(r);
	r->aborted = r->expired = r->adopted = 0;
	r->repeat = false;
	for (struct live_grant *lg = b->grants; lg != NULL; lg = lg->next)
		lg->in_fold = false;
	r->running = r->folding = true;
	if (ask(b, PROC_NOTARY, MSG_NT_FOLD_GET, &m, MSG_NT_FOLD_END,
		fold_ended, NULL) != 0)
		try_again(b);
}

/* ---- the fold comes */

static void
keep_receipt(struct live_grant *lg, const struct msg_nt_fold_grant *m)
{
	lg->in_fold = true;
	lg->seq = m->seq;
	memcpy(lg->mac, m->mac, sizeof(lg->mac));
	lg->nelements = 0;
	if (m->elements.len > 0 && m->elements.len <= sizeof(lg->elements)) {
		memcpy(lg->elements, m->elements.p, m->elements.len);
		lg->nelements = m->elements.len;
	}
}

/* It was given to another user, or for another target, of that name: what is
 * removed takes its grants along. In doubt it is not given. */
static bool
names_changed(struct broker *b, const struct grant *g)
{
	char user[LIMIT_ID_SIZE], target[LIMIT_ID_SIZE];
	const int u = store_id(b->store, STORE_USERS, g->user, user);
	const int t = store_id(b->store, STORE_TARGETS, g->target, target);

	if ((u != 0 && u != GW_ENOENT) || (t != 0 && t != GW_ENOENT))
		return true;
	return !grant_same_id(g->user_id, user) ||
	       !grant_same_id(g->target_id, target);
}

/* A grant of the log that we do not hold. */
static int
adopt_grant(struct broker *b, const struct msg_nt_fold_grant *m)
{
	const struct now now = broker_now(b);
	struct recovery *r = b->recovery;
	struct live_grant *lg = NULL;
	struct grant_row over;

	/* we ended it, and went before the log heard of it */
	if (store_grant_get(b->store, m->grant.id, &over) == 0) {
		close_grant(b, m->grant.id, (enum end_reason)over.reason,
		    "recovery", NULL, NULL);
		return 0;
	}
	if ((m->state != GRANT_ACTIVE && !FAULT(no_abort)) ||
	    m->grant.reach == REACH_PROBE) {
		/* nobody waits for its answer any more */
		r->aborted++;
		grant_remember(b, &m->grant, END_ABORTED, 0, m->seq);
		close_grant(
		    b, m->grant.id, END_ABORTED, "recovery", NULL, NULL);
		return 0;
	}
	if (names_changed(b, &m->grant)) {
		grant_remember(b, &m->grant, END_REVOKED, 0, m->seq);
		close_grant(
		    b, m->grant.id, END_REVOKED, "recovery", NULL, NULL);
		return 0;
	}
	if (grant_left_ms(&m->grant, &now, clock_boot_id()) <= 0) {
		r->expired++;
		grant_remember(b, &m->grant, END_EXPIRED, 0, m->seq);
		close_grant(
		    b, m->grant.id, END_EXPIRED, "recovery", NULL, NULL);
		return 0;
	}
	if ((lg = grant_new(b, &m->grant, m->key_fp)) == NULL)
		return GW_ENOMEM;
	r->adopted++;
	keep_receipt(lg, m);
	grant_activate(lg);
	return 0;
}

int
on_fold_grant(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_fold_grant *m = msg->body;
	struct broker *b = process_ctx(r);
	struct live_grant *lg = grant_find(b, m->grant.id);

	(void)p;
	if (b->recovery == NULL || !b->recovery->folding)
		return GW_ESTATE;
	if (lg != NULL) {
		lg->g.start_ms = m->grant.start_ms; /* of UTC, which the log */
		lg->g.end_ms = m->grant.end_ms;     /* may have put right */
		if (strcmp(m->grant.boot_id, lg->g.boot_id) == 0)
			lg->g.end_boot_ms = m->grant.end_boot_ms;
		keep_receipt(lg, m);
		return 0;
	}
	/* ended by us, the notary just does not know yet: not to be revived */
	if (close_pending(b, m->grant.id))
		return 0;
	return adopt_grant(b, m);
}

int
on_fold_leg(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_fold_leg *m = msg->body;
	struct broker *b = process_ctx(r);
	struct leg *l = NULL;

	(void)p;
	if (b->recovery == NULL || !b->recovery->folding)
		return GW_ESTATE;
	if (m->elements.len > sizeof(l->elements))
		return GW_EPROTO;
	if (close_pending(b, m->sid))
		return 0;
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return GW_ENOMEM;
	l->m = *m;
	if (m->elements.len > 0)
		memcpy(l->elements, m->elements.p, m->elements.len);
	l->m.elements.p = l->elements;
	l->next = b->recovery->legs;
	b->recovery->legs = l;
	return 0;
}

/* ---- legs become sessions again */

static void
attach_leg(struct session *s, const struct leg *l)
{
	s->leg = true;
	s->leg_seq = l->m.seq;
	memcpy(s->mac, l->m.mac, sizeof(s->mac));
	memcpy(s->elements, l->elements, sizeof(s->elements));
	s->nelements = l->m.elements.len;
}

static void
revive(struct broker *b, const struct leg *l)
{
	struct live_grant *lg = grant_find(b, l->m.grant);
	struct session *s = session_by_sid(b, l->m.sid);
	struct peer *p = process_session(b->process, l->m.conn);
	enum end_reason why = END_NONE;

	if (FAULT(no_revive))
		return;
	if (s != NULL) {
		attach_leg(s, l);
		return;
	}
	if (lg == NULL) {
		/* it ends as its grant does */
		if ((why = close_reason(b, l->m.grant)) == END_NONE)
			why = END_ABORTED;
		firewall_close(b, l->m.sid, NULL, why);
		close_leg(b, l->m.sid, why, "recovery", 0, 0, -1);
		return;
	}
	if ((s = session_get(b, l->m.conn)) == NULL)
		return;
	attach_leg(s, l);
	text_set(s->sid, sizeof(s->sid), l->m.sid);
	text_set(s->grant_id, sizeof(s->grant_id), l->m.grant);
	s->grant = lg;
	lg->sessions++;
	text_set(s->key_fp, sizeof(s->key_fp), l->m.key_fp);
	name_set(s->user, lg->g.user);
	name_set(s->target, lg->g.target);
	name_set(s->login, lg->g.login);
	memcpy(s->user_id, lg->g.user_id, sizeof(s->user_id));
	memcpy(s->target_id, lg->g.target_id, sizeof(s->target_id));
	s->record = lg->g.record != 0;
	session_ask_recorded(s);
	s->start_ms = l->m.start_ms;
	s->client = l->m.client;
	s->state = SES_LIVE;
	s->admitted = true;
	if (p != NULL)
		peer_set_state(p, MST_LIVE);
}

/* The log closed what we thought open (a grant of ours that is being opened
 * just now is not in the fold yet). */
static void
drop_unknown(struct broker *b)
{
	for (struct live_grant *lg = b->grants, *next = NULL; lg != NULL;
	     lg = next) {
		next = lg->next;
		if (lg->state == GRANT_ACTIVE && !lg->in_fold && lg->seq != 0) {
			log_warn("grant %s is not in the log's fold: shut",
			    lg->g.id);
			grant_end(lg, END_ABORTED, "recovery", NULL);
		}
	}
}

/* ---- the firewall */

static void
synced(struct broker *b, void *arg, const void *body)
{
	const struct msg_fw_synced *m = body;
	struct recovery *r = b->recovery;

	(void)arg;
	if (m == NULL || m->result != 0) {
		log_err("the firewall is not in step: %s; trying again",
		    m == NULL ? "it went away" : err_str(msg_error(m->result)));
		try_again(b);
		return;
	}
	r->running = false;
	firewall_synced(b, r->mark);
	if (r->repeat) {
		recover_start(b);
		return;
	}
	log_info("in step with log and firewall: %u taken over, %u aborted, %u "
		 "expired, %u kernel elements removed",
	    r->adopted, r->aborted, r->expired, m->removed);
	b->recovered = true;
	/* an extension may be in force that we had not heard of, or not */
	for (struct live_grant *lg = b->grants; lg != NULL; lg = lg->next)
		if (lg->state == GRANT_ACTIVE)
			b->grant_hooks->moved(lg);
	if (!r->announced && process_ready(b->process) != 0)
		log_warn("the supervisor could not hear that we serve");
	r->announced = true;
	timer_set(r->orphans, ORPHAN_MS);
	inbox_serve_early(b);
}

static int
open_again(struct broker *b, const char *id, const char *grant, uint64_t seq,
    const uint8_t *mac, const uint8_t *elements, uint32_t n)
{
	struct msg_fw_open m = {
	    .rid = process_rid(b->process), .seq = seq, .sync = 1};

	if (n == 0)
		return 0; /* over, or a probe: nothing to open */
	text_set(m.id, sizeof(m.id), id);
	text_set(m.grant, sizeof(m.grant), grant);
	memcpy(m.mac, mac, sizeof(m.mac));
	m.elements.p = elements;
	m.elements.len = n;
	return peer_send(
	    process_peer(b->process, PROC_FIREWALL), MSG_FW_OPEN, &m, -1);
}

static int
sync_firewall(struct broker *b)
{
	struct msg_fw_sync m = {.rid = process_rid(b->process)};
	int r = peer_send(
	    process_peer(b->process, PROC_FIREWALL), MSG_FW_SYNC_BEGIN, &m, -1);

	if (r != 0)
		return r;
	b->syncs++;
	if ((r = protect_all(b)) != 0)
		return r;
	for (const struct live_grant *lg = b->grants; lg != NULL && r == 0;
	     lg = lg->next)
		/* also one that it is opening just now */
		if (lg->state == GRANT_ACTIVE || lg->seq != 0)
			r = open_again(b, lg->g.id, lg->g.id, lg->seq, lg->mac,
			    lg->elements, lg->nelements);
	for (const struct session *s = b->sessions; s != NULL && r == 0;
	     s = s->next)
		if (!s->gone && s->leg && !s->cut)
			r = open_again(b, s->sid, s->grant_id, s->leg_seq,
			    s->mac, s->elements, s->nelements);
	if (r != 0)
		return r;
	b->recovery->mark = firewall_mark(b);
	return ask(
	    b, PROC_FIREWALL, MSG_FW_SYNC_END, &m, MSG_FW_SYNCED, synced, NULL);
}

/* ---- the fold is complete */

static bool
store_fits(struct broker *b, const struct msg_nt_fold_end *m)
{
	uint64_t seq = 0;
	const int r = store_seq(b->store, &seq);

	if (r != 0) {
		log_err("the store cannot be read: %s (%s)", err_str(r),
		    store_error(b->store));
		return false;
	}
	if (seq <= m->seq || FAULT(store_ahead))
		return true;
	log_err("the store knows record %llu, but the log ends at %llu: one of "
		"them was rolled back. Restore both from the same moment; the "
		"gateway does not start with a log that lost records",
	    (unsigned long long)seq, (unsigned long long)m->seq);
	return false;
}

/* After an orderly stop grants come back as they should. */
static void
record_recovery(struct broker *b, bool orderly)
{
	const struct recovery *r = b->recovery;
	struct event_fields f;

	if (r->aborted + (orderly ? 0 : r->expired + r->adopted) == 0)
		return;
	event_fields_init(&f);
	event_num(&f, EF_COUNT, r->aborted + r->expired + r->adopted);
	event_str(&f, EF_MSG,
	    "grants of the log met at the start: live ones taken over, "
	    "unmatched intents aborted, outdated ones expired");
	if (process_append(b->process, EV_GATEWAY_RECOVERED, &f, NULL, NULL) !=
	    0)
		log_warn("the recovery could not be recorded");
	event_fields_done(&f);
}

static void
fold_ended(struct broker *b, void *arg, const void *body)
{
	const struct msg_nt_fold_end *m = body;
	struct recovery *r = b->recovery;
	uint64_t voided = 0;

	(void)arg;
	r->folding = false;
	if (m == NULL) {
		try_again(b);
		return;
	}
	if (!store_fits(b, m)) {
		process_exit(b->process, 1);
		return;
	}
	b->time = (struct logtime){
	    .utc_ms = m->time_ms, .boot_ms = clock_now().boot_ms};
	if (doubt_invitations(b, m->doubt_seq, &voided) != 0)
		log_warn("what else the log says is taken over all the same");
	drop_unknown(b);
	for (const struct leg *l = r->legs; l != NULL; l = l->next)
		revive(b, l);
	legs_free(r);
	/* a right may have been taken away in the moment before we went */
	grants_reconsider(b, NULL, NULL);
	close_again(b);
	record_recovery(b, m->orderly != 0);
	first_admin(b);
	if (sync_firewall(b) != 0) {
		log_warn("the firewall process cannot hear what is open");
		try_again(b);
	}
	b->told = true;
	inbox_serve_early(b);
}
