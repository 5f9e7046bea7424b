/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_migrate - a store that older code made (store-1e5ee88.sql) is changed to
 * today's version: all that was in it stays, a copy of it is kept, and whatever
 * ends the change half-way leaves the old store. Each statement of the change
 * is made the last one before the process is killed.
 */
#include "tests/unit/store/migratescene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"

/* ---- databases, by SQLite alone */

/* Of an index or a table. WITHOUT ROWID changes nothing that can be seen. */
static void
schema(struct buf *b, const char *path)
{
	sqlite3 *db = database(path, SQLITE_OPEN_READWRITE);

	buf_init(b, DUMP_MAX);
	add_rows(b, db, "PRAGMA user_version");
	add_rows(b, db,
	    "SELECT type, name, replace(sql, ', WITHOUT ROWID', '')"
	    " FROM sqlite_schema ORDER BY name");
	must(sqlite3_close(db));
	must(buf_err(b));
}

/* ---- the scene */

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/sallyport-mig.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->path, sizeof(p->path), "%s/store.db", p->dir);
	fixture(p->path);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;
	char cmd[128];

	store_close(p->store);
	(void)snprintf(cmd, sizeof(cmd), "rm -r %s", p->dir);
	free(p);
	return system(cmd);
}

static unsigned
newest(void)
{
	unsigned n = 0;

	(void)store_migrations(&n);
	assert_in_range(n, 2, 1000);
	return n;
}

/* ---- tests */

static void
test_upgrade(void **state)
{
	struct place *p = *state;
	struct buf was;
	struct stat st;
	char want[64];

	dump(&was, p->path);
	must(open_store(p));
	want_all(p->store);
	close_store(p);
	(void)snprintf(
	    want, sizeof(want), "changed from version 1 to %u;", newest());
	assert_non_null(strstr(p->text, want));
	assert_non_null(strstr(p->text, copy_of(p, 1)));
	/* the copy is what was there, and nobody else's */
	must(stat(copy_of(p, 1), &st));
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(same_dump(&was, copy_of(p, 1)));
	buf_done(&was);
}

static void
test_back_to_the_copy(void **state)
{
	struct place *p = *state;

	must(open_store(p));
	close_store(p);
	must(rename(copy_of(p, 1), p->path));
	must(open_store(p));
	want_all(p->store);
}

static void
test_second_start_does_nothing(void **state)
{
	struct place *p = *state;
	struct stat one, two;
	struct buf was;

	must(open_store(p));
	close_store(p);
	dump(&was, p->path);
	must(stat(copy_of(p, 1), &one));
	must(open_store(p));
	assert_string_equal(p->text, "");
	close_store(p);
	assert_true(same_dump(&was, p->path));
	must(stat(copy_of(p, 1), &two));
	assert_true(one.st_ino == two.st_ino);
	assert_false(there(copy_of(p, newest())));
	buf_done(&was);
}

/* However it came to today's version, it is the same store then. */
static void
test_fresh_is_the_same(void **state)
{
	struct place *p = *state;
	struct buf old, fresh;

	/* some of version 1 do not have them yet */
	run(p->path, "DROP INDEX grants_start; DROP INDEX sessions_start");
	must(open_store(p));
	close_store(p);
	schema(&old, p->path);
	must(unlink(p->path));
	must(open_store(p));
	assert_string_equal(p->text, "");
	close_store(p);
	schema(&fresh, p->path);
	assert_int_equal(old.len, fresh.len);
	assert_memory_equal(old.p, fresh.p, fresh.len);
	/* and nothing was there that a copy could have been made of */
	assert_false(there(copy_of(p, 0)));
	buf_done(&old);
	buf_done(&fresh);
}

static void
test_newer(void **state)
{
	struct place *p = *state;
	struct buf was;
	char want[64];

	run(p->path, "PRAGMA user_version=99");
	dump(&was, p->path);
	assert_int_equal(open_store(p), GW_EUNSUPPORTED);
	assert_null(p->store);
	assert_non_null(strstr(p->text, "it is of version 99"));
	(void)snprintf(want, sizeof(want), "versions up to %u.", newest());
	assert_non_null(strstr(p->text, want));
	assert_non_null(strstr(p->text, "Start the newer one again"));
	assert_true(same_dump(&was, p->path));
	assert_false(there(copy_of(p, 99)));
	buf_done(&was);
}

static void
test_two_copies_are_kept(void **state)
{
	static const char *const others[] = {
	    ".vault", ".v1.old", ".v01", "-v1"};
	static const struct migration list[] = {{.text = "never;"},
	    {.text = "CREATE TABLE a(a INTEGER PRIMARY KEY);"},
	    {.text = "CREATE TABLE b(a INTEGER PRIMARY KEY);"},
	    {.text = "CREATE TABLE c(a INTEGER PRIMARY KEY);"}};
	struct place *p = *state;
	char path[160];

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", p->path, others[i]);
		run(path, "CREATE TABLE mine(a)");
	}
	must(migrate(p, list, 2));
	must(migrate(p, list, 3));
	assert_true(there(copy_of(p, 1)));
	must(migrate(p, list, 4));
	assert_false(there(copy_of(p, 1)));
	assert_true(there(copy_of(p, 2)));
	assert_true(there(copy_of(p, 3)));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", p->path, others[i]);
		assert_true(there(path));
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_upgrade),
	    T(test_back_to_the_copy),
	    T(test_second_start_does_nothing),
	    T(test_fresh_is_the_same),
	    T(test_newer),
	    T(test_failing_step),
	    T(test_without_a_copy_nothing_is_changed),
	    T(test_two_copies_are_kept),
	    T(test_killed_at_any_statement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
