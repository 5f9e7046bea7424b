/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alive - see alive.h.
 */
#include "session/alive.h"

#include <stdlib.h>

#include "base/fault.h"
#include "base/limits.h"
#include "session/end.h"
#include "session/leg.h"
#include "session/names.h"
#include "session/session.h"
#include "session/shim.h"
#include "session/target_leg.h"

enum { FRESH_MS = 1000 }; /* who was heard so short ago is there */

/* Both legs are up, and bytes pass if there are any. */
static bool
passes(const struct session *s)
{
	return s->phase == PH_RELAY && s->target->phase == TG_UP &&
	       s->frozen_ms == 0;
}

void
alive_before(struct session *s)
{
	shim_cork(s->user.fd, true);
}

void
alive_after(struct session *s)
{
	struct leg *t = &s->target->leg;
	bool asked = false;
	char *name;

	while ((name = names_next(NAME_OF_KEEPALIVE)) != NULL) {
		asked = true;
		free(name);
	}
	if (asked && passes(s) && !s->holding && !t->dead &&
	    s->now.boot_ms - t->heard_ms > FRESH_MS &&
	    !FAULT(answer_keepalives)) {
		s->holding = true;
		leg_ask(t, s->now.boot_ms);
	}
	if (!s->holding)
		shim_cork(s->user.fd, false);
}

/* Has nothing come, not even from the peer's kernel, although ours has tried?
 */
static bool
is_dead(const struct leg *l, int64_t now_ms)
{
	if (l->dead || FAULT(session_alive) ||
	    now_ms - l->heard_ms < LIMIT_ALIVE_S * 1000)
		return false;
	return leg_unanswered(l, LIMIT_ALIVE_S * 1000) >= LEG_ASKED;
}

static void
check_leg(struct session *s, struct leg *l)
{
	const int64_t now = s->now.boot_ms;

	if (is_dead(l, now)) {
		l->silent = l->dead = true;
		end_silent(s, l);
	} else if (now - l->heard_ms >= LIMIT_ALIVE_ASK_S * 1000 &&
		   now - l->asked_ms >= LIMIT_ALIVE_ASK_S * 1000) {
		leg_ask(l, now);
	}
}

void
alive_step(struct session *s)
{
	const struct leg *t = &s->target->leg;

	/* whatever else ends or stops the session is told at once */
	if (s->holding && (!passes(s) || t->dead || t->heard)) {
		s->holding = false;
		shim_cork(s->user.fd, false);
		s->busy = true;
	}
	if (s->spawn.probe || s->phase != PH_RELAY || s->target->phase != TG_UP)
		return;
	check_leg(s, &s->target->leg);
	if (s->phase == PH_RELAY)
		check_leg(s, &s->user);
}
