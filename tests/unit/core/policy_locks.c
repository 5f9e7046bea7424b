/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_locks - a lock refuses whatever roles say, and tells nobody of a
 * target that they may not know.
 */
#include "tests/unit/core/policyscene.h"

#include <string.h>

#include "base/attr.h"

#define FP "SHA256:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq"

static struct lock
lock(enum lock_kind k, const char *value)
{
	struct lock l = {.id = "l-7Q2MXK4P", .by = "bob", .reason = "INC-1"};

	must(lock_set(&l, k, value));
	return l;
}

static struct policy_facts
locked_facts(const struct world *w, const struct lock *l)
{
	struct policy_facts f = facts(w);

	f.key_fp = FP;
	f.locks = l;
	f.nlocks = 1;
	f.utc_ms = 1;
	return f;
}

void
test_locks(void **state)
{
	static const struct {
		enum lock_kind kind;
		const char *value;
		bool want;
	} rows[] = {
	    {LOCK_USER, "alice", true},
	    {LOCK_USER, "bob", false},
	    {LOCK_GROUP, "ops", true},
	    {LOCK_GROUP, "sre", false},
	    {LOCK_ROLE, "ops", true},
	    {LOCK_ROLE, "ops2", true},  /* which gives it as well */
	    {LOCK_ROLE, "root", false}, /* which does not give this login */
	    {LOCK_TARGET, "web-01", true},
	    {LOCK_TARGET, "web-02", false},
	    {LOCK_LOGIN, "deploy", true},
	    {LOCK_LOGIN, "root", false},
	    {LOCK_SOURCE, "198.51.100.0/24", true},
	    {LOCK_SOURCE, "203.0.113.0/24", false},
	    {LOCK_KEY, FP, true},
	    {LOCK_GRANT, "g-22222222", false}, /* it is a request */
	    {LOCK_EVERYTHING, "", true},
	};
	struct world *w = world_new();
	struct policy_role *other = NULL;

	(void)state;
	add_role(w, "ops");
	add_role(w, "ops2");
	other = add_role(w, "root");
	memset(&other->logins, 0, sizeof(other->logins));
	must(name_list_add(&other->logins, "root"));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct lock l = lock(rows[i].kind, rows[i].value);
		struct policy_facts f = locked_facts(w, &l);
		struct policy_result r;

		f.login = "deploy";
		f.seconds = 1000000; /* more than the roles give: not told */
		r = decide(w, &f);
		CHECK_ROW(r.verdict == POLICY_DENY, rows[i].value);
		CHECK_ROW(r.nrefused == 1, rows[i].value);
		CHECK_ROW(strcmp(r.refused[0].field,
			      rows[i].want ? "lock" : "for") == 0,
		    rows[i].value);
		CHECK_ROW(r.locked == rows[i].want, rows[i].value);
		CHECK_ROW(r.would_pass == !rows[i].want, rows[i].value);
		CHECK_ROW(
		    !rows[i].want || strcmp(r.lock, l.id) == 0, rows[i].value);
		CHECK_ROW(
		    !rows[i].want ||
			strstr(r.refused[0].text,
			    "is locked (l-7Q2MXK4P) by bob: INC-1") != NULL,
		    r.refused[0].text);
		f.seconds = 60;
		CHECK_ROW(
		    (decide(w, &f).verdict == POLICY_ALLOW) != rows[i].want,
		    rows[i].value);
	}
}

/* With a deny role, in any order, and whatever is approved. */
void
test_lock_beats_allow(void **state)
{
	const struct lock l = lock(LOCK_TARGET, "web-01");
	struct world *w = world_new();
	struct policy_facts f = locked_facts(w, &l);
	struct policy_role *no = NULL;

	(void)state;
	for (int first = 0; first < 2; first++) {
		w = world_new();
		if (first == 0)
			add_role(w, "ops");
		no = &w->role[w->nroles++];
		name_set(no->name, "freeze");
		no->deny = true;
		if (first == 1)
			add_role(w, "ops");
		assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
		must(member_add(&no->users, "bob", ""));
		assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
		must(quorum_add(
		    &w->role[first == 0 ? 0 : 1].approvals, "1 of sre"));
		assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	}
	f.utc_ms = INT64_MAX;
	assert_true(decide(w, &f).locked);
}

/* As of a target there is none of. */
void
test_lock_tells_no_stranger(void **state)
{
	const struct lock l = lock(LOCK_TARGET, "web-01");
	struct world *w = world_new();
	struct policy_facts f = locked_facts(w, &l);
	struct policy_result r;

	(void)state;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_false(r.locked);
	assert_string_equal(r.refused[0].field, "target");
	assert_null(strstr(r.refused[0].text, "locked"));
}

/* Of what is open: the grant, and the role that it was opened under. */
void
test_lock_of_a_grant(void **state)
{
	struct lock l = lock(LOCK_GRANT, "g-22222222");
	struct world *w = world_new();
	struct policy_facts f = locked_facts(w, &l);

	(void)state;
	add_role(w, "ops");
	f.login = "deploy";
	f.grant = "g-22222222";
	assert_true(decide(w, &f).locked);
	f.grant = "g-22222223";
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	l = lock(LOCK_ROLE, "former");
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.under = "former";
	assert_true(decide(w, &f).locked);
}
