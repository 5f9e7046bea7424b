/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_alternative - what an alternative of a role is, and when one of several
 * holds and until when; and that a role gives nothing without.
 */
#include "core/alternative.h"
#include "tests/unit/core/policyscene.h"
#include "tests/unit/core/zonescene.h"

#include <string.h>

#include "base/err.h"

static const struct text {
	const char *text, *is; /* NULL: it is none */
} texts[] = {
    {"hours=mon-fri 08:00-18:00 UTC", "hours=mon-fri 08:00-18:00 UTC"},
    {"group=oncall", "group=oncall"},
    {"reason=a; b", "reason=a; b"},
    {"select=env in (test, prod); group=oncall",
	"group=oncall; select=env in (prod, test)"},
    {"group=oncall; reason=INC-[0-9]+ .*",
	"group=oncall; reason=INC-[0-9]+ .*"},
    {"", NULL},
    {"oncall", NULL},
    {"group=", NULL},
    {"group=a b", NULL},
    {"group=a; group=b", NULL},
    {"group=a; ", NULL},
    {"group=a;reason=b", NULL},
    {"user=alice", NULL},
    {"hours=always", NULL},
    {"select=env==prod", NULL},
    {"reason=", NULL},
    {"reason=(a)\\1", NULL},
};

static void
test_texts(void **state)
{
	char text[LIMIT_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct text *t = &texts[i];
		struct alternative_list l = {0};
		const int r = alternative_add(&l, t->text);

		CHECK_ROW((r == 0) == (t->is != NULL), t->text);
		if (r != 0)
			continue;
		alternative_text(text, &l.of[0]);
		CHECK_ROW(strcmp(text, t->is) == 0, text);
		CHECK_ROW(alternative_add(&l, t->is) == GW_EEXIST, t->text);
	}
}

/* On Monday the first of March 2027, at ten in UTC. */
static const struct row {
	const char *name;
	const char *a, *b; /* alternatives */
	const char *reason;
	bool holds;
	const char *until; /* NULL: for ever */
} rows[] = {
    {"in hours", "hours=mon 08:00-18:00 UTC", NULL, "", true,
	"2027-03-01T18:00:00Z"},
    {"out of hours", "hours=tue 08:00-18:00 UTC", NULL, "", false, NULL},
    {"an unknown zone", "hours=mon 08:00-18:00 No/Where", NULL, "", false,
	NULL},
    {"one is enough", "hours=tue 08:00-18:00 UTC", "group=ops", "", true, NULL},
    {"one that does not end", "hours=mon 08:00-18:00 UTC", "group=ops", "",
	true, NULL},
    {"another group", "group=leads", NULL, "", false, NULL},
    {"the target's labels", "select=env=prod", NULL, "", true, NULL},
    {"others", "select=env=test", NULL, "", false, NULL},
    {"a reason", "reason=INC-[0-9]+", NULL, "INC-1", true, NULL},
    {"another", "reason=INC-[0-9]+", NULL, "INC", false, NULL},
    {"none", "reason=.*x", "group=leads", "", false, NULL},
    {"all of one", "group=ops; reason=INC-[0-9]+", NULL, "INC-1", true, NULL},
    {"half of one", "group=ops; reason=INC-[0-9]+", NULL, "x", false, NULL},
    {"halves of two", "group=ops; reason=INC-[0-9]+",
	"group=leads; hours=mon 08:00-18:00 UTC", "x", false, NULL},
    {"one after the other", "hours=mon 08:00-18:00 UTC",
	"hours=mon 18:00-20:00 UTC; group=ops", "", true,
	"2027-03-01T20:00:00Z"},
    {"the other is not theirs", "hours=mon 08:00-18:00 UTC",
	"hours=mon 18:00-20:00 UTC; group=leads", "", true,
	"2027-03-01T18:00:00Z"},
};

static void
test_holds(void **state)
{
	struct zone_table *zones = zones_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world *w = world_new();
		struct policy_facts f = facts(w);
		struct policy_role *r = add_role(w, "ops");
		struct policy_result v;

		must(alternative_add(&r->any_of, rows[i].a));
		if (rows[i].b != NULL)
			must(alternative_add(&r->any_of, rows[i].b));
		f.zones = zones;
		f.when_ms = at_ms("2027-03-01T10:00:00Z");
		f.reason = rows[i].reason;
		f.seconds = 600;
		v = decide(w, &f);
		CHECK_ROW(
		    (v.verdict != POLICY_DENY) == rows[i].holds, rows[i].name);
		if (!rows[i].holds) {
			CHECK_ROW(strcmp(v.refused[0].field, "or") == 0,
			    rows[i].name);
			continue;
		}
		CHECK_ROW(
		    v.until_ms == (rows[i].until != NULL ? at_ms(rows[i].until)
							 : HOURS_NEVER),
		    rows[i].name);
	}
	zone_table_free(zones);
}

/* Of each role by itself; what could be brought is as brought when it is only
 * explained, and not when something is open. */
static void
test_of_roles(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	struct policy_role *a = add_role(w, "a"), *b = add_role(w, "b");
	struct policy_result v;

	(void)state;
	must(alternative_add(&a->any_of, "group=ops"));
	must(alternative_add(&b->any_of, "reason=INC-[0-9]+"));
	must(alternative_add(&b->any_of, "group=leads"));
	f.reason = "why";
	v = decide(w, &f);
	assert_int_equal(v.verdict, POLICY_DENY);
	assert_string_equal(v.refused[0].text,
	    "role b wants one of: reason=INC-[0-9]+, or group=leads");
	assert_true(v.would_pass);
	f.reason = "INC-1";
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.role = "a";
	f.reason = "why";
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.role = "";
	f.settled = true;
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.since_ms = f.when_ms = 1000;
	f.end_ms = 9000;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	b->any_of.n = 0;
	must(alternative_add(&b->any_of, "group=leads"));
	f = facts(w);
	v = decide(w, &f);
	assert_int_equal(v.verdict, POLICY_DENY);
	assert_false(v.would_pass);
}

/* What is asked for ends when none holds any more. */
static void
test_until(void **state)
{
	struct zone_table *zones = zones_new();
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	struct policy_role *r = add_role(w, "ops");
	struct policy_result v;

	(void)state;
	must(alternative_add(&r->any_of, "hours=mon 08:00-18:00 UTC"));
	f.zones = zones;
	f.when_ms = at_ms("2027-03-01T17:00:00Z");
	f.seconds = 7200;
	v = decide(w, &f);
	assert_int_equal(v.verdict, POLICY_DENY);
	assert_string_equal(v.refused[0].field, "for");
	assert_non_null(strstr(v.refused[0].text, "alternatives of role ops"));
	assert_true(v.would_pass);
	f.seconds = 0;
	v = decide(w, &f);
	assert_int_equal(v.verdict, POLICY_ALLOW);
	assert_int_equal(v.seconds, 3600);
	zone_table_free(zones);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_holds),
	    cmocka_unit_test(test_of_roles),
	    cmocka_unit_test(test_until),
	};

	return cmocka_run_group_tests_name("alternative", tests, NULL, NULL);
}
