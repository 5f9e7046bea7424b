/* SPDX-License-Identifier: Apache-2.0 */
/*
 * term - see the header.
 */
#include "core/term.h"

#include <stdio.h>

#include "base/fault.h"
#include "base/str.h"

enum {
	LEAST_MS = LIMIT_GRANT_MIN_S * 1000,
	AGAIN_S = 30, /* to read an answer, and to ask once more */
};

static void
shorten(
    struct term *t, int64_t until_ms, const struct policy_role *by, bool member)
{
	if (until_ms >= t->until_ms)
		return;
	t->until_ms = until_ms;
	t->by = by;
	t->member = member;
	t->any_of = false;
}

int64_t
term_begins_ms(const struct policy_facts *f)
{
	return f->since_ms != 0 ? f->since_ms : f->when_ms;
}

static int64_t
member_ms(const struct policy_role *r, const struct policy_facts *f)
{
	return policy_for_until_ms(r, f->user, f->groups);
}

/* The membership, where it ends. */
static bool
member_counts(struct term *t, const struct policy_role *allow,
    const struct policy_facts *f)
{
	const int64_t until_ms = member_ms(allow, f);

	if (f->since_ms == 0 && until_ms - f->when_ms < LEAST_MS)
		return false;
	shorten(t, until_ms, allow, true);
	return true;
}

bool
term_counts(struct term *t, const struct policy_role *allow,
    const struct policy_facts *f)
{
	int64_t until_ms = 0;
	enum hours_verdict v;

	if (f->anytime)
		return hours_unknown(&allow->hours, f->zones) == NULL;
	v = hours_judge(&allow->hours, f->zones, term_begins_ms(f), &until_ms);

	if (v != HOURS_IN && !FAULT(any_hours))
		return false;
	if (f->since_ms == 0 && until_ms - f->when_ms < LEAST_MS)
		return false;
	if (!member_counts(t, allow, f))
		return false;
	shorten(t, until_ms, allow, false);
	return true;
}

struct alternative_facts
term_facts(const struct policy_facts *f)
{
	/* what could be brought counts as brought, unless it is open already */
	const bool asked = f->settled && f->since_ms == 0 && f->end_ms == 0;

	return (struct alternative_facts){.groups = f->groups,
	    .labels = &f->target->labels,
	    .reason = asked ? NULL : f->reason,
	    .zones = f->zones,
	    .anytime = f->anytime,
	    .at_ms = term_begins_ms(f)};
}

bool
term_any_of(struct term *t, const struct policy_role *allow,
    const struct policy_facts *f)
{
	const struct alternative_facts af = term_facts(f);
	int64_t until_ms = 0;

	if (!alternative_list_holds(&allow->any_of, &af, &until_ms) &&
	    !FAULT(any_alternative))
		return false;
	if (f->since_ms == 0 && until_ms - f->when_ms < LEAST_MS)
		return false;
	if (until_ms < t->until_ms) {
		shorten(t, until_ms, allow, false);
		t->any_of = true;
	}
	return true;
}

bool
term_denies(struct term *t, const struct policy_role *deny,
    const struct policy_facts *f)
{
	int64_t change_ms = 0;
	enum hours_verdict v;

	if (f->anytime)
		return deny->hours.n == 0 ||
		       hours_unknown(&deny->hours, f->zones) != NULL;
	v = hours_judge(&deny->hours, f->zones, f->when_ms, &change_ms);

	if (v != HOURS_OUT)
		return true;
	if (f->end_ms == 0 && change_ms - f->when_ms < LEAST_MS)
		return true;
	shorten(t, change_ms, deny, false);
	return false;
}

/* When it would end. */
static int64_t
end_ms(const struct policy_facts *f, uint32_t seconds)
{
	return f->end_ms != 0 ? f->end_ms
			      : f->when_ms + (int64_t)seconds * 1000;
}

bool
term_holds(const struct term *t, const struct policy_facts *f, uint32_t seconds)
{
	return end_ms(f, seconds) <= t->until_ms || FAULT(hours_whole);
}

uint32_t
term_left_s(
    const struct term *t, const struct policy_facts *f, uint32_t seconds)
{
	const int64_t over_ms = end_ms(f, seconds) - t->until_ms;
	const int64_t s = (int64_t)seconds - (over_ms + 999) / 1000;

	if (s < LIMIT_GRANT_MIN_S)
		return LIMIT_GRANT_MIN_S;
	return s < LIMIT_GRANT_MAX_S ? (uint32_t)s : LIMIT_GRANT_MAX_S;
}

uint32_t
term_advice_s(
    const struct term *t, const struct policy_facts *f, uint32_t seconds)
{
	const uint32_t s = term_left_s(t, f, seconds);

	if (s < 60 + AGAIN_S)
		return s < LIMIT_GRANT_MIN_S + AGAIN_S ? s : s - AGAIN_S;
	return (s - AGAIN_S) / 60 * 60;
}

uint32_t
term_later_s(
    const struct term *t, const struct policy_facts *f, uint32_t seconds)
{
	return f->end_ms != 0 || term_holds(t, f, seconds + AGAIN_S)
		   ? seconds
		   : term_advice_s(t, f, seconds);
}

/* ---- words */

void
term_shut_text(char *ret, size_t size, const struct policy_role *allow,
    const struct policy_facts *f)
{
	const char *unknown = hours_unknown(&allow->hours, f->zones);
	char list[POLICY_TEXT_SIZE / 2], clock[HOURS_TEXT_SIZE];

	if (member_ms(allow, f) - f->when_ms < LEAST_MS) {
		str_time(clock, sizeof(clock), member_ms(allow, f));
		(void)snprintf(ret, size, "you are in role %s until %s only",
		    allow->name, clock);
		return;
	}
	if (unknown != NULL) {
		(void)snprintf(ret, size,
		    "role %s goes by the clocks of %s, which this gateway does "
		    "not know: tell an administrator",
		    allow->name, unknown);
		return;
	}
	hours_list_text(list, sizeof(list), &allow->hours);
	hours_clock(clock, &allow->hours, f->zones, f->when_ms);
	(void)snprintf(ret, size, "role %s gives it %s; there it is %s",
	    allow->name, list, clock);
}

void
term_deny_text(char *ret, size_t size, const struct policy_role *deny,
    const struct policy_facts *f)
{
	const char *unknown = hours_unknown(&deny->hours, f->zones);
	char clock[HOURS_TEXT_SIZE];
	int64_t until_ms = 0;
	const enum hours_verdict v =
	    hours_judge(&deny->hours, f->zones, f->when_ms, &until_ms);

	(void)snprintf(ret, size, "role %s denies it, whatever else allows it",
	    deny->name);
	if (unknown != NULL)
		(void)snprintf(ret, size,
		    "role %s denies it: it goes by the clocks of %s, which "
		    "this gateway does not know",
		    deny->name, unknown);
	else if (v == HOURS_IN && until_ms != HOURS_NEVER) {
		hours_clock(clock, &deny->hours, f->zones, until_ms);
		(void)snprintf(ret, size,
		    "role %s denies it until %s %s, whatever else allows it",
		    deny->name, clock, deny->hours.hours[0].zone);
	}
}

void
term_over_text(char *ret, size_t size, const struct term *t,
    const struct policy_facts *f, uint32_t seconds)
{
	char asked[32], clock[HOURS_TEXT_SIZE];

	str_duration_format(asked, sizeof(asked), seconds);
	if (t->member) {
		str_time(clock, sizeof(clock), t->until_ms);
		(void)snprintf(ret, size,
		    "%s is longer than you are in role %s: until %s", asked,
		    t->by->name, clock);
		return;
	}
	if (t->any_of) {
		str_time(clock, sizeof(clock), t->until_ms);
		(void)snprintf(ret, size,
		    "%s is longer than one of the alternatives of role %s "
		    "holds: until %s",
		    asked, t->by->name, clock);
		return;
	}
	hours_clock(clock, &t->by->hours, f->zones, t->until_ms);
	(void)snprintf(ret, size,
	    t->by->deny ? "%s reaches into the hours in which role %s denies "
			  "it, from %s %s on"
			: "%s is longer than role %s gives it: until %s %s",
	    asked, t->by->name, clock, t->by->hours.hours[0].zone);
}
