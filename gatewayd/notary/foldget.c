/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foldget - NT_FOLD_GET: everything that is open, with fresh receipts, for a
 * broker that has just started. What is over, or closed, gets no elements and
 * so opens nothing. What is still queued is committed first. Sent in pieces,
 * as fast as the broker reads: grants first, then legs.
 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "core/element.h"
#include "notary/notary.h"
#include "notary/unended.h"

enum { AHEAD = LIMIT_PEER_QUEUE / 4, AGAIN_MS = 10 };

struct sending {
	struct notary *n;
	struct peer *p;
	uint32_t rid;
	struct now now;
	struct buf enc;
};

static int
send_grant(void *arg, const struct fold_grant *g)
{
	struct sending *t = arg;
	struct msg_nt_fold_grant m = {
	    .rid = t->rid, .grant = g->grant, .state = g->state, .seq = g->seq};
	struct element_list list = {0};
	int r = 0;

	memcpy(m.key_fp, g->key_fp, sizeof(m.key_fp));
	grant_elements(&list, &g->grant, &t->now, clock_boot_id());
	if (list.n > 0)
		r = elements_receipt(t->n, &list, g->grant.id, g->grant.id,
		    g->seq, &t->enc, m.mac, &m.elements);
	return r < 0 ? r : peer_send(t->p, MSG_NT_FOLD_GRANT, &m, -1);
}

static int
send_leg(void *arg, const struct fold_leg *l)
{
	struct sending *t = arg;
	const struct fold_grant *g = fold_grant(t->n->fold, l->grant);
	struct msg_nt_fold_leg m = {.rid = t->rid,
	    .conn = l->conn,
	    .seq = l->seq,
	    .start_ms = l->start_ms,
	    .client = l->client};
	struct element_list list = {0};
	int r = 0;

	memcpy(m.grant, l->grant, sizeof(m.grant));
	memcpy(m.sid, l->sid, sizeof(m.sid));
	memcpy(m.key_fp, l->key_fp, sizeof(m.key_fp));
	if (g != NULL &&
	    grant_left_ms(&g->grant, &t->now, clock_boot_id()) > 0) {
		grant_leg(&list.e[0], &g->grant, &l->gateway, l->sport,
		    &l->target, &t->now, clock_boot_id());
		list.n = 1;
		r = elements_receipt(t->n, &list, l->sid, l->grant, l->seq,
		    &t->enc, m.mac, &m.elements);
	}
	return r < 0 ? r : peer_send(t->p, MSG_NT_FOLD_LEG, &m, -1);
}

static int
send_end(struct sending *t)
{
	struct notary *n = t->n;
	struct msg_nt_fold_end end = {.rid = t->rid,
	    .orderly = n->orderly,
	    .time_ms = notary_now(n).utc_ms,
	    .doubt_seq = fold_clock(n->fold)->doubt_seq,
	    .store_seq = fold_store_seq(n->fold)};

	if (ledger_next(n->ledger) > 0)
		end.seq = ledger_next(n->ledger) - 1;
	n->orderly = false; /* a broker that comes later was not stopped */
	return peer_send(t->p, MSG_NT_FOLD_END, &end, -1);
}

/* As much as the broker's queue should have now; again later if not all. */
static int
send_some(struct notary *n, struct peer *p)
{
	struct sending t = {
	    .n = n, .p = p, .rid = n->fold_rid, .now = clock_now()};
	int e = 0;

	buf_init(&t.enc, LIMIT_FIELD_MAX);
	while (
	    e == 0 && n->fold_at < 2 * FOLD_PARTS && peer_queued(p) < AHEAD) {
		size_t at = n->fold_at++;

		e = at < FOLD_PARTS
			? fold_each_grant(n->fold, at, send_grant, &t)
			: fold_each_leg(n->fold, at - FOLD_PARTS, send_leg, &t);
	}
	if (e == 0 && n->fold_at < 2 * FOLD_PARTS)
		timer_set(n->fold_timer, AGAIN_MS);
	else if (e == 0)
		e = send_end(&t);
	buf_done(&t.enc);
	return e;
}

void
foldget_more(struct process *r, void *arg)
{
	struct notary *n = arg;
	struct peer *p = process_peer(r, PROC_BROKER);

	if (p != NULL && send_some(n, p) < 0)
		peer_close(p);
}

static int
send_unended(void *arg, const struct unended_session *s)
{
	int r = 0;

	for (const struct unended_item *i = s->items; r == 0 && i != NULL;
	     i = i->next) {
		struct msg_nt_unended m = {
		    .channel = i->channel, .size = i->size};

		if (i->kind != UNENDED_RECORDING)
			continue;
		memcpy(m.sid, s->leg.sid, sizeof(m.sid));
		memcpy(m.grant, s->leg.grant, sizeof(m.grant));
		memcpy(m.file, i->file, sizeof(i->file));
		r = peer_send(arg, MSG_NT_UNENDED, &m, -1);
	}
	return r;
}

void
foldget_unended(struct notary *n, struct peer *recorder)
{
	queue_commit(n, false);
	if (unended_each(fold_unended(n->fold), send_unended, recorder) < 0)
		log_warn("the recorder was not told of every recording that "
			 "has no end");
}

int
on_fold_get(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_fold_get *m = msg->body;
	struct notary *n = process_ctx(r);

	queue_commit(n, false);
	n->fold_rid = m->rid;
	n->fold_at = 0;
	timer_stop(n->fold_timer);
	return send_some(n, p);
}
