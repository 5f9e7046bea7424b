/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_alike - what a reader of JSON could take for a record of ours, and what
 * nobody does.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "audit/alike.h"
#include "base/attr.h"

#define R "{\"v\":1,\"seq\":7,\"event\":\"grant.open\",\"user\":\"x\"}"

static const struct {
	const char *text;
	bool line, frame;
} rows[] = {
    {R, true, true},
    {"Jan 1 gw sallyport: " R, true, true},
    {"[" R "]", true, true},
    {"{\"SEQ\":7,\"Event\":\"GRANT.OPEN\"}", true, true},
    {"{ \"seq\" : 7 , \"event\" :\t\"grant.open\" }", true, true},
    {"{'seq':7,'event':'grant.open'}", true, true},
    {"{\"\\u0073eq\":7,\"event\":\"grant\\u002eopen\"}", true, true},
    {"{\"v\":2,\"code\":\"SP3001\"}", false, false},
    {"{\"boot\":\"\",\"a\":[{\"event\":\"grant.open\"}]}", true, true},
    {"{{{{{{{{{{{{{{{{" R, true, true},
    /* as a text of another document; before a record our own fields are told
     * like this */
    {"{\"m\":\"{\\\"seq\\\":7,\\\"event\\\":\\\"grant.open\\\"}\"}", true,
	false},
    {"\"\\\"{\\\\\\\"seq\\\\\\\":7,\\\\\\\"event\\\\\\\":\\\\\\\"grant."
     "open\\\\\\\"}\\\"\"",
	true, false},
    {"{\"v\":1,\"seq\":7,\"event\":\"grantopen\"}", true, true},
    {"{\"seq\":7,\"event\":\"Grant_Open\"}", true, true},
    /* its shape, whatever is in it */
    {"{\"v\":1,\"seq\":7,\"id\":\"x\",\"time\":\"y\",\"code\":\"z\"}", true,
	true},
    /* of others */
    {"{\"id\":1,\"time\":\"y\",\"event\":\"boot\",\"node\":\"x\"}", false,
	false},
    {"", false, false},
    {"{\"seq\":3,\"event\":\"boot\"}", false, false},
    {"{\"event\":\"grant.open\"}", false, false},
    {"seq 3, event grant.open", false, false},
    {"{\"sequence\":3,\"event\":\"grant.opened\"}", false, false},
    {"\"", false, false},
    {"{\"seq\"", false, false},
    {"{\"event\":\"grant.open\"", false, false},
    {"\\", false, false},
    {"\\u", false, false},
    {"\\u12", false, false},
};

static bool
is(const char *p, size_t n, bool frame)
{
	struct alike a = {0};

	alike_look(&a, p, n, frame);
	return alike_is(&a);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const size_t n = strlen(rows[i].text);

		CHECK_ROW(
		    is(rows[i].text, n, false) == rows[i].line, rows[i].text);
		CHECK_ROW(
		    is(rows[i].text, n, true) == rows[i].frame, rows[i].text);
	}
}

/* Two and four bytes a character, in either order. */
static void
test_wide(void **state)
{
	char wide[4 * sizeof(R)];

	(void)state;
	for (size_t w = 2; w <= 4; w += 2)
		for (size_t at = 0; at < w; at += w - 1) {
			memset(wide, 0, sizeof(wide));
			for (size_t i = 0; i < sizeof(R); i++)
				wide[i * w + at] = R[i];
			assert_true(is(wide, sizeof(wide), false));
		}
}

/* A line that is read in parts. */
static void
test_parts(void **state)
{
	struct alike a = {0};

	(void)state;
	alike_look(&a, "{\"seq\":1,", 9, false);
	assert_false(alike_is(&a));
	alike_look(&a, "\"event\":\"grant.open\"", 20, false);
	assert_true(alike_is(&a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_wide),
	    cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
