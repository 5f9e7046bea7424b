/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_lock - what a lock covers, as a table; how it is written, and told.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "core/lock.h"

#define FP "SHA256:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq"

static struct lock
lock(enum lock_kind k, const char *value)
{
	struct lock l = {.id = "l-7Q2MXK4P", .by = "bob"};

	assert_int_equal(lock_set(&l, k, value), 0);
	return l;
}

static void
test_covers(void **state)
{
	/* alice, in ops and sre, by FP, as deploy at web-01 under role day, by
	 * grant g-22222222, from 198.51.100.7 and 2001:db8::7 */
	static const struct {
		enum lock_kind kind;
		const char *value;
		bool want;
	} rows[] = {
	    {LOCK_USER, "alice", true},
	    {LOCK_USER, "alic", false},
	    {LOCK_USER, "ops", false},
	    {LOCK_USER, "web-01", false},
	    {LOCK_GROUP, "ops", true},
	    {LOCK_GROUP, "sre", true},
	    {LOCK_GROUP, "alice", false},
	    {LOCK_ROLE, "day", true},
	    {LOCK_ROLE, "night", false},
	    {LOCK_TARGET, "web-01", true},
	    {LOCK_TARGET, "web-011", false},
	    {LOCK_LOGIN, "deploy", true},
	    {LOCK_LOGIN, "root", false},
	    {LOCK_SOURCE, "198.51.100.7", true},
	    {LOCK_SOURCE, "198.51.100.0/24", true},
	    {LOCK_SOURCE, "0.0.0.0/0", true},
	    {LOCK_SOURCE, "198.51.100.8", false},
	    {LOCK_SOURCE, "2001:db8::/64", true},
	    {LOCK_SOURCE, "2001:db8:1::/64", false},
	    {LOCK_KEY, FP, true},
	    {LOCK_KEY, "SHA256:BBCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq",
		false},
	    {LOCK_GRANT, "g-22222222", true},
	    {LOCK_GRANT, "g-22222223", false},
	    {LOCK_EVERYTHING, "", true},
	};
	struct name_list groups = {0};
	struct addr source[2];
	struct lock_facts f = {.user = "alice",
	    .groups = &groups,
	    .key_fp = FP,
	    .target = "web-01",
	    .login = "deploy",
	    .role = "day",
	    .grant = "g-22222222",
	    .source = source,
	    .nsources = 2};
	const struct lock_facts nothing = {.user = "", .login = ""};
	struct lock l[2];

	(void)state;
	assert_int_equal(name_list_add(&groups, "ops"), 0);
	assert_int_equal(name_list_add(&groups, "sre"), 0);
	assert_int_equal(addr_parse(&source[0], "198.51.100.7"), 0);
	assert_int_equal(addr_parse(&source[1], "2001:db8::7"), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		l[0] = lock(LOCK_USER, "nobody");
		l[1] = lock(rows[i].kind, rows[i].value);
		CHECK_ROW((lock_find(l, 2, &f) == &l[1]) == rows[i].want,
		    rows[i].value);
		/* what is not known is not covered, but by everything */
		CHECK_ROW((lock_find(l, 2, &nothing) != NULL) ==
			      (rows[i].kind == LOCK_EVERYTHING),
		    rows[i].value);
	}
	f.named = true;
	l[0] = lock(LOCK_EVERYTHING, "");
	assert_null(lock_find(l, 1, &f));
	assert_null(lock_find(NULL, 0, &f));
}

static bool
stands(const struct lock *l, int64_t utc_ms, int64_t boot_ms, const char *boot)
{
	const struct now now = {.utc_ms = utc_ms, .boot_ms = boot_ms};

	return lock_stands(l, &now, boot);
}

static void
test_end(void **state)
{
	struct lock l = lock(LOCK_USER, "alice");

	(void)state;
	assert_true(stands(&l, INT64_MAX, 0, "b1"));
	l.until_ms = 1000;
	assert_true(stands(&l, 999, 0, "b1"));
	assert_false(stands(&l, 1000, 0, "b1"));
	/* a clock that is ahead ends none, nor one that is behind */
	assert_int_equal(str_copy(l.boot_id, sizeof(l.boot_id), "b1"), 0);
	l.end_boot_ms = 50;
	assert_true(stands(&l, 5000, 49, "b1"));
	assert_true(stands(&l, 999, 50, "b1"));
	assert_false(stands(&l, 1000, 50, "b1"));
	/* of another boot only the one is known */
	assert_false(stands(&l, 1000, 49, "b2"));
}

static void
test_values(void **state)
{
	static const struct {
		enum lock_kind kind;
		const char *value, *want; /* NULL: it is none */
	} rows[] = {
	    {LOCK_USER, "alice", "alice"},
	    {LOCK_USER, "", NULL},
	    {LOCK_USER, "a b", NULL},
	    {LOCK_TARGET, "../x", NULL},
	    {LOCK_SOURCE, "198.51.100.7/32", "198.51.100.7"},
	    {LOCK_SOURCE, "198.51.100.0/24", "198.51.100.0/24"},
	    {LOCK_SOURCE, "198.51.100.7/24", NULL},
	    {LOCK_SOURCE, "2001:DB8:0::/32", "2001:db8::/32"},
	    {LOCK_SOURCE, "host", NULL},
	    {LOCK_SOURCE, "", NULL},
	    {LOCK_KEY, FP, FP},
	    {LOCK_KEY, "SHA256:short", NULL},
	    {LOCK_KEY, "MD5:00", NULL},
	    {LOCK_GRANT, "g-22222222", "g-22222222"},
	    {LOCK_GRANT, "r-22222222", NULL},
	    {LOCK_EVERYTHING, "", ""},
	    {LOCK_EVERYTHING, "x", NULL},
	    {LOCK_NONE, "x", NULL},
	    {LOCK_KIND_COUNT, "x", NULL},
	};
	struct lock l;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const int r = lock_set(&l, rows[i].kind, rows[i].value);

		CHECK_ROW((r == 0) == (rows[i].want != NULL), rows[i].value);
		CHECK_ROW(r != 0 || strcmp(l.value, rows[i].want) == 0,
		    rows[i].value);
		CHECK_ROW(r == 0 || rows[i].kind == LOCK_NONE ||
			      rows[i].kind == LOCK_KIND_COUNT ||
			      lock_expects(rows[i].kind)[0] != '\0',
		    rows[i].value);
	}
	for (unsigned k = LOCK_NONE + 1; k < LOCK_KIND_COUNT; k++)
		assert_int_equal(lock_kind_of(lock_kind_str(k)), k);
	assert_int_equal(lock_kind_of(""), LOCK_NONE);
	assert_int_equal(lock_kind_of("users"), LOCK_NONE);
}

static void
test_told(void **state)
{
	struct lock l = lock(LOCK_TARGET, "web-01");
	const struct lock other = lock(LOCK_USER, "web-01");
	char text[LOCK_TEXT_SIZE];

	(void)state;
	assert_false(lock_same(&l, &other));
	assert_true(lock_same(&l, &l));
	lock_text(text, &l);
	assert_string_equal(
	    text, "the target web-01 is locked (l-7Q2MXK4P) by bob");
	l.until_ms = 1000;
	strcpy(l.reason, "INC-1");
	lock_text(text, &l);
	assert_string_equal(text,
	    "the target web-01 is locked (l-7Q2MXK4P) by bob until "
	    "1970-01-01 00:00:01 UTC: INC-1");
	l = lock(LOCK_EVERYTHING, "");
	l.id[0] = '\0';
	lock_text(text, &l);
	assert_string_equal(text, "everything is locked by bob");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_covers),
	    cmocka_unit_test(test_end),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
