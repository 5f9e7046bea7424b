/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migratescene - a store that older code made, and what is in it. The tests by
 * it are one program, test_migrate.
 */
#ifndef TESTS_STORE_MIGRATESCENE_H
#define TESTS_STORE_MIGRATESCENE_H

#include <sqlite3.h>

#include "base/buf.h"
#include "broker/store/store_sql.h"
#include "tests/unit/support/test.h"

enum { DUMP_MAX = 1 << 20, FIXTURE_MAX = 64 * 1024, KILLS_MAX = 1000 };

struct place {
	char dir[64];
	char path[128];
	char text[LIMIT_TEXT_SIZE]; /* of the last store_open */
	struct store *store;
};

/* ---- migratescene.c */

void must(int r);
extern unsigned statements, last_statement;
sqlite3 *database(const char *path, int flags);
void run(const char *path, const char *text);
void add_rows(struct buf *b, sqlite3 *db, const char *text);
/* All that is in a database: its version, its schema, its rows. */
void dump(struct buf *b, const char *path);
bool same_dump(const struct buf *was, const char *path);
void fixture(const char *path);
int open_store(struct place *p);
void close_store(struct place *p);
/* With a history of the schema that is the test's. */
int migrate(struct place *p, const struct migration *list, unsigned n);
const char *copy_of(const struct place *p, unsigned version);
bool there(const char *path);
void want_all(struct store *s);

/* ---- migrate_ends.c */

void test_failing_step(void **state);
void test_without_a_copy_nothing_is_changed(void **state);
void test_killed_at_any_statement(void **state);

#endif
