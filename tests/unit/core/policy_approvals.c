/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_approvals - roles that want others to approve: what is wanted of
 * several, and that nothing is allowed before it is met.
 */
#include "tests/unit/core/policyscene.h"

#include <stdio.h>
#include <string.h>

#include "core/grant.h"

static struct approval
given(const char *user_id, unsigned level, const struct name_list *groups)
{
	return (struct approval){
	    .user_id = user_id, .level = (uint8_t)level, .groups = groups};
}

static void
test_of(struct world *w, struct policy_facts *f, const struct approval *a,
    size_t n, enum policy_verdict want, unsigned have)
{
	struct policy_result r;

	f->approvals = a;
	f->napprovals = n;
	r = decide(w, f);
	assert_int_equal(r.verdict, want);
	assert_int_equal(r.nrefused, 0);
	assert_int_equal(r.approved.met, want != POLICY_APPROVAL);
	assert_int_equal(r.approved.have, have);
	assert_int_equal(r.seconds, 7200);
}

void
test_approvals(void **state)
{
	struct world *w = world_new();
	struct policy_role *ops = add_role(w, "ops");
	struct policy_facts f = facts(w);
	struct name_list sre = {0}, none = {0};
	const struct approval a[] = {given("u-bob", 1, &sre),
	    given("u-carol", 1, &sre), given("u-frank", 1, &none),
	    given("u-alice", 1, &sre)};

	(void)state;
	must(name_list_add(&sre, "sre"));
	must(quorum_add(&ops->approvals, "2 of sre"));
	f.user_id = "u-alice";
	test_of(w, &f, NULL, 0, POLICY_APPROVAL, 0);
	test_of(w, &f, a, 1, POLICY_APPROVAL, 1);
	test_of(w, &f, a, 2, POLICY_ALLOW, 0);
	test_of(w, &f, a + 1, 3, POLICY_APPROVAL, 1);
	/* a code is wanted as well, before it is approved and after */
	f.mfa_age_s = POLICY_MFA_NONE;
	test_of(w, &f, a, 1, POLICY_APPROVAL, 1);
	assert_true(decide(w, &f).code);
	test_of(w, &f, a, 2, POLICY_CODE, 0);
	f.mfa_age_s = 0;
	assert_false(decide(w, &f).code);
}

/* An approval gives nothing that policy refuses. */
void
test_approved_is_not_allowed(void **state)
{
	struct world *w = world_new();
	struct policy_role *ops = add_role(w, "ops");
	struct policy_role *no = NULL;
	struct policy_facts f = facts(w);
	struct name_list sre = {0};
	const struct approval a = given("u-bob", 1, &sre);

	(void)state;
	must(name_list_add(&sre, "sre"));
	must(quorum_add(&ops->approvals, "1 of sre"));
	f.user_id = "u-alice";
	f.approvals = &a;
	f.napprovals = 1;
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.seconds = 7201;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	f.seconds = 0;
	no = &w->role[w->nroles++];
	name_set(no->name, "freeze");
	no->deny = true;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	assert_false(decide(w, &f).approved.met);
}

/* What each of the roles wants, all of it, in whichever order they are. */
void
test_approvals_of_roles(void **state)
{
	struct world *w = world_new();
	struct policy_role *a = add_role(w, "a");
	struct policy_role *b = add_role(w, "b");
	struct policy_facts f = facts(w);
	struct policy_result r;

	(void)state;
	must(quorum_add(&b->approvals, "1 of sre"));
	must(quorum_add(&b->approvals, "1 of leads"));
	a->pending_s = 600;
	b->use_within_s = 300;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_APPROVAL);
	assert_string_equal(r.role, "a");
	assert_int_equal(r.needs.n, 2);
	assert_int_equal(r.pending_s, 600);
	assert_int_equal(r.use_within_s, 300);
	must(quorum_add(&a->approvals, "2 of sre"));
	r = decide(w, &f);
	assert_int_equal(r.needs.n, 2);
	assert_int_equal(r.approved.want, 2);
	/* one that wants nothing takes nothing away, nor one that is not asked
	 */
	memset(&a->approvals, 0, sizeof(a->approvals));
	memset(&b->logins, 0, sizeof(b->logins));
	must(name_list_add(&b->logins, "root"));
	f.login = "deploy";
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.login = "root";
	assert_int_equal(decide(w, &f).verdict, POLICY_APPROVAL);
}

void
test_too_many_approvals(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	struct policy_result r;
	char name[16], text[32];

	(void)state;
	for (unsigned i = 0; i < LIMIT_QUORUMS / LIMIT_QUORUM_LEVELS + 1; i++) {
		struct policy_role *role = NULL;

		(void)snprintf(name, sizeof(name), "r%u", i);
		role = add_role(w, name);
		for (unsigned k = 0; k < LIMIT_QUORUM_LEVELS; k++) {
			(void)snprintf(text, sizeof(text), "1 of g%u-%u", i, k);
			must(quorum_add(&role->approvals, text));
		}
	}
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_false(r.would_pass);
	assert_int_equal(r.nrefused, 1);
	assert_string_equal(r.refused[0].field, "role");
	w->nroles--;
	assert_int_equal(decide(w, &f).verdict, POLICY_APPROVAL);
}
