/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_places - who may have one connection more, and who is known: tables.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/limits.h"
#include "core/known.h"
#include "core/places.h"

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), 0);
	return a;
}

/* n connections from there are counted. */
static void
count(struct places *p, const char *text, unsigned n, bool known)
{
	const struct addr a = addr(text);

	while (n-- > 0)
		places_count(p, &a, known);
}

static void
test_caps(void **state)
{
	static const struct conf_caps caps = {
	    .source = 4, .network = 6, .site = 8};
	static const struct {
		const char *who;
		bool known;
		struct {
			const char *from;
			unsigned n;
			bool known;
		} there[3];
		enum place want;
	} rows[] = {
	    {"192.0.2.1", false, {{"192.0.2.1", 3, false}}, PLACE_FREE},
	    {"192.0.2.1", false, {{"192.0.2.1", 4, false}}, PLACE_OF_SOURCE},
	    {"192.0.2.1", true, {{"192.0.2.1", 4, true}}, PLACE_OF_SOURCE},
	    {"192.0.2.1", false,
		{{"192.0.2.2", 3, false}, {"192.0.2.3", 3, false}},
		PLACE_OF_NETWORK},
	    {"192.0.3.1", false,
		{{"192.0.2.2", 3, false}, {"192.0.2.3", 3, false}}, PLACE_FREE},
	    /* a grant or token is a place of one's own, beside theirs */
	    {"192.0.2.1", true,
		{{"192.0.2.2", 3, false}, {"192.0.2.3", 3, false}}, PLACE_FREE},
	    {"192.0.2.1", false,
		{{"192.0.2.2", 3, true}, {"192.0.2.3", 3, true}}, PLACE_FREE},
	    {"2001:db8::1", false, {{"2001:db8::ffff", 4, false}},
		PLACE_OF_SOURCE},
	    {"2001:db8:0:1::1", false,
		{{"2001:db8:0:2::1", 3, false}, {"2001:db8:0:3::1", 3, false}},
		PLACE_OF_NETWORK},
	    {"2001:db8:0:1::1", false,
		{{"2001:db8:0:102::1", 4, false},
		    {"2001:db8:0:203::1", 4, false}},
		PLACE_OF_SITE},
	    {"2001:db8:1:1::1", false,
		{{"2001:db8:0:102::1", 4, false},
		    {"2001:db8:0:203::1", 4, false}},
		PLACE_FREE},
	    {"192.0.2.1", false,
		{{"198.51.100.1", 10, false}, {"203.0.113.1", 10, false}},
		PLACE_OF_STRANGERS},
	    {"192.0.2.1", true,
		{{"198.51.100.1", 10, false}, {"203.0.113.1", 10, false}},
		PLACE_FREE},
	    {"192.0.2.1", true,
		{{"198.51.100.1", 20, false}, {"203.0.113.1", 10, true}},
		PLACE_OF_ALL},
	    {"192.0.2.1", false,
		{{"198.51.100.1", 10, false}, {"203.0.113.1", 20, true}},
		PLACE_OF_ALL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct addr who = addr(rows[i].who);
		struct places p;
		enum place got;

		places_begin(&p, &who, rows[i].known);
		for (int k = 0; k < 3 && rows[i].there[k].from != NULL; k++)
			count(&p, rows[i].there[k].from, rows[i].there[k].n,
			    rows[i].there[k].known);
		got = places_judge(&p, &caps, 20, 30);
		if (got != rows[i].want)
			fail_msg("row %zu: %s", i, place_str(got));
	}
}

/* Caps that were never set let nobody in. */
static void
test_zero(void **state)
{
	const struct conf_caps none = {0};
	const struct addr who = addr("192.0.2.1");
	struct places p;

	(void)state;
	places_begin(&p, &who, true);
	assert_int_not_equal(places_judge(&p, &none, 10, 10), PLACE_FREE);
}

static void
test_shared(void **state)
{
	const struct addr who = addr("2001:db8::1");
	const struct addr near = addr("2001:db8::2"),
			  far = addr("2001:db8:0:1::2");
	struct places p;

	(void)state;
	places_begin(&p, &who, false);
	assert_true(places_shared(&p, PLACE_OF_SOURCE, &near, false));
	assert_false(places_shared(&p, PLACE_OF_SOURCE, &far, false));
	assert_true(places_shared(&p, PLACE_OF_NETWORK, &far, false));
	assert_false(places_shared(&p, PLACE_OF_NETWORK, &far, true));
	assert_true(places_shared(&p, PLACE_OF_ALL, &far, false));
	assert_false(places_shared(&p, PLACE_OF_ALL, &far, true));
	assert_false(places_shared(&p, PLACE_FREE, &near, false));
}

static void
test_known(void **state)
{
	struct known k = {0};
	const struct addr one = addr("192.0.2.1"), six = addr("2001:db8::1"),
			  other = addr("2001:db8::2"),
			  far = addr("2001:db8:1::");

	(void)state;
	assert_false(known_has(&k, &one));
	assert_int_equal(known_drop(&k, &one), 0);
	assert_int_equal(known_add(&k, &one), 1);
	assert_int_equal(known_add(&k, &six), 1);
	assert_int_equal(known_add(&k, &other), 2); /* the same network */
	assert_true(known_has(&k, &other));
	assert_false(known_has(&k, &far));
	assert_int_equal(known_drop(&k, &six), 1);
	assert_true(known_has(&k, &six));
	assert_int_equal(known_drop(&k, &six), 0);
	assert_false(known_has(&k, &six));
	assert_true(known_has(&k, &one));
	known_clear(&k);
	assert_false(known_has(&k, &one));
	for (unsigned i = 0; i < LIMIT_KNOWN_SOURCES; i++) {
		struct addr a = {.family = 4};

		a.b[0] = (uint8_t)(i * 7 >> 8);
		a.b[1] = (uint8_t)(i * 7);
		a.b[2] = (uint8_t)(i >> 8);
		a.b[3] = (uint8_t)i;
		assert_int_equal(known_add(&k, &a), 1);
	}
	assert_int_equal(known_add(&k, &far), GW_ELIMIT);
	known_clear(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_caps),
	    cmocka_unit_test(test_zero),
	    cmocka_unit_test(test_shared),
	    cmocka_unit_test(test_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
