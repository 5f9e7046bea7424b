/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_zone - rules and files of time zones: what they say at which time, what
 * is none, and what a table keeps of them.
 */
#include "tests/unit/core/zonescene.h"
#include "tests/unit/support/rnd.h"
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/* ---- rules */

static const struct {
	const char *name, *rule, *at;
	int32_t off_s;
	const char *until; /* NULL = for ever */
} offsets[] = {
    {"winter", "CET-1CEST,M3.5.0,M10.5.0/3", "2027-03-28T00:59:59Z", 3600,
	"2027-03-28T01:00:00Z"},
    {"summer", "CET-1CEST,M3.5.0,M10.5.0/3", "2027-03-28T01:00:00Z", 7200,
	"2027-10-31T01:00:00Z"},
    {"over the year's end", "CET-1CEST,M3.5.0,M10.5.0/3",
	"2027-12-31T23:30:00Z", 3600, "2028-03-26T01:00:00Z"},
    {"in half a century", "CET-1CEST,M3.5.0,M10.5.0/3", "2076-07-01T00:00:00Z",
	7200, "2076-10-25T01:00:00Z"},
    {"west", "EST5EDT,M3.2.0,M11.1.0", "2027-11-07T05:59:59Z", -14400,
	"2027-11-07T06:00:00Z"},
    {"half an hour", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
	"2027-04-03T15:00:00Z", 37800, "2027-10-02T15:30:00Z"},
    {"summer over new year", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
	"2027-01-01T00:00:00Z", 39600, "2027-04-03T15:00:00Z"},
    {"winter is the exception", "IST-1GMT0,M10.5.0,M3.5.0/1",
	"2027-01-01T00:00:00Z", 0, "2027-03-28T01:00:00Z"},
    {"none", "IST-5:30", "2027-01-01T00:00:00Z", 19800, NULL},
    {"before midnight", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
	"2027-03-28T01:00:00Z", -3600, "2027-10-31T01:00:00Z"},
    {"days of the year", "AAA0BBB,J60/0,J300/0", "2028-03-01T00:00:00Z", 3600,
	"2028-10-26T23:00:00Z"},
    {"with 29 February", "AAA0BBB,59/0,300/0", "2028-02-29T00:00:00Z", 3600,
	"2028-10-26T23:00:00Z"},
    {"always", "AAA3BBB4,0/0,J365/23", "2027-12-31T23:59:59Z", -14400,
	"2028-01-01T03:00:00Z"},
};

static void
test_offsets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
		struct zone z = {.ruled = true};
		int64_t until = 0;

		CHECK_ROW(zone_rule_parse(&z.rule, offsets[i].rule) == 0,
		    offsets[i].name);
		CHECK_ROW(zone_offset(&z, at_ms(offsets[i].at) / 1000,
			      &until) == offsets[i].off_s,
		    offsets[i].name);
		CHECK_ROW(until == (offsets[i].until != NULL
					   ? at_ms(offsets[i].until) / 1000
					   : INT64_MAX),
		    offsets[i].name);
	}
}

static void
test_no_rules(void **state)
{
	static const char *const rows[] = {"", "C", "CE-1", "CET", "CET-1CEST",
	    "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
	    "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
	    "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,M3.5.0,M10.5.0 ",
	    "CET-1CEST,J0,J300", "CET-1CEST,J366,J300", "CET-1CEST,366,300",
	    "CET-26", "<CET-1", "<>-1", "CET-1:60", "CET-1:0:60",
	    "Europe/Berlin", "CET-1CEST,M3.5,M10.5.0", "CET--1"};
	struct zone_rule r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(zone_rule_parse(&r, rows[i]) == GW_EINVAL, rows[i]);
}

/* ---- files */

struct shift {
	int64_t at_s;
	uint8_t type;
};

static void
put(struct buf *b, uint64_t v, unsigned bytes)
{
	uint8_t p[8];

	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
	buf_put(b, p, bytes);
}

static void
put_head(
    struct buf *b, char version, uint32_t leaps, uint32_t n, uint32_t types)
{
	const uint8_t zero[15] = {0};

	buf_put(b, "TZif", 4);
	buf_put(b, &version, 1);
	buf_put(b, zero, sizeof(zero));
	put(b, 0, 4);
	put(b, 0, 4);
	put(b, leaps, 4);
	put(b, n, 4);
	put(b, types, 4);
	put(b, 4, 4);
}

/* Types: 0 is +1 h, 1 is +2 h, 2 is +3 h. */
static void
make_file(struct buf *b, char version, const struct shift *s, uint32_t n,
    const char *rule)
{
	buf_init(b, 4096);
	put_head(b, version, 0, 0, 1); /* of 32 bits: passed over */
	put(b, 0, 6);
	put(b, 0, 4);
	put_head(b, version, 0, n, 3);
	for (uint32_t i = 0; i < n; i++)
		put(b, (uint64_t)s[i].at_s, 8);
	for (uint32_t i = 0; i < n; i++)
		put(b, s[i].type, 1);
	for (uint64_t i = 1; i <= 3; i++) {
		put(b, i * 3600, 4);
		put(b, 0, 2);
	}
	put(b, 0, 4);
	buf_printf(b, "\n%s\n", rule);
}

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

/* 2027's two are told by the rule; a third hour in May of 2026 is not. */
static const struct shift shifts[] = {
    {1000000000, 1}, {1774746000, 1}, /* 2026-03-29T01:00Z */
    {1777593600, 2},                  /* 2026-05-01T00:00Z */
    {1780272000, 1},                  /* 2026-06-01T00:00Z */
    {1792890000, 0},                  /* 2026-10-25T01:00Z */
    {1806195600, 1},                  /* 2027-03-28T01:00Z */
    {1824944400, 0},                  /* 2027-10-31T01:00Z */
};

static void
test_file(void **state)
{
	static const struct {
		const char *at;
		int32_t off_s;
	} rows[] = {{"2026-03-29T00:59:59Z", 7200}, /* no autumn in our file */
	    {"2026-04-30T23:59:59Z", 7200}, {"2026-05-01T00:00:00Z", 10800},
	    {"2026-06-01T00:00:00Z", 7200}, {"2026-10-25T01:00:00Z", 3600},
	    {"2027-03-28T01:00:00Z", 7200}, {"2040-07-01T00:00:00Z", 7200},
	    {"2040-12-01T00:00:00Z", 3600}};
	const char versions[] = {'2', '3', '4'};

	(void)state;
	for (size_t v = 0; v < sizeof(versions); v++) {
		struct buf b;
		struct zone z;
		int64_t until = 0;

		make_file(&b, versions[v], shifts, ARRAY_LEN(shifts), BERLIN);
		assert_int_equal(zone_parse(&z, b.p, b.len, 1735689600), 0);
		/* those that the rule tells are not kept */
		assert_int_equal(z.nshifts, 3);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++)
			CHECK_ROW(zone_offset(&z, at_ms(rows[i].at) / 1000,
				      &until) == rows[i].off_s,
			    rows[i].at);
		zone_done(&z);
		buf_done(&b);
	}
}

/* Without a rule the last shift stays; without shifts, the first type. */
static void
test_no_rule(void **state)
{
	struct buf b;
	struct zone z;
	int64_t until = 0;

	(void)state;
	make_file(&b, '2', shifts, 3, "");
	assert_int_equal(zone_parse(&z, b.p, b.len, 1735689600), 0);
	assert_int_equal(zone_offset(&z, 4000000000, &until), 10800);
	assert_true(until == INT64_MAX);
	zone_done(&z);
	buf_done(&b);
	make_file(&b, '2', shifts, 0, "");
	assert_int_equal(zone_parse(&z, b.p, b.len, 1735689600), 0);
	assert_int_equal(zone_offset(&z, 0, &until), 3600);
	zone_done(&z);
	buf_done(&b);
}

static void
test_bad_files(void **state)
{
	const struct shift twice[] = {{5, 1}, {5, 0}}, none[] = {{5, 3}};
	struct rnd rnd = {.s = 7};
	struct zone z;
	struct buf b;

	(void)state;
	make_file(&b, '\0', shifts, 1, BERLIN);
	assert_int_equal(zone_parse(&z, b.p, b.len, 0), GW_EUNSUPPORTED);
	buf_done(&b);
	make_file(&b, '2', twice, 2, BERLIN);
	assert_int_equal(zone_parse(&z, b.p, b.len, 0), GW_EINVAL);
	buf_done(&b);
	make_file(&b, '2', none, 1, BERLIN);
	assert_int_equal(zone_parse(&z, b.p, b.len, 0), GW_EINVAL);
	buf_done(&b);
	make_file(&b, '2', shifts, 2, "CET-1CEST");
	assert_int_equal(zone_parse(&z, b.p, b.len, 0), GW_EINVAL);
	buf_done(&b);
	make_file(&b, '2', shifts, ARRAY_LEN(shifts), BERLIN);
	for (size_t n = 0; n < b.len; n++)
		assert_int_not_equal(zone_parse(&z, b.p, n, 0), 0);
	/* whatever stands in it */
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t p[512];
		const size_t at = rnd_below(&rnd, b.len);

		memcpy(p, b.p, b.len);
		p[at] = (uint8_t)rnd_u64(&rnd);
		if (zone_parse(&z, p, b.len, 0) == 0)
			zone_done(&z);
	}
	buf_done(&b);
}

/* ---- the table */

static void
test_names(void **state)
{
	static const char *const good[] = {
	    "UTC", "Europe/Berlin", "Etc/GMT+5", "America/Port-au-Prince"};
	static const char *const bad[] = {"", "/UTC", "Europe/", "a//b", "../x",
	    "Europe/.x", "a b", "-x", "tzdata.zi",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		CHECK_ROW(zone_name_ok(good[i]), good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(!zone_name_ok(bad[i]), bad[i]);
}

static void
test_table(void **state)
{
	struct zone_table *t = zones_new();
	struct zone z = {.ruled = true};
	const size_t bytes = zone_table_bytes(t);

	(void)state;
	assert_int_equal(zone_table_count(t), 5);
	assert_null(zone_find(t, "Europe/Paris"));
	assert_null(zone_find(t, "europe/berlin"));
	assert_null(zone_find(NULL, "UTC"));
	assert_int_equal(zone_table_count(NULL), 0);
	/* another name of the same costs little more than itself */
	zones_add(t, "Europe/Paris", BERLIN);
	assert_ptr_equal(
	    zone_find(t, "Europe/Paris"), zone_find(t, "Europe/Berlin"));
	assert_true(zone_table_bytes(t) - bytes < 32);
	assert_int_equal(zone_table_add(t, "UTC", &z), GW_EEXIST);
	assert_int_equal(zone_table_add(t, "a b", &z), GW_EINVAL);
	zone_table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_offsets),
	    cmocka_unit_test(test_no_rules),
	    cmocka_unit_test(test_file),
	    cmocka_unit_test(test_no_rule),
	    cmocka_unit_test(test_bad_files),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
