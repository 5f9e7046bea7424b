/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_term - decisions of roles with hours: when they count, for how long they
 * give, and what becomes of what they gave.
 */
#include "core/opening.h"
#include "tests/unit/core/policyscene.h"
#include "tests/unit/core/zonescene.h"
#include "tests/unit/support/test.h"

#include <string.h>

/* 2027-03-01 is a Monday; Berlin is an hour ahead. */
#define MONDAY(hhmm) at_ms("2027-03-01T" hhmm ":00Z")
#define OFFICE "mon-fri 08:00-18:00 Europe/Berlin"

static struct policy_facts
facts_at(const struct world *w, const struct zone_table *t, int64_t when_ms)
{
	struct policy_facts f = facts(w);

	f.zones = t;
	f.when_ms = when_ms;
	return f;
}

static struct policy_role *
add_deny(struct world *w, const char *name, const char *hours)
{
	struct policy_role *r = &w->role[w->nroles++];

	memset(r, 0, sizeof(*r));
	name_set(r->name, name);
	r->deny = true;
	must(hours_add(&r->hours, hours));
	return r;
}

static void
want_refused(const struct policy_result *r, const char *field, const char *text)
{
	assert_int_equal(r->verdict, POLICY_DENY);
	assert_int_equal(r->nrefused, 1);
	assert_string_equal(r->refused[0].field, field);
	assert_string_equal(r->refused[0].text, text);
}

static void
test_counts_in_its_hours(void **state)
{
	struct zone_table *t = zones_new();
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, t, MONDAY("07:00"));
	struct policy_result r;

	(void)state;
	must(hours_add(&add_role(w, "ops")->hours, OFFICE));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	assert_int_equal(decide(w, &f).until_ms, MONDAY("17:00"));
	f.when_ms = at_ms("2027-03-06T02:12:00Z");
	r = decide(w, &f);
	want_refused(
	    &r, "hours", "role ops gives it " OFFICE "; there it is Sat 03:12");
	assert_false(r.would_pass);
	zone_table_free(t);
}

static void
test_all_of_it(void **state)
{
	struct zone_table *t = zones_new();
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, t, MONDAY("16:00"));
	struct policy_result r;

	(void)state;
	must(hours_add(&add_role(w, "ops")->hours, OFFICE));
	f.seconds = 3600;
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.seconds = 3601;
	r = decide(w, &f);
	want_refused(&r, "for",
	    "1h1s is longer than role ops gives it: until Mon 18:00 "
	    "Europe/Berlin");
	/* what would pass passes, also half a minute later */
	assert_true(r.would_pass);
	assert_int_equal(r.seconds, 3540);
	f.seconds = r.seconds;
	f.when_ms += 30000;
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	/* who does not say gets what there is */
	f.seconds = 0;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_ALLOW);
	assert_int_equal(r.seconds, 3570);
	/* what is said to pass is asked later, for another reason too */
	f.settled = true;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_ALLOW);
	assert_int_equal(r.seconds, 3540);
	f.settled = false;
	f.login = "root";
	r = decide(w, &f);
	assert_true(r.would_pass);
	assert_int_equal(r.seconds, 3540);
	f.login = "";
	/* too long for the role as well: said once */
	f.seconds = 86400;
	r = decide(w, &f);
	want_refused(&r, "for", "1d is over the 2h that role ops allows");
	assert_int_equal(r.seconds, 3540);
	zone_table_free(t);
}

/* ---- members with an end */

/* Who is in ops until noon. */
static struct policy_role *
until_noon(struct world *w, struct policy_role *r)
{
	r->groups.names.n = 0;
	must(member_add(&r->users, "alice until 2027-03-01T12:00:00Z", ""));
	(void)w;
	return r;
}

static void
test_member_until(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, NULL, MONDAY("11:00"));
	struct policy_result r;

	(void)state;
	(void)until_noon(w, add_role(w, "ops"));
	f.seconds = 3600;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_ALLOW);
	assert_int_equal(r.until_ms, MONDAY("12:00"));
	f.seconds = 3601;
	r = decide(w, &f);
	want_refused(&r, "for",
	    "1h1s is longer than you are in role ops: until "
	    "2027-03-01T12:00:00.000Z");
	assert_int_equal(r.seconds, 3540);
	/* what was given holds until then; asked again it is as new */
	f.since_ms = MONDAY("11:00");
	f.end_ms = MONDAY("12:00");
	f.when_ms = MONDAY("11:59");
	f.seconds = 60;
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	/* with an earlier end it does not: it is taken away */
	f.end_ms++;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	f = facts_at(w, NULL, MONDAY("12:00") - 5000);
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.when_ms++;
	r = decide(w, &f);
	want_refused(&r, "hours",
	    "you are in role ops until 2027-03-01T12:00:00.000Z only");
}

/* The same words whether there is such a target or not. */
static void
test_member_ended(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, NULL, MONDAY("12:00"));
	struct policy_result r;

	(void)state;
	(void)until_noon(w, add_role(w, "ops"));
	for (unsigned i = 0; i < 2; i++) {
		f.anytime = i == 1; /* nor of what they could have some time */
		r = decide(w, &f);
		assert_int_equal(r.verdict, POLICY_DENY);
		assert_int_equal(r.nrefused, 2);
		assert_string_equal(r.refused[0].field, "target");
		assert_string_equal(r.refused[1].text,
		    "you were in role ops until 2027-03-01T12:00:00.000Z");
		if (i == 0)
			f.target = NULL;
		assert_int_equal(decide(w, &f).nrefused, 2);
	}
}

/* By several ways into a role the last to end counts; of roles the first. */
static void
test_member_twice(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, NULL, MONDAY("11:00"));
	struct policy_role *ops = until_noon(w, add_role(w, "ops"));

	(void)state;
	must(member_add(&ops->groups, "ops", "2027-03-01T13:00:00Z"));
	assert_int_equal(decide(w, &f).until_ms, MONDAY("13:00"));
	(void)until_noon(w, add_role(w, "more"));
	assert_int_equal(decide(w, &f).until_ms, MONDAY("12:00"));
	/* the one that is over gives nothing, and limits nothing */
	f.when_ms = MONDAY("12:10");
	assert_int_equal(decide(w, &f).until_ms, MONDAY("13:00"));
	assert_int_equal(decide(w, &f).roles.n, 1);
}

/* A deny of somebody until a moment is one of nobody then, never of all. */
static void
test_member_denied(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, NULL, MONDAY("11:00"));
	struct policy_role *no = NULL;

	(void)state;
	(void)add_role(w, "ops");
	no = &w->role[w->nroles++];
	memset(no, 0, sizeof(*no));
	name_set(no->name, "not-yet");
	no->deny = true;
	(void)until_noon(w, no);
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	f.when_ms = MONDAY("12:00");
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.user = "bob";
	f.when_ms = MONDAY("11:00");
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
}

static void
test_last_seconds(void **state)
{
	struct zone_table *t = zones_new();
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, t, MONDAY("17:00") - 5000);

	(void)state;
	must(hours_add(&add_role(w, "ops")->hours, OFFICE));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	assert_int_equal(decide(w, &f).seconds, 5);
	f.when_ms++;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	zone_table_free(t);
}

/* Each counts in its own hours; of those that do the first to end. */
static void
test_several(void **state)
{
	struct zone_table *t = zones_new();
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, t, MONDAY("16:30"));
	struct policy_role *day = add_role(w, "day");
	struct policy_result r;

	(void)state;
	must(hours_add(&day->hours, OFFICE));
	must(quorum_add(&day->approvals, "1 of leads"));
	must(hours_add(&add_role(w, "evening")->hours,
	    "mon-fri 17:00-22:00 Europe/Berlin"));
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_APPROVAL);
	assert_int_equal(r.roles.n, 2);
	assert_int_equal(r.until_ms, MONDAY("17:00"));
	f.role = "evening";
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_ALLOW);
	assert_int_equal(r.until_ms, MONDAY("21:00"));
	f.role = "";
	f.when_ms = MONDAY("17:00");
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_ALLOW);
	assert_int_equal(r.roles.n, 1);
	zone_table_free(t);
}

static void
test_deny_hours(void **state)
{
	struct zone_table *t = zones_new();
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, t, MONDAY("15:30"));
	struct policy_result r;

	(void)state;
	add_role(w, "ops");
	add_deny(w, "freeze", "mon 17:00-06:00 Europe/Berlin");
	f.seconds = 1800;
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	/* nothing reaches into it */
	f.seconds = 1801;
	r = decide(w, &f);
	want_refused(&r, "for",
	    "30m1s reaches into the hours in which role freeze denies it, from "
	    "Mon 17:00 Europe/Berlin on");
	assert_int_equal(r.seconds, 1740);
	f.when_ms = MONDAY("16:00");
	r = decide(w, &f);
	want_refused(&r, "target",
	    "role freeze denies it until Tue 06:00 Europe/Berlin, whatever "
	    "else allows it");
	f.when_ms = MONDAY("16:00") - 4999;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	f.when_ms = at_ms("2027-03-02T05:00:00Z");
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	zone_table_free(t);
}

/* In doubt one does not count, and the other denies. */
static void
test_unknown_zone(void **state)
{
	struct zone_table *t = zones_new();
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, t, MONDAY("07:00"));
	struct policy_result r;

	(void)state;
	must(hours_add(
	    &add_role(w, "ops")->hours, "mon-sun 00:00-24:00 Europe/Bonn"));
	r = decide(w, &f);
	want_refused(&r, "hours",
	    "role ops goes by the clocks of Europe/Bonn, which this gateway "
	    "does not know: tell an administrator");
	f.zones = NULL;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	f.zones = t;
	must(hours_add(&add_role(w, "staff")->hours, OFFICE));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	add_deny(w, "freeze", "tue 00:00-00:01 Europe/Bonn");
	r = decide(w, &f);
	want_refused(&r, "target",
	    "role freeze denies it: it goes by the clocks of Europe/Bonn, "
	    "which this gateway does not know");
	zone_table_free(t);
}

/* When it passes next, and what it is then. */
static void
test_opening(void **state)
{
	struct zone_table *t = zones_new();
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, t, at_ms("2027-03-06T02:12:00Z"));
	struct policy_role *ops = add_role(w, "ops");
	struct policy_result r;

	(void)state;
	must(hours_add(&ops->hours, OFFICE));
	assert_int_equal(opening_find(&r, &f, w->role, w->nroles),
	    at_ms("2027-03-08T07:00:00Z"));
	assert_int_equal(r.verdict, POLICY_ALLOW);
	assert_int_equal(r.until_ms, at_ms("2027-03-08T17:00:00Z"));
	f.when_ms = r.until_ms - 1000; /* too late for a grant of that day */
	assert_int_equal(opening_find(&r, &f, w->role, w->nroles),
	    at_ms("2027-03-09T07:00:00Z"));
	/* the hours begin, and another role denies until noon */
	add_deny(w, "freeze", "mon-sun 00:00-12:00 UTC");
	assert_int_equal(opening_find(&r, &f, w->role, w->nroles),
	    at_ms("2027-03-09T12:00:00Z"));
	/* what no hour changes is not looked for */
	f.login = "nobody";
	assert_int_equal(opening_find(&r, &f, w->role, w->nroles),
	    at_ms("2027-03-09T12:00:00Z"));
	assert_true(r.would_pass);
	f.login = "deploy";
	f.nsources = 1;
	must(addr_parse(&f.sources[0], "192.0.2.1"));
	must(prefix_list_add(&ops->sources, "198.51.100.0/24"));
	assert_int_equal(opening_find(&r, &f, w->role, w->nroles), 0);
	f.nsources = 0;
	f.zones = NULL;
	assert_int_equal(opening_find(&r, &f, w->role, w->nroles), 0);
	zone_table_free(t);
}

/* An alternative of the role has the hours, not the role. */
static void
test_opening_alternative(void **state)
{
	struct zone_table *t = zones_new();
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, t, at_ms("2027-03-06T02:12:00Z"));
	struct policy_role *ops = add_role(w, "ops");
	struct policy_result r;

	(void)state;
	must(alternative_add(&ops->any_of, "hours=" OFFICE));
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	assert_int_equal(opening_find(&r, &f, w->role, w->nroles),
	    at_ms("2027-03-08T07:00:00Z"));
	assert_int_equal(r.verdict, POLICY_ALLOW);
	zone_table_free(t);
}

/* Who could have it at all: what denies at times does not. */
static void
test_anytime(void **state)
{
	struct zone_table *t = zones_new();
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, t, 0);

	(void)state;
	f.anytime = true;
	must(hours_add(&add_role(w, "ops")->hours, OFFICE));
	add_deny(w, "freeze", "mon-sun 00:00-24:00 UTC");
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.zones = NULL;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	f.zones = t;
	add_deny(w, "other", "mon-sun 00:00-24:00 No/Where");
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	zone_table_free(t);
}

/* Given at nine for an hour, judged again half an hour later. */
static void
test_open_grants(void **state)
{
	struct zone_table *t = zones_new();
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, t, MONDAY("08:30"));
	struct policy_role *ops = add_role(w, "ops"), *strict = NULL;

	(void)state;
	f.since_ms = MONDAY("08:00");
	f.end_ms = MONDAY("09:00");
	f.seconds = 1800;
	must(hours_add(&ops->hours, "mon 09:00-10:00 Europe/Berlin"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	/* to the last millisecond */
	f.end_ms++;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	f.end_ms--;
	/* a role that has begun meanwhile changes nothing */
	strict = add_role(w, "strict");
	must(quorum_add(&strict->approvals, "1 of leads"));
	must(hours_add(&strict->hours, "mon 09:15-18:00 Europe/Berlin"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	/* hours that were made fewer end it */
	memset(&ops->hours, 0, sizeof(ops->hours));
	must(hours_add(&ops->hours, "mon 09:00-09:45 Europe/Berlin"));
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	memset(&ops->hours, 0, sizeof(ops->hours));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	/* and so does what denies in the rest of its time, not before */
	add_deny(w, "freeze", "mon 09:00-09:30 Europe/Berlin");
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	add_deny(w, "freeze2", "mon 09:59-12:00 Europe/Berlin");
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	zone_table_free(t);
}

/* Given at nine for an hour, to last longer: by the roles of now, to the new
 * end. */
static void
test_longer(void **state)
{
	struct zone_table *t = zones_new();
	struct world *w = world_new();
	struct policy_facts f = facts_at(w, t, MONDAY("08:30"));
	struct policy_role *ops = add_role(w, "ops"), *strict = NULL;
	struct policy_result r;

	(void)state;
	must(hours_add(&ops->hours, "mon 09:00-10:30 Europe/Berlin"));
	f.seconds = 5400; /* from its start on */
	f.end_ms = MONDAY("09:30");
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.seconds = 7200;
	f.end_ms = MONDAY("10:00");
	r = decide(w, &f);
	want_refused(&r, "for",
	    "2h is longer than role ops gives it: until Mon 10:30 "
	    "Europe/Berlin");
	assert_int_equal(r.seconds, 5340);
	f.seconds = 5400;
	f.end_ms = MONDAY("09:30");
	strict = add_role(w, "strict");
	must(quorum_add(&strict->approvals, "1 of leads"));
	must(hours_add(&strict->hours, "mon 09:15-18:00 Europe/Berlin"));
	assert_int_equal(decide(w, &f).verdict, POLICY_APPROVAL);
	zone_table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_counts_in_its_hours),
	    cmocka_unit_test(test_all_of_it),
	    cmocka_unit_test(test_last_seconds),
	    cmocka_unit_test(test_member_until),
	    cmocka_unit_test(test_member_ended),
	    cmocka_unit_test(test_member_twice),
	    cmocka_unit_test(test_member_denied),
	    cmocka_unit_test(test_several),
	    cmocka_unit_test(test_deny_hours),
	    cmocka_unit_test(test_unknown_zone),
	    cmocka_unit_test(test_opening),
	    cmocka_unit_test(test_opening_alternative),
	    cmocka_unit_test(test_anytime),
	    cmocka_unit_test(test_open_grants),
	    cmocka_unit_test(test_longer),
	};

	return cmocka_run_group_tests_name("term", tests, NULL, NULL);
}
