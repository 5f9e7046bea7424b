/* SPDX-License-Identifier: Apache-2.0 */
/* test_str - string helpers and encodings, by tables. */
#include "tests/unit/support/test.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

static void
copy_and_fmt_refuse_to_cut(void **state)
{
	char t[4] = "old";

	(void)state;
	assert_int_equal(str_copy(t, sizeof(t), "abc"), 0);
	assert_string_equal(t, "abc");
	assert_int_equal(str_copy(t, sizeof(t), "abcd"), GW_ELIMIT);
	assert_string_equal(t, "");
	assert_int_equal(str_copy(t, 0, ""), GW_ELIMIT);
	assert_int_equal(str_fmt(t, sizeof(t), "%d", 123), 0);
	assert_string_equal(t, "123");
	assert_int_equal(str_fmt(t, sizeof(t), "%d", 1234), GW_ELIMIT);
	assert_string_equal(t, "");
}

static void
set_cuts(void **state)
{
	char t[5] = "old", one[1] = {'x'};

	(void)state;
	text_set(t, sizeof(t), "abcd");
	assert_string_equal(t, "abcd");
	text_set(t, sizeof(t), "vwxyz");
	assert_string_equal(t, "vwxy");
	text_set(t, sizeof(t), "");
	assert_string_equal(t, "");
	text_set(one, sizeof(one), "ab");
	assert_int_equal(one[0], '\0');
	one[0] = 'x';
	text_set(one, 0, "ab");
	assert_int_equal(one[0], 'x');
}

static void
names(void **state)
{
	static const char *const good[] = {
	    "a", "Z", "0", "_x", "web-01", "a.b_c-d", "root"};
	static const char *const bad[] = {"", ".", "-x", ".x", "a b", "a/b",
	    "a@b", "a\n", "a+b", "\xc3\xa4", "a:b", "a%b", "a$"};
	char longest[LIMIT_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		CHECK_ROW(str_name_ok(good[i]), good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(!str_name_ok(bad[i]), bad[i]);
	memset(longest, 'a', sizeof(longest));
	longest[LIMIT_NAME_MAX] = '\0';
	assert_true(str_name_ok(longest));
	longest[LIMIT_NAME_MAX] = 'a';
	longest[LIMIT_NAME_MAX + 1] = '\0';
	assert_false(str_name_ok(longest));
}

/* One table for both: text_ok is true exactly when nothing is escaped. */
static void
text_and_escape(void **state)
{
	static const struct {
		const char *in;
		size_t n; /* 0 = strlen */
		const char *want;
	} rows[] = {
	    {"", 0, ""},
	    {"INC-4711 disk full", 0, "INC-4711 disk full"},
	    {"gr\xc3\xbc\xc3\x9f", 0, "gr\xc3\xbc\xc3\x9f"},
	    {"\xf0\x9f\x94\x91", 0, "\xf0\x9f\x94\x91"},
	    {"\xf4\x8f\xbf\xbf", 0, "\xf4\x8f\xbf\xbf"},
	    {"a\nb", 0, "a\\x0ab"},
	    {"\x1b[31m", 0, "\\x1b[31m"},
	    {"a\0b", 3, "a\\x00b"},
	    {"\x7f", 0, "\\x7f"},
	    {"\xc2\x85", 0, "\\u{85}"},
	    {"\xe2\x80\xae", 0, "\\u{202e}"},
	    {"\xe2\x81\xa6", 0, "\\u{2066}"},
	    {"\xe2\x80\xa8", 0, "\\u{2028}"},
	    {"\xd8\x9c", 0, "\\u{61c}"},
	    {"a\xe2\x80\x8b", 0, "a\\u{200b}"},
	    {"\xef\xbb\xbf"
	     "a",
		0, "\\u{feff}a"},
	    {"\xe2\x81\xa0", 0, "\\u{2060}"},
	    {"\xc2\xad", 0, "\\u{ad}"},
	    {"\xf3\xa0\x81\x81", 0, "\\u{e0041}"},
	    {"\xe2\x80\x8d", 0, "\xe2\x80\x8d"}, /* of emoji */
	    {"\xc2\xa0", 0, "\xc2\xa0"},
	    {"\xef\xbf\xbd", 0, "\xef\xbf\xbd"},
	    {"\xef\xbf\xbe", 0, "\\u{fffe}"},
	    {"\xef\xbf\xbf", 0, "\\u{ffff}"},
	    {"\xff", 0, "\\xff"},
	    {"\x80", 0, "\\x80"},
	    {"\xc3", 0, "\\xc3"},
	    {"\xc3(", 0, "\\xc3("},
	    {"\xc0\xaf", 0, "\\xc0\\xaf"},
	    {"\xe0\x80\xaf", 0, "\\xe0\\x80\\xaf"},
	    {"\xf0\x80\x80\xaf", 0, "\\xf0\\x80\\x80\\xaf"},
	    {"\xed\xa0\x80", 0, "\\xed\\xa0\\x80"},
	    {"\xf4\x90\x80\x80", 0, "\\xf4\\x90\\x80\\x80"},
	    {"\xf8\x88\x80\x80", 0, "\\xf8\\x88\\x80\\x80"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const size_t n = rows[i].n > 0 ? rows[i].n : strlen(rows[i].in);
		const bool clean = n == strlen(rows[i].want) &&
				   memcmp(rows[i].in, rows[i].want, n) == 0;
		char t[64] = "";

		str_escape(t, sizeof(t), rows[i].in, n);
		CHECK_ROW(strcmp(t, rows[i].want) == 0, rows[i].want);
		CHECK_ROW(str_text_ok(rows[i].in, n) == clean, rows[i].want);
	}
}

static void
escape_cuts_with_dots(void **state)
{
	static const struct {
		const char *in;
		size_t size;
		const char *want;
	} rows[] = {
	    {"abcdef", 7, "abcdef"},
	    {"abcdef", 6, "ab..."},
	    {"abcdef", 4, "..."},
	    {"abcdef", 3, ".."},
	    {"abcdef", 1, ""},
	    {"abc", 4, "abc"},
	    {"ab\xc3\xbc"
	     "cd",
		6, "ab..."},
	    {"a\x1b"
	     "bc",
		8, "a\\x1bbc"},
	    {"a\x1b"
	     "bcd",
		8, "a..."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char t[16];

		memset(t, '#', sizeof(t));
		str_escape(t, rows[i].size, rows[i].in, strlen(rows[i].in));
		CHECK_ROW(memchr(t, 0, rows[i].size) != NULL, rows[i].in);
		CHECK_ROW(t[rows[i].size] == '#', rows[i].in);
		CHECK_ROW(strcmp(t, rows[i].want) == 0, rows[i].want);
	}
}

static void
distance(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		unsigned want;
	} rows[] = {
	    {"", "", 0},
	    {"abc", "", 3},
	    {"kitten", "sitting", 3},
	    {"Target", "target", 0},
	    {"tagret", "target", 1},
	    {"grants", "grant", 1},
	    {"requset", "request", 1},
	    {"revoke", "release", 4},
	};
	char big[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_ROW(str_distance(rows[i].a, rows[i].b) == rows[i].want,
		    rows[i].a);
		CHECK_ROW(str_distance(rows[i].b, rows[i].a) == rows[i].want,
		    rows[i].b);
	}
	memset(big, 'x', sizeof(big));
	big[99] = '\0';
	assert_int_equal(str_distance(big, ""), 99);
	assert_int_equal(str_distance(big, big), 0);
	big[99] = 'x';
	big[199] = '\0';
	assert_int_equal(str_distance(big, "a"), 99);
}

static void
hex(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x1f, 0xab, 0xff};
	static const char *const bad[] = {
	    "", "001fabf", "001fabff0", "001fabfg", "001fab f", "0x1fabff"};
	char t[9] = "";
	uint8_t got[4];

	(void)state;
	str_hex(t, bytes, sizeof(bytes));
	assert_string_equal(t, "001fabff");
	assert_int_equal(str_unhex(got, sizeof(got), "001FabFF"), 0);
	assert_memory_equal(got, bytes, sizeof(bytes));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(
		    str_unhex(got, sizeof(got), bad[i]) == GW_EINVAL, bad[i]);
}

static void
base64(void **state)
{
	static const char *const pairs[][2] = {{"", ""}, {"f", "Zg=="},
	    {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
	    {"\xfb\xff\xfe", "+//+"}};
	static const char *const bad[] = {"Z", "Zg",
	    "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Zm 9", "Zm9v\n",
	    "====", "Z===", "Zm-_", "=Zm9", "Z=m9", "Zg=v"};
	uint8_t got[64];
	char t[64] = "";
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		const size_t raw = strlen(pairs[i][0]);
		const size_t enc = strlen(pairs[i][1]);

		str_b64(t, (const uint8_t *)pairs[i][0], raw);
		CHECK_ROW(strcmp(t, pairs[i][1]) == 0, pairs[i][1]);
		CHECK_ROW(str_b64_size(raw) == enc + 1, pairs[i][1]);
		CHECK_ROW(str_unb64(got, raw, pairs[i][1], enc, &n) == 0,
		    pairs[i][1]);
		CHECK_ROW(
		    n == raw && memcmp(got, pairs[i][0], n) == 0, pairs[i][1]);
		if (raw > 0)
			CHECK_ROW(str_unb64(got, raw - 1, pairs[i][1], enc,
				      &n) == GW_ELIMIT,
			    pairs[i][1]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(str_unb64(got, sizeof(got), bad[i], strlen(bad[i]),
			      &n) == GW_EINVAL,
		    bad[i]);
}

static void
durations(void **state)
{
	static const struct {
		const char *in;
		uint32_t want; /* 0 = refused */
		const char *out;
	} rows[] = {
	    {"90s", 90, "1m30s"},
	    {"15m", 900, "15m"},
	    {"2h", 7200, "2h"},
	    {"1h30m", 5400, "1h30m"},
	    {"1d", 86400, "1d"},
	    {"1d2h3m4s", 93784, "1d2h3m4s"},
	    {"4294967295s", UINT32_MAX, "49710d6h28m15s"},
	    {"", 0, NULL},
	    {"0s", 0, NULL},
	    {"0h0m", 0, NULL},
	    {"5", 0, NULL},
	    {"h", 0, NULL},
	    {"-5m", 0, NULL},
	    {"+5m", 0, NULL},
	    {"5 m", 0, NULL},
	    {"5m ", 0, NULL},
	    {"1.5h", 0, NULL},
	    {"5M", 0, NULL},
	    {"5ms", 0, NULL},
	    {"1m1h", 0, NULL},
	    {"1m1m", 0, NULL},
	    {"4294967296s", 0, NULL},
	    {"49711d", 0, NULL},
	    {"99999999999999999999d", 0, NULL},
	};
	char t[32] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t got = 0;
		const int r = str_duration(rows[i].in, &got);

		CHECK_ROW(r == (rows[i].want > 0 ? 0 : GW_EINVAL), rows[i].in);
		CHECK_ROW(got == rows[i].want, rows[i].in);
		if (rows[i].out == NULL)
			continue;
		str_duration_format(t, sizeof(t), got);
		CHECK_ROW(strcmp(t, rows[i].out) == 0, rows[i].out);
	}
	str_duration_format(t, sizeof(t), 0);
	assert_string_equal(t, "0s");
	str_duration_format(t, sizeof(t), UINT64_MAX);
	assert_string_equal(t, "213503982334601d7h15s");
}

static void
numbers(void **state)
{
	static const struct {
		const char *in;
		uint64_t min;
		uint64_t max;
		bool good;
		uint64_t want;
	} rows[] = {
	    {"0", 0, 9, true, 0},
	    {"65535", 1, 65535, true, 65535},
	    {"18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX},
	    {"18446744073709551616", 0, UINT64_MAX, false, 0},
	    {"99999999999999999999", 0, UINT64_MAX, false, 0},
	    {"65536", 1, 65535, false, 0},
	    {"0", 1, 65535, false, 0},
	    {"", 0, 9, false, 0},
	    {"01", 0, 9, false, 0},
	    {"+1", 0, 9, false, 0},
	    {"-1", 0, 9, false, 0},
	    {" 1", 0, 9, false, 0},
	    {"1 ", 0, 9, false, 0},
	    {"0x1", 0, 9, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t got = 77;
		const int r =
		    str_u64(rows[i].in, rows[i].min, rows[i].max, &got);

		CHECK_ROW(r == (rows[i].good ? 0 : GW_EINVAL), rows[i].in);
		CHECK_ROW(
		    got == (rows[i].good ? rows[i].want : 77), rows[i].in);
	}
}

static void
times(void **state)
{
	static const struct {
		const char *in;
		int64_t ms;
		const char *out; /* NULL = refused */
	} rows[] = {
	    {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"},
	    {"2026-11-22T01:02:03.456Z", INT64_C(1795309323456),
		"2026-11-22T01:02:03.456Z"},
	    {"2026-11-22T01:02:03.4Z", INT64_C(1795309323400),
		"2026-11-22T01:02:03.400Z"},
	    {"2026-11-22T01:02:03.456999999Z", INT64_C(1795309323456),
		"2026-11-22T01:02:03.456Z"},
	    {"2024-02-29T23:59:59Z", INT64_C(1709251199000),
		"2024-02-29T23:59:59.000Z"},
	    {"1969-12-31T23:59:59.999Z", -1, "1969-12-31T23:59:59.999Z"},
	    {"0000-01-01T00:00:00Z", INT64_C(-62167219200000),
		"0000-01-01T00:00:00.000Z"},
	    {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999),
		"9999-12-31T23:59:59.999Z"},
	    {"2023-02-29T00:00:00Z", 0, NULL},
	    {"2026-00-01T00:00:00Z", 0, NULL},
	    {"2026-13-01T00:00:00Z", 0, NULL},
	    {"2026-01-00T00:00:00Z", 0, NULL},
	    {"2026-01-01T24:00:00Z", 0, NULL},
	    {"2026-01-01T00:60:00Z", 0, NULL},
	    {"2026-01-01T00:00:60Z", 0, NULL},
	    {"2026-01-01T00:00:00", 0, NULL},
	    {"2026-01-01T00:00:00+00:00", 0, NULL},
	    {"2026-01-01 00:00:00Z", 0, NULL},
	    {"2026-01-01T00:00:00.Z", 0, NULL},
	    {"2026-01-01T00:00:00ZZ", 0, NULL},
	    {"26-01-01T00:00:00Z", 0, NULL},
	    {"2026-01-01", 0, NULL},
	    {"", 0, NULL},
	};
	char t[32] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t got = 0;
		const int r = str_time_parse(rows[i].in, &got);

		CHECK_ROW(
		    r == (rows[i].out != NULL ? 0 : GW_EINVAL), rows[i].in);
		CHECK_ROW(got == rows[i].ms, rows[i].in);
		if (rows[i].out == NULL)
			continue;
		str_time(t, sizeof(t), got);
		CHECK_ROW(strcmp(t, rows[i].out) == 0, rows[i].in);
	}
	str_time(t, sizeof(t), INT64_MAX);
	assert_string_equal(t, "9999-12-31T23:59:59.999Z");
	str_time(t, sizeof(t), INT64_MIN);
	assert_string_equal(t, "0000-01-01T00:00:00.000Z");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(copy_and_fmt_refuse_to_cut),
	    cmocka_unit_test(set_cuts),
	    cmocka_unit_test(names),
	    cmocka_unit_test(text_and_escape),
	    cmocka_unit_test(escape_cuts_with_dots),
	    cmocka_unit_test(distance),
	    cmocka_unit_test(hex),
	    cmocka_unit_test(base64),
	    cmocka_unit_test(durations),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(times),
	};

	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
