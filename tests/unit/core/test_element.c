/* SPDX-License-Identifier: Apache-2.0 */
/*
 * element: one value, one encoding; whatever would open more than a grant can
 * mean is refused.
 */
#include "tests/unit/support/test.h"

#include <netinet/in.h>
#include <string.h>

#include "base/err.h"
#include "core/element.h"
#include "tests/unit/support/rnd.h"

enum { HEAD = 4, SIZE = 48 }; /* of the list, of each element */

static const struct element entry = {.kind = ELEMENT_ENTRY,
    .proto = IPPROTO_TCP,
    .port = 22,
    .source = {4, {198, 51, 100, 7}},
    .end_boot_ms = 1000};
static const struct element path = {.kind = ELEMENT_PATH,
    .proto = IPPROTO_UDP,
    .port = 53,
    .source = {6, {0x20, 1, [15] = 7}},
    .target = {6, {0x20, 1, [15] = 9}},
    .end_boot_ms = INT64_MAX};
static const struct element leg = {.kind = ELEMENT_LEG,
    .proto = IPPROTO_TCP,
    .sport = 40000,
    .port = 22,
    .source = {4, {10, 20, 0, 1}},
    .target = {4, {10, 20, 0, 11}},
    .end_boot_ms = 1};

static void
encode(struct buf *b, const struct element_list *l)
{
	buf_init(b, LIMIT_MSG_MAX);
	element_encode(b, l);
	assert_int_equal(buf_err(b), 0);
}

static void
test_exact_bytes(void **state)
{
	const struct element_list l = {1, {leg}};
	static const uint8_t want[HEAD + SIZE] = {0, 0, 0, 1, 3, 6, 0x9c, 0x40,
	    0, 22, 4, 10, 20, 0, 1, [27] = 4, 10, 20, 0, 11, [51] = 1};
	struct buf b;

	(void)state;
	encode(&b, &l);
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.p, want, sizeof(want));
	buf_done(&b);
}

static void
test_round_trip(void **state)
{
	struct element_list l = {0};
	struct element_list got;
	struct buf b;

	(void)state;
	for (uint32_t n = 0; n <= ELEMENT_MAX; n++) {
		l.n = n;
		if (n > 0)
			l.e[n - 1] = n % 3 == 0   ? leg
				     : n % 3 == 1 ? entry
						  : path;
		encode(&b, &l);
		assert_int_equal(b.len, HEAD + n * SIZE);
		memset(&got, 0xa5, sizeof(got));
		assert_int_equal(element_decode(&got, b.p, b.len), 0);
		assert_int_equal(got.n, n);
		for (uint32_t i = 0; i < n; i++) {
			assert_int_equal(got.e[i].kind, l.e[i].kind);
			assert_int_equal(got.e[i].proto, l.e[i].proto);
			assert_int_equal(got.e[i].sport, l.e[i].sport);
			assert_int_equal(got.e[i].port, l.e[i].port);
			assert_true(
			    addr_equal(&got.e[i].source, &l.e[i].source));
			assert_true(
			    l.e[i].target.family == 0
				? got.e[i].target.family == 0
				: addr_equal(&got.e[i].target, &l.e[i].target));
			assert_int_equal(
			    got.e[i].end_boot_ms, l.e[i].end_boot_ms);
		}
		buf_done(&b);
	}
}

static void
test_cut_and_longer(void **state)
{
	const struct element_list l = {3, {entry, path, leg}};
	struct element_list got;
	struct buf b;

	(void)state;
	encode(&b, &l);
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(element_decode(&got, b.p, n), GW_EPROTO);
	buf_u8(&b, 0);
	assert_int_equal(element_decode(&got, b.p, b.len), GW_EPROTO);
	b.p[3] = ELEMENT_MAX + 1;
	assert_int_equal(element_decode(&got, b.p, b.len), GW_EPROTO);
	buf_done(&b);
}

/* Each row changes one thing of a good element into something senseless. */
static void
test_senseless(void **state)
{
	struct element bad[] = {entry, entry, entry, entry, entry, entry, entry,
	    entry, path, path, path, leg, leg, leg, entry, path, leg};
	struct element_list got;

	(void)state;
	bad[0].kind = ELEMENT_NONE;
	bad[1].kind = 4;
	bad[2].proto = IPPROTO_ICMP;
	bad[3].port = 0;
	bad[4].end_boot_ms = 0;
	bad[5].end_boot_ms = -1;
	bad[6].source.family = 0; /* anybody */
	bad[7].target = leg.target;
	bad[8].sport = 1;
	bad[9].target.family = 4;
	bad[10].target.family = 0;
	bad[11].sport = 0; /* any local port */
	bad[12].target.family = 6;
	bad[13].source.family = 5;
	bad[14].source.b[15] = 1; /* the same address to the kernel */
	bad[15].source = (struct addr){6, {[10] = 0xff, 0xff, 192, 0, 2, 1}};
	bad[16].target.b[4] = 1;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct element_list l = {1, {bad[i]}};
		struct buf b;

		encode(&b, &l);
		got.n = 77;
		if (element_decode(&got, b.p, b.len) != GW_EPROTO)
			fail_msg("row %zu was taken", i);
		assert_int_equal(got.n, 77); /* untouched */
		buf_done(&b);
	}
}

/* Receipts sign the bytes: two encodings of one value must not exist. */
static void
test_one_encoding(void **state)
{
	const struct element_list l = {3, {entry, path, leg}};
	struct rnd rnd = {.s = 5};
	struct buf b;

	(void)state;
	encode(&b, &l);
	for (int i = 0; i < 5000; i++) {
		size_t at = rnd_below(&rnd, b.len);
		uint8_t old = b.p[at];
		struct element_list got;

		b.p[at] ^= (uint8_t)(1U << rnd_below(&rnd, 8));
		if (element_decode(&got, b.p, b.len) == 0) {
			struct buf again;

			encode(&again, &got);
			assert_int_equal(again.len, b.len);
			assert_memory_equal(again.p, b.p, b.len);
			buf_done(&again);
		}
		b.p[at] = old;
	}
	buf_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_exact_bytes),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_cut_and_longer),
	    cmocka_unit_test(test_senseless),
	    cmocka_unit_test(test_one_encoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
