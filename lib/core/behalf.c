/* SPDX-License-Identifier: Apache-2.0 */
/*
 * behalf - see the header; and policy_decide(), which asks who owns whom.
 */
#include "core/behalf.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/grant.h"
#include "core/merge.h"
#include "core/term.h"

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void
shorter(uint32_t *ret, uint32_t than)
{
	if (than < *ret)
		*ret = than;
}

/* ---- what was lent */

static bool
has_ended(const struct delegation *d, const struct policy_facts *f)
{
	const int64_t now = f->utc_ms > f->when_ms ? f->utc_ms : f->when_ms;

	/* what is open lasts to its end, which is no later */
	return d->until_ms <= now ||
	       (f->end_ms == 0 && d->until_ms - now < LIMIT_GRANT_MIN_S * 1000);
}

/* False: refused, and nothing else that is asked for would pass. */
static bool
ask_owner(struct policy_result *ret, const struct policy_facts *f)
{
	const struct behalf *b = f->behalf;
	char clock[32];

	if (b == NULL || b->owner[0] == '\0') {
		policy_refuse(
		    ret, "owner", "whose agent this is, is not there");
	} else if (!b->stands && !FAULT(owner_gone)) {
		policy_refuse(
		    ret, "owner", "its owner %s is not active", b->owner);
	} else if (b->d.id[0] == '\0') {
		policy_refuse(ret, "delegation",
		    "%s lends it nothing (they would with: jitctl delegate %s)",
		    b->owner, f->user);
	} else if (has_ended(&b->d, f) && !FAULT(delegation_over)) {
		str_time(clock, sizeof(clock), b->d.until_ms);
		policy_refuse(ret, "delegation", "what %s lends it ended at %s",
		    b->owner, clock);
	} else {
		return true;
	}
	return false;
}

static bool
ask_lent(struct policy_result *ret, const struct policy_facts *f)
{
	const struct delegation *d = &f->behalf->d;
	char list[POLICY_TEXT_SIZE / 2];

	if (!delegation_covers(d, f->target) && !FAULT(delegated_targets)) {
		policy_refuse(ret, "delegation",
		    "what %s lends it (%s) is not for this target", d->owner,
		    d->id);
		return false;
	}
	if (!name_list_has(&d->logins, ret->login) &&
	    !FAULT(delegated_logins)) {
		name_list_text(list, sizeof(list), &d->logins);
		policy_refuse(ret, "login",
		    "what %s lends it (%s) is for other logins: %s", d->owner,
		    d->id, list);
		return false;
	}
	return true;
}

/* ---- what the owner has */

static struct policy_facts
owner_facts(const struct policy_facts *f, const struct behalf *b)
{
	struct policy_facts of = *f;

	of.user = b->owner;
	of.user_id = b->owner_id;
	of.kind = KIND_PERSON;
	of.from = NULL;
	of.behalf = NULL;
	of.groups = &b->groups;
	of.role = "";
	of.only = b->d.roles.n > 0 ? &b->d.roles : NULL;
	of.key_fp = b->d.key_fp;
	of.mfa_age_s = 0; /* an agent gives no codes: somebody approves it */
	of.approvals = NULL;
	of.napprovals = 0;
	return of;
}

static void
take_refused(struct policy_result *ret, const struct policy_result *own,
    const struct behalf *b)
{
	if (own->locked) { /* that is all that is said */
		ret->locked = true;
		memcpy(ret->lock, own->lock, sizeof(ret->lock));
		name_set(ret->locked_by, own->locked_by);
		ret->nrefused = 0;
	}
	for (unsigned i = 0; i < own->nrefused; i++)
		policy_refuse(ret, own->refused[i].field,
		    "by its owner %s: %.400s", b->owner, own->refused[i].text);
}

static int
take_commands(struct command_list *all, const struct command_list *own)
{
	struct command_list one = {0};
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < own->n; i++) {
		one.command[one.n] = own->command[i];
		one.command[one.n++].set = 1;
		if (i + 1 < own->n &&
		    own->command[i + 1].set == own->command[i].set)
			continue;
		r = command_merge(all, &one);
		one.n = 0;
	}
	return r;
}

/* Of each limit the strictest. An error: that is too much for one request. */
static int
take_limits(struct policy_result *ret, const struct policy_result *own,
    const struct delegation *d)
{
	int r;

	shorter(&ret->max_s, own->max_s);
	shorter(&ret->max_s, d->max_s);
	shorter(&ret->seconds, own->seconds);
	shorter(&ret->seconds, ret->max_s);
	shorter(&ret->mfa_age_s, own->mfa_age_s);
	shorter(&ret->mfa_age_extend_s, own->mfa_age_extend_s);
	shorter(&ret->mfa_age_move_s, own->mfa_age_move_s);
	shorter(&ret->mfa_age_approve_s, own->mfa_age_approve_s);
	shorter(&ret->pending_s, own->pending_s);
	shorter(&ret->use_within_s, own->use_within_s);
	shorter(&ret->unused_after_s, own->unused_after_s);
	shorter(&ret->max_sessions, own->max_sessions);
	ret->caps &= own->caps & d->caps;
	ret->record = ret->record || own->record;
	ret->reason = ret->reason || own->reason;
	ret->hardware_code = ret->hardware_code && own->hardware_code;
	if (own->hardware > ret->hardware)
		ret->hardware = own->hardware;
	ret->until_ms = least(ret->until_ms, least(own->until_ms, d->until_ms));
	ret->owner_roles = own->roles;
	if ((r = pattern_merge(&ret->reasons, &own->reasons)) != 0 ||
	    (r = pattern_merge(&ret->tickets, &own->tickets)) != 0 ||
	    (r = take_commands(&ret->commands, &own->commands)) != 0)
		return r;
	return quorum_merge(&ret->needs, &own->needs);
}

static void
ask_time(struct policy_result *ret, const struct policy_facts *f)
{
	const struct delegation *d = &f->behalf->d;
	const struct term term = {.until_ms = ret->until_ms};
	char asked[32], most[32];

	if (f->seconds > d->max_s) {
		str_duration_format(asked, sizeof(asked), f->seconds);
		str_duration_format(most, sizeof(most), d->max_s);
		policy_refuse(ret, "for", "%s is over the %s that %s lends it",
		    asked, most, d->owner);
	}
	if (term_holds(&term, f, ret->seconds))
		return;
	if (f->seconds != 0 && f->seconds == ret->seconds) {
		str_time(most, sizeof(most), ret->until_ms);
		policy_refuse(ret, "for",
		    "it would end after %s, until when %s lends it anything",
		    most, d->owner);
	}
	ret->seconds = f->seconds == 0 && !f->settled
			   ? term_left_s(&term, f, ret->seconds)
			   : term_advice_s(&term, f, ret->seconds);
}

/* ---- all of it */

static void
deny(struct policy_result *ret, bool would_pass)
{
	ret->verdict = POLICY_DENY;
	ret->code = false;
	ret->would_pass = would_pass;
}

static void
narrow(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t n)
{
	struct policy_result own;
	struct policy_facts of;

	if (ret->verdict == POLICY_DENY && !ret->would_pass)
		return;
	if (!ask_owner(ret, f) || !ask_lent(ret, f)) {
		deny(ret, false);
		return;
	}
	of = owner_facts(f, f->behalf);
	of.login = ret->login;
	policy_judge(&own, &of, roles, n);
	if (own.verdict == POLICY_DENY && !FAULT(beyond_owner)) {
		take_refused(ret, &own, f->behalf);
		if (!own.would_pass) {
			deny(ret, false);
			return;
		}
	}
	if (take_limits(ret, &own, &f->behalf->d) != 0) {
		policy_refuse(ret, "role",
		    "its roles and its owner's want more than one request can "
		    "have");
		deny(ret, false);
		return;
	}
	if (ret->caps == 0)
		policy_refuse(ret, "allow",
		    "of what a session may do its roles, %s's and what they "
		    "lend it have nothing in common",
		    f->behalf->owner);
	ask_time(ret, f);
	if (ret->nrefused > 0) {
		deny(ret, ret->caps != 0);
		return;
	}
	quorum_own(&ret->needs, f->behalf->owner_id, own.needs.n > 0);
	policy_prove(ret, f);
}

void
policy_decide(struct policy_result *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t n)
{
	policy_judge(ret, f, roles, n);
	if (f->kind == KIND_AGENT)
		narrow(ret, f, roles, n);
}

/* ---- no wider than its owner */

static bool
fits(struct policy_result *ret, const struct delegation *d, const char *of,
    uint32_t caps, uint32_t max_s)
{
	char text[64], most[32];

	if ((d->caps & ~caps) != 0) {
		grant_caps_str(text, sizeof(text), d->caps & ~caps);
		policy_refuse(
		    ret, "allow", "%s: you do not have %s there", of, text);
	} else if (d->max_s > max_s) {
		str_duration_format(text, sizeof(text), d->max_s);
		str_duration_format(most, sizeof(most), max_s);
		policy_refuse(ret, "max", "%s: %s is over the %s that you have",
		    of, text, most);
	}
	return ret->nrefused == 0;
}

bool
behalf_lends(struct policy_result *ret, const struct behalf *b,
    const struct policy_facts *f, const struct policy_role *roles, size_t n)
{
	const struct policy_facts of = owner_facts(f, b);

	policy_judge(ret, &of, roles, n);
	return ret->verdict != POLICY_DENY &&
	       fits(ret, &b->d, f->target->name, ret->caps, ret->max_s);
}

bool
behalf_lends_role(struct policy_result *ret, const struct behalf *b,
    const char *role, const struct policy_role *roles, size_t n, int64_t at_ms)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < n; i++)
		if (strcmp(roles[i].name, role) == 0 &&
		    policy_gives(&roles[i]) &&
		    policy_is_for_kind(&roles[i], KIND_PERSON) &&
		    policy_is_for(&roles[i], b->owner, &b->groups, at_ms))
			return fits(ret, &b->d, role, merge_caps(&roles[i]),
			    roles[i].max_s);
	policy_refuse(ret, "roles", "you are in no role %s", role);
	return false;
}
