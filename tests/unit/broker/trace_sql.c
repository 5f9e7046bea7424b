/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_sql - a line of the trace for each statement of the store: each
 * connection of the program gets SQLite's own trace.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "tests/unit/support/trace.h"

int __real_sqlite3_open_v2(
    const char *path, sqlite3 **db, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(
    const char *path, sqlite3 **db, int flags, const char *vfs);

/* text is of one line, and without values. */
static int
on_statement(unsigned what, void *arg, void *st, void *text)
{
	char line[4096];

	(void)what;
	(void)arg;
	(void)st;
	(void)snprintf(line, sizeof(line), "sql %s", (const char *)text);
	trace_line(line);
	return 0;
}

int
__wrap_sqlite3_open_v2(
    const char *path, sqlite3 **db, int flags, const char *vfs)
{
	const int rc = __real_sqlite3_open_v2(path, db, flags, vfs);

	if (rc == SQLITE_OK)
		(void)sqlite3_trace_v2(
		    *db, SQLITE_TRACE_STMT, on_statement, NULL);
	return rc;
}
