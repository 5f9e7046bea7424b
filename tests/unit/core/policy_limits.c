/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_limits - what a request has to bring by the patterns of its roles, how
 * much may be open at once, and what is judged again.
 */
#include "tests/unit/core/policyscene.h"

#include <string.h>

#include "core/grant.h"

static void
want_refused(const struct world *w, const struct policy_facts *f,
    const char *field, const char *part)
{
	const struct policy_result r = decide(w, f);

	assert_int_equal(r.verdict, POLICY_DENY);
	assert_int_equal(r.nrefused, 1);
	assert_string_equal(r.refused[0].field, field);
	if (strstr(r.refused[0].text, part) == NULL)
		fail_msg("%s", r.refused[0].text);
	assert_true(r.would_pass);
}

void
test_patterns_of_roles(void **state)
{
	struct world *w = world_new();
	struct policy_role *a = add_role(w, "a");
	struct policy_role *b = add_role(w, "b");
	struct policy_facts f = facts(w);

	(void)state;
	must(pattern_add(&a->ticket_pattern, "INC-[0-9]+"));
	want_refused(w, &f, "ticket", "wants INC-[0-9]+");
	f.ticket = "INC-1 x";
	want_refused(w, &f, "ticket", "does not look like INC-[0-9]+");
	f.ticket = "INC-1";
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	must(pattern_add(&b->ticket_pattern, ".{6,}"));
	want_refused(w, &f, "ticket", "does not look like .{6,}");
	f.ticket = "INC-4711";
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	must(pattern_add(&b->reason_pattern, ".* disk .*"));
	want_refused(w, &f, "reason", "missing");
	f.reason = "x";
	want_refused(w, &f, "reason", "does not look like");
	f.reason = "the disk is full";
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	/* what was right when it was given is not asked for again */
	f.reason = f.ticket = "";
	f.settled = true;
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
}

void
test_at_once(void **state)
{
	struct world *w = world_new();
	struct policy_role *a = add_role(w, "a");
	struct policy_role *b = add_role(w, "b");
	struct policy_facts f = facts(w);
	struct policy_result r;

	(void)state;
	a->max_grants = 3;
	b->max_sessions = 2;
	b->unused_after_s = 60;
	f.open = 2;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_ALLOW);
	assert_int_equal(r.max_sessions, 2);
	assert_int_equal(r.unused_after_s, 60);
	f.open = 3;
	want_refused(w, &f, "grants", "you have 3 open, and role a allows 3");
	f.role = "b";
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
}

/* The most that one of them wants is wanted. */
void
test_hardware(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	struct policy_role *a = add_role(w, "a"), *b = add_role(w, "b");
	struct policy_result r;

	(void)state;
	f.reason = "why";
	for (unsigned x = 0; x < HARDWARE_COUNT; x++)
		for (unsigned y = 0; y < HARDWARE_COUNT; y++)
			for (f.hardware = 0; f.hardware < HARDWARE_COUNT;
			     f.hardware++) {
				const unsigned most = x > y ? x : y;

				a->hardware = x;
				b->hardware = y;
				r = decide(w, &f);
				assert_int_equal(r.hardware, most);
				assert_int_equal(r.verdict, f.hardware >= most
								? POLICY_ALLOW
								: POLICY_DENY);
				if (r.verdict == POLICY_DENY)
					assert_string_equal(
					    r.refused[0].field, "hardware_key");
			}
}

/* A security key that verified who asks needs no code, where each role that
 * counts says so; it is not what the role wants of keys. */
void
test_hardware_code(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	struct policy_role *a = add_role(w, "a"), *b = add_role(w, "b");
	struct policy_result r;

	(void)state;
	f.reason = "why";
	for (unsigned i = 0; i < 16; i++) {
		const bool young = (i & 8) != 0;

		a->hardware_code = (i & 1) != 0;
		b->hardware_code = (i & 2) != 0;
		f.fido = (i & 4) != 0;
		f.mfa_age_s = young ? 1 : POLICY_MFA_NONE;
		r = decide(w, &f);
		assert_int_equal(r.hardware_code, (i & 3) == 3);
		assert_int_equal(r.fido, !young && (i & 7) == 7);
		assert_int_equal(r.verdict,
		    young || (i & 7) == 7 ? POLICY_ALLOW : POLICY_CODE);
	}
}

void
test_anywhere(void **state)
{
	struct world *w = world_new();
	struct policy_role *a = add_role(w, "a");
	struct policy_role *no = NULL;
	struct policy_facts f = facts(w);

	(void)state;
	must(prefix_list_add(&a->sources, "203.0.113.0/24"));
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	f.nsources = 0;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	f.anywhere = true;
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	/* a deny for some addresses is none from anywhere; one for all is */
	no = &w->role[w->nroles++];
	name_set(no->name, "no");
	no->deny = true;
	must(prefix_list_add(&no->sources, "203.0.113.0/24"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	no->sources.n = 0;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
}
