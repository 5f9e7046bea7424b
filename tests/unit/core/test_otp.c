/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_otp - how codes are made: as text, of whose choice, and of what period a
 * step is.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/err.h"
#include "core/otp.h"

static void
test_text(void **state)
{
	static const struct {
		const char *text;
		struct otp want;
		size_t seed;
	} rows[] = {
	    {"sha1,6,30", {OTP_SHA1, 6, 30}, 20},
	    {"sha256,8,60", {OTP_SHA256, 8, 60}, 32},
	    {"sha512,6,60", {OTP_SHA512, 6, 60}, 64},
	    {"sha512,8,30", {OTP_SHA512, 8, 30}, 64},
	};
	static const char *const bad[] = {"", "sha1", "sha1,6", "sha1,6,",
	    "sha1,7,30", "sha1,06,30", "sha1,6,30,", "sha1,6,45", "sha1,6,0",
	    "sha224,6,30", "SHA1,6,30", " sha1,6,30", "md5,6,30", ",6,30",
	    "sha1,286,30", "sha1,6,316"};
	char text[OTP_TEXT_SIZE];
	struct otp o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_ROW(otp_parse(&o, rows[i].text) == 0, rows[i].text);
		CHECK_ROW(otp_equal(&o, &rows[i].want), rows[i].text);
		CHECK_ROW(otp_ok(&o), rows[i].text);
		CHECK_ROW(otp_seed_size(&o) == rows[i].seed, rows[i].text);
		otp_format(text, &o);
		CHECK_ROW(strcmp(text, rows[i].text) == 0, rows[i].text);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		o = otp_usual();
		CHECK_ROW(otp_parse(&o, bad[i]) == GW_EINVAL, bad[i]);
		CHECK_ROW(o.digest == OTP_NONE && !otp_ok(&o), bad[i]);
		otp_format(text, &o);
		CHECK_ROW(text[0] == '\0' && otp_seed_size(&o) == 0, bad[i]);
	}
	o = otp_usual();
	otp_format(text, &o);
	assert_string_equal(text, "sha1,6,30");
}

/* "" is none. */
static struct otp
form(const char *text)
{
	struct otp o = {0};

	if (text[0] != '\0')
		assert_int_equal(otp_parse(&o, text), 0);
	return o;
}

/* Fewer digits than there were are an admin's to give. */
static void
test_choose(void **state)
{
	static const struct {
		const char *asked, *has, *own, *want; /* "": refused */
	} rows[] = {
	    {"", "", "sha1,6,30", "sha1,6,30"},
	    {"", "", "sha256,8,60", "sha256,8,60"},
	    {"", "sha512,6,60", "sha1,6,30", "sha512,6,60"},
	    {"", "sha512,6,60", "sha1,8,30", "sha1,8,30"},
	    {"", "sha512,8,60", "sha1,6,30", "sha512,8,60"},
	    {"sha256,8,30", "sha1,6,30", "sha1,6,30", "sha256,8,30"},
	    {"sha256,6,60", "sha1,6,30", "sha1,8,30", "sha256,6,60"},
	    {"sha1,8,30", "sha512,8,60", "sha1,6,30", "sha1,8,30"},
	    {"sha512,6,60", "sha1,8,30", "sha1,6,30", ""},
	    {"sha512,6,60", "", "sha1,8,30", ""},
	    {"", "", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct otp asked = form(rows[i].asked),
				 has = form(rows[i].has),
				 own = form(rows[i].own),
				 want = form(rows[i].want);
		struct otp got;
		const int r = otp_choose(&got, &asked, &has, &own);

		if (rows[i].want[0] == '\0')
			CHECK_ROW(r == GW_EDENIED, rows[i].asked);
		else
			CHECK_ROW(
			    r == 0 && otp_equal(&got, &want), rows[i].want);
	}
}

static void
test_period(void **state)
{
	char factor[LIMIT_FACTOR_SIZE] = "00112233445566778899aabbccddeeff";
	struct otp o = otp_usual();

	(void)state;
	assert_int_equal(otp_factor_period(""), 30);
	assert_int_equal(otp_factor_mark(factor, &o), 0);
	assert_int_equal(otp_factor_period(factor), 30);
	o.period_s = 60;
	assert_int_equal(otp_factor_mark(factor, &o), 0);
	assert_string_equal(factor, "00112233445566778899aabbccddeeff/60");
	assert_int_equal(otp_factor_period(factor), 60);
	assert_int_equal(otp_factor_period("aa/30"), 0);
	assert_int_equal(otp_factor_period("aa/600"), 0);
	assert_int_equal(otp_factor_period("xx"), 0);
	o.period_s = 45;
	assert_int_equal(otp_factor_mark(factor, &o), GW_EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_choose),
	    cmocka_unit_test(test_period),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
