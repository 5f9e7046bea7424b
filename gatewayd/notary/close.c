/* SPDX-License-Identifier: Apache-2.0 */
/*
 * close - NT_GRANT_CLOSE and NT_LEG_CLOSE: the end of what the fold holds, with
 * its reason. What is not open, or is being closed already, is no entry.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "notary/foldrecord.h"
#include "notary/notary.h"

struct closing {
	uint32_t rid;
	unsigned reply;
};

static void
closed(struct notary *n, struct peer *p, void *arg, int result, uint64_t seq)
{
	const struct closing *c = arg;
	struct msg_nt_closed out = {
	    .rid = c->rid, .result = msg_result(result), .seq = seq};

	(void)!peer_send(p, c->reply, &out, -1);
	if (c->reply == MSG_NT_LEG_CLOSED)
		lost_look(n->process, n);
}

/* How long, by the boottime where the log knows it. */
static int64_t
lasted_s(struct notary *n, int64_t start_ms, int64_t start_boot_ms, bool same)
{
	const struct now now = notary_now(n);
	const int64_t ms =
	    same ? now.boot_ms - start_boot_ms : now.utc_ms - start_ms;

	return ms > 0 ? ms / 1000 : 0;
}

/* f has what the fold knows of it. */
static int
close_add(struct notary *n, struct peer *p, const struct msg_nt_close *m,
    enum event_code event, unsigned reply, int64_t seconds,
    struct event_fields *f)
{
	struct closing *c = calloc(1, sizeof(*c));
	struct queue_item item = {.event = event,
	    .origin = PROC_BROKER,
	    .key = m->id,
	    .peer = p,
	    .fn = closed,
	    .arg = c};

	if (c == NULL)
		return GW_ENOMEM;
	c->rid = m->rid;
	c->reply = reply;
	event_str(f, EF_REASON, end_reason_str((enum end_reason)m->reason));
	event_str(f, EF_BY, m->by);
	event_num(f, EF_SECONDS, seconds);
	return queue_add(n, &item, f);
}

static bool
reason_ok(const struct msg_nt_close *m)
{
	return end_reason_known(m->reason);
}

static int
none(struct peer *p, const struct msg_nt_close *m, unsigned reply)
{
	struct msg_nt_closed out = {
	    .rid = m->rid, .result = msg_result(GW_ENOENT)};

	return peer_send(p, reply, &out, -1);
}

int
on_grant_close(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_close *m = msg->body;
	struct notary *n = process_ctx(r);
	const struct fold_grant *g = fold_grant(n->fold, m->id);
	struct event_fields f;
	int e;

	if (!reason_ok(m))
		return GW_EPROTO;
	if (g == NULL || queue_has(n, EV_GRANT_CLOSE, m->id))
		return none(p, m, MSG_NT_GRANT_CLOSED);
	event_fields_init(&f);
	fold_grant_fields(&f, &g->grant);
	e = close_add(n, p, m, EV_GRANT_CLOSE, MSG_NT_GRANT_CLOSED,
	    lasted_s(n, g->grant.start_ms,
		g->grant.end_boot_ms - (g->grant.end_ms - g->grant.start_ms),
		strcmp(g->grant.boot_id, clock_boot_id()) == 0),
	    &f);
	event_fields_done(&f);
	return e;
}

int
on_leg_close(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_close *m = msg->body;
	struct notary *n = process_ctx(r);
	const struct fold_leg *l = fold_leg(n->fold, m->id);
	struct event_fields f;
	int e;

	if (!reason_ok(m))
		return GW_EPROTO;
	if (l == NULL || queue_has(n, EV_SESSION_END, m->id))
		return none(p, m, MSG_NT_LEG_CLOSED);
	event_fields_init(&f);
	fold_leg_fields(&f, l);
	event_count(&f, EF_BYTES_IN, m->bytes_in);
	event_count(&f, EF_BYTES_OUT, m->bytes_out);
	if (m->exit >= 0 && m->exit <= UINT32_MAX)
		event_num(&f, EF_EXIT, m->exit);
	e = close_add(n, p, m, EV_SESSION_END, MSG_NT_LEG_CLOSED,
	    lasted_s(n, l->start_ms, l->start_boot_ms, l->start_boot_ms > 0),
	    &f);
	event_fields_done(&f);
	return e;
}
