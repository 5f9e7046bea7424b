/* SPDX-License-Identifier: Apache-2.0 */
/*
 * term - until when what is asked for can last, by the hours of roles. Part of
 * the decision (core/policy.h), and as pure.
 *
 * An allow role counts when its hours are open at the time of the request, and
 * what it gives ends with them. A deny role denies while its hours are open,
 * and nothing is given that would reach into them. So a grant that was given
 * holds when it is judged again: an allow role is then asked about the time
 * when it opened, a deny role about what is left. In doubt (a zone that is not
 * known) an allow role does not count, and a deny role denies.
 *
 * Who is in a role until a moment is in it as if its hours ended there.
 */
#ifndef CORE_TERM_H
#define CORE_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy.h"

struct term {
	int64_t until_ms;             /* HOURS_NEVER at first */
	const struct policy_role *by; /* whose hours these are, */
	bool member;                  /* or whose the user is until then, */
	bool any_of;                  /* or one of whose alternatives holds */
};

/* When what is asked for was given, or would be. */
int64_t term_begins_ms(const struct policy_facts *f);

/* It counts; *t ends with its hours. */
bool term_counts(struct term *t, const struct policy_role *allow,
    const struct policy_facts *f);
/* What its alternatives go by, for this request. */
struct alternative_facts term_facts(const struct policy_facts *f);
/* One of its alternatives holds; *t ends when none does any more. */
bool term_any_of(struct term *t, const struct policy_role *allow,
    const struct policy_facts *f);
/* It denies; if not, *t ends where it does. */
bool term_denies(struct term *t, const struct policy_role *deny,
    const struct policy_facts *f);
/* All of it is within *t. */
bool term_holds(
    const struct term *t, const struct policy_facts *f, uint32_t seconds);
/* Of so many seconds, those that are within *t. */
uint32_t term_left_s(
    const struct term *t, const struct policy_facts *f, uint32_t seconds);
/* The same in round numbers, less the time it takes to ask again. */
uint32_t term_advice_s(
    const struct term *t, const struct policy_facts *f, uint32_t seconds);

/* Of what is within *t now, what is so a little later. */
uint32_t term_later_s(
    const struct term *t, const struct policy_facts *f, uint32_t seconds);

/* Why it does not count, or denies; where *t ends, and of whom. */
void term_shut_text(char *ret, size_t size, const struct policy_role *allow,
    const struct policy_facts *f);
void term_deny_text(char *ret, size_t size, const struct policy_role *deny,
    const struct policy_facts *f);
void term_over_text(char *ret, size_t size, const struct term *t,
    const struct policy_facts *f, uint32_t seconds);

#endif
