/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zonescene - see the header.
 */
#include "tests/unit/core/zonescene.h"

#include "base/str.h"
#include "tests/unit/support/test.h"

void
zones_add(struct zone_table *t, const char *name, const char *rule)
{
	struct zone z = {.ruled = true};

	assert_int_equal(zone_rule_parse(&z.rule, rule), 0);
	assert_int_equal(zone_table_add(t, name, &z), 0);
}

struct zone_table *
zones_new(void)
{
	struct zone_table *t = zone_table_new();

	assert_non_null(t);
	zones_add(t, "Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3");
	zones_add(t, "America/New_York", "EST5EDT,M3.2.0,M11.1.0");
	zones_add(
	    t, "Australia/Lord_Howe", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
	zones_add(t, "Asia/Kolkata", "IST-5:30");
	zones_add(t, "UTC", "UTC0");
	return t;
}

int64_t
at_ms(const char *time)
{
	int64_t ms = 0;

	assert_int_equal(str_time_parse(time, &ms), 0);
	return ms;
}
