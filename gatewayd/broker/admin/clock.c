/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - see the header. The record of who says so comes first, then the
 * notary follows the host's clock, then what was dated while the log was ahead
 * is put right.
 */
#include "broker/admin/clock.h"

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "broker/admin/change.h"
#include "broker/call/put.h"
#include "broker/call/wait.h"
#include "broker/grant/live.h"
#include "broker/identity/doubt.h"
#include "broker/session/list.h"

static void
follow(struct broker *b, const struct msg_nt_clocked *m)
{
	b->time = (struct logtime){
	    .utc_ms = m->time_ms, .boot_ms = clock_now().boot_ms};
}

int
on_nt_clocked(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_clocked *m = msg->body;
	struct broker *b = process_ctx(r);

	follow(b, m);
	if (m->rid == 0)
		b->behind_ms = m->behind_ms;
	else
		wait_answer(b, peer_proc(p), msg->type, m);
	return 0;
}

static void
tell(struct call *c, int64_t time_ms, int64_t behind_ms, uint64_t voided,
    bool dry_run)
{
	json_t *o = json_object();

	put_time(o, "time", time_ms);
	put_num(o, "behind_s", behind_ms / 1000);
	put_num(o, "voided", (int64_t)voided);
	put_bool(o, "dry_run", dry_run);
	call_reply(c, 200, o);
}

/* What would be so. */
static void
tell_dry(struct call *c)
{
	const struct broker *b = c->b;
	const int64_t now_ms = broker_now(b).utc_ms - b->behind_ms;
	uint64_t n = 0;

	if (store_invites_doubted(b->store, 0, doubt_latest_ms(now_ms), &n) !=
	    0)
		call_unavailable(c, "the store");
	else
		tell(c, now_ms, b->behind_ms, n, true);
}

static void
accepted(struct call *c, const void *body)
{
	const struct msg_nt_clocked *m = body;
	struct broker *b = c->b;
	struct problem p = {0};
	uint64_t n = 0;

	if (m->result != 0) {
		problem_set(&p, 503, "unavailable", NULL,
		    "the log did not follow: nothing was changed; try again in "
		    "a moment");
		call_undone(c, &p);
		return;
	}
	grants_shift(b, m->time_ms, m->behind_ms);
	sessions_shift(b, m->time_ms, m->behind_ms);
	if (!FAULT(ends_ahead) && (store_ends_shift(b->store, m->time_ms,
				       m->behind_ms, c->seq) != 0 ||
				      broker_load_locks(b) != 0))
		call_refuse(c, 503, "unavailable", NULL,
		    "the log follows the clock again, but the store cannot be "
		    "used: what was asked or approved while the clock was "
		    "ahead can be used for longer than it should; look at it "
		    "with jitctl requests, and deny it");
	else if (doubt_invitations(b, 0, &n) == 0)
		tell(c, m->time_ms, m->behind_ms, n, false);
	else
		call_refuse(c, 503, "unavailable", NULL,
		    "the log follows the clock again, but the store cannot be "
		    "used: until it can no invitation is taken, for some were "
		    "made while the clock was ahead");
}

static void
recorded(struct call *c)
{
	struct msg_nt_clock m = {.accept = 1};

	call_ask(c, PROC_NOTARY, MSG_NT_CLOCK, &m, MSG_NT_CLOCKED, accepted);
}

void
verb_clock_accept(struct call *c)
{
	static const char *const none[] = {NULL};
	struct change ch = {0};
	struct problem p = {0};
	struct event_fields f;

	if (!change_begin(&ch, c))
		return;
	if (json_only(c->req.body, none, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (c->b->behind_ms == 0) {
		call_refuse(c, 409, "conflict", NULL,
		    "the gateway's clock is not behind its log: there is "
		    "nothing to accept");
		return;
	}
	if (ch.dry_run) {
		tell_dry(c);
		return;
	}
	call_fields(c, &f);
	event_num(&f, EF_BEHIND, c->b->behind_ms);
	call_append(c, EV_CLOCK_ACCEPT, &f, recorded);
	event_fields_done(&f);
}
