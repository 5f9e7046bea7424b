/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant - NT_GRANT_OPEN: the durable intent that comes before an opening, and
 * its receipt.
 *
 * MUST NOT give a receipt before the intent is durable.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/str.h"
#include "core/element.h"
#include "notary/foldrecord.h"
#include "notary/notary.h"

struct opening {
	uint32_t rid;
	struct grant grant;
};

struct refusal {
	uint32_t rid;
};

/* ---- open */

static void
opened(struct notary *n, struct peer *p, void *arg, int result, uint64_t seq)
{
	const struct opening *o = arg;
	struct msg_nt_grant_opened out = {.rid = o->rid, .seq = seq};
	struct now now = clock_now();
	struct element_list list = {0};
	struct buf enc;

	buf_init(&enc, LIMIT_FIELD_MAX);
	if (result == 0 || FAULT(undurable)) {
		grant_elements(&list, &o->grant, &now, clock_boot_id());
		result = elements_receipt(n, &list, o->grant.id, o->grant.id,
		    seq, &enc, out.mac, &out.elements);
	}
	out.result = msg_result(result);
	(void)!peer_send(p, MSG_NT_GRANT_OPENED, &out, -1);
	buf_done(&enc);
}

/* The reply that says no, once the record of it is durable (or could not be
 * written: then it is no all the more). */
static void
open_refused(
    struct notary *n, struct peer *p, void *arg, int result, uint64_t seq)
{
	const struct refusal *c = arg;
	struct msg_nt_grant_opened out = {.rid = c->rid,
	    .result = msg_result(result < 0 ? result : GW_EDENIED)};

	(void)n;
	(void)seq;
	(void)!peer_send(p, MSG_NT_GRANT_OPENED, &out, -1);
}

static int
refuse_now(struct peer *p, uint32_t rid, int why)
{
	struct msg_nt_grant_opened out = {
	    .rid = rid, .result = msg_result(why)};

	return peer_send(p, MSG_NT_GRANT_OPENED, &out, -1);
}

/* The burning that comes with a request. */
static struct msg_nt_mfa_burn
burn_of(const struct msg_nt_grant_open *m)
{
	struct msg_nt_mfa_burn b = {.step = m->mfa_step, .verb = "request"};

	memcpy(b.user, m->grant.user, sizeof(b.user));
	memcpy(b.user_id, m->grant.user_id, sizeof(b.user_id));
	memcpy(b.factor, m->factor, sizeof(b.factor));
	return b;
}

static int
replayed(struct notary *n, struct peer *p, const struct msg_nt_grant_open *m)
{
	const struct msg_nt_mfa_burn b = burn_of(m);
	struct refusal *c = calloc(1, sizeof(*c));
	struct queue_item item = {
	    .event = EV_AUTH_MFA_DENIED, .peer = p, .fn = open_refused};

	if (c == NULL)
		return GW_ENOMEM;
	c->rid = m->rid;
	item.arg = c;
	return mfa_add(n, &b, &item);
}

static int
intent_add(struct notary *n, struct peer *p, const struct msg_nt_grant_open *m)
{
	struct opening *o = calloc(1, sizeof(*o));
	struct queue_item item = {.event = EV_GRANT_OPEN,
	    .origin = PROC_BROKER,
	    .key = m->grant.id,
	    .peer = p,
	    .fn = opened,
	    .arg = o};
	struct event_fields f;
	int r;

	if (o == NULL)
		return GW_ENOMEM;
	o->rid = m->rid;
	o->grant = m->grant;
	event_fields_init(&f);
	fold_grant_fields(&f, &m->grant);
	event_str(&f, EF_PROTO, "tcp");
	event_num(&f, EF_SECONDS, (m->grant.end_ms - m->grant.start_ms) / 1000);
	event_strn(&f, EF_COMMANDS, m->commands.p, m->commands.len);
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
on_grant_open(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_grant_open *m = msg->body;
	struct notary *n = process_ctx(r);
	const struct msg_nt_mfa_burn b = burn_of(m);
	struct queue_item burn = {.event = EV_AUTH_MFA};
	struct now now = clock_now();
	int e;

	if (!grant_ok(&m->grant) || m->mfa_step < 0)
		return refuse_now(p, m->rid, GW_EINVAL);
	if ((e = quota_open(n, m->grant.user)) < 0)
		return refuse_now(p, m->rid, e);
	if (fold_grant(n->fold, m->grant.id) != NULL ||
	    queue_has(n, EV_GRANT_OPEN, m->grant.id))
		return refuse_now(p, m->rid, GW_EEXIST);
	/* made for this boot, and not over yet by our own clock */
	if (strcmp(m->grant.boot_id, clock_boot_id()) != 0 ||
	    grant_left_ms(&m->grant, &now, clock_boot_id()) <= 0)
		return refuse_now(p, m->rid, GW_ESTATE);
	if (m->mfa_step > 0) {
		if (!mfa_fresh(n, b.user, b.factor, b.step))
			return replayed(n, p, m);
		if ((e = mfa_add(n, &b, &burn)) < 0)
			return e;
	}
	/* too much for one record: a no, not the end of everybody's link */
	e = intent_add(n, p, m);
	return e == GW_ELIMIT ? refuse_now(p, m->rid, e) : e;
}
