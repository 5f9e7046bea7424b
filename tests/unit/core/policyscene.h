/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policyscene - a world of roles in which one request is decided. The tests by
 * it are one program, test_policy.
 */
#ifndef TESTS_CORE_POLICYSCENE_H
#define TESTS_CORE_POLICYSCENE_H

#include "core/policy.h"
#include "tests/unit/support/test.h"

enum { ROLES = 8 };

struct world {
	struct target target;
	struct name_list groups;
	struct policy_role role[ROLES];
	size_t nroles;
};

/* ---- policyscene.c */

void must(int r);
struct policy_role *add_role(struct world *w, const char *name);
/* web-01 (env=prod, app=shop), logins deploy and root; alice is in ops. */
struct world *world_new(void);
struct policy_facts facts(const struct world *w);
struct policy_result decide(
    const struct world *w, const struct policy_facts *f);

/* ---- policy_gaps.c */

void test_gaps(void **state);

/* ---- policy_locks.c */

void test_locks(void **state);
void test_lock_beats_allow(void **state);
void test_lock_tells_no_stranger(void **state);
void test_lock_of_a_grant(void **state);

/* ---- policy_glass.c */

void test_glass(void **state);
void test_glass_denied(void **state);
void test_glass_locked(void **state);
void test_glass_owed(void **state);
void test_glass_direct(void **state);

/* ---- policy_agents.c */

void test_agent(void **state);
void test_agent_of_three(void **state);
void test_agent_locked(void **state);
void test_agent_strictest(void **state);
void test_agent_limits(void **state);
void test_agent_approvals(void **state);
void test_agent_never_wider(void **state);
void test_agent_lent(void **state);
void test_delegation_ok(void **state);

/* ---- policy_kinds.c */

void test_kinds(void **state);
void test_kinds_do_not_merge(void **state);
void test_machine_elsewhere(void **state);
void test_machine_role_ok(void **state);

/* ---- policy_roles.c */

void test_deny(void **state);
void test_merge(void **state);
void test_merge_only_what_gives_it(void **state);
void test_gateway_limits(void **state);
void test_both_sources_count(void **state);
void test_broken_target_denies(void **state);
void test_process_ok(void **state);
void test_commands(void **state);
void test_too_many_commands(void **state);
void test_within_commands(void **state);
void test_within(void **state);

/* ---- policy_approvals.c */

void test_approvals(void **state);
void test_approved_is_not_allowed(void **state);
void test_approvals_of_roles(void **state);
void test_too_many_approvals(void **state);
void test_patterns_of_roles(void **state);
void test_at_once(void **state);
void test_hardware(void **state);
void test_hardware_code(void **state);
void test_anywhere(void **state);

#endif
