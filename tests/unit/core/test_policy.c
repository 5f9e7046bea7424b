/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_policy - the decision, as tables: who, what, whence, how long, and what
 * the refusal says.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "core/grant.h"
#include "core/policy.h"

enum { ROLES = 8 };

struct world {
	struct target target;
	struct name_list groups;
	struct policy_role role[ROLES];
	size_t nroles;
};

static void
must(int r)
{
	assert_int_equal(r, 0);
}

static struct policy_role *
add_role(struct world *w, const char *name)
{
	struct policy_role *r = &w->role[w->nroles++];

	memset(r, 0, sizeof(*r));
	name_set(r->name, name);
	must(name_list_add(&r->groups, "ops"));
	must(label_list_add(&r->labels, "env", "prod"));
	must(name_list_add(&r->logins, "deploy"));
	must(port_list_add(&r->ports, "22"));
	r->max_s = 7200;
	r->mfa_age_s = 300;
	r->caps = CAP_DEFAULT;
	r->record = true;
	return r;
}

/* web-01 (env=prod, app=shop), logins deploy and root; alice is in ops. */
static struct world *
world_new(void)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	name_set(w.target.name, "web-01");
	must(addr_parse(&w.target.addr4, "10.20.0.11"));
	w.target.port = 22;
	w.target.reach = REACH_PROXY;
	must(label_list_add(&w.target.labels, "env", "prod"));
	must(label_list_add(&w.target.labels, "app", "shop"));
	must(name_list_add(&w.target.logins, "deploy"));
	must(name_list_add(&w.target.logins, "root"));
	must(name_list_add(&w.groups, "ops"));
	return &w;
}

static struct policy_facts
facts(const struct world *w)
{
	struct policy_facts f = {.user = "alice",
	    .groups = &w->groups,
	    .target_name = "web-01",
	    .target = &w->target,
	    .login = "",
	    .reason = "",
	    .nsources = 1,
	    .max_s = 86400,
	    .mfa_max_s = 300};

	must(addr_parse(&f.sources[0], "198.51.100.7"));
	return f;
}

static struct policy_result
decide(const struct world *w, const struct policy_facts *f)
{
	struct policy_result r;

	memset(&r, 0xff, sizeof(r)); /* all of it must be written */
	policy_decide(&r, f, w->role, w->nroles);
	return r;
}

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
			must(name_list_add(&r.users, t->user));
		if (t->group != NULL)
			must(name_list_add(&r.groups, t->group));
		if (t->target != NULL)
			must(name_list_add(&r.targets, t->target));
		if (t->key != NULL)
			must(label_list_add(&r.labels, t->key, t->value));
		CHECK_ROW(policy_concerns(
			      &r, "alice", &w->groups, &w->target) == t->want,
		    t->name);
		CHECK_ROW(
		    !policy_concerns(&r, "alice", &w->groups, NULL), t->name);
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

/* ---- deny beats allow */

static void
test_deny(void **state)
{
	struct world *w = world_new();
	struct policy_role *no = NULL;
	struct policy_facts f = facts(w);
	struct policy_result r;

	(void)state;
	add_role(w, "ops");
	add_role(w, "ops2");
	no = &w->role[w->nroles++];
	name_set(no->name, "freeze");
	no->deny = true;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_string_equal(r.role, "freeze");
	assert_false(r.would_pass);
	/* only for another login, port or source: not for this one */
	must(name_list_add(&no->logins, "root"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	must(name_list_add(&no->logins, "deploy"));
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	must(port_list_add(&no->ports, "443"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	must(port_list_add(&no->ports, "22"));
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	must(prefix_list_add(&no->sources, "203.0.113.0/24"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	/* one denied source of two is enough */
	f.nsources = 2;
	must(addr_parse(&f.sources[1], "203.0.113.9"));
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
}

/* ---- overlaps: the strictest, and never a failure */

static void
test_merge(void **state)
{
	struct world *w = world_new();
	struct policy_role *a = add_role(w, "a-long");
	struct policy_role *b = add_role(w, "b-short");
	struct policy_facts f = facts(w);
	struct policy_result r;

	(void)state;
	a->max_s = 14400;
	a->record = false;
	a->caps = CAP_SHELL | CAP_PTY;
	b->max_s = 3600;
	b->reason = true;
	b->mfa_age_s = 60;
	b->caps = CAP_SHELL | CAP_EXEC;
	f.reason = "x";
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_ALLOW);
	assert_string_equal(r.role, "b-short");
	assert_int_equal(r.max_s, 3600);
	assert_int_equal(r.mfa_age_s, 60);
	assert_int_equal(r.caps, CAP_SHELL);
	assert_true(r.record);
	assert_true(r.reason);
	/* nothing in common: the deciding role's */
	b->caps = CAP_SFTP;
	assert_int_equal(decide(w, &f).caps, CAP_SFTP);
	/* the same time: first by name */
	a->max_s = 3600;
	assert_string_equal(decide(w, &f).role, "a-long");
}

static void
test_merge_only_what_gives_it(void **state)
{
	struct world *w = world_new();
	struct policy_role *wide = add_role(w, "wide");
	struct policy_role *root = add_role(w, "rooters");
	struct policy_facts f = facts(w);
	struct policy_result r;

	(void)state;
	memset(&root->logins, 0, sizeof(root->logins));
	must(name_list_add(&root->logins, "root"));
	root->max_s = 600;
	wide->max_s = 7200;
	f.login = "deploy";
	r = decide(w, &f);
	assert_int_equal(r.max_s, 7200); /* the other gives root only */
	f.login = "root";
	assert_int_equal(decide(w, &f).max_s, 600);
	/* two logins are possible: say which */
	f.login = "";
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_string_equal(r.refused[0].field, "login");
	assert_non_null(strstr(r.refused[0].text, "deploy, root"));
	assert_true(r.would_pass);
	/* a role for the office does not bind those outside it */
	must(prefix_list_add(&wide->sources, "10.0.0.0/8"));
	must(name_list_add(&root->logins, "deploy"));
	f.login = "deploy";
	assert_int_equal(decide(w, &f).max_s, 600);
}

static void
test_gateway_limits(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	struct policy_result r;

	(void)state;
	add_role(w, "ops")->max_s = 86400;
	r = decide(w, &f);
	assert_int_equal(r.seconds, LIMIT_GRANT_DEFAULT_S);
	f.max_s = 1800;
	f.seconds = 3600;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_int_equal(r.seconds, 1800);
	f.seconds = 0;
	assert_int_equal(decide(w, &f).seconds, 1800);
	f.mfa_max_s = 30;
	f.mfa_age_s = 31;
	assert_int_equal(decide(w, &f).verdict, POLICY_CODE);
	f.mfa_age_s = 30;
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
}

static void
test_both_sources_count(void **state)
{
	struct world *w = world_new();
	struct policy_role *ops = add_role(w, "ops");
	struct policy_facts f = facts(w);

	(void)state;
	must(prefix_list_add(&ops->sources, "198.51.100.0/24"));
	f.nsources = 2;
	must(addr_parse(&f.sources[1], "2001:db8::7"));
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	must(prefix_list_add(&ops->sources, "2001:db8::/32"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.nsources = 0;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
}

static void
test_broken_target_denies(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);

	(void)state;
	add_role(w, "ops");
	w->target.port = 0;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	w->target.port = 22;
	w->target.reach = REACH_PROBE;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	w->target.reach = REACH_PROXY;
	memset(&w->target.addr4, 0, sizeof(w->target.addr4));
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
}

static void
test_process_ok(void **state)
{
	struct world *w = world_new();
	struct policy_role good = *add_role(w, "ops");
	struct policy_role r = good;

	(void)state;
	assert_true(policy_role_ok(&r));
	assert_true(policy_role_equal(&good, &r));
	r.max_s = 0;
	assert_false(policy_role_ok(&r));
	assert_false(policy_role_equal(&good, &r));
	r = good;
	r.max_s = 86401;
	assert_false(policy_role_ok(&r));
	r = good;
	r.groups.n = 0;
	assert_false(policy_role_ok(&r));
	r = good;
	r.labels.n = 0;
	assert_false(policy_role_ok(&r));
	r = good;
	r.logins.n = 0;
	assert_false(policy_role_ok(&r));
	r = good;
	r.ports.n = 0;
	assert_false(policy_role_ok(&r));
	r = good;
	r.caps = 0;
	assert_false(policy_role_ok(&r));
	memset(&r, 0, sizeof(r));
	name_set(r.name, "freeze");
	r.deny = true;
	assert_true(policy_role_ok(&r));
}

/* What a live grant has, against what would be given now. */
static void
test_within(void **state)
{
	static const struct {
		const char *name;
		enum policy_verdict verdict;
		uint32_t gives, has;
		bool records, recorded, within;
	} cases[] = {
	    {"denied", POLICY_DENY, CAP_DEFAULT, CAP_SFTP, 0, 0, false},
	    {"a code wanted", POLICY_CODE, CAP_DEFAULT, CAP_SFTP, 0, 0, false},
	    {"the same", POLICY_ALLOW, CAP_SFTP, CAP_SFTP, 1, 1, true},
	    {"less", POLICY_ALLOW, CAP_DEFAULT, CAP_SFTP, 0, 0, true},
	    {"one more", POLICY_ALLOW, CAP_SFTP, CAP_SFTP | CAP_PTY, 0, 0,
		false},
	    {"another", POLICY_ALLOW, CAP_SFTP, CAP_SHELL, 0, 0, false},
	    {"nothing given", POLICY_ALLOW, 0, CAP_EXEC, 0, 0, false},
	    {"recorded by now", POLICY_ALLOW, CAP_SFTP, CAP_SFTP, 1, 0, false},
	    {"no more recorded", POLICY_ALLOW, CAP_SFTP, CAP_SFTP, 0, 1, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct policy_result v = {.verdict = cases[i].verdict,
		    .caps = cases[i].gives,
		    .record = cases[i].records};

		CHECK_ROW(policy_within(&v, cases[i].has, cases[i].recorded) ==
			      cases[i].within,
		    cases[i].name);
	}
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
	    cmocka_unit_test(test_all_refusals_at_once),
	    cmocka_unit_test(test_unknown_is_forbidden),
	    cmocka_unit_test(test_concerns),
	    cmocka_unit_test(test_every_label_must_match),
	    cmocka_unit_test(test_deny),
	    cmocka_unit_test(test_merge),
	    cmocka_unit_test(test_merge_only_what_gives_it),
	    cmocka_unit_test(test_gateway_limits),
	    cmocka_unit_test(test_both_sources_count),
	    cmocka_unit_test(test_broken_target_denies),
	    cmocka_unit_test(test_process_ok),
	    cmocka_unit_test(test_within),
	    cmocka_unit_test(test_target_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
