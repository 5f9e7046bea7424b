/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - the log's time (core/logtime.h) as the notary keeps it, and what
 * becomes evidence of the host's clock: that a boot began, each step, and an
 * admin's word that the clock is right. The broker hears how far the host is
 * behind.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "notary/notary.h"

enum {
	LOOK_MS = 10 * 1000,
	STEP_MS = 1000, /* less is no step, and is followed in silence */
};

struct accepting {
	uint32_t rid;
	struct logtime before;
};

struct now
notary_now(struct notary *n)
{
	struct now now = clock_now();

	logtime_read(&n->time, &now);
	now.utc_ms = n->time.utc_ms;
	return now;
}

static bool
far(int64_t ms)
{
	return ms <= -STEP_MS || ms >= STEP_MS;
}

/* ---- the broker */

void
clock_tell(struct notary *n)
{
	struct msg_nt_clocked m = {
	    .time_ms = n->time.utc_ms, .behind_ms = n->time.behind_ms};

	n->told_behind_ms = n->time.behind_ms;
	/* gone: told when it is back */
	(void)!peer_send(
	    process_peer(n->process, PROC_BROKER), MSG_NT_CLOCKED, &m, -1);
}

/* ---- records */

static int
record(struct notary *n, enum event_code ev, int64_t moved_ms, const char *msg,
    struct queue_item *item)
{
	struct event_fields f;
	int r;

	item->event = ev;
	item->origin = PROC_NOTARY;
	event_fields_init(&f);
	event_num(&f, EF_UPTIME, n->time.boot_ms);
	if (n->time.behind_ms > 0)
		event_num(&f, EF_BEHIND, n->time.behind_ms);
	if (moved_ms != 0)
		event_num(&f, EF_MOVED, moved_ms);
	event_str(&f, EF_MSG, msg);
	r = queue_add(n, item, &f);
	event_fields_done(&f);
	return r;
}

static void
record_step(struct notary *n, int64_t moved_ms)
{
	struct queue_item item = {0};
	char msg[LIMIT_TEXT_SIZE];
	int r;

	(void)!str_fmt(msg, sizeof(msg),
	    "The host's clock was set %s by %lld s%s",
	    moved_ms > 0 ? "forward" : "back",
	    (long long)(moved_ms > 0 ? moved_ms : -moved_ms) / 1000,
	    n->time.behind_ms >= STEP_MS ? ": it is behind the log." : ".");
	log_warn("%s", msg);
	r = record(n, EV_CLOCK_STEP, moved_ms, msg, &item);
	if (r < 0)
		log_err("that could not be recorded: %s", err_str(r));
}

void
clock_look(struct notary *n)
{
	int64_t moved;

	(void)notary_now(n);
	moved = logtime_offset_ms(&n->time) - n->offset_ms;
	if (far(moved)) { /* or we were stopped between two clocks */
		(void)notary_now(n);
		moved = logtime_offset_ms(&n->time) - n->offset_ms;
	}
	if (far(moved)) {
		n->offset_ms += moved;
		record_step(n, moved);
	}
	if (far(n->time.behind_ms - n->told_behind_ms))
		clock_tell(n);
}

void
clock_timer(struct process *r, void *arg)
{
	struct notary *n = arg;

	(void)r;
	clock_look(n);
	timer_set(n->clock_timer, LOOK_MS);
}

/* ---- start */

static bool
same_boot(const struct notary *n)
{
	const char *boot = clock_boot_id();

	return boot[0] != '\0' && strcmp(fold_clock(n->fold)->boot, boot) == 0;
}

void
clock_open(struct notary *n)
{
	struct now host = clock_now();

	if (same_boot(n))
		n->time = fold_clock(n->fold)->at;
	else
		n->time = (struct logtime){
		    .utc_ms = ledger_time(n->ledger), .boot_ms = host.boot_ms};
	n->offset_ms = logtime_offset_ms(&n->time);
	logtime_read(&n->time, &host);
	logtime_floor(&n->time, ledger_time(n->ledger));
	if (!same_boot(n)) /* it was not looked at before */
		n->offset_ms = logtime_offset_ms(&n->time);
}

int
clock_begin(struct notary *n)
{
	struct queue_item item = {0};
	bool doubt = n->time.behind_ms > 0;

	timer_set(n->clock_timer, LOOK_MS);
	if (same_boot(n)) {
		clock_look(n);
		return 0;
	}
	if (doubt)
		log_warn("the host started with a clock behind the audit log: "
			 "grants of before have ended, invitations are void");
	return record(n, doubt ? EV_CLOCK_BOOT_BEHIND : EV_CLOCK_BOOT, 0,
	    doubt ? "The host started with a clock that is behind the log: how "
		    "long it was down is not known. Grants of before have "
		    "ended, invitations of before are void."
		  : "The first record of this boot of the host.",
	    &item);
}

void
clock_begun(struct notary *n)
{
	if (!same_boot(n)) /* no room for its record: as if it were there */
		fold_rebase(n->fold, &n->time, clock_boot_id());
}

/* ---- an admin's word */

static void
accepted(struct notary *n, struct peer *p, void *arg, int result, uint64_t seq)
{
	const struct accepting *a = arg;
	struct msg_nt_clocked m = {.rid = a->rid,
	    .result = msg_result(result),
	    .behind_ms = a->before.behind_ms};

	(void)seq;
	if (result < 0) {
		n->time = a->before;
		(void)notary_now(n);
	}
	m.time_ms = n->time.utc_ms;
	(void)!peer_send(p, MSG_NT_CLOCKED, &m, -1);
	clock_tell(n);
}

/* What waits is written with the old time; the record of this one, and all that
 * follow, have the host's. */
static int
accept_clock(struct notary *n, struct peer *p, uint32_t rid)
{
	struct accepting *a = calloc(1, sizeof(*a));
	struct queue_item item = {.peer = p, .fn = accepted, .arg = a};
	struct logtime host;
	int r;

	if (a == NULL)
		return GW_ENOMEM;
	queue_commit(n, false);
	(void)notary_now(n);
	a->rid = rid;
	a->before = n->time;
	host = (struct logtime){.utc_ms = n->time.utc_ms - n->time.behind_ms,
	    .boot_ms = n->time.boot_ms};
	r = record(n, EV_CLOCK_SET, -n->time.behind_ms,
	    "An admin accepted the host's clock: times of records go back "
	    "here. Invitations made while it was ahead are void.",
	    &item);
	if (r < 0)
		return r;
	n->time = host;
	queue_commit(n, true);
	return 0;
}

int
on_clock(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_clock *m = msg->body;
	struct notary *n = process_ctx(r);
	struct msg_nt_clocked out = {.rid = m->rid};

	clock_look(n);
	if (m->accept != 0 && n->time.behind_ms >= STEP_MS)
		return accept_clock(n, p, m->rid);
	out.time_ms = n->time.utc_ms;
	return peer_send(p, MSG_NT_CLOCKED, &out, -1);
}
