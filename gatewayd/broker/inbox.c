/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox - one row per verb; what it takes to get there is in lib/wire/verbs.h.
 * A call that comes before the broker knows what is open waits, and who ends
 * something hears soon that it does. What opens a door waits until the firewall
 * is in step as well; nothing else does, closings least of all. They alone are
 * served between the turns of a large policy's transaction, too.
 */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "broker/admin/answers.h"
#include "broker/admin/apply.h"
#include "broker/admin/clock.h"
#include "broker/admin/delegation.h"
#include "broker/admin/lock.h"
#include "broker/admin/lock_me.h"
#include "broker/admin/own_keys.h"
#include "broker/admin/proposals.h"
#include "broker/admin/review.h"
#include "broker/admin/role.h"
#include "broker/admin/target.h"
#include "broker/admin/upload.h"
#include "broker/admin/user.h"
#include "broker/admin/user_verbs.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/grant/verbs.h"
#include "broker/identity/caller.h"
#include "broker/identity/challenge.h"
#include "broker/identity/enroll.h"
#include "broker/identity/factor.h"
#include "broker/identity/token.h"
#include "broker/inbox.h"
#include "broker/report/audit.h"
#include "broker/report/info.h"
#include "broker/request/access.h"
#include "broker/request/activate.h"
#include "broker/request/decide.h"
#include "broker/request/events.h"
#include "broker/request/explain.h"
#include "broker/request/extend.h"
#include "broker/request/glass.h"
#include "broker/request/list.h"
#include "broker/request/move.h"
#include "broker/request/several.h"
#include "broker/session/doctor.h"
#include "broker/session/past.h"
#include "broker/session/verbs.h"

enum {
	TELL_MS = 2000, /* an end that waited for so long is told so */
	LOOK_MS = 500,
};

static call_fn *const verb_table[VERB_COUNT] = {
    [VERB_SERVER] = verb_server,
    [VERB_READYZ] = verb_readyz,
    [VERB_CHALLENGE] = verb_challenge,
    [VERB_ENROLL] = verb_enroll,
    [VERB_ENROLL_CONFIRM] = verb_enroll_confirm,
    [VERB_MFA_RESET] = verb_mfa_reset,
    [VERB_MFA_CONFIRM] = verb_mfa_confirm,
    [VERB_MFA_CODES] = verb_mfa_codes,
    [VERB_KEYS] = verb_keys,
    [VERB_KEY_ADD] = verb_key_add,
    [VERB_KEY_REMOVE] = verb_key_remove,
    [VERB_TOKEN] = verb_token,
    [VERB_WHOAMI] = verb_whoami,
    [VERB_REQUEST] = verb_request,
    [VERB_REQUESTS] = verb_requests,
    [VERB_REQUEST_SHOW] = verb_request_show,
    [VERB_REQUEST_APPROVE] = verb_request_approve,
    [VERB_REQUEST_DENY] = verb_request_deny,
    [VERB_REQUEST_CANCEL] = verb_request_cancel,
    [VERB_REQUEST_ACTIVATE] = verb_request_activate,
    [VERB_EXPLAIN] = verb_explain,
    [VERB_ACCESS] = verb_access,
    [VERB_GRANTS] = verb_grants,
    [VERB_HISTORY] = verb_history,
    [VERB_HISTORY_SHOW] = verb_history_show,
    [VERB_RELEASE] = verb_release,
    [VERB_EXTEND] = verb_extend,
    [VERB_MOVE] = verb_move,
    [VERB_REVOKE] = verb_revoke,
    [VERB_SESSIONS] = verb_sessions,
    [VERB_SESSION_KILL] = verb_session_kill,
    [VERB_RECORDING] = verb_recording,
    [VERB_TARGETS] = verb_targets,
    [VERB_TARGET_SCAN] = verb_target_scan,
    [VERB_TARGET_ADD] = verb_target_add,
    [VERB_TARGET_SET] = verb_target_set,
    [VERB_TARGET_REMOVE] = verb_target_remove,
    [VERB_USERS] = verb_users,
    [VERB_USER_ADD] = verb_user_add,
    [VERB_USER_SET] = verb_user_set,
    [VERB_USER_LOCK] = verb_user_lock,
    [VERB_USER_UNLOCK] = verb_user_unlock,
    [VERB_USER_REMOVE] = verb_user_remove,
    [VERB_ROLES] = verb_roles,
    [VERB_ROLE_ADD] = verb_role_add,
    [VERB_ROLE_SET] = verb_role_set,
    [VERB_ROLE_REMOVE] = verb_role_remove,
    [VERB_APPLY] = verb_apply,
    [VERB_POLICY_UPLOAD] = verb_policy_upload,
    [VERB_POLICY_PUT] = verb_policy_put,
    [VERB_POLICY_ANSWER] = verb_policy_answer,
    [VERB_DOCTOR] = verb_doctor,
    [VERB_GLASS_PRINT] = verb_glass_print,
    [VERB_GLASS_USE] = verb_glass_use,
    [VERB_GLASS_USES] = verb_glass_uses,
    [VERB_GLASS_REVIEW] = verb_glass_review,
    [VERB_LOCKS] = verb_locks,
    [VERB_LOCK_ADD] = verb_lock_add,
    [VERB_LOCK_REMOVE] = verb_lock_remove,
    [VERB_LOCK_ME] = verb_lock_me,
    [VERB_REVIEW_START] = verb_review_start,
    [VERB_REVIEWS] = verb_reviews,
    [VERB_REVIEW_SHOW] = verb_review_show,
    [VERB_REVIEW_ANSWER] = verb_review_answer,
    [VERB_REVIEW_END] = verb_review_end,
    [VERB_DELEGATE] = verb_delegate,
    [VERB_UNDELEGATE] = verb_undelegate,
    [VERB_DELEGATIONS] = verb_delegations,
    [VERB_CHANGES] = verb_changes,
    [VERB_CHANGE_SHOW] = verb_change_show,
    [VERB_CHANGE_APPROVE] = verb_change_approve,
    [VERB_CHANGE_DENY] = verb_change_deny,
    [VERB_CHANGE_CANCEL] = verb_change_cancel,
    [VERB_CLOCK_ACCEPT] = verb_clock_accept,
    [VERB_AUDIT] = verb_audit,
    [VERB_EVENTS] = verb_events,
};

/* A call that came before it can be served. */
struct early_call {
	struct early_call *next;
	enum proc from;
	unsigned link;
	int64_t since_boot_ms;
	bool told; /* answered; it is carried out all the same */
	struct msg_api_call m;
	uint8_t bytes[];
};

/* It came at since: until when its answer is waited for counts from then. */
static int
serve(struct broker *b, struct peer *p, const struct msg_api_call *m,
    int64_t since_boot_ms)
{
	struct call *c = NULL;

	if (verb_get(m->verb) == NULL || verb_table[m->verb] == NULL)
		return GW_EPROTO;
	if ((c = call_new(b, p, m)) == NULL)
		return GW_ENOMEM;
	c->late_boot_ms = since_boot_ms + LIMIT_OPENS_LATE_MS;
	b->verbs = verb_table; /* for those that carry another out */
	caller_check(c, m, verb_table[m->verb]);
	return 0;
}

static bool
is_served(const struct broker *b, unsigned verb)
{
	const struct verb *v = verb_get(verb);

	if (v == NULL || b->recovered || v->served == SERVED_AT_ONCE)
		return true;
	return v->served == SERVED_TOLD && b->told && !FAULT(ends_wait);
}

/* It takes nothing away, and would have a policy begin again. */
static bool
is_held(const struct broker *b, unsigned verb)
{
	const struct verb *v = verb_get(verb);

	return b->storing && v != NULL && !verb_takes(v) &&
	       v->auth != AUTH_OPEN;
}

/* The link it came by; NULL: lost, nobody waits for the answer. */
static struct peer *
early_peer(const struct broker *b, const struct early_call *h)
{
	return h->link == b->api_links[h->from == PROC_ADMIN]
		   ? process_peer(b->process, h->from)
		   : NULL;
}

/* It is not kept, and told so. */
static int
too_early(struct broker *b, struct peer *p, const struct msg_api_call *m)
{
	const bool takes = verb_takes(verb_get(m->verb));
	struct call *c = call_new(b, p, m);

	if (c == NULL)
		return GW_ENOMEM;
	call_refuse(c, 503, "unavailable", NULL, "%s",
	    takes ? "the gateway does not know yet what its log says is open, "
		    "and too many wait: nothing has ended, doors may STILL BE "
		    "OPEN, and this is not kept: ask again"
	    : b->recovered
		? "a policy is being written, which takes long: nothing was "
		  "done; try again in a moment"
		: "the gateway is starting: try again in a moment");
	return 0;
}

/* Its answer comes twice, and the API drops the second. */
static void
answer_early(struct broker *b, struct early_call *h)
{
	struct peer *p = early_peer(b, h);
	struct call *c = p != NULL ? call_new(b, p, &h->m) : NULL;

	h->told = true;
	if (c != NULL)
		call_refuse(c, 503, "unavailable", NULL,
		    "the gateway does not know yet what its log says is open: "
		    "nothing has ended and doors may STILL BE OPEN; this is "
		    "kept and tried as soon as it knows; ask again to see "
		    "whether it was done");
}

static void
early_free(struct early_call *h)
{
	/* codes, tokens */
	explicit_bzero(h, sizeof(*h) + h->m.query.len + h->m.body.len);
	free(h);
}

/* Of what takes nothing away, once nobody waits for its answer. */
static void
drop_late(struct broker *b, int64_t now)
{
	struct early_call **hp = &b->early;

	while (*hp != NULL) {
		struct early_call *h = *hp;
		struct peer *p = early_peer(b, h);

		if (verb_takes(verb_get(h->m.verb)) || FAULT(opens_late) ||
		    now - h->since_boot_ms < LIMIT_OPENS_LATE_MS) {
			hp = &h->next;
			continue;
		}
		*hp = h->next;
		if (p != NULL && too_early(b, p, &h->m) != 0)
			log_warn("a call that waited was dropped");
		early_free(h);
	}
	b->early_end = hp;
}

static void
on_early(struct process *r, void *arg)
{
	struct broker *b = arg;
	const int64_t now = clock_now().boot_ms;

	(void)r;
	inbox_serve_early(b);
	drop_late(b, now);
	for (struct early_call *h = b->early; h != NULL; h = h->next)
		if (!h->told && verb_takes(verb_get(h->m.verb)) &&
		    now - h->since_boot_ms >= TELL_MS && !FAULT(early_ends))
			answer_early(b, h);
	if (b->early != NULL)
		timer_set(b->early_timer, LOOK_MS);
}

/* Nobody has been asked yet who they are. Root's have places of their own, and
 * so has what takes away; of one source there are a few. */
static bool
has_place(
    const struct broker *b, const struct peer *p, const struct msg_api_call *m)
{
	const bool root = peer_proc(p) == PROC_ADMIN;
	const bool takes = verb_takes(verb_get(m->verb));
	unsigned n = 0, same = 0;

	for (const struct early_call *h = b->early; h != NULL; h = h->next) {
		if ((h->from == PROC_ADMIN) != root ||
		    (!root && verb_takes(verb_get(h->m.verb)) != takes &&
			!FAULT(early_flood)))
			continue;
		n++;
		same += addr_same_source(&h->m.peer, &m->peer);
	}
	return n < LIMIT_CALLS_EARLY &&
	       (root || same < LIMIT_EARLY_SOURCE || FAULT(early_flood));
}

static int
keep_early(struct broker *b, struct peer *p, const struct msg_api_call *m)
{
	struct early_call *h = NULL;

	if (!has_place(b, p, m))
		return GW_ELIMIT;
	if (b->early_timer == NULL &&
	    (b->early_timer = timer_new(b->process, on_early, b)) == NULL)
		return GW_ENOMEM;
	h = calloc(1, sizeof(*h) + m->query.len + m->body.len);
	if (h == NULL)
		return GW_ENOMEM;
	h->from = peer_proc(p);
	h->link = b->api_links[h->from == PROC_ADMIN];
	h->since_boot_ms = clock_now().boot_ms;
	h->m = *m;
	if (m->query.len > 0)
		memcpy(h->bytes, m->query.p, m->query.len);
	if (m->body.len > 0)
		memcpy(h->bytes + m->query.len, m->body.p, m->body.len);
	h->m.query.p = h->bytes;
	h->m.body.p = h->bytes + m->query.len;
	if (b->early == NULL)
		timer_set(b->early_timer, LOOK_MS);
	*b->early_end = h;
	b->early_end = &h->next;
	return 0;
}

void
inbox_serve_early(struct broker *b)
{
	struct early_call *list = b->early, *h = NULL;

	b->early = NULL;
	b->early_end = &b->early;
	while ((h = list) != NULL) {
		struct peer *p = early_peer(b, h);

		list = h->next;
		if (!is_served(b, h->m.verb) ||
		    is_held(b, h->m.verb)) { /* its time is later */
			h->next = NULL;
			*b->early_end = h;
			b->early_end = &h->next;
			continue;
		}
		if (p != NULL && serve(b, p, &h->m, h->since_boot_ms) != 0)
			log_warn("a call that waited was dropped");
		early_free(h);
	}
}

void
inbox_wake(struct broker *b)
{
	if (b->early != NULL)
		timer_set(b->early_timer, 0);
}

int
on_api_call(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_api_call *m = msg->body;
	struct broker *b = process_ctx(r);

	const bool served = is_served(b, m->verb);
	const int64_t now = clock_now().boot_ms;

	if (served && !is_held(b, m->verb))
		return serve(b, p, m, now);
	if (keep_early(b, p, m) == 0)
		return 0;
	/* a policy gives way rather than that a call is lost */
	return served ? serve(b, p, m, now) : too_early(b, p, m);
}
