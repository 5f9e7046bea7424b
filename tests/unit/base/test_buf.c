/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_buf - buffers and readers, with every allocation made to fail in turn
 * (the linker's --wrap puts the functions below in malloc's place).
 */
#include "tests/unit/support/test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);

static long fail_in; /* 1: the next one fails; 0: none does */
static long allocations;

void *
__wrap_malloc(size_t n)
{
	allocations++;
	if (fail_in > 0 && --fail_in == 0)
		return NULL;
	return __real_malloc(n);
}

static void
puts_are_big_endian(void **state)
{
	static const uint8_t want[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
	    0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0, 0, 0, 2, 'h',
	    'i', 0, 0, 0, 0, 'n', '=', '7'};
	struct buf b;

	(void)state;
	buf_init(&b, sizeof(want));
	buf_u8(&b, 0x01);
	buf_u16(&b, 0x0203);
	buf_u32(&b, 0x04050607);
	buf_u64(&b, UINT64_C(0x08090a0b0c0d0e0f));
	buf_string(&b, "hi", 2);
	buf_cstring(&b, "");
	buf_printf(&b, "n=%d", 7);
	assert_int_equal(buf_err(&b), 0);
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.p, want, sizeof(want));
	buf_u8(&b, 0);
	assert_int_equal(buf_err(&b), GW_ELIMIT);
	assert_int_equal(b.len, sizeof(want));
	buf_reset(&b);
	assert_int_equal(buf_err(&b), 0);
	assert_int_equal(b.len, 0);
	buf_done(&b);
	buf_done(&b);
	assert_null(b.p);
}

static void
limits_are_exact_and_sticky(void **state)
{
	static const char text[] = "0123456789abcdef";

	(void)state;
	for (size_t max = 0; max <= 16; max++) {
		struct buf b;

		buf_init(&b, max);
		buf_put(&b, text, max);
		assert_int_equal(buf_err(&b), 0);
		assert_int_equal(b.len, max);
		buf_printf(&b, "%s", "");
		assert_int_equal(buf_err(&b), 0);
		buf_printf(&b, "%c", 'x');
		assert_int_equal(buf_err(&b), GW_ELIMIT);
		buf_put(&b, "", 0);
		assert_int_equal(buf_err(&b), GW_ELIMIT);
		buf_done(&b);

		/* A string goes in whole or not at all. */
		buf_init(&b, max);
		buf_string(&b, text, 12);
		assert_int_equal(buf_err(&b), max < 16 ? GW_ELIMIT : 0);
		assert_int_equal(b.len, max < 16 ? 0 : 16);
		buf_done(&b);
	}
}

static void
printf_fills_to_the_last_byte(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_printf(&b, "%0100d", 7);
	assert_int_equal(buf_err(&b), 0);
	assert_int_equal(b.len, 100);
	assert_int_equal(b.p[99], '7');
	buf_done(&b);
}

static void
base64_fills_to_the_last_byte(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 9);
	buf_u8(&b, '<');
	buf_b64(&b, "", 0);
	buf_b64(&b, "\0\xff\xfe\1", 4);
	assert_int_equal(buf_err(&b), 0);
	assert_int_equal(b.len, 9);
	assert_memory_equal(b.p, "<AP/+AQ==", 9);
	buf_reset(&b);
	buf_b64(&b, "1234567", 7);
	assert_int_equal(buf_err(&b), GW_ELIMIT);
	assert_int_equal(b.len, 0);
	buf_done(&b);
}

static void
shift_keeps_the_rest(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	buf_shift(&b, 0);
	for (unsigned i = 0; i < 200; i++)
		buf_u8(&b, (uint8_t)i);
	buf_shift(&b, 150);
	assert_int_equal(b.len, 50);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(b.p[i], 150 + i);
	/* What was shifted out must not linger behind the end. */
	for (unsigned i = 50; i < 200; i++)
		assert_int_equal(b.p[i], 0);
	buf_shift(&b, 50);
	assert_int_equal(b.len, 0);
	buf_done(&b);
}

static void
reader_reads_what_was_put(void **state)
{
	struct buf b;
	struct rd r;
	char name[8] = "";
	size_t n = 99;
	const uint8_t *p = NULL;

	(void)state;
	buf_init(&b, 1000);
	buf_u8(&b, 0xff);
	buf_u16(&b, 0xfffe);
	buf_u32(&b, 0xfffffffd);
	buf_u64(&b, UINT64_MAX - 3);
	buf_cstring(&b, "seven77");
	buf_string(&b, "", 0);
	buf_put(&b, "xyz", 3);
	assert_int_equal(buf_err(&b), 0);

	rd_init(&r, b.p, b.len);
	assert_int_equal(rd_done(&r), GW_EPROTO);
	assert_int_equal(rd_u8(&r), 0xff);
	assert_int_equal(rd_u16(&r), 0xfffe);
	assert_int_equal(rd_u32(&r), 0xfffffffd);
	assert_true(rd_u64(&r) == UINT64_MAX - 3);
	rd_cstring(&r, name, sizeof(name));
	assert_string_equal(name, "seven77");
	assert_non_null(rd_string(&r, &n));
	assert_int_equal(n, 0);
	p = rd_bytes(&r, 3);
	assert_non_null(p);
	assert_memory_equal(p, "xyz", 3);
	assert_int_equal(rd_done(&r), 0);
	assert_int_equal(rd_u8(&r), 0);
	assert_int_equal(rd_done(&r), GW_EPROTO);
	buf_done(&b);

	rd_init(&r, NULL, 0);
	assert_non_null(rd_bytes(&r, 0));
	assert_int_equal(rd_done(&r), 0);
}

static void
reader_refuses_bad_mpints(void **state)
{
	static const struct {
		const char *name;
		uint8_t in[8];
		size_t n, want; /* its length without the sign; 0 = refused */
	} rows[] = {
	    {"one byte", {0, 0, 0, 1, 0x7f}, 5, 1},
	    {"two bytes", {0, 0, 0, 2, 1, 0}, 6, 2},
	    {"sign bit padded", {0, 0, 0, 2, 0, 0x80}, 6, 1},
	    {"zero", {0, 0, 0, 0}, 4, 0},
	    {"zero as a byte", {0, 0, 0, 1, 0}, 5, 0},
	    {"negative", {0, 0, 0, 1, 0x80}, 5, 0},
	    {"a zero too many", {0, 0, 0, 2, 0, 0x7f}, 6, 0},
	    {"two zeros", {0, 0, 0, 3, 0, 0, 0x80}, 7, 0},
	    {"length beyond the end", {0, 0, 0, 3, 1, 2}, 6, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const uint8_t *p = NULL;
		size_t n = 9;
		struct rd r;

		rd_init(&r, rows[i].in, rows[i].n);
		p = rd_mpint(&r, &n);
		CHECK_ROW(n == rows[i].want, rows[i].name);
		CHECK_ROW((p != NULL) == (n > 0), rows[i].name);
		CHECK_ROW((rd_done(&r) == 0) == (n > 0), rows[i].name);
		CHECK_ROW(
		    p == NULL || p + n == rows[i].in + rows[i].n, rows[i].name);
	}
}

static void
reader_refuses_bad_strings(void **state)
{
	static const struct {
		const char *name;
		uint8_t in[16];
		size_t n;
		bool good;
	} rows[] = {
	    {"fits", {0, 0, 0, 3, 'a', 'b', 'c'}, 7, true},
	    {"one too long", {0, 0, 0, 4, 'a', 'b', 'c', 'd'}, 8, false},
	    {"NUL inside", {0, 0, 0, 3, 'a', 0, 'c'}, 7, false},
	    {"length beyond the end", {0, 0, 0, 4, 'a', 'b', 'c'}, 7, false},
	    {"huge length", {0xff, 0xff, 0xff, 0xff, 'a'}, 5, false},
	    {"short length", {0, 0, 0}, 3, false},
	    {"nothing", {0}, 0, false},
	    {"bytes after it", {0, 0, 0, 1, 'a', 'b'}, 6, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[4] = "zzz";
		struct rd r;

		rd_init(&r, rows[i].in, rows[i].n);
		rd_cstring(&r, text, sizeof(text));
		CHECK_ROW((rd_done(&r) == 0) == rows[i].good, rows[i].name);
		if (r.bad) {
			CHECK_ROW(text[0] == '\0', rows[i].name);
			/* Nothing comes after a failure, also if bytes do. */
			CHECK_ROW(rd_u8(&r) == 0, rows[i].name);
			CHECK_ROW(rd_bytes(&r, 0) == NULL, rows[i].name);
		}
	}
}

/* Every kind of put, growing a few times. */
static int
fill(struct buf *b)
{
	for (unsigned i = 0; i < 50; i++) {
		buf_u32(b, i);
		buf_cstring(b, "some words to make it grow");
		buf_printf(b, "%u and %s", i, "more");
	}
	return buf_err(b);
}

static void
every_failed_allocation_is_reported(void **state)
{
	struct buf b;
	long total = 0;

	(void)state;
	allocations = 0;
	buf_init(&b, 100000);
	assert_int_equal(fill(&b), 0);
	total = allocations;
	buf_done(&b);
	assert_true(total >= 4);

	for (long n = 1; n <= total; n++) {
		size_t len = 0;

		fail_in = n;
		buf_init(&b, 100000);
		assert_int_equal(fill(&b), GW_ENOMEM);
		assert_int_equal(fail_in, 0);
		/* Sticky although memory is back. */
		len = b.len;
		buf_u8(&b, 1);
		assert_int_equal(b.len, len);
		buf_done(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(puts_are_big_endian),
	    cmocka_unit_test(limits_are_exact_and_sticky),
	    cmocka_unit_test(printf_fills_to_the_last_byte),
	    cmocka_unit_test(base64_fills_to_the_last_byte),
	    cmocka_unit_test(shift_keeps_the_rest),
	    cmocka_unit_test(reader_reads_what_was_put),
	    cmocka_unit_test(reader_refuses_bad_mpints),
	    cmocka_unit_test(reader_refuses_bad_strings),
	    cmocka_unit_test(every_failed_allocation_is_reported),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
