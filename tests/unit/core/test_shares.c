/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_shares - a secret in shares, against values that tables of logarithms
 * gave, and by what must hold of all of them; and a share as it is typed.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/str.h"
#include "core/sheet.h"
#include "tests/unit/support/rnd.h"

enum { ROUNDS = 300 };

static void
test_vectors(void **state)
{
	static const struct {
		uint8_t at;
		const char *hex;
	} rows[] = {
	    {1, "33302d12177471161b38353a1f1cf9fe"},
	    {2, "aa95fc93a6625bd4e9361f10053acee1"},
	    {3, "99a4d382b5132cc5fa072021162b3910"},
	    {15, "1b0cce03a6b429b01d9376b0392e95cd"},
	};
	uint8_t secret[SHARES_SIZE], rest[2 * SHARES_SIZE];
	char hex[2 * SHARES_SIZE + 1];
	struct share list[4];

	(void)state;
	for (unsigned i = 0; i < SHARES_SIZE; i++) {
		secret[i] = (uint8_t)i;
		rest[i] = (uint8_t)(0x11 + 7 * i);
		rest[SHARES_SIZE + i] = (uint8_t)(0x22 + 7 * i);
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		shares_make(&list[i], secret, rest, 3, rows[i].at);
		str_hex(hex, list[i].b, SHARES_SIZE);
		CHECK_ROW(strcmp(hex, rows[i].hex) == 0, rows[i].hex);
	}
	/* FIPS 197, section 4.2: {57} x {83} = {c1}, {57} x {13} = {fe} */
	memset(secret, 0, sizeof(secret));
	memset(rest, 0x57, sizeof(rest));
	shares_make(&list[0], secret, rest, 2, 0x83);
	assert_int_equal(list[0].b[0], 0xc1);
	shares_make(&list[0], secret, rest, 2, 0x13);
	assert_int_equal(list[0].b[0], 0xfe);
}

/* Any of them, in any order. */
static void
shuffle(struct rnd *r, struct share *list, unsigned n)
{
	for (unsigned i = n; i > 1; i--) {
		const size_t k = rnd_below(r, i);
		const struct share was = list[k];

		list[k] = list[i - 1];
		list[i - 1] = was;
	}
}

static void
test_any_of_them(void **state)
{
	uint8_t secret[SHARES_SIZE], rest[LIMIT_SHEETS * SHARES_SIZE];
	uint8_t back[SHARES_SIZE];
	struct share list[LIMIT_SHEETS];
	struct rnd r = {4711};

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		const unsigned n =
		    2 + (unsigned)rnd_below(&r, LIMIT_SHEETS - 1);
		const unsigned need = 2 + (unsigned)rnd_below(&r, n - 1);

		rnd_fill(&r, secret, sizeof(secret));
		rnd_fill(&r, rest, sizeof(rest));
		for (unsigned i = 0; i < n; i++)
			shares_make(
			    &list[i], secret, rest, need, (uint8_t)(i + 1));
		shuffle(&r, list, n);
		assert_true(shares_join(back, list, need));
		assert_memory_equal(back, secret, sizeof(secret));
		assert_true(shares_join(back, list, need - 1));
		assert_memory_not_equal(back, secret, sizeof(secret));
		list[0].b[rnd_below(&r, SHARES_SIZE)] ^= 1;
		assert_true(shares_join(back, list, need));
		assert_memory_not_equal(back, secret, sizeof(secret));
	}
	list[1] = list[0];
	assert_false(shares_join(back, list, 2));
	list[1].at = 0;
	assert_false(shares_join(back, list, 2));
	assert_false(shares_join(back, list, 0));
}

/* One share of two: whatever it is, each secret is as likely as each other. */
static void
test_one_says_nothing(void **state)
{
	uint8_t secret[SHARES_SIZE] = {0}, rest[SHARES_SIZE] = {0};
	unsigned ways[256] = {0};
	struct share s;

	(void)state;
	for (unsigned v = 0; v < 256; v++)
		for (unsigned c = 0; c < 256; c++) {
			secret[0] = (uint8_t)v;
			rest[0] = (uint8_t)c;
			shares_make(&s, secret, rest, 2, 9);
			ways[v] += s.b[0] == 0x5a;
		}
	for (unsigned v = 0; v < 256; v++)
		assert_int_equal(ways[v], 1);
}

/* ---- on paper */

static const char good[] = "4E4G-0082-0C20-A1G7-104G-M2RC-1M70-Z1P1";

static void
test_sheet(void **state)
{
	struct sheet s = {.share = {2, {0}}, .need = 3, .set = 0x89}, back;
	char text[SHEET_TEXT_SIZE];

	(void)state;
	for (unsigned i = 0; i < SHARES_SIZE; i++)
		s.share.b[i] = (uint8_t)i;
	sheet_text(text, &s);
	assert_string_equal(text, good);
	assert_int_equal(sheet_read(&back, text), SHEET_GOOD);
	assert_memory_equal(&back, &s, sizeof(s));
	assert_int_equal(
	    sheet_read(&back, " 4e4gOO82oc20a1g7 1o4gm2rcim70zlp1"),
	    SHEET_GOOD);
	assert_memory_equal(&back, &s, sizeof(s));
}

static void
test_slips(void **state)
{
	static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char text[sizeof(good)];
	struct sheet s, none = {0};

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(good); i++) {
		if (good[i] == '-')
			continue;
		for (const char *p = symbols; *p != '\0'; p++) {
			memcpy(text, good, sizeof(text));
			text[i] = *p;
			CHECK_ROW(
			    *p == good[i] || sheet_read(&s, text) == SHEET_SLIP,
			    text);
		}
		memcpy(text, good, sizeof(text));
		text[i] = good[i + 1];
		text[i + 1] = good[i];
		CHECK_ROW(good[i + 1] == '-' || good[i + 1] == '\0' ||
			      good[i] == good[i + 1] ||
			      sheet_read(&s, text) == SHEET_SLIP,
		    text);
	}
	assert_memory_equal(&s, &none, sizeof(s));
}

static void
test_no_sheet(void **state)
{
	static const char *const rows[] = {
	    "",
	    "4E4G",
	    "4E4G-0082-0C20-A1G7-104G-M2RC-1M70-Z1P",
	    "4E4G-0082-0C20-A1G7-104G-M2RC-1M70-Z1P11",
	    "4E4G-0082-0C20-A1G7-104G-M2RC-1M70-Z1PU",
	    "4E4G-0082-0C20-A1G7-104G-M2RC-1M70-Z1P.",
	};
	struct sheet s, back;
	char text[SHEET_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(sheet_read(&s, rows[i]) == SHEET_NONE, rows[i]);
	/* whole, and none that was ever printed */
	for (unsigned need = 0; need < 3; need++) {
		s = (struct sheet){.need = (uint8_t)need, .share.at = need < 2};
		sheet_text(text, &s);
		assert_int_equal(sheet_read(&back, text), SHEET_NONE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_any_of_them),
	    cmocka_unit_test(test_one_says_nothing),
	    cmocka_unit_test(test_sheet),
	    cmocka_unit_test(test_slips),
	    cmocka_unit_test(test_no_sheet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
