/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receipt: what the notary signed passes; any other bit does not.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/err.h"
#include "core/receipt.h"

static const uint8_t key[RECEIPT_KEY_SIZE] = {1, 2, 3, [31] = 9};
#define GRANT "g-7Q2MXK4P"
static const char elements[] = "any bytes at all, \0 too";

static void
make(struct receipt *r, const char *id)
{
	assert_int_equal(
	    receipt_make(r, key, 42, id, GRANT, elements, sizeof(elements)), 0);
	assert_int_equal(r->seq, 42);
}

static void
test_good(void **state)
{
	struct receipt r, again;

	(void)state;
	make(&r, "g-7Q2MXK4P");
	make(&again, "g-7Q2MXK4P");
	assert_memory_equal(r.mac, again.mac, sizeof(r.mac));
	assert_true(receipt_ok(
	    &r, key, "g-7Q2MXK4P", GRANT, elements, sizeof(elements)));
	assert_int_equal(receipt_make(&r, key, 0, "", "", NULL, 0), 0);
	assert_true(receipt_ok(&r, key, "", "", NULL, 0));
}

/* HMAC-SHA256 as another implementation gives it (Python's hmac). */
static void
test_known_value(void **state)
{
	static const uint8_t want[RECEIPT_MAC_SIZE] = {0xff, 0x20, 0x8a, 0x00,
	    0x2c, 0xa7, 0xf3, 0xc1, 0xfd, 0x4e, 0xec, 0x71, 0xfd, 0xc8, 0xdb,
	    0xd7, 0xb7, 0x23, 0x06, 0x7f, 0x9d, 0x1d, 0x51, 0x4a, 0xa0, 0xfd,
	    0x7c, 0x28, 0x59, 0x0c, 0x90, 0x4f};
	struct receipt r;

	(void)state;
	assert_int_equal(
	    receipt_make(&r, key, 42, "g-7Q2MXK4P", GRANT, "abc", 3), 0);
	assert_memory_equal(r.mac, want, sizeof(want));
}

static void
test_any_flipped_bit(void **state)
{
	char id[] = "g-7Q2MXK4P";
	char g[] = GRANT;
	char e[sizeof(elements)];
	uint8_t k[RECEIPT_KEY_SIZE];
	struct receipt r;

	(void)state;
	make(&r, id);
	memcpy(e, elements, sizeof(e));
	memcpy(k, key, sizeof(k));
	for (size_t i = 0; i < sizeof(r.mac) * 8; i++) {
		r.mac[i / 8] ^= (uint8_t)(1U << (i % 8));
		assert_false(receipt_ok(&r, key, id, g, e, sizeof(e)));
		r.mac[i / 8] ^= (uint8_t)(1U << (i % 8));
	}
	for (unsigned i = 0; i < 64; i++) {
		r.seq ^= 1ULL << i;
		assert_false(receipt_ok(&r, key, id, g, e, sizeof(e)));
		r.seq ^= 1ULL << i;
	}
	for (size_t i = 0; i < sizeof(e) * 8; i++) {
		e[i / 8] = (char)(e[i / 8] ^ (1 << (i % 8)));
		assert_false(receipt_ok(&r, key, id, g, e, sizeof(e)));
		e[i / 8] = (char)(e[i / 8] ^ (1 << (i % 8)));
	}
	for (size_t i = 0; i < sizeof(k) * 8; i++) {
		k[i / 8] ^= (uint8_t)(1U << (i % 8));
		assert_false(receipt_ok(&r, k, id, g, e, sizeof(e)));
		k[i / 8] ^= (uint8_t)(1U << (i % 8));
	}
	for (size_t i = 0; i < (sizeof(id) - 1) * 8; i++) {
		id[i / 8] = (char)(id[i / 8] ^ (1 << (i % 8)));
		assert_false(receipt_ok(&r, key, id, g, e, sizeof(e)));
		id[i / 8] = (char)(id[i / 8] ^ (1 << (i % 8)));
	}
	for (size_t i = 0; i < (sizeof(g) - 1) * 8; i++) {
		g[i / 8] = (char)(g[i / 8] ^ (1 << (i % 8)));
		assert_false(receipt_ok(&r, key, id, g, e, sizeof(e)));
		g[i / 8] = (char)(g[i / 8] ^ (1 << (i % 8)));
	}
	assert_true(receipt_ok(&r, key, id, g, e, sizeof(e)));
	for (size_t n = 0; n < sizeof(e); n++)
		assert_false(receipt_ok(&r, key, id, g, e, n));
}

/* Where the id and the grant end is part of what is signed. */
static void
test_no_sliding(void **state)
{
	struct receipt r;

	(void)state;
	assert_int_equal(receipt_make(&r, key, 1, "g-A", "g-B", "BC", 2), 0);
	assert_false(receipt_ok(&r, key, "g-A", "g-BB", "C", 1));
	assert_false(receipt_ok(&r, key, "g-A", "g-", "BBC", 3));
	assert_false(receipt_ok(&r, key, "g-Ag", "-B", "BC", 2));
	assert_false(receipt_ok(&r, key, "g-", "Ag-B", "BC", 2));
	memset(&r, 0, sizeof(r));
	assert_false(receipt_ok(&r, key, "g-A", "g-B", "BC", 2));
}

/* Elements too large to be signed are an error, never a receipt. */
static void
test_too_large(void **state)
{
	static uint8_t big[LIMIT_MSG_MAX];
	struct receipt r = {.seq = 5};

	(void)state;
	assert_int_equal(
	    receipt_make(&r, key, 1, "g-A", "g-A", big, sizeof(big)),
	    GW_ELIMIT);
	assert_int_equal(r.seq, 5);
	assert_false(receipt_ok(&r, key, "g-A", "g-A", big, sizeof(big)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_known_value),
	    cmocka_unit_test(test_any_flipped_bit),
	    cmocka_unit_test(test_no_sliding),
	    cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
