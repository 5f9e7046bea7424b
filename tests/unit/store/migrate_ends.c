/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate_ends - what ends a change half-way leaves the old store: a step that
 * fails, a copy that cannot be made, a death before any of its statements.
 */
#include "tests/unit/store/migratescene.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"

void
test_failing_step(void **state)
{
	static const struct migration list[] = {{.text = "never;"},
	    {.text = "CREATE TABLE fine(a INTEGER PRIMARY KEY);"},
	    {.text = "CREATE TABLE half(a INTEGER PRIMARY KEY);UPDATE users "
		     "SET state "
		     "= 3;"
		     "CREATE TABLE half(a INTEGER PRIMARY KEY);"}};
	struct place *p = *state;
	struct buf was;

	must(migrate(p, list, 2));
	dump(&was, p->path);
	assert_int_not_equal(migrate(p, list, 3), 0);
	assert_non_null(
	    strstr(p->text, "the change from version 2 to 3 failed"));
	assert_non_null(strstr(p->text, "table half already exists"));
	assert_true(same_dump(&was, p->path));
	assert_true(same_dump(&was, copy_of(p, 2)));
	buf_done(&was);
}

void
test_without_a_copy_nothing_is_changed(void **state)
{
	struct place *p = *state;
	char path[192];
	struct buf was;

	dump(&was, p->path);
	(void)snprintf(path, sizeof(path), "%s.part", copy_of(p, 1));
	must(mkdir(path, 0700)); /* where the copy would be written */
	assert_int_not_equal(open_store(p), 0);
	assert_non_null(strstr(p->text, "no copy of it can be made"));
	assert_true(same_dump(&was, p->path));
	assert_false(there(copy_of(p, 1)));
	must(rmdir(path));
	must(open_store(p));
	want_all(p->store);
	buf_done(&was);
}

/* Killed before the statement of that number; false: it was through before. */
static bool
killed_at(struct place *p, unsigned statement)
{
	pid_t pid;
	int status = 0;

	if ((pid = fork()) == 0) {
		statements = 0;
		last_statement = statement;
		_exit(open_store(p) != 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return true;
	assert_int_equal(status, 0);
	return false;
}

/* In its place each time: the store as it was. */
void
test_killed_at_any_statement(void **state)
{
	struct place *p = *state;
	unsigned n = 0;

	while (killed_at(p, ++n)) {
		assert_in_range(n, 1, KILLS_MAX);
		must(open_store(p));
		want_all(p->store);
		close_store(p);
		must(unlink(p->path));
		fixture(p->path);
	}
	/* opening, its version, the copy, and a transaction */
	assert_in_range(n, 8, KILLS_MAX);
}
