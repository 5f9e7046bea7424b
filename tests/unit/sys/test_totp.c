/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_totp - RFC 6238's vectors, of all three digests, the window, and what an
 * app is shown.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "sys/totp.h"

static const struct otp usual = {OTP_SHA1, 6, 30};

/* The digits, over and over, as many as that digest has bytes. */
static struct secret
rfc_seed_of(const struct otp *o)
{
	char text[OTP_SEED_LONG];
	struct secret s = {0};

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('0' + (i + 1) % 10);
	assert_int_equal(secret_copy(&s, text, otp_seed_size(o)), 0);
	return s;
}

static struct secret
rfc_seed(void)
{
	return rfc_seed_of(&usual);
}

/* RFC 6238 appendix B. */
static const struct {
	const char *name;
	int64_t utc_s;
	const char *sha1, *sha256, *sha512;
} vectors[] = {
    {"59", 59, "94287082", "46119246", "90693936"},
    {"1111111109", 1111111109, "07081804", "68084774", "25091201"},
    {"1111111111", 1111111111, "14050471", "67062674", "99943326"},
    {"1234567890", 1234567890, "89005924", "91819424", "93441116"},
    {"2000000000", 2000000000, "69279037", "90698825", "38618901"},
    {"20000000000", INT64_C(20000000000), "65353130", "77737706", "47863826"},
};

/* Of eight digits, and their last six; the same steps in a period of 60 s are
 * those of twice the time. */
static void
check_vector(
    const char *name, const struct otp *o, const char *want, int64_t utc_s)
{
	struct secret s = rfc_seed_of(o);
	const char *tail = want + OTP_DIGITS_LONG - o->digits;
	const int64_t at = utc_s / 30 * o->period_s;
	char code[TOTP_CODE_SIZE];
	int64_t step = 0;

	CHECK_ROW(totp_code(code, &s, o, utc_s / 30) == 0, name);
	CHECK_ROW(strcmp(code, tail) == 0, name);
	if (utc_s > 59) { /* no step before the first */
		CHECK_ROW(totp_check(&step, &s, o, tail, at), name);
		CHECK_ROW(step == utc_s / 30, name);
	}
	secret_free(&s);
}

static void
test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		for (unsigned k = 0; k < 4; k++) {
			struct otp o = {.digits = k % 2 == 0 ? 8 : 6,
			    .period_s = k < 2 ? 30 : 60};

			o.digest = OTP_SHA1;
			check_vector(vectors[i].name, &o, vectors[i].sha1,
			    vectors[i].utc_s);
			o.digest = OTP_SHA256;
			check_vector(vectors[i].name, &o, vectors[i].sha256,
			    vectors[i].utc_s);
			o.digest = OTP_SHA512;
			check_vector(vectors[i].name, &o, vectors[i].sha512,
			    vectors[i].utc_s);
		}
}

static void
test_window(void **state)
{
	struct secret s = rfc_seed();
	const int64_t now = 1234567890;
	const int64_t mid = now / OTP_PERIOD_S;
	char code[TOTP_CODE_SIZE];

	(void)state;
	for (int64_t off = -3; off <= 3; off++) {
		int64_t step = 0;
		const bool in = off >= -TOTP_WINDOW && off <= TOTP_WINDOW;

		assert_int_equal(totp_code(code, &s, &usual, mid + off), 0);
		assert_int_equal(totp_check(&step, &s, &usual, code, now), in);
		assert_int_equal(step, in ? mid + off : 0);
	}
	secret_free(&s);
}

/* One that is right ten minutes before or after, and not now. */
static void
test_far(void **state)
{
	struct secret s = rfc_seed();
	const int64_t now = 1234567890;
	char code[TOTP_CODE_SIZE];

	(void)state;
	for (int64_t off = -22; off <= 22; off++) {
		const int64_t away = off < 0 ? -off : off;
		int64_t at = 7;

		assert_int_equal(
		    totp_code(code, &s, &usual, now / OTP_PERIOD_S + off), 0);
		assert_int_equal(totp_far(&at, &s, &usual, code, now, 600),
		    away > TOTP_WINDOW && away <= 20);
		assert_int_equal(
		    at, away > TOTP_WINDOW && away <= 20 ? off * 30 : 7);
	}
	secret_free(&s);
}

static void
test_wrong_shapes(void **state)
{
	static const char *const bad[] = {"", "5924", "05924", "0005924",
	    "00592a", " 05924", "005924 ", "-05924", "005925", "０05924"};
	struct secret s = rfc_seed();
	struct secret none = {0};
	int64_t step = 7;

	(void)state;
	assert_true(totp_check(&step, &s, &usual, "005924", 1234567890));
	step = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_ROW(
		    !totp_check(&step, &s, &usual, bad[i], 1234567890), bad[i]);
	assert_false(totp_check(&step, &none, &usual, "005924", 1234567890));
	assert_false(totp_check(&step, &s, &usual, "005924", 0));
	assert_false(totp_check(&step, &s, &usual, "005924", -1234567890));
	assert_int_equal(step, 7); /* never touched on failure */
	secret_free(&s);
}

static void
test_shown(void **state)
{
	struct secret s = rfc_seed();
	const struct otp other = {OTP_SHA256, 8, 60};
	const struct otp longest = {OTP_SHA512, 8, 60};
	char text[TOTP_URI_SIZE];
	char small[20];

	(void)state;
	assert_int_equal(totp_base32(text, sizeof(text), &s), 0);
	assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	assert_int_equal(
	    totp_uri(text, sizeof(text), &s, &usual, "gw 1/a", "al:ice&x=1"),
	    0);
	assert_string_equal(text,
	    "otpauth://totp/gw%201%2Fa:al%3Aice%26x%3D1?secret="
	    "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=gw%201%2Fa");
	assert_int_equal(
	    totp_uri(small, sizeof(small), &s, &usual, "gw", "alice"),
	    GW_ELIMIT);
	secret_free(&s);
	s = rfc_seed_of(&other);
	assert_int_equal(
	    totp_uri(text, sizeof(text), &s, &other, "gw", "alice"), 0);
	assert_string_equal(text,
	    "otpauth://totp/gw:alice?secret="
	    "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA&issuer=gw"
	    "&algorithm=SHA256&digits=8&period=60");
	secret_free(&s);
	s = rfc_seed_of(&longest);
	assert_int_equal(totp_base32(text, TOTP_BASE32_SIZE, &s), 0);
	secret_free(&s);
}

/* Which secret it is: always the same, another's never. */
static void
test_id(void **state)
{
	struct secret s = rfc_seed();
	char a[LIMIT_FACTOR_SIZE] = "", b[LIMIT_FACTOR_SIZE] = "";
	struct otp o = usual;

	(void)state;
	assert_int_equal(totp_id(a, &s, &usual), 0);
	assert_int_equal(strlen(a), 32);
	assert_int_equal(totp_id(b, &s, &o), 0);
	assert_string_equal(a, b);
	s.p[0] ^= 1;
	assert_int_equal(totp_id(b, &s, &o), 0);
	assert_string_not_equal(a, b);
	/* its steps are not those of the same with another period */
	s.p[0] ^= 1;
	o.period_s = 60;
	assert_int_equal(totp_id(b, &s, &o), 0);
	assert_int_equal(otp_factor_period(b), 60);
	assert_int_equal(strncmp(a, b, 32), 0);
	secret_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_window),
	    cmocka_unit_test(test_far),
	    cmocka_unit_test(test_wrong_shapes),
	    cmocka_unit_test(test_shown),
	    cmocka_unit_test(test_id),
	};

	if (totp_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
