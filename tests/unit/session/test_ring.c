/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ring - what is put in comes out, in order and whole, wherever the ring
 * wraps and however it grows. Bytes are numbered from the first one put in, so
 * that a byte out of place is seen; malloc is wrapped to fail when told.
 */
#include "tests/unit/support/test.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "session/ring.h"

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);

static bool malloc_fails;

void *
__wrap_malloc(size_t n)
{
	return malloc_fails ? NULL : __real_malloc(n);
}

/* A prime period: no power of two, so no offset repeats where rings wrap. */
static uint8_t
byte_at(size_t i)
{
	return (uint8_t)(i % 251);
}

struct track {
	struct ring ring;
	size_t in;  /* bytes put so far */
	size_t out; /* and dropped */
};

static size_t
put(struct track *t, size_t n)
{
	uint8_t *p = __real_malloc(n + 1);
	size_t fitted;

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = byte_at(t->in + i);
	fitted = ring_put(&t->ring, p, n);
	free(p);
	t->in += fitted;
	return fitted;
}

static void
drop(struct track *t, size_t n)
{
	ring_drop(&t->ring, n);
	t->out += n;
}

/* Reads the ring from offset `skip` on, run by run, against the numbers. */
static void
check_from(const struct track *t, size_t skip, const char *name)
{
	size_t at = skip;
	size_t n = 0;
	unsigned runs = 0;
	const uint8_t *p;

	while ((p = ring_peek_at(&t->ring, at, &n)) != NULL) {
		CHECK_ROW(n > 0, name);
		for (size_t i = 0; i < n; i++)
			if (p[i] != byte_at(t->out + at + i))
				fail_msg("row '%s': byte %zu", name, at + i);
		at += n;
		runs++;
	}
	CHECK_ROW(n == 0, name);
	CHECK_ROW(at == (skip < t->ring.len ? t->ring.len : skip), name);
	CHECK_ROW(runs <= 2, name);
}

static void
check(const struct track *t, const char *name)
{
	const size_t len = t->in - t->out;
	const size_t skips[] = {0, 1, len / 2, len == 0 ? 0 : len - 1, len};
	size_t n;

	CHECK_ROW(t->ring.len == len, name);
	CHECK_ROW(ring_space(&t->ring) == t->ring.size - len, name);
	for (size_t i = 0; i < ARRAY_LEN(skips); i++)
		check_from(t, skips[i], name);
	CHECK_ROW(
	    ring_peek(&t->ring, &n) == ring_peek_at(&t->ring, 0, &n), name);
}

static void
test_in_order(void **state)
{
	/* one ring goes through all rows */
	static const struct {
		const char *name;
		size_t put, fitted, drop;
	} rows[] = {
	    {"nothing", 0, 0, 0},
	    {"one byte", 1, 1, 0},
	    {"some", 1000, 1000, 500},
	    {"until empty", 7, 7, 508},
	    {"whole", RING_MIN, RING_MIN, 0},
	    {"into a full one", 1, 0, 0},
	    {"one out", 0, 0, 1},
	    {"one in, at the wrap", 2, 1, 0},
	    {"all but one out", 0, 0, RING_MIN - 1},
	    {"more than there is space", RING_MIN + 5, RING_MIN - 1, 0},
	    {"half out", 0, 0, RING_MIN / 2},
	    {"over the end", RING_MIN / 4, RING_MIN / 4, RING_MIN / 4},
	    {"up to the end", 0, 0, RING_MIN / 2 - 1},
	    {"and empty", 0, 0, 1},
	};
	struct track t = {.in = 0};

	(void)state;
	assert_true(ring_reserve(&t.ring, 1));
	assert_int_equal(t.ring.size, RING_MIN);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_ROW(put(&t, rows[i].put) == rows[i].fitted, rows[i].name);
		check(&t, rows[i].name);
		drop(&t, rows[i].drop);
		check(&t, rows[i].name);
	}
	assert_int_equal(t.in, t.out);
	ring_done(&t.ring);
}

/* What wraps is two runs: the end of the memory, then its beginning. */
static void
test_two_runs(void **state)
{
	struct track t = {.in = 0};
	size_t n = 0;

	(void)state;
	assert_true(ring_reserve(&t.ring, RING_MIN));
	assert_int_equal(put(&t, RING_MIN - 10), RING_MIN - 10);
	drop(&t, RING_MIN - 20);
	assert_int_equal(put(&t, 30), 30);
	check(&t, "two runs");
	assert_ptr_equal(ring_peek(&t.ring, &n), t.ring.p + (RING_MIN - 20));
	assert_int_equal(n, 20);
	assert_ptr_equal(ring_peek_at(&t.ring, 20, &n), t.ring.p);
	assert_int_equal(n, 20);
	ring_done(&t.ring);
}

/* An empty ring starts over at its first byte: an idle shell touches one page
 * of it. */
static void
test_starts_over(void **state)
{
	struct track t = {.in = 0};
	size_t n = 0;

	(void)state;
	assert_true(ring_reserve(&t.ring, 100));
	for (int i = 0; i < 100; i++) {
		assert_int_equal(put(&t, 100), 100);
		assert_ptr_equal(ring_peek(&t.ring, &n), t.ring.p);
		drop(&t, 100);
	}
	assert_null(ring_peek(&t.ring, &n));
	assert_int_equal(n, 0);
	ring_done(&t.ring);
}

/* It grows by what is asked for, at least to twice its size, wherever its
 * bytes are; what does not fit into the largest changes nothing. */
static void
test_grows(void **state)
{
	static const struct {
		const char *name;
		size_t drop, reserve;
		bool ok;
		size_t size;
	} rows[] = {
	    {"there is space", 0, 0, true, RING_MIN},
	    {"a byte more", 0, 1, true, 2 * RING_MIN},
	    {"two runs", RING_MIN + 7, 2 * RING_MIN + 1, true, 4 * RING_MIN},
	    {"much more", 5, 9 * RING_MIN, true, 13 * RING_MIN},
	    {"too much", 0, RING_MAX, false, 13 * RING_MIN},
	    {"far too much", 0, SIZE_MAX, false, 13 * RING_MIN},
	    {"not twice the size", 0, RING_MAX / 2, true,
		RING_MAX / 2 + 13 * RING_MIN},
	    {"the largest", 13 * RING_MIN - 12, RING_MAX, true, RING_MAX},
	};
	struct track t = {.in = 0};

	(void)state;
	assert_true(ring_reserve(&t.ring, RING_MIN));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)put(&t, ring_space(&t.ring));
		drop(&t, rows[i].drop);
		(void)put(&t, rows[i].drop / 2);
		if (i == ARRAY_LEN(rows) - 1)
			drop(&t, t.ring.len);
		CHECK_ROW(ring_reserve(&t.ring, rows[i].reserve) == rows[i].ok,
		    rows[i].name);
		CHECK_ROW(t.ring.size == rows[i].size, rows[i].name);
		check(&t, rows[i].name);
	}
	ring_done(&t.ring);
}

static void
test_memory(void **state)
{
	struct track t = {.in = 0};

	(void)state;
	assert_int_equal(put(&t, 5), 0); /* nothing was reserved */
	assert_null(t.ring.p);
	malloc_fails = true;
	assert_false(ring_reserve(&t.ring, 5));
	malloc_fails = false;
	assert_null(t.ring.p);
	check(&t, "out of memory");
	assert_true(ring_reserve(&t.ring, 5));
	assert_int_equal(put(&t, 5), 5);
	malloc_fails = true;
	assert_false(ring_reserve(&t.ring, RING_MIN));
	malloc_fails = false;
	check(&t, "out of memory, with bytes in it");
	ring_done(&t.ring);
	assert_null(t.ring.p);
	assert_int_equal(t.ring.len, 0);
	ring_done(&t.ring);
}

/* To drop what is not there is a bug, and nothing goes on after it. */
static void
test_drop_too_much(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct ring r = {.p = NULL};

		(void)signal(SIGABRT, SIG_DFL);
		if (ring_reserve(&r, 3))
			(void)ring_put(&r, "abc", 3);
		ring_drop(&r, 4);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_in_order),
	    cmocka_unit_test(test_two_runs),
	    cmocka_unit_test(test_starts_over),
	    cmocka_unit_test(test_grows),
	    cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_drop_too_much),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
