/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_policyrole - which targets a role reaches by what it says of labels; and
 * what holds for any roles: their order changes nothing, no role that is added
 * takes a deny away, and one that is report only changes nothing.
 */
#include "tests/unit/core/policyscene.h"
#include "tests/unit/core/zonescene.h"
#include "tests/unit/support/rnd.h"
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/trial.h"

/* ---- labels */

static void
test_reaches(void **state)
{
	static const struct {
		const char *name, *target, *key, *value, *select;
		bool deny, want;
	} rows[] = {
	    {"nothing said", NULL, NULL, NULL, NULL, false, false},
	    {"deny: nothing said is all", NULL, NULL, NULL, NULL, true, true},
	    {"select", NULL, NULL, NULL, "env in (prod, test)", false, true},
	    {"another", NULL, NULL, NULL, "env!=prod", false, false},
	    {"deny: another", NULL, NULL, NULL, "env!=prod", true, false},
	    {"both", NULL, "app", "shop", "env=prod", false, true},
	    {"labels alone do not do", NULL, "app", "shop", "env!=prod", false,
		false},
	    {"nor does select", NULL, "app", "blog", "env=prod", false, false},
	    {"a name does", "web-01", NULL, NULL, "env!=prod", false, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world *w = world_new();
		struct policy_role r = {.deny = rows[i].deny};

		if (rows[i].target != NULL)
			must(name_list_add(&r.targets, rows[i].target));
		if (rows[i].key != NULL)
			must(label_list_add(
			    &r.labels, rows[i].key, rows[i].value));
		if (rows[i].select != NULL)
			must(selector_add(&r.select, rows[i].select));
		CHECK_ROW(policy_reaches(&r, &w->target) == rows[i].want,
		    rows[i].name);
	}
}

static void
test_role_ok(void **state)
{
	struct world *w = world_new();
	struct policy_role *r = add_role(w, "ops");

	(void)state;
	r->labels.n = 0;
	assert_false(policy_role_ok(r));
	must(selector_add(&r->select, "env!=prod"));
	assert_true(policy_role_ok(r));
}

/* ---- any roles */

static void
any_lists(struct policy_role *r, struct rnd *rnd)
{
	static const char *const hours[] = {"mon-fri 08:00-18:00 Europe/Berlin",
	    "mon 09:30-10:00 UTC", "sat,sun 00:00-24:00 UTC",
	    "mon-sun 22:00-12:00 America/New_York",
	    "mon-sun 00:00-24:00 No/Where"};
	static const char *const select[] = {"env=prod", "env!=prod", "app",
	    "!zone", "env in (prod, test)", "app notin (blog)"};
	static const char *const sources[] = {
	    "198.51.100.0/24", "203.0.113.0/24"};

	if (rnd_below(rnd, 2) != 0)
		must(hours_add(
		    &r->hours, hours[rnd_below(rnd, ARRAY_LEN(hours))]));
	if (rnd_below(rnd, 2) != 0)
		must(selector_add(
		    &r->select, select[rnd_below(rnd, ARRAY_LEN(select))]));
	if (rnd_below(rnd, 4) == 0)
		must(prefix_list_add(
		    &r->sources, sources[rnd_below(rnd, ARRAY_LEN(sources))]));
}

/* From when it can begin to after it has ended. */
static void
any_member(struct member_list *l, const char *name, struct rnd *rnd)
{
	static const char *const until[] = {"", "2027-03-02T12:00:00Z",
	    "2027-03-04T00:00:00Z", "2027-02-01T00:00:00Z"};

	l->names.n = 0;
	must(member_add(l, name, until[rnd_below(rnd, ARRAY_LEN(until))]));
}

static void
must_or_there(int r)
{
	if (r != GW_EEXIST)
		must(r);
}

static void
any_role(struct world *w, struct rnd *rnd, bool deny)
{
	static const char *const any_of[] = {"group=ops; reason=a.*",
	    "hours=mon-fri 07:00-19:00 UTC", "select=env!=prod", "reason=.*n"};
	char name[] = "role-a";
	struct policy_role *r = NULL;

	name[5] = (char)('a' + w->nroles);
	r = add_role(w, name);
	if (deny) {
		memset(r, 0, sizeof(*r));
		name_set(r->name, name);
		r->deny = true;
		if (rnd_below(rnd, 2) != 0)
			must(name_list_add(&r->logins, "root"));
	}
	any_lists(r, rnd);
	r->max_s = (uint32_t)(600 + 600 * rnd_below(rnd, 12));
	r->mfa_age_s = (uint32_t)(60 * rnd_below(rnd, 5));
	r->record = rnd_below(rnd, 2) != 0;
	r->caps = (uint32_t)(rnd_u64(rnd) & CAP_DEFAULT);
	r->hardware = (uint32_t)rnd_below(rnd, 3) / 2 * HARDWARE_PRESENCE;
	if (rnd_below(rnd, 3) == 0)
		any_member(&r->groups, "ops", rnd);
	if (rnd_below(rnd, 4) == 0)
		any_member(&r->users, "alice", rnd);
	if (rnd_below(rnd, 4) == 0)
		must(login_add(&r->logins, "{{user}}"));
	if (!deny && rnd_below(rnd, 4) == 0)
		must(alternative_add(&r->any_of, any_of[rnd_below(rnd, 4)]));
	if (!deny && rnd_below(rnd, 4) == 0)
		must_or_there(
		    alternative_add(&r->any_of, any_of[rnd_below(rnd, 4)]));
	if (rnd_below(rnd, 4) == 0)
		must(quorum_add(&r->approvals,
		    rnd_below(rnd, 2) != 0 ? "1 of leads" : "2 of sre"));
}

static struct policy_facts
any_facts(const struct world *w, const struct zone_table *t, struct rnd *rnd)
{
	struct policy_facts f = facts(w);

	f.zones = t;
	f.login = rnd_below(rnd, 4) != 0 ? "deploy" : "alice";
	f.hardware = (unsigned)rnd_below(rnd, HARDWARE_COUNT);
	f.reason = "a reason";
	f.when_ms = at_ms("2027-03-01T00:00:00Z") +
		    (int64_t)rnd_below(rnd, 7 * 86400) * 1000;
	f.seconds = (uint32_t)(rnd_below(rnd, 4) * 1200);
	return f;
}

static void
shuffle(struct world *w, struct rnd *rnd)
{
	for (size_t i = w->nroles; i > 1; i--) {
		const size_t k = rnd_below(rnd, i);
		const struct policy_role r = w->role[i - 1];

		w->role[i - 1] = w->role[k];
		w->role[k] = r;
	}
}

static void
same(const struct policy_result *a, const struct policy_result *b)
{
	assert_int_equal(a->verdict, b->verdict);
	assert_string_equal(a->role, b->role);
	assert_string_equal(a->login, b->login);
	assert_int_equal(a->seconds, b->seconds);
	assert_int_equal(a->max_s, b->max_s);
	assert_int_equal(a->mfa_age_s, b->mfa_age_s);
	assert_int_equal(a->caps, b->caps);
	assert_int_equal(a->record, b->record);
	assert_int_equal(a->code, b->code);
	assert_int_equal(a->hardware, b->hardware);
	assert_int_equal(a->until_ms, b->until_ms);
	assert_int_equal(a->roles.n, b->roles.n);
	assert_int_equal(a->needs.n, b->needs.n);
	for (unsigned i = 0; i < a->roles.n; i++)
		assert_string_equal(a->roles.name[i], b->roles.name[i]);
	assert_int_equal(a->nrefused, b->nrefused);
	for (unsigned i = 0; i < a->nrefused; i++)
		assert_string_equal(a->refused[i].text, b->refused[i].text);
}

static void
same_trials(const struct trial *a, const struct trial *b)
{
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->more, b->more);
	for (unsigned i = 0; i < a->n; i++) {
		assert_string_equal(a->item[i].role, b->item[i].role);
		assert_string_equal(a->item[i].field, b->item[i].field);
		assert_string_equal(a->item[i].text, b->item[i].text);
	}
}

static void
test_order_changes_nothing(void **state)
{
	struct zone_table *t = zones_new();
	struct rnd rnd = {.s = 20270301};
	unsigned allowed = 0, tried = 0;

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		struct world *w = world_new();
		struct policy_facts f;
		struct policy_result a, b;
		struct trial ta, tb;

		must(name_list_add(&w->target.logins, "alice"));
		for (size_t k = 1 + rnd_below(&rnd, ROLES - 1); k > 0; k--) {
			any_role(w, &rnd, rnd_below(&rnd, 8) == 0);
			w->role[w->nroles - 1].report_only =
			    rnd_below(&rnd, 6) == 0;
		}
		f = any_facts(w, t, &rnd);
		a = decide(w, &f);
		trial_judge(&ta, &f, &a, w->role, w->nroles);
		shuffle(w, &rnd);
		b = decide(w, &f);
		trial_judge(&tb, &f, &b, w->role, w->nroles);
		allowed += a.verdict != POLICY_DENY;
		tried += ta.n > 0;
		same(&a, &b);
		same_trials(&ta, &tb);
	}
	assert_in_range(allowed, 400, 3600); /* both were seen */
	assert_in_range(tried, 50, 3600);
	zone_table_free(t);
}

/* Whatever a role says that is report only, and whatever it would refuse. */
static void
test_report_only(void **state)
{
	struct zone_table *t = zones_new();
	struct rnd rnd = {.s = 2029};
	unsigned allowed = 0, held = 0;

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		struct world *w = world_new();
		struct policy_facts f;
		struct policy_result a, b;

		for (size_t k = rnd_below(&rnd, 4); k > 0; k--)
			any_role(w, &rnd, rnd_below(&rnd, 8) == 0);
		f = any_facts(w, t, &rnd);
		a = decide(w, &f);
		while (w->nroles < ROLES) {
			any_role(w, &rnd, rnd_below(&rnd, 4) == 0);
			w->role[w->nroles - 1].report_only = true;
			b = decide(w, &f);
			same(&a, &b);
		}
		allowed += a.verdict != POLICY_DENY;
		for (size_t k = 0; k < w->nroles; k++)
			w->role[k].report_only = false;
		held += decide(w, &f).verdict != a.verdict;
	}
	assert_in_range(allowed, 400, 3600);
	assert_in_range(held, 400, 4000); /* if they held they would matter */
	zone_table_free(t);
}

/* And what it adds makes nothing that was denied for its hours longer. */
static void
test_deny_stays(void **state)
{
	struct zone_table *t = zones_new();
	struct rnd rnd = {.s = 8};
	unsigned denied = 0;

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		struct world *w = world_new();
		struct policy_facts f;

		any_role(w, &rnd, false);
		f = any_facts(w, t, &rnd);
		if (decide(w, &f).verdict == POLICY_DENY)
			continue;
		any_role(w, &rnd, true);
		if (decide(w, &f).verdict != POLICY_DENY)
			continue;
		denied++;
		while (w->nroles < ROLES) {
			any_role(w, &rnd, rnd_below(&rnd, 8) == 0);
			shuffle(w, &rnd);
			assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
		}
	}
	assert_in_range(denied, 50, 4000);
	zone_table_free(t);
}

/* ---- logins for who asks */

static const struct own_login {
	const char *text, *user, *login;
	bool gives, denies;
} own_logins[] = {
    {"{{user}}", "alice", "alice", true, true},
    {"{{user}}", "alice", "bob", false, false},
    {"{{user}}", "alice", "{{user}}", false, false},
    {"adm-{{user}}", "alice", "adm-alice", true, true},
    {"{{user}}.adm", "alice", "alice.adm", true, true},
    {"alice", "bob", "alice", true, true},
    /* no account is called so; one that denies knows no such thing */
    {"{{user}}", "Alice", "Alice", false, true},
    {"{{user}}", "1000", "1000", false, true},
    {"{{user}}", "root", "root", false, true},
    {"r{{user}}", "oot", "root", false, true},
    {"root", "root", "root", true, true},
    {"{{user}}", "a23456789012345678901234567890123",
	"a23456789012345678901234567890123", false, true},
};

static void
test_own_login(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	struct policy_role *ops = add_role(w, "ops");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(own_logins); i++) {
		const struct own_login *t = &own_logins[i];
		struct name_list l = {0};

		must(login_add(&l, t->text));
		CHECK_ROW(
		    login_gives(&l, t->user, t->login) == t->gives, t->text);
		CHECK_ROW(
		    login_denies(&l, t->user, t->login) == t->denies, t->text);
	}
	ops->logins.n = 0;
	must(login_add(&ops->logins, "{{user}}"));
	/* it has to be there */
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	must(name_list_add(&w->target.logins, "alice"));
	must(name_list_add(&w->target.logins, "bob"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	assert_string_equal(decide(w, &f).login, "alice");
	f.login = "bob";
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	f.user = "root"; /* who the target has a login of */
	f.login = "root";
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reaches),
	    cmocka_unit_test(test_role_ok),
	    cmocka_unit_test(test_order_changes_nothing),
	    cmocka_unit_test(test_report_only),
	    cmocka_unit_test(test_deny_stays),
	    cmocka_unit_test(test_own_login),
	};

	return cmocka_run_group_tests_name("policyrole", tests, NULL, NULL);
}
