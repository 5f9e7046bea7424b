/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_policy - the decision, as tables: who, what, whence, how long, and what
 * the refusal says.
 */
#include "tests/unit/core/policyscene.h"

#include <string.h>

static void
test_zero_denies(void **state)
{
	const struct policy_result r = {0};

	(void)state;
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_int_equal(POLICY_DENY, 0);
}

/* ---- one role, one question at a time */

struct row {
	const char *name;
	const char *login;
	uint16_t port;
	uint32_t seconds;
	const char *reason;
	const char *source;
	int64_t mfa_age_s;
	enum policy_verdict want;
	const char *field; /* of the only refusal, NULL = none */
	const char *says;
	uint32_t want_seconds; /* given, or would pass; 0 = not compared */
};

static const struct row rows[] = {
    {"plain", "", 0, 0, "x", "198.51.100.7", 0, POLICY_ALLOW, NULL, NULL, 7200},
    {"login said", "deploy", 22, 60, "x", "198.51.100.7", 0, POLICY_ALLOW, NULL,
	NULL, 60},
    {"exactly the maximum", "deploy", 0, 7200, "x", "198.51.100.7", 0,
	POLICY_ALLOW, NULL, NULL, 7200},
    {"one second over", "deploy", 0, 7201, "x", "198.51.100.7", 0, POLICY_DENY,
	"for", "over the 2h that role ops allows", 7200},
    {"eight hours", "deploy", 0, 28800, "x", "198.51.100.7", 0, POLICY_DENY,
	"for", "8h is over the 2h", 7200},
    {"shortest", "deploy", 0, 5, "x", "198.51.100.7", 0, POLICY_ALLOW, NULL,
	NULL, 5},
    {"too short", "deploy", 0, 4, "x", "198.51.100.7", 0, POLICY_DENY, "for",
	"too short", 5},
    {"a login that exists but is not given", "root", 0, 60, "x", "198.51.100.7",
	0, POLICY_DENY, "login",
	"root is not granted to you here; role ops allows: deploy", 60},
    {"a login that exists nowhere", "oracle", 0, 60, "x", "198.51.100.7", 0,
	POLICY_DENY, "login", "role ops allows: deploy", 60},
    {"another port", "deploy", 23, 60, "x", "198.51.100.7", 0, POLICY_DENY,
	"port", "23 is not a port of this target: 22 is", 60},
    {"no reason", "deploy", 0, 60, "", "198.51.100.7", 0, POLICY_DENY, "reason",
	"missing; role ops wants one", 60},
    {"a blank reason", "deploy", 0, 60, "  ", "198.51.100.7", 0, POLICY_DENY,
	"reason", "missing; role ops wants one", 60},
    {"from the other end of the network", "deploy", 0, 60, "x",
	"198.51.100.255", 0, POLICY_ALLOW, NULL, NULL, 60},
    {"from outside", "deploy", 0, 60, "x", "198.51.101.0", 0, POLICY_DENY,
	"source", "198.51.101.0 is outside the networks", 0},
    {"no code yet", "deploy", 0, 60, "x", "198.51.100.7", POLICY_MFA_NONE,
	POLICY_CODE, NULL, NULL, 60},
    {"a young code", "deploy", 0, 60, "x", "198.51.100.7", 120, POLICY_ALLOW,
	NULL, NULL, 60},
    {"a code just old enough", "deploy", 0, 60, "x", "198.51.100.7", 121,
	POLICY_CODE, NULL, NULL, 60},
};

static void
test_rows(void **state)
{
	struct world *w = world_new();
	struct policy_role *ops = add_role(w, "ops");

	(void)state;
	ops->reason = true;
	ops->mfa_age_s = 120;
	must(prefix_list_add(&ops->sources, "198.51.100.0/24"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *t = &rows[i];
		struct policy_facts f = facts(w);
		struct policy_result r;

		f.login = t->login;
		f.port = t->port;
		f.seconds = t->seconds;
		f.reason = t->reason;
		f.mfa_age_s = t->mfa_age_s;
		must(addr_parse(&f.sources[0], t->source));
		r = decide(w, &f);
		CHECK_ROW(r.verdict == t->want, t->name);
		CHECK_ROW(r.nrefused == (t->field != NULL ? 1 : 0), t->name);
		if (t->field != NULL) {
			CHECK_ROW(
			    strcmp(r.refused[0].field, t->field) == 0, t->name);
			CHECK_ROW(strstr(r.refused[0].text, t->says) != NULL,
			    t->name);
		}
		if (t->want_seconds != 0) {
			CHECK_ROW(r.seconds == t->want_seconds, t->name);
			CHECK_ROW(strcmp(r.login, "deploy") == 0, t->name);
			CHECK_ROW(r.port == 22, t->name);
			CHECK_ROW(r.would_pass == (t->field != NULL), t->name);
		}
		CHECK_ROW(strcmp(r.role, "ops") == 0, t->name);
	}
}

/* What would pass does pass. */
static void
test_would_pass_passes(void **state)
{
	struct world *w = world_new();

	(void)state;
	add_role(w, "ops")->reason = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_facts f = facts(w);
		struct policy_result r;

		f.login = rows[i].login;
		f.port = rows[i].port;
		f.seconds = rows[i].seconds;
		f.reason = rows[i].reason;
		r = decide(w, &f);
		if (!r.would_pass)
			continue;
		f.login = r.login;
		f.port = r.port;
		f.seconds = r.seconds;
		f.reason = "said now";
		CHECK_ROW(decide(w, &f).verdict == POLICY_ALLOW, rows[i].name);
	}
}

/* What the key lacks no other words give it. */
static void
test_no_advice_for_a_key(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	struct policy_result r;

	(void)state;
	add_role(w, "ops")->hardware = HARDWARE_PRESENCE;
	f.seconds = 50000;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_int_equal(r.nrefused, 2);
	assert_false(r.would_pass);
	f.hardware = HARDWARE_PRESENCE;
	assert_true(decide(w, &f).would_pass);
}

static void
test_all_refusals_at_once(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	struct policy_result r;

	(void)state;
	add_role(w, "ops")->reason = true;
	f.login = "root";
	f.port = 2222;
	f.seconds = 50000;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_int_equal(r.nrefused, 4);
	assert_string_equal(r.refused[0].field, "login");
	assert_string_equal(r.refused[1].field, "port");
	assert_string_equal(r.refused[2].field, "for");
	assert_string_equal(r.refused[3].field, "reason");
	assert_true(r.would_pass);
}

/* ---- unknown and forbidden read alike */

static void
test_unknown_is_forbidden(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	struct policy_result unknown, forbidden;

	(void)state;
	add_role(w, "ops");
	f.target = NULL;
	unknown = decide(w, &f);
	f.target = &w->target;
	f.user = "mallory";
	memset(&w->groups, 0, sizeof(w->groups));
	forbidden = decide(w, &f);
	assert_int_equal(unknown.verdict, POLICY_DENY);
	assert_int_equal(forbidden.verdict, POLICY_DENY);
	assert_memory_equal(&unknown, &forbidden, sizeof(unknown));
	assert_string_equal(unknown.refused[0].field, "target");
	assert_false(unknown.would_pass);
	assert_string_equal(unknown.role, "");
}

/* ---- who and what a role is about */

struct concern {
	const char *name;
	const char *user, *group; /* of the role; NULL = none */
	const char *target;
	const char *key, *value; /* label wanted */
	bool deny;
	bool want;
};

static const struct concern concerns[] = {
    {"user and label", "alice", NULL, NULL, "env", "prod", false, true},
    {"group and label", NULL, "ops", NULL, "env", "prod", false, true},
    {"user and name", "alice", NULL, "web-01", NULL, NULL, false, true},
    {"name or label is enough", "alice", NULL, "web-02", "env", "prod", false,
	true},
    {"another user", "bob", NULL, "web-01", NULL, NULL, false, false},
    {"another group", NULL, "dev", "web-01", NULL, NULL, false, false},
    {"another target", "alice", NULL, "web-02", NULL, NULL, false, false},
    {"another value", "alice", NULL, NULL, "env", "test", false, false},
    {"another label", "alice", NULL, NULL, "zone", "prod", false, false},
    {"a group's name is no user", "ops", NULL, "web-01", NULL, NULL, false,
	false},
    {"a user's name is no group", NULL, "alice", "web-01", NULL, NULL, false,
	false},
    {"names are exact", "Alice", NULL, "web-01", NULL, NULL, false, false},
    {"nobody", NULL, NULL, "web-01", NULL, NULL, false, false},
    {"nothing", "alice", NULL, NULL, NULL, NULL, false, false},
    {"deny: nobody named means all", NULL, NULL, "web-01", NULL, NULL, true,
	true},
    {"deny: nothing named means all", "alice", NULL, NULL, NULL, NULL, true,
	true},
    {"deny: another user", "bob", NULL, NULL, NULL, NULL, true, false},
    {"deny: another target", NULL, NULL, "web-02", NULL, NULL, true, false},
};

static void
test_concerns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(concerns) / sizeof(concerns[0]); i++) {
		const struct concern *t = &concerns[i];
		struct world *w = world_new();
		struct policy_role r = {.deny = t->deny};

		if (t->user != NULL)
			must(member_add(&r.users, t->user, ""));
		if (t->group != NULL)
			must(member_add(&r.groups, t->group, ""));
		if (t->target != NULL)
			must(name_list_add(&r.targets, t->target));
		if (t->key != NULL)
			must(label_list_add(&r.labels, t->key, t->value));
		CHECK_ROW(policy_concerns(&r, "alice", &w->groups, &w->target,
			      0) == t->want,
		    t->name);
		CHECK_ROW(!policy_concerns(&r, "alice", &w->groups, NULL, 0),
		    t->name);
	}
}

static void
test_every_label_must_match(void **state)
{
	struct world *w = world_new();
	struct policy_role *ops = add_role(w, "ops");
	struct policy_facts f = facts(w);

	(void)state;
	must(label_list_add(&ops->labels, "app", "shop"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	name_set(ops->labels.label[1].value, "blog");
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
}

static void
test_target_values(void **state)
{
	struct world *w = world_new();
	struct target t = w->target;
	const struct label_list none = {0};

	(void)state;
	assert_false(label_list_covers(&t.labels, &none));
	assert_true(target_equal(&t, &w->target));
	must(target_add_key(&t, "abcd", 4));
	assert_int_not_equal(target_add_key(&t, "abcd", 4), 0);
	must(target_add_key(&t, "abce", 4));
	assert_int_equal(target_nkeys(&t), 2);
	assert_true(target_has_key(&t, "abce", 4));
	assert_false(target_has_key(&t, "abc", 3));
	assert_false(target_equal(&t, &w->target));
	t.host_keys_len--; /* cut: nothing of it counts */
	assert_int_equal(target_nkeys(&t), 0);
	assert_false(target_has_key(&t, "abcd", 4));
	assert_false(target_ok(&t));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_zero_denies),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_would_pass_passes),
	    cmocka_unit_test(test_no_advice_for_a_key),
	    cmocka_unit_test(test_all_refusals_at_once),
	    cmocka_unit_test(test_unknown_is_forbidden),
	    cmocka_unit_test(test_concerns),
	    cmocka_unit_test(test_every_label_must_match),
	    cmocka_unit_test(test_deny),
	    cmocka_unit_test(test_glass),
	    cmocka_unit_test(test_glass_denied),
	    cmocka_unit_test(test_glass_locked),
	    cmocka_unit_test(test_glass_owed),
	    cmocka_unit_test(test_glass_direct),
	    cmocka_unit_test(test_locks),
	    cmocka_unit_test(test_lock_beats_allow),
	    cmocka_unit_test(test_lock_tells_no_stranger),
	    cmocka_unit_test(test_lock_of_a_grant),
	    cmocka_unit_test(test_merge),
	    cmocka_unit_test(test_merge_only_what_gives_it),
	    cmocka_unit_test(test_gateway_limits),
	    cmocka_unit_test(test_both_sources_count),
	    cmocka_unit_test(test_broken_target_denies),
	    cmocka_unit_test(test_process_ok),
	    cmocka_unit_test(test_commands),
	    cmocka_unit_test(test_too_many_commands),
	    cmocka_unit_test(test_within_commands),
	    cmocka_unit_test(test_within),
	    cmocka_unit_test(test_target_values),
	    cmocka_unit_test(test_approvals),
	    cmocka_unit_test(test_approved_is_not_allowed),
	    cmocka_unit_test(test_approvals_of_roles),
	    cmocka_unit_test(test_too_many_approvals),
	    cmocka_unit_test(test_patterns_of_roles),
	    cmocka_unit_test(test_at_once),
	    cmocka_unit_test(test_hardware),
	    cmocka_unit_test(test_hardware_code),
	    cmocka_unit_test(test_anywhere),
	    cmocka_unit_test(test_gaps),
	    cmocka_unit_test(test_agent),
	    cmocka_unit_test(test_agent_of_three),
	    cmocka_unit_test(test_agent_locked),
	    cmocka_unit_test(test_agent_strictest),
	    cmocka_unit_test(test_agent_limits),
	    cmocka_unit_test(test_agent_approvals),
	    cmocka_unit_test(test_agent_never_wider),
	    cmocka_unit_test(test_agent_lent),
	    cmocka_unit_test(test_delegation_ok),
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_kinds_do_not_merge),
	    cmocka_unit_test(test_machine_elsewhere),
	    cmocka_unit_test(test_machine_role_ok),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
