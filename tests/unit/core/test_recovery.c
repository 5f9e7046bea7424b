/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_recovery - recovery codes as text, as a set, and their slow hash, which
 * is OpenSSL's: RFC 7914 section 12 would tell another one.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/recovery.h"
#include "sys/scrypt.h"
#include "tests/unit/support/test.h"

static void
test_text(void **state)
{
	static const struct {
		uint8_t p[RECOVERY_BYTES];
		const char *text;
	} rows[] = {
	    {{0}, "0000-0000-0000-0000"},
	    {{255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
		"ZZZZ-ZZZZ-ZZZZ-ZZZZ"},
	    {{0x08, 0x86, 0x42, 0x98, 0xe8, 0x4a, 0x96, 0xc6, 0xb9, 0xf0},
		"1234-5678-9ABC-DEFG"},
	};
	char text[RECOVERY_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		recovery_text(text, rows[i].p);
		CHECK_ROW(strcmp(text, rows[i].text) == 0, rows[i].text);
	}
}

static void
test_read(void **state)
{
	static const struct {
		const char *s, *plain; /* "": it is none */
	} rows[] = {
	    {"4H7K-2MQX-9TRB-6WNC", "4H7K2MQX9TRB6WNC"},
	    {"4h7k 2mqx 9trb 6wnc", "4H7K2MQX9TRB6WNC"},
	    {"4H7K2MQX9TRB6WNC", "4H7K2MQX9TRB6WNC"},
	    {"oOiI-lL00-1111-ZZZZ", "001111001111ZZZZ"},
	    {"4H7K-2MQX-9TRB-6WN", ""},
	    {"4H7K-2MQX-9TRB-6WNCC", ""},
	    {"4H7K-2MQX-9TRB-6WNU", ""},
	    {"4H7K-2MQX-9TRB-6WN.", ""},
	    {"123456", ""},
	    {"", ""},
	};
	char plain[RECOVERY_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_ROW(recovery_read(plain, rows[i].s) ==
			      (rows[i].plain[0] != '\0'),
		    rows[i].s);
		CHECK_ROW(strcmp(plain, rows[i].plain) == 0, rows[i].s);
	}
}

static void
test_set(void **state)
{
	struct recovery_set s = {.n = 2};
	uint8_t hash[RECOVERY_HASH_SIZE] = {0};

	(void)state;
	memset(s.hash[0].p, 1, sizeof(hash));
	memset(s.hash[1].p, 2, sizeof(hash));
	/* what is beyond them is none of them */
	assert_null(recovery_find(&s, hash));
	memset(hash, 2, sizeof(hash));
	assert_true(recovery_find(&s, hash) == &s.hash[1]);
	hash[RECOVERY_HASH_SIZE - 1] ^= 1;
	assert_null(recovery_find(&s, hash));
	assert_int_equal(recovery_left(&s), 2);
	s.hash[1].used = true;
	assert_int_equal(recovery_left(&s), 1);
}

static void
test_hash(void **state)
{
	static const uint8_t salt[2][RECOVERY_SALT_SIZE] = {{1}, {2}};
	static const uint8_t rfc[8] = {
	    0xfd, 0xba, 0xbe, 0x1c, 0x9d, 0x34, 0x72, 0x00};
	uint8_t a[RECOVERY_HASH_SIZE], b[RECOVERY_HASH_SIZE];

	(void)state;
	assert_int_equal(EVP_PBE_scrypt("password", 8, (const uint8_t *)"NaCl",
			     4, 1024, 8, 16, 0, a, sizeof(a)),
	    1);
	assert_memory_equal(a, rfc, sizeof(rfc));
	assert_int_equal(scrypt_hash(a, salt[0], "4H7K2MQX9TRB6WNC"), 0);
	assert_int_equal(scrypt_hash(b, salt[0], "4H7K2MQX9TRB6WNC"), 0);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(scrypt_hash(b, salt[1], "4H7K2MQX9TRB6WNC"), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_equal(scrypt_hash(b, salt[0], "4H7K2MQX9TRB6WND"), 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

/* It holds up everybody, for some 20 ms of processor time; a machine whose
 * memory is slow to get takes five times that, a parameter one step up twice.
 */
static void
test_cost(void **state)
{
	static const uint8_t salt[RECOVERY_SALT_SIZE] = {1};
	uint8_t hash[RECOVERY_HASH_SIZE];
	struct timespec from, to;
	int64_t us, least = INT64_MAX;

	(void)state;
	for (int i = 0; i < 5; i++) {
		(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		assert_int_equal(scrypt_hash(hash, salt, "4H7K"), 0);
		(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		us = (to.tv_sec - from.tv_sec) * INT64_C(1000000) +
		     (to.tv_nsec - from.tv_nsec) / 1000;
		least = us < least ? us : least;
	}
	assert_in_range(least, 1000, 250000);
}

static void
test_rate(void **state)
{
	static const struct {
		const char *name, *user;
		int64_t at_ms;
		unsigned times, may; /* of so many so many */
	} rows[] = {
	    {"one user's share", "u-1", 1000, 8, LIMIT_RECOVERY_TRIED_USER},
	    {"another has their own", "u-2", 1000, 8,
		LIMIT_RECOVERY_TRIED_USER},
	    {"not yet", "u-1", 60999, 1, 0},
	    {"a minute later", "u-1", 61000, 8, LIMIT_RECOVERY_TRIED_USER},
	};
	struct recovery_rate r = {0};
	char user[LIMIT_ID_SIZE];
	unsigned may;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		may = 0;
		for (unsigned k = 0; k < rows[i].times; k++)
			may += recovery_may(&r, rows[i].user, rows[i].at_ms);
		CHECK_ROW(may == rows[i].may, rows[i].name);
	}
	may = LIMIT_RECOVERY_TRIED_USER; /* "u-1", just now */
	for (unsigned k = 0; k < LIMIT_RECOVERY_TRIED; k++) {
		(void)snprintf(user, sizeof(user), "many-%u", k);
		may += recovery_may(&r, user, 61000);
	}
	assert_int_equal(may, LIMIT_RECOVERY_TRIED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_set),
	    cmocka_unit_test(test_rate),
	    cmocka_unit_test(test_hash),
	    cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
