/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_totp - RFC 6238's SHA-1 vectors (their last six digits), the window,
 * and what an app is shown.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "sys/totp.h"

static struct secret
rfc_seed(void)
{
	struct secret s = {0};

	assert_int_equal(secret_copy(&s, "12345678901234567890", 20), 0);
	return s;
}

/* RFC 6238 appendix B, mode SHA-1. */
static const struct {
	const char *name;
	int64_t utc_s;
	const char *code;
} vectors[] = {
    {"59", 59, "287082"},
    {"1111111109", 1111111109, "081804"},
    {"1111111111", 1111111111, "050471"},
    {"1234567890", 1234567890, "005924"},
    {"2000000000", 2000000000, "279037"},
    {"20000000000", INT64_C(20000000000), "353130"},
};

static void
test_vectors(void **state)
{
	struct secret s = rfc_seed();

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		char code[TOTP_DIGITS + 1];
		const int64_t step = vectors[i].utc_s / TOTP_STEP_S;

		CHECK_ROW(totp_code(code, &s, step) == 0, vectors[i].name);
		CHECK_ROW(strcmp(code, vectors[i].code) == 0, vectors[i].name);
	}
	secret_free(&s);
}

static void
test_window(void **state)
{
	struct secret s = rfc_seed();
	const int64_t now = 1234567890;
	const int64_t mid = now / TOTP_STEP_S;
	char code[TOTP_DIGITS + 1];

	(void)state;
	for (int64_t off = -3; off <= 3; off++) {
		int64_t step = 0;
		const bool in = off >= -TOTP_WINDOW && off <= TOTP_WINDOW;

		assert_int_equal(totp_code(code, &s, mid + off), 0);
		assert_int_equal(totp_check(&step, &s, code, now), in);
		assert_int_equal(step, in ? mid + off : 0);
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
	assert_true(totp_check(&step, &s, "005924", 1234567890));
	step = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_ROW(!totp_check(&step, &s, bad[i], 1234567890), bad[i]);
	assert_false(totp_check(&step, &none, "005924", 1234567890));
	assert_false(totp_check(&step, &s, "005924", 0));
	assert_false(totp_check(&step, &s, "005924", -1234567890));
	assert_int_equal(step, 7); /* never touched on failure */
	secret_free(&s);
}

static void
test_shown(void **state)
{
	struct secret s = rfc_seed();
	char text[TOTP_URI_SIZE];
	char small[20];

	(void)state;
	assert_int_equal(totp_base32(text, sizeof(text), &s), 0);
	assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	assert_int_equal(
	    totp_uri(text, sizeof(text), &s, "gw 1/a", "al:ice&x=1"), 0);
	assert_string_equal(text,
	    "otpauth://totp/gw%201%2Fa:al%3Aice%26x%3D1?secret="
	    "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=gw%201%2Fa");
	assert_int_equal(
	    totp_uri(small, sizeof(small), &s, "gw", "alice"), GW_ELIMIT);
	secret_free(&s);
}

/* Which secret it is: always the same, another's never. */
static void
test_id(void **state)
{
	struct secret s = rfc_seed();
	char a[LIMIT_FACTOR_SIZE] = "", b[LIMIT_FACTOR_SIZE] = "";

	(void)state;
	assert_int_equal(totp_id(a, &s), 0);
	assert_int_equal(strlen(a), LIMIT_FACTOR_SIZE - 1);
	assert_int_equal(totp_id(b, &s), 0);
	assert_string_equal(a, b);
	s.p[0] ^= 1;
	assert_int_equal(totp_id(b, &s), 0);
	assert_string_not_equal(a, b);
	secret_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_window),
	    cmocka_unit_test(test_wrong_shapes),
	    cmocka_unit_test(test_shown),
	    cmocka_unit_test(test_id),
	};

	if (totp_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
