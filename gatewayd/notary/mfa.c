/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mfa - NT_MFA_BURN, and the burning that comes with a grant's opening or
 * extension.
 *
 * MUST NOT let a TOTP step of one secret, or what was on show beside it, pass
 * twice.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/otp.h"
#include "notary/notary.h"

enum { STEPS_AHEAD = 20 };

bool
mfa_fresh(
    const struct notary *n, const char *user, const char *factor, int64_t step)
{
	const unsigned period_s = otp_factor_period(factor);

	/* what nobody can have seen yet is no code */
	if (step <= 0 || period_s == 0 ||
	    step > clock_now().utc_ms / 1000 / period_s + STEPS_AHEAD)
		return false;
	if (FAULT(totp_replay))
		return true;
	return !fold_step_used(n->fold, user, factor, step) &&
	       !queue_has_step(n, user, step);
}

int
mfa_add(
    struct notary *n, const struct msg_nt_mfa_burn *b, struct queue_item *item)
{
	struct event_fields f;
	int r;

	event_fields_init(&f);
	event_str(&f, EF_USER, b->user);
	event_str(&f, EF_USER_ID, b->user_id);
	event_str(&f, EF_METHOD, "totp");
	event_num(&f, EF_STEP, b->step);
	event_str(&f, EF_FACTOR, b->factor);
	event_str(&f, EF_COMMAND, b->verb);
	if (item->event == EV_AUTH_MFA) {
		event_str(&f, EF_OUTCOME, "success");
	} else {
		event_str(&f, EF_OUTCOME, "failure");
		event_str(&f, EF_REASON, "replayed");
		event_str(&f, EF_MSG,
		    "This one-time code, or the one after it, was used "
		    "before.");
	}
	item->key = b->user;
	item->step = b->step;
	item->origin = PROC_BROKER;
	r = tally_add(n, item, &f);
	event_fields_done(&f);
	return r;
}

static void
burned(struct notary *n, struct peer *p, void *arg, int result, uint64_t seq)
{
	const struct msg_nt_mfa_burned *m = arg;
	struct msg_nt_mfa_burned out = *m;

	(void)n;
	if (result < 0)
		out.result = msg_result(result);
	out.seq = seq;
	if (peer_send(p, MSG_NT_MFA_BURNED, &out, -1) < 0)
		return; /* the broker is gone and will ask the fold */
}

int
on_mfa_burn(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_mfa_burn *m = msg->body;
	struct notary *n = process_ctx(r);
	struct msg_nt_mfa_burned *out;
	struct queue_item item = {.event = EV_AUTH_MFA, .peer = p};

	if (!str_name_ok(m->user) || m->step <= 0)
		return GW_EPROTO;
	if ((out = calloc(1, sizeof(*out))) == NULL)
		return GW_ENOMEM;
	out->rid = m->rid;
	if (!mfa_fresh(n, m->user, m->factor, m->step)) {
		item.event = EV_AUTH_MFA_DENIED;
		out->result = msg_result(GW_EDENIED);
	}
	item.fn = burned;
	item.arg = out;
	return mfa_add(n, m, &item);
}
