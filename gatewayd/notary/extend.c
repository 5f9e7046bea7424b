/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extend - NT_GRANT_EXTEND: an open grant is to last longer; NT_LEG_RENEW: the
 * same for what one of its sessions has open. The record is durable before the
 * receipt leaves, and changes nothing yet: the grant ends when it did until the
 * firewall's grant.applied of just the new end is durable too (fold.c). So
 * whatever fails on the way, the old end is the one that the log says.
 *
 * MUST NOT extend without a code, nor what is not open or over by our clock.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "core/element.h"
#include "notary/foldrecord.h"
#include "notary/notary.h"

struct extending {
	uint32_t rid;
	uint64_t seq;       /* of grant.open: a closed grant's stay closed */
	struct grant grant; /* as it is to be */
};

static int
answer(struct peer *p, uint32_t rid, int result)
{
	struct msg_nt_grant_extended out = {
	    .rid = rid, .result = msg_result(result)};

	return peer_send(p, MSG_NT_GRANT_EXTENDED, &out, -1);
}

static void
extended(struct notary *n, struct peer *p, void *arg, int result, uint64_t seq)
{
	const struct extending *x = arg;
	struct msg_nt_grant_extended out = {.rid = x->rid,
	    .seq = seq,
	    .end_ms = x->grant.end_ms,
	    .end_boot_ms = x->grant.end_boot_ms};
	struct now now = clock_now();
	struct element_list list = {0};
	struct buf enc;

	buf_init(&enc, LIMIT_FIELD_MAX);
	if (result == 0 && fold_grant(n->fold, x->grant.id) == NULL)
		result = GW_ENOENT; /* closed in the same batch */
	if (result == 0 || FAULT(undurable)) {
		grant_elements(&list, &x->grant, &now, clock_boot_id());
		result = elements_receipt(n, &list, x->grant.id, x->grant.id,
		    x->seq, &enc, out.mac, &out.elements);
	}
	out.result = msg_result(result);
	(void)!peer_send(p, MSG_NT_GRANT_EXTENDED, &out, -1);
	buf_done(&enc);
}

/* Once the record of it is durable, or could not be written. */
static void
replayed(struct notary *n, struct peer *p, void *arg, int result, uint64_t seq)
{
	const uint32_t *rid = arg;

	(void)n;
	(void)seq;
	(void)!answer(p, *rid, result < 0 ? result : GW_EDENIED);
}

static struct msg_nt_mfa_burn
burn_of(const struct msg_nt_grant_extend *m, const struct grant *g)
{
	struct msg_nt_mfa_burn b = {.step = m->mfa_step, .verb = "extend"};

	memcpy(b.user, g->user, sizeof(b.user));
	memcpy(b.user_id, g->user_id, sizeof(b.user_id));
	memcpy(b.factor, m->factor, sizeof(b.factor));
	return b;
}

/* Why it may not be, or 0 with what it is to be. */
static int
check(struct notary *n, const struct msg_nt_grant_extend *m,
    const struct fold_grant *g, struct grant *ret)
{
	struct now now = clock_now();

	if (g == NULL || queue_has(n, EV_GRANT_CLOSE, m->id))
		return GW_ENOENT;
	if (m->mfa_step < 0 || m->seconds == 0 ||
	    m->seconds > LIMIT_GRANT_MAX_S)
		return GW_EINVAL;
	if (g->state != GRANT_ACTIVE || g->grant.reach == REACH_PROBE ||
	    strcmp(g->grant.boot_id, clock_boot_id()) != 0 ||
	    grant_left_ms(&g->grant, &now, clock_boot_id()) <= 0 ||
	    queue_has(n, EV_GRANT_EXTEND, m->id))
		return GW_ESTATE;
	*ret = g->grant;
	grant_extend(ret, (int64_t)m->seconds * 1000);
	if (!grant_ok(ret))
		return GW_EINVAL;
	return quota_open(n, g->grant.user);
}

static int
extend_add(struct notary *n, struct peer *p,
    const struct msg_nt_grant_extend *m, const struct fold_grant *g,
    const struct grant *longer)
{
	struct extending *x = calloc(1, sizeof(*x));
	struct queue_item item = {.event = EV_GRANT_EXTEND,
	    .origin = PROC_BROKER,
	    .key = m->id,
	    .peer = p,
	    .fn = extended,
	    .arg = x};
	struct event_fields f;
	int r;

	if (x == NULL)
		return GW_ENOMEM;
	x->rid = m->rid;
	x->seq = g->seq;
	x->grant = *longer;
	event_fields_init(&f);
	fold_grant_fields(&f, longer);
	event_num(&f, EF_SECONDS, m->seconds);
	event_str(&f, EF_BY, m->by);
	event_str(&f, EF_KEY_FP, m->key_fp);
	if (m->mfa_step > 0)
		event_num(&f, EF_STEP, m->mfa_step);
	else
		event_str(&f, EF_FACTOR, m->factor);
	event_str(&f, EF_IDEMPOTENCY, m->idempotency);
	event_strn(&f, EF_PAYLOAD, m->payload.p, m->payload.len);
	event_strn(&f, EF_SIGNATURE, m->signature.p, m->signature.len);
	event_str(&f, EF_OUTCOME, "success");
	r = queue_add(n, &item, &f);
	event_fields_done(&f);
	return r;
}

int
on_grant_extend(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_grant_extend *m = msg->body;
	struct notary *n = process_ctx(r);
	const struct fold_grant *g = fold_grant(n->fold, m->id);
	struct queue_item burn = {.event = EV_AUTH_MFA};
	struct msg_nt_mfa_burn b;
	struct grant longer;
	int e = check(n, m, g, &longer);

	if (e != 0)
		return answer(p, m->rid, e);
	b = burn_of(m, &g->grant);
	if (b.step > 0 && !mfa_fresh(n, b.user, b.factor, b.step)) {
		uint32_t *rid = malloc(sizeof(*rid));

		if (rid == NULL)
			return GW_ENOMEM;
		*rid = m->rid;
		burn = (struct queue_item){.event = EV_AUTH_MFA_DENIED,
		    .peer = p,
		    .fn = replayed,
		    .arg = rid};
		return mfa_add(n, &b, &burn);
	}
	if (b.step > 0 && (e = mfa_add(n, &b, &burn)) < 0)
		return e;
	e = extend_add(n, p, m, g, &longer);
	return e == GW_ELIMIT ? answer(p, m->rid, e) : e;
}

/* ---- what its sessions have open */

/* Of a leg and a grant that live: up to no later than the log lets it, were the
 * extension that was asked for in force. */
static int
renew(struct notary *n, const struct msg_nt_leg_renew *m, struct buf *enc,
    struct msg_nt_leg_opened *out)
{
	const struct fold_leg *l = fold_leg(n->fold, m->sid);
	const struct fold_grant *g =
	    l != NULL ? fold_grant(n->fold, l->grant) : NULL;
	struct now now = clock_now();
	struct element_list list = {.n = 1};
	struct grant until;

	if (g == NULL || queue_has(n, EV_GRANT_CLOSE, l->grant) ||
	    queue_has(n, EV_SESSION_END, m->sid) ||
	    grant_left_ms(&g->grant, &now, clock_boot_id()) <= 0)
		return GW_EDENIED;
	until = g->grant;
	if (m->end_boot_ms <= now.boot_ms ||
	    m->end_boot_ms > until.end_boot_ms + g->longer_ms)
		return GW_EDENIED;
	grant_extend(&until, m->end_boot_ms - until.end_boot_ms);
	grant_leg(&list.e[0], &until, &l->gateway, l->sport, &l->target, &now,
	    clock_boot_id());
	out->seq = l->seq;
	return elements_receipt(
	    n, &list, l->sid, l->grant, l->seq, enc, out->mac, &out->elements);
}

int
on_leg_renew(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_leg_renew *m = msg->body;
	struct msg_nt_leg_opened out = {.rid = m->rid};
	struct buf enc;
	int e;

	buf_init(&enc, LIMIT_FIELD_MAX);
	out.result = msg_result(renew(process_ctx(r), m, &enc, &out));
	e = peer_send(p, MSG_NT_LEG_OPENED, &out, -1);
	buf_done(&enc);
	return e;
}
