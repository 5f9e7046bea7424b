/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reconsider - what is open after a change of who may what. What policy would
 * not give any more (role, membership, label, login, source, capability, time,
 * a session that is not recorded), and what was opened with a key that its user
 * has no more, ends now: taking a right away is revocation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/admin/reconsider.h"
#include "broker/broker.h"
#include "broker/call/subject.h"
#include "broker/grant/live.h"
#include "broker/grant/recheck.h"
#include "broker/session/session.h"

/* A grant serves all keys of its user: one that is gone ends what came by it,
 * though the grant of another key lives on. */
static void
stop_keyless(struct broker *b, struct subject *x, const char *user)
{
	char when[32], text[LIMIT_TEXT_SIZE];

	str_time(when, sizeof(when), broker_now(b).utc_ms);
	for (struct session *s = b->sessions, *next = NULL; s != NULL;
	     s = next) {
		next = s->next;
		if (s->gone || s->grant == NULL || s->owner != NULL ||
		    (user != NULL && strcmp(s->user, user) != 0) ||
		    (subject_user(b, x, s->user) == 0 &&
			user_has_key(&x->user, s->key_fp)))
			continue;
		(void)snprintf(text, sizeof(text),
		    "sallyport: session ended: revoked at %.8s UTC: the key "
		    "it came with was removed. Your grant %s lives on.",
		    when + 11, s->grant_id);
		session_stop(s, END_REVOKED, "policy", text);
	}
}

void
grants_reconsider(struct broker *b, const char *user, const char *target)
{
	struct subject *x = calloc(1, sizeof(*x));

	if (x == NULL)
		log_err("out of memory: what cannot be judged again ends");
	for (struct live_grant *lg = b->grants, *next = NULL; lg != NULL;
	     lg = next) {
		next = lg->next;
		if ((user != NULL && strcmp(lg->g.user, user) != 0) ||
		    (target != NULL && strcmp(lg->g.target, target) != 0))
			continue;
		if (lg->state == GRANT_ACTIVE &&
		    (x == NULL || !recheck_grant(x, lg)))
			grant_end(lg, END_REVOKED, "policy", NULL);
	}
	if (x != NULL && target == NULL && !FAULT(no_reconsider))
		stop_keyless(b, x, user);
	if (x != NULL)
		subject_clear(x);
	free(x);
}
