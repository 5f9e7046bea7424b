/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_stream - every byte passes once and in order, and libssh never keeps
 * more than its window, whichever way it opens that window again: as 0.10 does
 * (after a reading of any size the whole window, whatever is still kept) or as
 * 0.11 does (the window less what is kept), and however wide it is. libssh is
 * played; bytes are numbered. That the libssh in use behaves like one of the
 * two is what its self-test is for.
 */
#include "tests/unit/support/test.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/limits.h"
#include "session/stream.h"

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);

static bool malloc_fails;

void *
__wrap_malloc(size_t n)
{
	return malloc_fails ? NULL : __real_malloc(n);
}

enum {
	MIB = 1024 * 1024,
	PERIOD = 251, /* of the bytes' numbers; a prime */
	PACKET = 32 * 1024,
	ARRIVED = 256 * 1024, /* a reading of a leg's socket */
};

/* Any run of numbered bytes up to what libssh may keep, and a packet. */
static uint8_t *numbers;

/* libssh's side of the channel. */
static struct {
	bool old;      /* opens its window as 0.10 does */
	size_t wide;   /* the window when it is open */
	size_t window; /* what may still come */
	size_t kept, kept_most;
	size_t in;   /* bytes the sender has sent */
	size_t more; /* and still wants to send */
	bool closed; /* by us: nothing can be read */
	struct stream *st;
} lib;

static void
open_window(bool read)
{
	size_t used = lib.window + lib.kept;

	if (lib.old) {
		if ((read ? lib.window : used) < lib.wide / 2)
			lib.window = lib.wide;
	} else if (used < lib.wide && lib.wide - used >= lib.wide / 2)
		lib.window += lib.wide - used;
}

/* n bytes have come; a sender that keeps to the window sends no more. */
static void
arrive(size_t n)
{
	const uint8_t *first;

	lib.in += n;
	lib.kept += n;
	lib.window -= n < lib.window ? n : lib.window;
	if (lib.kept > lib.kept_most)
		lib.kept_most = lib.kept;
	assert_true(lib.kept <= LIMIT_SSH_UNREAD + PACKET);
	first = numbers + (lib.in - lib.kept) % PERIOD;
	lib.kept -= stream_take(lib.st, first, (uint32_t)lib.kept);
	open_window(false);
}

/* The sender sends what it may, as much as one reading of a socket brings. */
static void
feed(size_t most)
{
	size_t n;

	while (most > 0 && lib.more > 0 && lib.window > 0) {
		n = most < PACKET ? most : PACKET;
		n = n < lib.more ? n : lib.more;
		n = n < lib.window ? n : lib.window;
		lib.more -= n;
		most -= n;
		arrive(n);
	}
}

int
ssh_channel_poll(ssh_channel ch, int is_err)
{
	(void)ch;
	(void)is_err;
	return (int)lib.kept;
}

int
ssh_channel_read_nonblocking(
    ssh_channel ch, void *dest, uint32_t count, int is_err)
{
	size_t n = count < lib.kept ? count : lib.kept;
	const uint8_t *from = numbers + (lib.in - lib.kept) % PERIOD;

	(void)ch;
	(void)is_err;
	if (lib.closed)
		return SSH_ERROR;
	for (size_t i = 0; i < n; i++)
		((uint8_t *)dest)[i] = from[i];
	lib.kept -= n;
	open_window(true);
	return (int)n;
}

static ssh_channel
channel(void)
{
	return (ssh_channel)(void *)&lib;
}

struct reader {
	size_t out;     /* bytes read so far */
	uint64_t count; /* what stream_read() counted */
};

/* The other leg takes up to n bytes. */
static void
take(struct reader *r, size_t n, const char *name)
{
	const uint8_t *p;
	size_t run;

	while (n > 0 && (p = ring_peek(&lib.st->ring, &run)) != NULL) {
		run = run < n ? run : n;
		for (size_t i = 0; i < run; i++)
			if (p[i] != (r->out + i) % PERIOD)
				fail_msg(
				    "row '%s': byte %zu", name, r->out + i);
		ring_drop(&lib.st->ring, run);
		r->out += run;
		n -= run;
	}
}

static void
start(struct stream *st, bool old, size_t wide, size_t more)
{
	*st = (struct stream){.kept = 0};
	lib.old = old;
	lib.wide = lib.window = wide;
	lib.kept = lib.kept_most = lib.in = 0;
	lib.more = more;
	lib.closed = false;
	lib.st = st;
}

static void
test_windows(void **state)
{
	static const struct {
		const char *name;
		bool old;
		size_t wide;
		size_t rates[4]; /* bytes the reader takes, turn after turn */
	} rows[] = {
	    {"0.10, fast", true, 1280000, {MIB, MIB, MIB, MIB}},
	    {"0.10, slow", true, 1280000, {9000, 9000, 9000, 9000}},
	    {"0.10, in bursts", true, 1280000, {0, 0, 0, 700000}},
	    {"0.10's way, wide", true, 5 * MIB, {40000, 1, 0, 99999}},
	    {"0.11, fast", false, 2 * MIB, {MIB, MIB, MIB, MIB}},
	    {"0.11, slow", false, 2 * MIB, {9000, 9000, 9000, 9000}},
	    {"0.11, in bursts", false, 2 * MIB, {0, 0, 0, 700000}},
	    {"0.11's way, narrow", false, 64000, {9000, 0, 1, 30000}},
	    {"0.11's way, wide", false, 14 * MIB, {40000, 1, 0, 99999}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *name = rows[i].name;
		const size_t all = 3 * rows[i].wide + 12345;
		struct stream st;
		struct reader r = {.out = 0};

		start(&st, rows[i].old, rows[i].wide, all);
		for (unsigned turn = 0; r.out < all; turn++) {
			feed(ARRIVED);
			(void)stream_read(&st, channel(), 0, &r.count, false);
			take(&r, rows[i].rates[turn % 4], name);
			stream_rest(&st);
			CHECK_ROW(!st.broken, name);
			/* what libssh keeps and what it lets come after that */
			CHECK_ROW(lib.kept_most <=
				      rows[i].wide + ARRIVED + 2 * PACKET,
			    name);
			CHECK_ROW(turn < 5000, name);
		}
		CHECK_ROW(stream_empty(&st), name);
		stream_done(&st);
	}
}

/* Who sends beyond every window is broken, and only who does. */
static void
test_too_much(void **state)
{
	struct stream st;

	(void)state;
	start(&st, true, 1280000, 0);
	for (size_t n = 0; n < STREAM_RING + LIMIT_SSH_UNREAD; n += PACKET) {
		assert_false(st.broken);
		arrive(PACKET);
	}
	assert_true(st.stalled);
	assert_false(st.broken);
	arrive(PACKET);
	assert_true(st.broken);
	assert_true(stream_cost(&st) > STREAM_RING + LIMIT_SSH_UNREAD);
	stream_done(&st);
}

static void
test_no_memory(void **state)
{
	struct stream st;
	struct reader r = {.out = 0};

	(void)state;
	start(&st, false, 2 * MIB, 0);
	malloc_fails = true;
	arrive(1000);
	assert_true(st.stalled);
	assert_false(st.broken);
	malloc_fails = false;
	arrive(1000);
	assert_int_equal(st.ring.len, 0); /* not before the first thousand */
	assert_true(stream_read(&st, channel(), 0, &r.count, false));
	assert_int_equal(r.count, 2000);
	take(&r, 2000, "memory again");
	assert_int_equal(r.out, 2000);
	stream_done(&st);
	start(&st, false, 2 * MIB, 0);
	malloc_fails = true;
	arrive(1000);
	assert_false(stream_read(&st, channel(), 0, &r.count, false));
	malloc_fails = false;
	assert_true(st.broken);
	stream_done(&st);
}

/* What nobody will get is read all the same, and what libssh does not give any
 * more is not waited for. */
static void
test_dropped(void **state)
{
	struct stream st;
	uint64_t count = 0;

	(void)state;
	start(&st, true, 1280000, 4 * MIB);
	while (lib.window > 0)
		feed(ARRIVED);
	assert_true(st.stalled);
	assert_true(stream_read(&st, channel(), 0, &count, true));
	assert_int_equal(lib.kept, 0);
	assert_int_equal(count, 0);
	assert_false(st.stalled);
	feed(ARRIVED);
	assert_true(st.stalled);
	lib.closed = true;
	ring_done(&st.ring);
	assert_true(stream_read(&st, channel(), 0, &count, false));
	assert_true(stream_empty(&st));
	assert_false(stream_read(&st, channel(), 0, &count, false));
	stream_done(&st);
}

/* The memory of a burst goes in the second silent turn, not between packets. */
static void
test_rest(void **state)
{
	struct stream st;
	struct reader r = {.out = 0};

	(void)state;
	start(&st, false, 2 * MIB, MIB);
	for (int i = 0; i < 4; i++) {
		feed(ARRIVED);
		stream_rest(&st);
		take(&r, ARRIVED, "burst");
		stream_rest(&st);
		assert_true(st.ring.size >= ARRIVED);
	}
	stream_rest(&st);
	assert_int_equal(st.ring.size, 0);
	assert_int_equal(stream_cost(&st), 0);
	lib.more = 100;
	feed(100);
	take(&r, 100, "a key");
	for (int i = 0; i < 3; i++)
		stream_rest(&st);
	assert_int_equal(st.ring.size, RING_MIN); /* that little is kept */
	stream_done(&st);
}

static int
make_numbers(void **state)
{
	const size_t n = LIMIT_SSH_UNREAD + 2 * PACKET + PERIOD;

	(void)state;
	if ((numbers = __real_malloc(n)) == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		numbers[i] = (uint8_t)(i % PERIOD);
	return 0;
}

static int
free_numbers(void **state)
{
	(void)state;
	free(numbers);
	return 0;
}

/* What is ours comes first, whatever is there already. */
static void
test_front(void **state)
{
	struct stream st = {.kept = 0};
	const uint8_t *p;
	size_t n;

	(void)state;
	assert_true(stream_front(&st, "one ", 4));
	assert_int_equal(stream_take(&st, "three", 5), 5);
	ring_drop(&st.ring, 4);
	assert_true(stream_front(&st, "two ", 4));
	p = ring_peek(&st.ring, &n);
	assert_int_equal(n, 9);
	assert_memory_equal(p, "two three", 9);
	malloc_fails = true;
	assert_false(stream_front(&st, "none", 4));
	malloc_fails = false;
	assert_int_equal(st.ring.len, 9);
	stream_done(&st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_windows),
	    cmocka_unit_test(test_too_much),
	    cmocka_unit_test(test_no_memory),
	    cmocka_unit_test(test_dropped),
	    cmocka_unit_test(test_rest),
	    cmocka_unit_test(test_front),
	};

	return cmocka_run_group_tests(tests, make_numbers, free_numbers);
}
