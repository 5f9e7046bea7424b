/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pulse - see the header.
 */
#include "supervisor/pulse.h"

#include <signal.h>

#include "base/err.h"
#include "base/fault.h"
#include "supervisor/accept.h"
#include "supervisor/beat.h"
#include "supervisor/notify.h"

static void
child_turn(struct supervisor *s, struct child *c)
{
	const bool fast = c->spec->proc == PROC_FIREWALL;
	unsigned most = fast ? BEAT_FIREWALL : BEAT_OTHERS;

	if (!c->beat.once)
		/* it reads a log, or a kernel, first */
		most = fast && !FAULT(slow_start) ? BEAT_FIREWALL_START
						  : BEAT_START;
	if (!fast && s->beat_turn % BEAT_SLOW != 0)
		return;
	if (c->pid == 0 || !beat_turn(&c->beat, c->peer, most))
		return;
	beat_report(s, c->spec->proc, 0);
	(void)kill(c->pid, SIGKILL); /* its exit is heard as any other */
}

static void
retired_turn(struct supervisor *s)
{
	for (struct retired *z = s->retired; z != NULL; z = z->next) {
		if (!beat_turn(&z->beat, z->peer, BEAT_OTHERS) ||
		    FAULT(retired_beat))
			continue;
		beat_report(s, PROC_ZYGOTE, 0);
		(void)kill(z->pid, SIGKILL);
	}
}

static void
on_turn(struct process *r, void *arg)
{
	struct supervisor *s = process_ctx(r);

	(void)arg;
	/* Who does not stop is killed by that; but the firewall must shut, or
	 * the one after it. */
	for (int i = 0; i < CHILD_COUNT; i++)
		if (s->stop == STOP_NONE ||
		    s->child[i].spec->proc == PROC_FIREWALL)
			child_turn(s, &s->child[i]);
	if (s->stop == STOP_NONE && s->beat_turn % BEAT_SLOW == 0) {
		retired_turn(s);
		accept_beat(s);
	}
	if (s->beat_turn % BEAT_SLOW == 0)
		notify_send("WATCHDOG=1");
	s->beat_turn++;
	timer_set(s->beat_timer, BEAT_MS);
}

int
pulse_start(struct supervisor *s)
{
	if ((s->beat_timer = timer_new(s->process, on_turn, NULL)) == NULL)
		return GW_ENOMEM;
	timer_set(s->beat_timer, BEAT_MS);
	return 0;
}
