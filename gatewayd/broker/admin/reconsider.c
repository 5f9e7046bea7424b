/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reconsider - what is open after a change of who may what. What policy would
 * not give any more (role, membership, label, login, source, capability, time,
 * a session that is not recorded), what was opened with a key that its user
 * has no more, and what a lock covers, ends now: taking a right away is
 * revocation.
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
#include "broker/grant/ended.h"
#include "broker/grant/live.h"
#include "broker/grant/recheck.h"
#include "broker/session/session.h"

/* A grant serves all keys of its user: one that is gone, or locked, ends what
 * came by it, though the grant of another key lives on. */
static bool
is_keyless(struct broker *b, struct subject *x, const struct session *s)
{
	const struct lock_facts key = {.key_fp = s->key_fp, .named = true};

	return !s->gone && s->state != SES_ENDING && s->grant != NULL &&
	       s->owner == NULL &&
	       (broker_lock(b, &key) != NULL ||
		   subject_user(b, x, s->user) != 0 ||
		   !user_has_key(&x->user, s->key_fp));
}

static void
stop_one(struct broker *b, struct session *s)
{
	const struct lock_facts key = {.key_fp = s->key_fp, .named = true};
	const struct lock *l = broker_lock(b, &key);
	char when[32], by[LIMIT_NAME_SIZE] = "policy", text[LIMIT_TEXT_SIZE];

	str_time(when, sizeof(when), broker_now(b).utc_ms);
	(void)snprintf(text, sizeof(text),
	    "sallyport: session ended: %s at %.8s UTC: the key it came with "
	    "%s. Your grant %s lives on.",
	    l != NULL ? "locked" : "revoked", when + 11,
	    l != NULL ? "is locked" : "was removed", s->grant_id);
	if (l != NULL)
		name_set(by, l->by);
	session_stop(s, l != NULL ? END_LOCKED : END_REVOKED, by, text);
}

static void
stop_keyless(struct broker *b, struct subject *x, const char *user)
{
	for (struct session *s = b->sessions, *next = NULL; s != NULL;
	     s = next) {
		next = s->next;
		if ((user != NULL && strcmp(s->user, user) != 0) ||
		    !is_keyless(b, x, s))
			continue;
		stop_one(b, s);
		if (b->ended != NULL)
			b->ended->sessions++;
	}
}

/* Of a grant in force. */
static bool
is_over(struct subject *x, const struct live_grant *lg, struct recheck *ret)
{
	*ret = (struct recheck){.why = END_REVOKED, .by = "policy"};
	return lg->state == GRANT_ACTIVE &&
	       (x == NULL || !recheck_grant(x, lg, ret));
}

void
grants_reconsider(struct broker *b, const char *user, const char *target)
{
	struct subject *x = calloc(1, sizeof(*x));
	struct recheck rc;

	if (x == NULL)
		log_err("out of memory: what cannot be judged again ends");
	for (struct live_grant *lg = b->grants, *next = NULL; lg != NULL;
	     lg = next) {
		next = lg->next;
		if ((user != NULL && !grant_is_of(&lg->g, user)) ||
		    (target != NULL && strcmp(lg->g.target, target) != 0))
			continue;
		if (is_over(x, lg, &rc))
			grant_end(lg, rc.why, rc.by, NULL);
	}
	if (x != NULL && target == NULL && !FAULT(no_reconsider))
		stop_keyless(b, x, user);
	if (x != NULL)
		subject_clear(x);
	free(x);
}

/* ---- what that would be */

void
grants_mark_over(struct broker *b)
{
	struct subject *x = calloc(1, sizeof(*x));
	struct recheck rc;

	for (struct live_grant *lg = b->grants; lg != NULL; lg = lg->next)
		lg->was_over = is_over(x, lg, &rc) && !FAULT(over_before);
	if (x != NULL)
		subject_clear(x);
	free(x);
}

json_t *
grants_over_json(struct broker *b)
{
	struct subject *x = calloc(1, sizeof(*x));
	struct recheck rc;
	struct ended e;

	ended_begin(&e);
	for (const struct live_grant *lg = b->grants; lg != NULL; lg = lg->next)
		if (!lg->was_over && is_over(x, lg, &rc))
			ended_grant(&e, &lg->g, grant_sessions(lg));
	for (const struct session *s = b->sessions; s != NULL && x != NULL;
	     s = s->next)
		e.sessions += is_keyless(b, x, s) && !is_over(x, s->grant, &rc);
	if (x != NULL)
		subject_clear(x);
	free(x);
	return ended_done(&e);
}
