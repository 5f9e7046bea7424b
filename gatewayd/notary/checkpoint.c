/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint - when a signed checkpoint is due: at every thousandth record,
 * within a second of anything that gives or ends access, within 15 s of
 * anything else; never for its own sake. How it is made is the ledger's.
 */
#include "base/clock.h"
#include "notary/notary.h"

enum { EVERY = 1000, URGENT_MS = 1000, IDLE_MS = 15000 };

/* Records no checkpoint signs for, but for the last checkpoint itself. */
static uint64_t
uncovered(const struct notary *n)
{
	uint64_t next = ledger_next(n->ledger);
	uint64_t covered = ledger_checkpointed(n->ledger) + 1;

	return next > covered ? next - covered : 0;
}

bool
checkpoint_wanted(const struct notary *n, int64_t boot_ms)
{
	uint64_t waiting = uncovered(n) + n->queue.n;

	return waiting >= EVERY || (waiting > 0 && n->checkpoint_at != 0 &&
				       boot_ms >= n->checkpoint_at);
}

void
checkpoint_plan(struct notary *n, bool urgent, int64_t boot_ms)
{
	int64_t at = boot_ms + (urgent ? URGENT_MS : IDLE_MS);

	if (uncovered(n) == 0 || ledger_broken(n->ledger)) {
		n->checkpoint_at = 0;
		timer_stop(n->checkpoint_timer);
		return;
	}
	if (n->checkpoint_at != 0 && n->checkpoint_at <= at &&
	    n->checkpoint_at > boot_ms)
		return; /* soon enough */
	n->checkpoint_at = at;
	timer_set(n->checkpoint_timer, at - boot_ms);
}
