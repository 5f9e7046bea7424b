/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glass - see the header. The first thing in the way is all that is said.
 */
#include "core/glass.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "core/lock.h"
#include "core/look.h"
#include "core/merge.h"
#include "core/term.h"

const char *
glass_state_str(enum glass_state s)
{
	static const char *const words[GLASS_STATE_COUNT] = {
	    [GLASS_USED] = "used",
	    [GLASS_REVIEWED] = "reviewed",
	    [GLASS_UNOPENED] = "unopened"};

	return s > GLASS_NONE && s < GLASS_STATE_COUNT ? words[s] : "";
}

static bool refuse(struct policy_result *p, const char *field, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* Always false. */
static bool
refuse(struct policy_result *p, const char *field, const char *fmt, ...)
{
	struct policy_refusal *r = &p->refused[p->nrefused++];
	va_list ap;

	r->field = field;
	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	return false;
}

static bool
ask_review(struct policy_result *ret, const struct glass_use *owed)
{
	char when[32];

	if (owed == NULL || FAULT(glass_unreviewed))
		return true;
	str_time(when, sizeof(when), owed->used_ms);
	return refuse(ret, "review",
	    "%s, by %s at %.19sZ, was not reviewed: an admin other than %s "
	    "does that, and then the next can be (jitctl breakglass review "
	    "%s)",
	    owed->id, owed->user, when, owed->user, owed->id);
}

/* Whatever is not recorded is not given: what goes directly does not pass
 * through the gateway. */
static bool
ask_target(struct policy_result *ret, const struct policy_facts *f)
{
	char name[LIMIT_NAME_SIZE * 2];

	str_escape(name, sizeof(name), f->target_name, strlen(f->target_name));
	if (f->target == NULL || !target_ok(f->target))
		return refuse(ret, "target", "there is no target %s", name);
	if (f->target->reach != REACH_PROXY && !FAULT(glass_direct))
		return refuse(ret, "target",
		    "%s is reached directly, where nothing is recorded", name);
	return true;
}

static bool
ask_login(struct policy_result *ret, const struct policy_facts *f)
{
	const struct name_list *can = &f->target->logins;
	char list[POLICY_TEXT_SIZE / 2], name[LIMIT_NAME_SIZE * 2];

	name_list_text(list, sizeof(list), can);
	if (f->login[0] != '\0' && !name_list_has(can, f->login)) {
		str_escape(name, sizeof(name), f->login, strlen(f->login));
		return refuse(ret, "login",
		    "%s is no login of this target; it has: %s", name, list);
	}
	if (f->login[0] == '\0' && can->n != 1)
		return refuse(ret, "login", "say which one you want: %s", list);
	name_set(ret->login, f->login[0] != '\0' ? f->login : can->name[0]);
	ret->port = f->target->port;
	return true;
}

static bool
ask_lock(struct policy_result *ret, const struct policy_facts *f)
{
	const struct lock_facts all = {.user = f->user,
	    .groups = f->groups,
	    .key_fp = f->key_fp,
	    .target = f->target->name,
	    .login = ret->login,
	    .grant = f->grant,
	    .source = f->sources,
	    .nsources = f->nsources};
	const struct lock *l = lock_find(f->locks, f->nlocks, &all);
	char text[LOCK_TEXT_SIZE];

	if (l == NULL || FAULT(glass_lock))
		return true;
	ret->locked = true;
	memcpy(ret->lock, l->id, sizeof(ret->lock));
	name_set(ret->locked_by, l->by);
	lock_text(text, l);
	return refuse(ret, "lock", "%s", text);
}

/* Also one whose hours begin before it would end. */
static bool
ask_deny(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t n)
{
	struct term term = {.until_ms = HOURS_NEVER};
	const struct policy_role *deny =
	    merge_deny(&term, f, roles, n, ret->login, ret->port);
	char why[POLICY_TEXT_SIZE];

	if (deny != NULL && !FAULT(glass_deny)) {
		term_deny_text(why, sizeof(why), deny, f);
		return refuse(ret, "target", "%s", why);
	}
	ret->until_ms = term.until_ms;
	if (!term_holds(&term, f, ret->seconds) && f->seconds != 0) {
		term_over_text(why, sizeof(why), &term, f, f->seconds);
		return refuse(ret, "for", "%s", why);
	}
	return true;
}

static bool
ask_duration(struct policy_result *ret, const struct policy_facts *f)
{
	char asked[32], most[32];

	ret->max_s = f->max_s < LIMIT_GLASS_S ? f->max_s : LIMIT_GLASS_S;
	ret->seconds = f->seconds != 0 ? f->seconds : ret->max_s;
	str_duration_format(asked, sizeof(asked), ret->seconds);
	str_duration_format(most, sizeof(most), ret->max_s);
	if (ret->seconds > ret->max_s && !FAULT(glass_long))
		return refuse(ret, "for",
		    "%s is over the %s that break-glass lasts at most", asked,
		    most);
	if (ret->seconds < LIMIT_GRANT_MIN_S)
		return refuse(ret, "for", "%s is too short: at least %d s",
		    asked, (int)LIMIT_GRANT_MIN_S);
	return true;
}

void
glass_decide(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t nroles,
    const struct glass_use *owed)
{
	memset(ret, 0, sizeof(*ret));
	ret->until_ms = HOURS_NEVER;
	name_set(ret->role, GLASS_ROLE);
	if (!ask_target(ret, f) || !ask_login(ret, f) || !ask_lock(ret, f) ||
	    !ask_duration(ret, f) || !ask_deny(ret, f, roles, nroles) ||
	    !ask_review(ret, owed))
		return;
	if (!f->settled && f->reason[strspn(f->reason, " ")] == '\0') {
		(void)refuse(ret, "reason", "missing: break-glass wants one");
		return;
	}
	ret->caps = CAP_GLASS;
	ret->record = true;
	ret->reason = true;
	ret->unused_after_s = LIMIT_UNUSED_S;
	ret->max_sessions = LIMIT_SESSIONS_PER_GRANT;
	ret->verdict = POLICY_ALLOW;
}

bool
glass_role_alike(const char *name)
{
	char own[LOOKS][LOOK_SIZE], its[LOOKS][LOOK_SIZE];

	look_of(own, GLASS_ROLE);
	look_of(its, name);
	for (size_t i = 0; i < LOOKS; i++)
		if (strcmp(own[i], its[i]) == 0)
			return true;
	return false;
}
