/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota - what becomes of a user who fills the log (usage.h).
 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "notary/notary.h"

static int64_t
boot_ms(void)
{
	return clock_now().boot_ms;
}

static void
reached(struct notary *n, const char *user)
{
	const struct queue_item item = {
	    .event = EV_AUDIT_QUOTA, .origin = PROC_NOTARY};
	struct msg_nt_quota m = {0};
	struct event_fields f;

	log_warn("the records of %s have filled their part of the log", user);
	memcpy(m.user, user, strlen(user) + 1); /* one of the same size */
	event_fields_init(&f);
	event_str(&f, EF_USER, user);
	event_num(&f, EF_SIZE, LIMIT_LOG_USER);
	event_num(&f, EF_SECONDS, usage_left_s(n->usage, user, boot_ms()));
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, "quota");
	event_str(&f, EF_MSG,
	    "So many bytes of records within an hour are one user's doing: "
	    "what they have open ends, and nothing new opens for these "
	    "seconds.");
	if (queue_add(n, &item, &f) < 0)
		log_err("that could not be recorded");
	event_fields_done(&f);
	/* without a broker nothing of theirs opens either */
	(void)!peer_send(
	    process_peer(n->process, PROC_BROKER), MSG_NT_QUOTA, &m, -1);
}

void
quota_charge(struct notary *n, const struct event_fields *f, size_t bytes)
{
	char user[LIMIT_NAME_SIZE];

	usage_user(user, f);
	if (usage_charge(n->usage, user, bytes, boot_ms()))
		reached(n, user);
}

int
quota_check(const struct notary *n, enum event_code ev, enum proc origin,
    const struct event_fields *f)
{
	char user[LIMIT_NAME_SIZE];

	if (ledger_ends_access(ev))
		return 0;
	usage_user(user, f);
	switch (user[0] == '\0' ? USAGE_WITHIN
				: usage_of(n->usage, user, boot_ms())) {
	case USAGE_WITHIN:
		return 0;
	case USAGE_OVER:
		/* what a session has done is on record until it is ended */
		return origin == PROC_SESSION || origin == PROC_RECORDER
			   ? 0
			   : GW_EFULL;
	default:
		return origin == PROC_SESSION ? GW_EDENIED : GW_EFULL;
	}
}

int
quota_open(const struct notary *n, const char *user)
{
	return usage_of(n->usage, user, boot_ms()) == USAGE_WITHIN ? 0
								   : GW_EFULL;
}
