/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadline - see deadline.h. A probe has its own (probe.c).
 */
#include "session/deadline.h"

#include <stdbool.h>

#include "base/fault.h"
#include "base/limits.h"
#include "session/end.h"
#include "session/record.h"
#include "session/request.h"
#include "session/session.h"
#include "session/target_leg.h"

enum { LINKS_WAIT_MS = 10000, TURN_MS = 1000, ENDING_TURN_MS = 100 };

/* Has the notary or the recorder not answered for too long? A process that
 * accepts nothing is as bad as none. */
static bool
evidence_late(const struct session *s)
{
	const int64_t before = s->now.boot_ms - LIMIT_FREEZE_S * 1000;

	return (s->frozen_ms != 0 && s->frozen_ms < before) ||
	       record_late(s, before) || request_late(s, before) ||
	       target_cert_late(s, before);
}

static void
check_relay(struct session *s)
{
	const struct msg_ses_auth_ok *g = &s->grant;
	const enum target_phase target = s->target->phase;
	int64_t now = s->now.boot_ms;

	if (now >= g->end_boot_ms && !FAULT(session_deadline))
		end_begin(s, END_EXPIRED, NULL);
	else if (target == TG_UP && s->target->leg.dead)
		end_leg(s, &s->target->leg);
	else if (target < TG_UP &&
		 now - s->target->since_ms > LIMIT_LOGIN_GRACE_S * 1000)
		end_begin(s, END_TARGET_REFUSED,
		    "sallyport: the target did not answer in time");
	else if (evidence_late(s))
		end_begin(s, END_AUDIT_FAILED, NULL);
	else if (g->idle_s != 0 && now - s->active_ms > g->idle_s * 1000LL)
		end_begin(s, END_IDLE, NULL);
}

/* Any client says it at once: who is silent takes up a place that another may
 * want. Counted from when it is listened to. */
static bool
version_late(const struct session *s)
{
	return s->now.boot_ms - s->kex_ms > LIMIT_VERSION_WAIT_S * 1000 &&
	       ssh_get_clientbanner(s->user.ssh) == NULL &&
	       !FAULT(version_wait);
}

void
deadline_check(struct session *s)
{
	int64_t age = s->now.boot_ms - s->start_ms;

	switch (s->phase) {
	case PH_LINKS:
		if (age > LINKS_WAIT_MS)
			end_begin(s, END_ABORTED,
			    "sallyport: the gateway is not ready; try again");
		break;
	case PH_KEX:
	case PH_AUTH:
		if (version_late(s))
			end_begin(s, END_PROTOCOL,
			    "sallyport: no SSH version within 3 seconds");
		else if (age > LIMIT_LOGIN_GRACE_S * 1000)
			end_begin(s, END_PROTOCOL,
			    "sallyport: no login within 30 seconds");
		break;
	case PH_RELAY:
		if (!s->spawn.probe)
			check_relay(s);
		break;
	default:
		break;
	}
}

int
deadline_wait_ms(const struct session *s)
{
	int64_t left = TURN_MS;

	if (s->busy)
		return 0;
	if (s->phase == PH_RELAY && !s->spawn.probe &&
	    s->grant.end_boot_ms - s->now.boot_ms < left)
		left = s->grant.end_boot_ms - s->now.boot_ms;
	if (s->phase == PH_ENDING)
		left = ENDING_TURN_MS;
	return left < 0 ? 0 : (int)left;
}
