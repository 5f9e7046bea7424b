/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql - SQLite, tamed: no dynamic text, no double-quoted strings, no untrusted
 * schema, foreign keys on, every commit on disk before it returns.
 */
#include "broker/store/sql.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"

struct sql {
	sqlite3 *db;
	unsigned depth;
};

struct query {
	struct sql *sql;
	sqlite3_stmt *st;
	int next; /* parameter to bind */
	int err;
};

static int
code_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		return GW_ENOMEM;
	case SQLITE_CONSTRAINT:
		return GW_EEXIST;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return GW_ECORRUPT;
	default:
		return GW_ESYS;
	}
}

static int
configure(struct sql *s)
{
	int on = 0;

	if (sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, &on) !=
		SQLITE_OK ||
	    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DDL, 0, &on) !=
		SQLITE_OK ||
	    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, &on) !=
		SQLITE_OK ||
	    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &on) !=
		SQLITE_OK ||
	    sqlite3_extended_result_codes(s->db, 1) != SQLITE_OK)
		return GW_EUNSUPPORTED;
	return sql_run(s, "PRAGMA journal_mode=WAL;"
			  "PRAGMA synchronous=FULL;"
			  "PRAGMA foreign_keys=ON;"
			  "PRAGMA temp_store=MEMORY;"
			  "PRAGMA secure_delete=ON;"
			  "PRAGMA locking_mode=EXCLUSIVE;");
}

int
sql_open(struct sql **ret, const char *path)
{
	const mode_t old = umask(077);
	struct sql *s = NULL;
	int r = GW_ENOMEM;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		goto out;
	if ((r = code_of(sqlite3_open_v2(path, &s->db,
		 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		     SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
		 NULL))) != 0 ||
	    (r = configure(s)) != 0)
		goto out;
	*ret = s;
	s = NULL; /* the caller's now */
	r = 0;
out:
	(void)umask(old);
	sql_close(s);
	return r;
}

void
sql_close(struct sql *s)
{
	if (s == NULL)
		return;
	(void)sqlite3_close_v2(s->db);
	free(s);
}

int
sql_run(struct sql *s, const char *text)
{
	return code_of(sqlite3_exec(s->db, text, NULL, NULL, NULL));
}

const char *
sql_error(struct sql *s)
{
	return sqlite3_errmsg(s->db);
}

int
sql_begin(struct sql *s)
{
	const int r =
	    sql_run(s, s->depth == 0 ? "BEGIN IMMEDIATE" : "SAVEPOINT inner");

	if (r == 0)
		s->depth++;
	return r;
}

int
sql_commit(struct sql *s)
{
	int r;

	if (s->depth == 0)
		return GW_ESTATE;
	r = sql_run(s, s->depth == 1 ? "COMMIT" : "RELEASE inner");
	if (r != 0) {
		sql_rollback(s);
		return r;
	}
	s->depth--;
	return 0;
}

void
sql_rollback(struct sql *s)
{
	if (s->depth == 0)
		return;
	/* a failed rollback means there was nothing left to undo */
	if (sql_run(s, s->depth == 1 ? "ROLLBACK"
				     : "ROLLBACK TO inner; RELEASE inner") != 0)
		s->depth = 1;
	s->depth--;
}

/* ---- queries */

struct query *
query_new(struct sql *s, const char *text)
{
	struct query *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->sql = s;
	q->err = code_of(sqlite3_prepare_v2(s->db, text, -1, &q->st, NULL));
	return q;
}

void
query_str(struct query *q, const char *v)
{
	if (q == NULL || q->err != 0)
		return;
	q->err = code_of(
	    sqlite3_bind_text(q->st, ++q->next, v, -1, SQLITE_TRANSIENT));
}

void
query_num(struct query *q, int64_t v)
{
	if (q == NULL || q->err != 0)
		return;
	q->err = code_of(sqlite3_bind_int64(q->st, ++q->next, v));
}

void
query_blob(struct query *q, const void *p, size_t n)
{
	if (q == NULL || q->err != 0)
		return;
	q->err = code_of(n == 0 ? sqlite3_bind_null(q->st, ++q->next)
				: sqlite3_bind_blob64(q->st, ++q->next, p,
				      (sqlite3_uint64)n, SQLITE_TRANSIENT));
}

bool
query_next(struct query *q)
{
	int rc;

	if (q == NULL || q->err != 0)
		return false;
	rc = sqlite3_step(q->st);
	q->err = code_of(rc);
	return rc == SQLITE_ROW;
}

int64_t
query_get_num(struct query *q, int col)
{
	return q == NULL || q->err != 0 ? 0 : sqlite3_column_int64(q->st, col);
}

const char *
query_get_str(struct query *q, int col)
{
	const unsigned char *s = NULL;

	if (q != NULL && q->err == 0)
		s = sqlite3_column_text(q->st, col);
	return s != NULL ? (const char *)s : "";
}

const void *
query_get_blob(struct query *q, int col, size_t *retn)
{
	const void *p = NULL;

	*retn = 0;
	if (q == NULL || q->err != 0)
		return NULL;
	p = sqlite3_column_blob(q->st, col);
	if (p != NULL)
		*retn = (size_t)sqlite3_column_bytes(q->st, col);
	return p;
}

int
query_done(struct query *q)
{
	int r;

	if (q == NULL)
		return GW_ENOMEM;
	r = q->err;
	(void)sqlite3_finalize(q->st);
	free(q);
	return r;
}

int
query_run(struct query *q)
{
	while (query_next(q))
		;
	return query_done(q);
}
