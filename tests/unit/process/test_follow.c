/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow: what it asks the notary, what it takes for an answer and what it
 * passes on. The process around it is the test: its links and timers stand
 * here.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/err.h"
#include "process/follow.h"

struct timer {
	process_timer_fn *fn;
	void *arg;
	bool set;
};

/* The one process: its timer, its link and what was asked over it. */
static struct {
	struct timer timer;
	bool linked;
	uint32_t rid;
	unsigned asked;
	struct msg_nt_read last;
} around;

struct timer *
timer_new(struct process *r, process_timer_fn *fn, void *arg)
{
	(void)r;
	around.timer = (struct timer){.fn = fn, .arg = arg};
	return &around.timer;
}

void
timer_set(struct timer *t, int64_t in_ms)
{
	(void)in_ms;
	t->set = true;
}

struct peer *
process_peer(struct process *r, enum proc proc)
{
	(void)r;
	assert_int_equal(proc, PROC_NOTARY);
	return around.linked ? (struct peer *)&around : NULL;
}

uint32_t
process_rid(struct process *r)
{
	(void)r;
	return ++around.rid;
}

int
peer_send(struct peer *p, unsigned type, const void *body, int fd)
{
	if (p == NULL)
		return GW_ECLOSED;
	assert_int_equal(type, MSG_NT_READ);
	assert_int_equal(fd, -1);
	memcpy(&around.last, body, sizeof(around.last));
	around.asked++;
	return 0;
}

static void
fire(void)
{
	assert_true(around.timer.set);
	around.timer.set = false;
	around.timer.fn(NULL, around.timer.arg);
}

/* One follower and what it was given. */
struct reader {
	struct follower *f;
	unsigned times;
	uint64_t from, next;
	char lines[64];
	uint64_t shorter; /* the end it heard of, + 1 */
};

static void
on_records(void *ctx, const struct bytes *lines, uint64_t from, uint64_t next)
{
	struct reader *r = ctx;

	r->times++;
	r->from = from;
	r->next = next;
	assert_true(lines->len < sizeof(r->lines));
	memcpy(r->lines, lines->p, lines->len);
	r->lines[lines->len] = '\0';
}

static void
on_shorter(void *ctx, uint64_t end)
{
	struct reader *r = ctx;

	r->shorter = end + 1;
	follower_want(r->f, 0);
}

/* One lives as long as its process: the tests keep theirs. */
static struct follow *
follow_make(void)
{
	static struct follow *kept[32];
	static size_t n;

	memset(&around, 0, sizeof(around));
	assert_true(n < sizeof(kept) / sizeof(kept[0]));
	assert_int_equal(follow_new(&kept[n], NULL), 0);
	return kept[n++];
}

static void
reader_make(struct reader *r, struct follow *f)
{
	const struct follower_hooks hooks = {
	    .records = on_records, .shorter = on_shorter, .ctx = r};

	memset(r, 0, sizeof(*r));
	assert_int_equal(follower_new(&r->f, f, &hooks), 0);
}

static void
link_up(struct follow *f)
{
	around.linked = true;
	follow_linked(f);
	fire();
}

/* The notary's answer to the last question. */
static int
answer(struct follow *f, uint64_t first, uint64_t next, uint64_t end,
    const char *lines)
{
	const struct msg_nt_lines m = {.rid = around.last.rid,
	    .first = first,
	    .next = next,
	    .end = end,
	    .lines = {(const uint8_t *)lines, (uint32_t)strlen(lines)}};

	return follow_lines(f, &m);
}

static void
test_in_order(void **state)
{
	const struct msg_nt_tail tail = {.end = 3};
	struct follow *f = follow_make();
	struct reader r;

	(void)state;
	reader_make(&r, f);
	follower_want(r.f, 0); /* there is no notary yet */
	assert_int_equal(around.asked, 0);
	link_up(f);
	assert_int_equal(around.asked, 1);
	assert_int_equal(around.last.from, 0);
	assert_int_equal(answer(f, 0, 2, 2, "a\nb\n"), 0);
	assert_int_equal(r.times, 1);
	assert_int_equal(r.from, 0);
	assert_int_equal(r.next, 2);
	assert_string_equal(r.lines, "a\nb\n");

	/* nothing is read that nobody wants */
	fire();
	assert_int_equal(around.asked, 1);
	assert_false(follower_at_end(r.f));
	/* nor asked for what is not there yet */
	follower_want(r.f, 2);
	fire();
	assert_int_equal(around.asked, 1);
	assert_true(follower_at_end(r.f));
	follow_tail(f, &tail);
	assert_int_equal(around.asked, 2);
	assert_int_equal(around.last.from, 2);
	assert_false(follower_at_end(r.f));
	assert_int_equal(answer(f, 2, 3, 3, "c\n"), 0);
	assert_string_equal(r.lines, "c\n");
}

static void
test_stop(void **state)
{
	const struct msg_nt_tail tail = {.end = 9};
	struct follow *f = follow_make();
	struct reader r;

	(void)state;
	reader_make(&r, f);
	link_up(f);
	follower_want(r.f, 1);
	follower_stop(r.f);
	assert_int_equal(answer(f, 1, 2, 2, "b\n"), 0);
	follow_tail(f, &tail);
	fire();
	assert_int_equal(r.times, 0);
	assert_int_equal(around.asked, 1);
	follower_want(r.f, 1);
	assert_int_equal(answer(f, 1, 2, 9, "b\n"), 0);
	assert_int_equal(r.times, 1);
}

/* What the notary cannot read now is asked for again, after a while. */
static void
test_no_answer(void **state)
{
	struct follow *f = follow_make();
	struct reader r;

	(void)state;
	reader_make(&r, f);
	follower_want(r.f, 1);
	link_up(f);
	assert_int_equal(answer(f, 1, 1, 9, ""), 0);
	assert_int_equal(around.asked, 1);
	fire();
	assert_int_equal(around.asked, 2);
	assert_int_equal(r.times, 0);

	/* a notary restarted meanwhile does not know the question */
	link_up(f);
	assert_int_equal(around.asked, 3);
	around.last.rid--;
	assert_int_equal(answer(f, 1, 2, 9, "late\n"), 0);
	assert_int_equal(r.times, 0);
	around.last.rid++;
	assert_int_equal(answer(f, 1, 2, 9, "b\n"), 0);
	assert_int_equal(r.times, 1);
}

static void
test_hole(void **state)
{
	static const struct {
		const char *name;
		uint64_t first, next, end;
		const char *lines;
	} rows[] = {
	    {"later ones", 6, 7, 9, "a\n"},
	    {"earlier ones", 4, 6, 9, "a\nb\n"},
	    {"one too few", 5, 7, 9, "a\n"},
	    {"one too many", 5, 6, 9, "a\nb\n"},
	    {"half a line", 5, 7, 9, "a\nb"},
	    {"past the end", 5, 7, 6, "a\nb\n"},
	    {"none, with bytes", 5, 5, 9, "a\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct follow *f = follow_make();
		struct reader r;

		reader_make(&r, f);
		follower_want(r.f, 5);
		link_up(f);
		CHECK_ROW(answer(f, rows[i].first, rows[i].next, rows[i].end,
			      rows[i].lines) == GW_EPROTO,
		    rows[i].name);
		CHECK_ROW(r.times == 0, rows[i].name);
		/* the link comes again, and so does the question */
		link_up(f);
		CHECK_ROW(around.asked == 2, rows[i].name);
		CHECK_ROW(around.last.from == 5, rows[i].name);
	}
}

/* It is another log: the reader hears of it and may begin anew. */
static void
test_shorter(void **state)
{
	struct follow *f = follow_make();
	struct reader r;

	(void)state;
	reader_make(&r, f);
	follower_want(r.f, 50);
	link_up(f);
	assert_int_equal(answer(f, 50, 50, 2, ""), 0);
	assert_int_equal(r.shorter, 2 + 1);
	assert_int_equal(around.asked, 2);
	assert_int_equal(around.last.from, 0);
	assert_int_equal(answer(f, 0, 2, 2, "a\nb\n"), 0);
	assert_int_equal(r.times, 1);
}

/* Each at its own place; another wish makes the older one nobody's. */
static void
test_several(void **state)
{
	struct follow *f = follow_make();
	struct reader one, two;
	struct msg_nt_read q;

	(void)state;
	reader_make(&one, f);
	reader_make(&two, f);
	link_up(f);
	follower_want(one.f, 3);
	q = around.last;
	follower_want(two.f, 8);
	assert_int_equal(answer(f, 8, 9, 9, "i\n"), 0);
	assert_string_equal(two.lines, "i\n");
	assert_int_equal(one.times, 0);
	follower_want(one.f, 4);
	assert_int_equal(answer(f, 4, 5, 9, "e\n"), 0);
	assert_string_equal(one.lines, "e\n");
	around.last = q;
	assert_int_equal(answer(f, 3, 4, 9, "d\n"), 0);
	assert_int_equal(one.times, 1);
	assert_int_equal(two.times, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_in_order),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_no_answer),
	    cmocka_unit_test(test_hole),
	    cmocka_unit_test(test_shorter),
	    cmocka_unit_test(test_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
