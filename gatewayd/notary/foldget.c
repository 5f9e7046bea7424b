/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foldget - NT_FOLD_GET: everything that is open, with fresh receipts, for a
 * broker that has just started. What is over, or closed, gets no elements and
 * so opens nothing. What is still queued is committed first.
 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "core/element.h"
#include "notary/notary.h"

struct telling {
	struct notary *n;
	struct peer *p;
	uint32_t rid;
	struct now now;
	struct buf enc;
};

/* Encodes the list and makes the receipt; an empty list has none. */
static int
vouch(struct telling *t, const struct element_list *list, const char *id,
    uint64_t seq, uint8_t *mac, struct bytes *ret)
{
	struct receipt receipt = {0};
	int r;

	buf_reset(&t->enc);
	*ret = (struct bytes){0};
	if (list->n == 0)
		return 0;
	element_encode(&t->enc, list);
	if ((r = buf_err(&t->enc)) < 0 ||
	    (r = receipt_make(&receipt, t->n->receipt_key, seq, id, t->enc.p,
		 t->enc.len)) < 0)
		return r;
	memcpy(mac, receipt.mac, RECEIPT_MAC_SIZE);
	ret->p = t->enc.p;
	ret->len = (uint32_t)t->enc.len;
	return 0;
}

static int
tell_grant(void *arg, const struct fold_grant *g)
{
	struct telling *t = arg;
	struct msg_nt_fold_grant m = {
	    .rid = t->rid, .grant = g->grant, .state = g->state, .seq = g->seq};
	struct element_list list = {0};
	int r;

	grant_elements(&list, &g->grant, &t->now, clock_boot_id());
	r = vouch(t, &list, g->grant.id, g->seq, m.mac, &m.elements);
	return r < 0 ? r : peer_send(t->p, MSG_NT_FOLD_GRANT, &m, -1);
}

static int
tell_leg(void *arg, const struct fold_leg *l)
{
	struct telling *t = arg;
	const struct fold_grant *g = fold_grant(t->n->fold, l->grant);
	struct msg_nt_fold_leg m = {
	    .rid = t->rid, .conn = l->conn, .seq = l->seq};
	struct element_list list = {0};
	int r;

	memcpy(m.grant, l->grant, sizeof(m.grant));
	memcpy(m.sid, l->sid, sizeof(m.sid));
	if (g != NULL &&
	    grant_left_ms(&g->grant, &t->now, clock_boot_id()) > 0) {
		grant_leg(&list.e[0], &g->grant, &l->gateway, l->sport,
		    &l->target, &t->now, clock_boot_id());
		list.n = 1;
	}
	r = vouch(t, &list, l->sid, l->seq, m.mac, &m.elements);
	return r < 0 ? r : peer_send(t->p, MSG_NT_FOLD_LEG, &m, -1);
}

int
on_fold_get(struct role *r, struct peer *p, const void *body, const int *fds)
{
	const struct msg_nt_fold_get *m = body;
	struct notary *n = role_ctx(r);
	struct telling t = {.n = n, .p = p, .rid = m->rid, .now = clock_now()};
	struct msg_nt_fold_end end = {.rid = m->rid};
	int e;

	(void)fds;
	queue_commit(n, false);
	buf_init(&t.enc, LIMIT_FIELD_MAX);
	if ((e = fold_each_grant(n->fold, tell_grant, &t)) == 0)
		e = fold_each_leg(n->fold, tell_leg, &t);
	buf_done(&t.enc);
	if (e < 0)
		return e;
	end.seq = ledger_next(n->ledger) == 0 ? 0 : ledger_next(n->ledger) - 1;
	end.time_ms = ledger_time(n->ledger);
	end.store_seq = fold_store_seq(n->fold);
	return peer_send(p, MSG_NT_FOLD_END, &end, -1);
}
