/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_rollover - a next key is believed when the key we know has signed it for
 * this server, and not when one bit of that is otherwise.
 */
#include "tests/unit/support/test.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/limits.h"
#include "wire/rollover.h"

struct keys {
	EVP_PKEY *now, *next;
	char now_spki[65], next_spki[65], text[LIMIT_ROLLOVER_SIZE];
};

static void
make(struct keys *k, EVP_PKEY *now)
{
	k->now = now;
	k->next = EVP_EC_gen("P-256");
	assert_non_null(k->now);
	assert_non_null(k->next);
	assert_int_equal(rollover_spki(k->now_spki, k->now), 0);
	assert_int_equal(rollover_spki(k->next_spki, k->next), 0);
	assert_int_equal(
	    rollover_sign(k->text, sizeof(k->text), k->now, k->next, "gw-1"),
	    0);
}

static void
done(struct keys *k)
{
	EVP_PKEY_free(k->now);
	EVP_PKEY_free(k->next);
}

static void
test_announced(void **state)
{
	struct keys k;
	char got[65];

	(void)state;
	for (int rsa = 0; rsa < 2; rsa++) {
		make(&k, rsa ? EVP_RSA_gen(3072) : EVP_EC_gen("P-256"));
		assert_int_equal(
		    rollover_check(got, k.text, k.now_spki, "gw-1"), 0);
		assert_string_equal(got, k.next_spki);
		done(&k);
	}
}

static void
test_not_announced(void **state)
{
	struct keys k, other;
	char got[65], text[LIMIT_ROLLOVER_SIZE];

	(void)state;
	make(&k, EVP_EC_gen("P-256"));
	make(&other, EVP_EC_gen("P-256"));
	assert_int_not_equal(
	    rollover_check(got, k.text, k.now_spki, "gw-2"), 0);
	assert_string_equal(got, "");
	/* by a key that is not the one we know */
	assert_int_not_equal(
	    rollover_check(got, other.text, k.now_spki, "gw-1"), 0);
	/* another one's next key, under our signature */
	strcpy(text, k.text);
	memcpy(text, other.next_spki, 64);
	assert_int_not_equal(rollover_check(got, text, k.now_spki, "gw-1"), 0);
	for (size_t i = 0; i < strlen(k.text); i += 7) {
		strcpy(text, k.text);
		text[i] = text[i] == 'a' ? 'b' : 'a';
		assert_int_not_equal(
		    rollover_check(got, text, k.now_spki, "gw-1"), 0);
		text[i] = '\0';
		assert_int_not_equal(
		    rollover_check(got, text, k.now_spki, "gw-1"), 0);
	}
	done(&k);
	done(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_announced),
	    cmocka_unit_test(test_not_announced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
