/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_trial - what roles that are report only would refuse, in which words;
 * and that they give nothing.
 */
#include "core/trial.h"
#include "tests/unit/core/policyscene.h"

#include <string.h>

static void
deny(struct policy_role *r)
{
	r->deny = true;
	r->logins.n = r->ports.n = 0;
}

static void
ticket(struct policy_role *r)
{
	must(pattern_add(&r->ticket_pattern, "INC-[0-9]+"));
}

static void
shorter(struct policy_role *r)
{
	r->max_s = 600;
}

static void
approved(struct policy_role *r)
{
	must(quorum_add(&r->approvals, "2 of leads"));
}

static void
a_key(struct policy_role *r)
{
	r->hardware = HARDWARE_PRESENCE;
}

static void
sftp(struct policy_role *r)
{
	r->caps = CAP_SFTP;
}

static void
elsewhere(struct policy_role *r)
{
	must(prefix_list_add(&r->sources, "203.0.113.0/24"));
}

static void
others(struct policy_role *r)
{
	deny(r);
	r->groups.names.n = 0;
	must(member_add(&r->users, "bob", ""));
}

static void
the_same(struct policy_role *r)
{
	(void)r;
}

static const struct row {
	const char *name;
	void (*make)(struct policy_role *r);
	const char *field, *part; /* NULL: it would not be refused */
} rows[] = {
    {"deny", deny, "target", "role try denies it"},
    {"ticket", ticket, "ticket", "missing; role try wants INC-[0-9]+"},
    {"shorter", shorter, "for", "over the 10m that role try allows"},
    {"approvals", approved, "approvals", "approved by 2 of leads"},
    {"key", a_key, "hardware_key", "role try wants a security key"},
    {"nothing in common", sftp, "role", "nothing in common"},
    /* an allow role does not count then, and refuses nothing */
    {"elsewhere", elsewhere, NULL, NULL},
    {"others", others, NULL, NULL},
    {"the same", the_same, NULL, NULL},
};

static void
test_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world *w = world_new();
		struct policy_facts f = facts(w);
		struct policy_role *ops = add_role(w, "ops"), *r = NULL;
		struct policy_result v;
		struct trial t;

		ops->caps = CAP_SHELL | CAP_PTY;
		f.reason = "why";
		f.seconds = 3600;
		r = add_role(w, "try");
		r->report_only = true;
		rows[i].make(r);
		v = decide(w, &f);
		CHECK_ROW(v.verdict == POLICY_ALLOW, rows[i].name);
		CHECK_ROW(strcmp(v.role, "ops") == 0, rows[i].name);
		trial_judge(&t, &f, &v, w->role, w->nroles);
		CHECK_ROW(t.n == (rows[i].field != NULL ? 1 : 0), rows[i].name);
		if (t.n == 0)
			continue;
		CHECK_ROW(strcmp(t.item[0].role, "try") == 0, rows[i].name);
		CHECK_ROW(strcmp(t.item[0].field, rows[i].field) == 0,
		    t.item[0].field);
		CHECK_ROW(strstr(t.item[0].text, rows[i].part) != NULL,
		    t.item[0].text);
	}
}

/* Alone it gives nothing, and nobody names it. */
static void
test_gives_nothing(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	struct policy_role *r = add_role(w, "ops");
	struct policy_result v;
	struct trial t;

	(void)state;
	f.reason = "why";
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	r->report_only = true;
	v = decide(w, &f);
	assert_int_equal(v.verdict, POLICY_DENY);
	assert_string_equal(v.refused[0].field, "target");
	trial_judge(&t, &f, &v, w->role, w->nroles);
	assert_int_equal(t.n, 0);
	add_role(w, "two");
	f.role = "ops";
	v = decide(w, &f);
	assert_int_equal(v.verdict, POLICY_DENY);
	assert_non_null(strstr(v.refused[0].text, "of your roles do: two"));
}

/* More than are listed: the first by name, and how many more there are. */
static void
test_many(void **state)
{
	static const char *const names[] = {"f", "b", "e", "a", "d", "c"};
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	struct policy_result v;
	struct trial t;

	(void)state;
	f.reason = "why";
	add_role(w, "ops");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct policy_role *r = add_role(w, names[i]);

		r->report_only = true;
		deny(r);
	}
	v = decide(w, &f);
	assert_int_equal(v.verdict, POLICY_ALLOW);
	trial_judge(&t, &f, &v, w->role, w->nroles);
	assert_int_equal(t.n, TRIAL_MAX);
	assert_int_equal(t.more, 2);
	assert_string_equal(t.item[0].role, "a");
	assert_string_equal(t.item[3].role, "d");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_told),
	    cmocka_unit_test(test_gives_nothing),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
