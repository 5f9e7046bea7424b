/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy - the decision (policy.h says the rules). Pure; it knows no HTTP and
 * no event, only fields and sentences.
 */
#include "core/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "core/merge.h"
#include "core/term.h"

/* ---- saying no */

void
policy_refuse(struct policy_result *p, const char *field, const char *fmt, ...)
{
	struct policy_refusal *r;
	va_list ap;

	if (p->nrefused >= POLICY_REFUSED_MAX)
		return;
	r = &p->refused[p->nrefused++];
	r->field = field;
	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
}

/* They may have the target, by other roles than the one they named. */
static void
refuse_role(struct policy_result *p, const struct policy_facts *f,
    const struct policy_role *roles, size_t n)
{
	struct name_list can = {0};
	char list[POLICY_TEXT_SIZE / 2], name[LIMIT_NAME_SIZE];

	for (size_t i = 0; i < n; i++)
		if (merge_concerns(&roles[i], f))
			merge_list(&can, roles[i].name);
	merge_sort(&can);
	name_list_text(list, sizeof(list), &can);
	if (f->only != NULL) {
		name_list_text(list, sizeof(list), f->only);
		policy_refuse(p, "role",
		    "none of the roles that were lent gives it: %s", list);
		return;
	}
	str_escape(name, sizeof(name), f->role, strlen(f->role));
	policy_refuse(p, "role",
	    "role %s does not give it to you; of your roles do: %s", name,
	    list);
}

/* The role that the user was in last, of those that they are in no more. */
static const struct policy_role *
last_role(int64_t *ret_until_ms, const struct policy_facts *f,
    const struct policy_role *roles, size_t n)
{
	const struct policy_role *last = NULL;

	*ret_until_ms = 0;
	for (size_t i = 0; i < n; i++) {
		const int64_t ms =
		    policy_for_until_ms(&roles[i], f->user, f->groups);

		if (!policy_gives(&roles[i]) || ms > term_begins_ms(f) ||
		    ms < *ret_until_ms || ms <= 0 ||
		    (ms == *ret_until_ms &&
			strcmp(roles[i].name, last->name) > 0))
			continue;
		last = &roles[i];
		*ret_until_ms = ms;
	}
	return last;
}

/* The same words for a target that is unknown and one that is not given:
 * whoever may not have it must not learn that it exists. So a membership that
 * is over is told whichever target it is. */
static void
refuse_target(struct policy_result *p, const struct policy_facts *f,
    const struct policy_role *roles, size_t n)
{
	int64_t until_ms = 0;
	const struct policy_role *last = last_role(&until_ms, f, roles, n);
	char name[LIMIT_NAME_SIZE * 2], clock[32];

	str_escape(name, sizeof(name), f->target_name, strlen(f->target_name));
	policy_refuse(p, "target",
	    "there is no target %s that a role gives you (yours: jitctl "
	    "targets ls)",
	    name);
	if (last == NULL)
		return;
	str_time(clock, sizeof(clock), until_ms);
	policy_refuse(
	    p, "role", "you were in role %s until %s", last->name, clock);
}

/* ---- one question after the other */

/* Chooses the login, or says which there are. Leaves a passing one in
 * ret->login in either case, unless there is none at all. */
static void
ask_login(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t n)
{
	struct name_list can;
	char list[POLICY_TEXT_SIZE / 4];
	const struct policy_role *near = merge_nearest(f, roles, n, "");

	merge_logins(&can, f, roles, n);
	name_list_text(list, sizeof(list), &can);
	if (f->login[0] != '\0' && name_list_has(&can, f->login)) {
		name_set(ret->login, f->login);
		return;
	}
	if (f->login[0] != '\0') {
		char asked[LIMIT_NAME_SIZE];

		str_escape(asked, sizeof(asked), f->login, strlen(f->login));
		policy_refuse(ret, "login",
		    "%s is not granted to you here; role %s allows: %s", asked,
		    near->name, list);
	} else if (can.n > 1) {
		policy_refuse(ret, "login", "say which one you want: %s", list);
	} else if (can.n == 0) {
		policy_refuse(ret, "login",
		    "role %s gives no login that exists on this target",
		    near->name);
	}
	if (can.n > 0)
		name_set(ret->login, can.name[0]);
}

static void
ask_port(struct policy_result *ret, const struct policy_facts *f)
{
	ret->port = f->target->port;
	if (f->port != 0 && f->port != ret->port)
		policy_refuse(ret, "port",
		    "%u is not a port of this target: %u is", (unsigned)f->port,
		    (unsigned)ret->port);
}

/* No role gives login and port from here now: find out which it is. */
static void
refuse_conditions(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *near)
{
	char text[ADDR_TEXT_SIZE], why[POLICY_TEXT_SIZE];
	struct term term = {.until_ms = HOURS_NEVER};

	if (!merge_has_port(near, ret->port)) {
		policy_refuse(ret, "port", "role %s does not give port %u",
		    near->name, (unsigned)ret->port);
		return;
	}
	for (unsigned i = 0; i < f->nsources; i++) {
		addr_format(text, &f->sources[i]);
		if (!merge_from(f, &f->sources[i])) {
			policy_refuse(ret, "source",
			    "%s is outside the networks of machine %s", text,
			    f->user);
			return;
		}
		if (merge_has_source(near, &f->sources[i]))
			continue;
		policy_refuse(ret, "source",
		    "%s is outside the networks that role %s allows", text,
		    near->name);
		return;
	}
	if (!term_counts(&term, near, f)) {
		term_shut_text(why, sizeof(why), near, f);
		policy_refuse(ret, "hours", "%s", why);
		return;
	}
	policy_refuse(
	    ret, "source", "role %s does not allow it from here", near->name);
}

static void
ask_duration(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *decides)
{
	char asked[32], most[32];

	ret->seconds = f->seconds;
	if (f->seconds == 0)
		ret->seconds = ret->max_s < LIMIT_GRANT_DEFAULT_S
				   ? ret->max_s
				   : LIMIT_GRANT_DEFAULT_S;
	str_duration_format(asked, sizeof(asked), f->seconds);
	if (f->seconds > ret->max_s) {
		str_duration_format(most, sizeof(most), ret->max_s);
		if (decides->max_s > ret->max_s)
			policy_refuse(ret, "for",
			    "%s is over the %s that the gateway allows "
			    "anybody (its policy.max_grant)",
			    asked, most);
		else
			policy_refuse(ret, "for",
			    "%s is over the %s that role %s allows", asked,
			    most, ret->role);
		ret->seconds = ret->max_s;
	} else if (ret->seconds < LIMIT_GRANT_MIN_S) {
		policy_refuse(ret, "for", "%s is too short: at least %d s",
		    asked, (int)LIMIT_GRANT_MIN_S);
		ret->seconds = LIMIT_GRANT_MIN_S;
	}
}

/* All of it has to be within the hours of all roles that count. */
static void
ask_hours(struct policy_result *ret, const struct policy_facts *f,
    const struct term *term)
{
	char why[POLICY_TEXT_SIZE];

	ret->until_ms = term->until_ms;
	if (term_holds(term, f, ret->seconds))
		return;
	if (f->seconds == 0) {
		ret->seconds = term_left_s(term, f, ret->seconds);
		return;
	}
	if (ret->seconds == f->seconds) { /* else it is too long anyway */
		term_over_text(why, sizeof(why), term, f, f->seconds);
		policy_refuse(ret, "for", "%s", why);
	}
	ret->seconds = term_advice_s(term, f, ret->seconds);
}

static bool
mfa_young(const struct policy_facts *f, uint32_t age_s)
{
	/* a code that comes with the request is 0 s old, whatever the age */
	return f->mfa_age_s == 0 ||
	       (f->mfa_age_s > 0 && f->mfa_age_s <= (int64_t)age_s);
}

static void
set_role(struct policy_result *ret, const struct policy_role *r)
{
	name_set(ret->role, r->name);
	memcpy(ret->role_id, r->id, sizeof(ret->role_id));
}

static void
take_merge(struct policy_result *ret, const struct policy_facts *f,
    const struct merge *m)
{
	/* without the one that is tried it passes: what is wrong is its doing
	 */
	set_role(
	    ret, f->trial != NULL && name_list_has(&m->names, f->trial->name)
		     ? f->trial
		     : m->decides);
	ret->max_s = m->all.max_s;
	if (f->kind != KIND_MACHINE) { /* which gives no code, and lacks none */
		ret->mfa_age_s = m->all.mfa_age_s;
		ret->hardware_code = m->all.hardware_code;
	}
	ret->mfa_age_extend_s = m->all.mfa_age_extend_s;
	ret->mfa_age_move_s = m->all.mfa_age_move_s;
	ret->mfa_age_approve_s = m->all.mfa_age_approve_s;
	ret->caps = m->all.caps;
	ret->record = m->all.record;
	ret->reason = m->all.reason;
	ret->hardware = m->all.hardware;
	ret->pending_s = m->all.pending_s;
	ret->use_within_s = m->all.use_within_s;
	ret->unused_after_s = m->all.unused_after_s;
	ret->max_sessions = m->all.max_sessions;
	ret->commands = m->all.commands;
	ret->needs = m->all.approvals;
	ret->reasons = m->all.reason_pattern;
	ret->tickets = m->all.ticket_pattern;
	ret->roles = m->names;
}

static bool
is_blank(const char *s)
{
	return s[strspn(s, " ")] == '\0';
}

static void
ask_reason(struct policy_result *ret, const struct policy_facts *f)
{
	const char *missed = NULL;

	if (f->settled)
		return;
	missed = pattern_missed(&ret->reasons, f->reason);
	if ((ret->reason || missed != NULL) && is_blank(f->reason))
		policy_refuse(
		    ret, "reason", "missing; role %s wants one", ret->role);
	else if (missed != NULL && !FAULT(any_reason))
		policy_refuse(
		    ret, "reason", "it does not look like %s", missed);
}

/* Would one of them hold for another reason? */
static bool
lacks_reason(const struct policy_role *r, const struct policy_facts *f)
{
	struct alternative_facts af = term_facts(f);
	int64_t until_ms = 0;

	af.reason = NULL;
	return alternative_list_holds(&r->any_of, &af, &until_ms);
}

/* False: nothing that is asked for in its stead would pass. */
static bool
ask_any_of(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *unmet)
{
	char list[POLICY_TEXT_SIZE], one[LIMIT_TEXT_SIZE];
	size_t len = 0;

	if (unmet == NULL)
		return true;
	list[0] = '\0';
	for (unsigned i = 0; i < unmet->any_of.n; i++) {
		alternative_text(one, &unmet->any_of.of[i]);
		len = strlen(list);
		text_set(list + len, sizeof(list) - len, i > 0 ? ", or " : "");
		len = strlen(list);
		text_set(list + len, sizeof(list) - len, one);
	}
	policy_refuse(
	    ret, "or", "role %s wants one of: %.400s", unmet->name, list);
	if (!lacks_reason(unmet, f))
		return false;
	ret->reason = true;
	return true;
}

static void
ask_ticket(struct policy_result *ret, const struct policy_facts *f)
{
	const char *missed = NULL;

	if (f->settled || FAULT(any_ticket))
		return;
	missed = pattern_missed(&ret->tickets, f->ticket);
	if (missed != NULL && is_blank(f->ticket))
		policy_refuse(ret, "ticket", "missing; role %s wants %s",
		    ret->role, missed);
	else if (missed != NULL)
		policy_refuse(
		    ret, "ticket", "it does not look like %s", missed);
}

/* False: with this key nothing passes. */
static bool
ask_hardware(struct policy_result *ret, const struct policy_facts *f)
{
	if (f->hardware >= ret->hardware || FAULT(any_key))
		return true;
	policy_refuse(ret, "hardware_key",
	    ret->hardware == HARDWARE_VERIFIED
		? "role %s wants a security key (sk-*) that asks for its PIN "
		  "or a fingerprint (ssh-keygen -t ed25519-sk -O "
		  "verify-required)"
		: "role %s wants a security key (sk-*), touched",
	    ret->role);
	return false;
}

static void
ask_open(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *all)
{
	if (f->open >= all->max_grants && !FAULT(any_many))
		policy_refuse(ret, "grants",
		    "you have %u open, and role %s allows %u at once: jitctl "
		    "release ends one",
		    f->open, ret->role, (unsigned)all->max_grants);
}

/* What does not pass through the gateway cannot be held to a list. */
static bool
is_past_us(const struct policy_result *ret, const struct policy_facts *f)
{
	return ret->commands.n > 0 && f->target->reach == REACH_DIRECT &&
	       !FAULT(command_direct);
}

/* What each gives alone is no part of what all give. */
static void
refuse_apart(struct policy_result *ret, const struct merge *m)
{
	char list[POLICY_TEXT_SIZE / 2];

	name_list_text(list, sizeof(list), &m->names);
	policy_refuse(ret, "role",
	    "these apply, and have nothing in common that a session may do: "
	    "%s; name one (--role)",
	    list);
}

void
policy_prove(struct policy_result *ret, const struct policy_facts *f)
{
	quorum_judge(&ret->approved, &ret->needs, f->approvals, f->napprovals,
	    f->user_id != NULL ? f->user_id : "");
	ret->code = f->kind == KIND_PERSON && !mfa_young(f, ret->mfa_age_s);
	ret->fido = ret->code && f->fido &&
		    (ret->hardware_code || FAULT(code_by_any_role));
	ret->code = ret->code && !ret->fido;
	if (!ret->approved.met && !FAULT(policy_unapproved))
		ret->verdict = POLICY_APPROVAL;
	else
		ret->verdict = ret->code ? POLICY_CODE : POLICY_ALLOW;
}

/* One that covers the request itself, or a role by which it could be given. */
static const struct lock *
find_lock(const struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t n)
{
	const struct lock_facts all = {.user = f->user,
	    .groups = f->groups,
	    .key_fp = f->key_fp,
	    .target = f->target->name,
	    .login = ret->login,
	    .role = f->under,
	    .grant = f->grant,
	    .source = f->sources,
	    .nsources = f->nsources};
	const struct lock *l = lock_find(f->locks, f->nlocks, &all);
	struct term any = {.until_ms = HOURS_NEVER};

	for (size_t i = 0; l == NULL && f->nlocks > 0 && i < n; i++) {
		const struct lock_facts one = {.role = roles[i].name};

		if (merge_gives(&any, &roles[i], f, ret->login, ret->port))
			l = lock_find(f->locks, f->nlocks, &one);
	}
	return FAULT(policy_lock) ? NULL : l;
}

/* It is all that is said: nothing else that is asked for would pass. */
static void
refuse_locked(struct policy_result *ret, const struct lock *l)
{
	char text[LOCK_TEXT_SIZE];

	ret->locked = true;
	memcpy(ret->lock, l->id, sizeof(ret->lock));
	name_set(ret->locked_by, l->by);
	ret->nrefused = 0;
	lock_text(text, l);
	policy_refuse(ret, "lock", "%s", text);
}

static void
refuse_denied(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *deny)
{
	char why[POLICY_TEXT_SIZE];

	set_role(ret, deny);
	term_deny_text(why, sizeof(why), deny, f);
	policy_refuse(ret, "target", "%s", why);
}

void
policy_judge(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t nroles)
{
	const struct policy_role *near = NULL;
	const struct policy_role *deny = NULL;
	const struct lock *lock = NULL;
	struct term term = {.until_ms = HOURS_NEVER};
	struct merge m;
	bool could = false;

	memset(ret, 0, sizeof(*ret));
	ret->until_ms = HOURS_NEVER;
	if (f->target == NULL || !target_ok(f->target) ||
	    !merge_any(f, roles, nroles)) {
		refuse_target(ret, f, roles, nroles);
		return;
	}
	if ((near = merge_nearest(f, roles, nroles, "")) == NULL) {
		refuse_role(ret, f, roles, nroles);
		return;
	}
	set_role(ret, near);
	ask_login(ret, f, roles, nroles);
	ask_port(ret, f);
	if (ret->login[0] == '\0')
		return;
	if ((lock = find_lock(ret, f, roles, nroles)) != NULL) {
		refuse_locked(ret, lock);
		return;
	}
	if ((deny = merge_deny(
		 &term, f, roles, nroles, ret->login, ret->port)) != NULL) {
		refuse_denied(ret, f, deny);
		return;
	}
	merge_roles(&m, &term, f, roles, nroles, ret->login, ret->port);
	if (m.n == 0) {
		near = merge_nearest(f, roles, nroles, ret->login);
		refuse_conditions(ret, f, near);
		return;
	}
	take_merge(ret, f, &m);
	if (ret->caps == 0) {
		refuse_apart(ret, &m);
		return;
	}
	if (is_past_us(ret, f)) {
		policy_refuse(ret, "commands",
		    "role %s gives certain commands only, and this target is "
		    "reached directly, where nothing holds a session to them",
		    ret->role);
		return;
	}
	ask_duration(ret, f, m.decides);
	ask_hours(ret, f, &term);
	ask_reason(ret, f);
	ask_ticket(ret, f);
	could = ask_hardware(ret, f);
	ask_open(ret, f, &m.all);
	could = ask_any_of(ret, f, m.unmet) && could;
	if (ret->nrefused > 0 || f->settled)
		ret->seconds = term_later_s(&term, f, ret->seconds);
	if (ret->nrefused > 0) {
		ret->would_pass = could;
		return;
	}
	if (m.too_much) {
		policy_refuse(ret, "role",
		    "the roles that apply want more than one request can "
		    "have; name one (--role)");
		return;
	}
	policy_prove(ret, f);
}

void
policy_roles_text(
    char ret[static LIMIT_ROLES_SIZE], const struct policy_result *v)
{
	size_t at = 0;

	ret[0] = '\0';
	for (unsigned i = 0; i < v->roles.n; i++) {
		const char *name = v->roles.name[i];

		if (at + strlen(name) + sizeof(",,...") > LIMIT_ROLES_SIZE)
			name = "...";
		at += (size_t)snprintf(ret + at, LIMIT_ROLES_SIZE - at, "%s%s",
		    i > 0 ? "," : "", name);
		if (name[0] == '.')
			return;
	}
}

bool
policy_roles_have(const char *roles, const char *role)
{
	const size_t n = strlen(role);

	while (*roles != '\0') {
		const size_t len = strcspn(roles, ",");

		if (len == n && memcmp(roles, role, n) == 0)
			return true;
		roles += len + (roles[len] == ',');
	}
	return false;
}

bool
policy_within(const struct policy_result *v, uint32_t caps, bool record,
    const char *commands)
{
	char digest[COMMAND_DIGEST_SIZE];

	if (FAULT(policy_within))
		return v->verdict == POLICY_ALLOW;
	command_digest(digest, &v->commands);
	return v->verdict == POLICY_ALLOW && (caps & ~v->caps) == 0 &&
	       (record || !v->record) &&
	       (strcmp(commands, digest) == 0 || FAULT(command_within));
}
