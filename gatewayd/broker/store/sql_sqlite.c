/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql - SQLite, tamed: no dynamic text, no double-quoted strings, no untrusted
 * schema, foreign keys on, every commit on disk before it returns.
 */
#include "broker/store/sql.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/disk.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "broker/store/copies.h"
#include "broker/store/reserve.h"
#include "broker/store/sql_medium.h"

enum {
	STATEMENT_MAX = 4096, /* internal: one of sql_define's */
	READY = 16,           /* statements: those of a request, and some */
	WAL_LONG = 1000,      /* frames; then they go into the database */
	WAL_HEADER = 32,
	FRAME_HEADER = 24,
};

struct sql {
	sqlite3 *db;
	char path[LIMIT_PATH_SIZE + 32];
	unsigned depth;
	bool failed; /* an inner one was rolled back */
	bool paused; /* it gives way to whoever comes */
	struct reserve reserve;
	uint64_t wal_used; /* bytes of the write-ahead log; UINT64_MAX = all */
	int page_size;
	int copy_errno; /* why a copy failed, if it was not SQLite */
	sqlite3_stmt *ready[READY]; /* prepared, and not in use */
	unsigned next_ready; /* whose place another gets when all are full */
	medium_dead_fn *dead;
	void *dead_arg;
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

/* Where a statement meets the disk. */
static int
met(struct sql *s, int rc)
{
	char why[LIMIT_TEXT_SIZE];
	int error = 0;

	if (code_of(rc) != GW_ESYS || s->dead == NULL ||
	    !sql_medium_dead(s->db, rc, &error))
		return code_of(rc);
	(void)snprintf(why, sizeof(why), "%s%s%s%s", sqlite3_errstr(rc),
	    error != 0 ? " (" : "", error != 0 ? strerror(error) : "",
	    error != 0 ? ")" : "");
	s->dead(s->dead_arg, why);
	return GW_ESYS;
}

static int
run(struct sql *s, const char *text)
{
	return met(s, sqlite3_exec(s->db, text, NULL, NULL, NULL));
}

/* With the lock before anything is read the index of the write-ahead log is in
 * memory, not in a file that would have to be allocated: a start needs no room
 * on the disk. */
static int
configure(struct sql *s)
{
	int on = 0;
	int r = 0;

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
	if (!FAULT(shared_index) &&
	    (r = run(s, "PRAGMA locking_mode=EXCLUSIVE")) != 0)
		return r;
	return run(s, "PRAGMA journal_mode=WAL;"
		      "PRAGMA synchronous=FULL;"
		      "PRAGMA foreign_keys=ON;"
		      "PRAGMA temp_store=MEMORY;"
		      "PRAGMA secure_delete=ON;"
		      "PRAGMA locking_mode=EXCLUSIVE;");
}

/* Of the library, before it is used first; later it refuses, and that is well.
 * One thread uses it, and nobody asks it how much memory it has: a lock for
 * each piece of memory is a tenth of what a large policy takes. */
static void
configure_library(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static void
give_way(struct sql *s)
{
	if (!s->paused || FAULT(paused_store))
		return;
	s->paused = false;
	s->depth = 0;
	(void)run(s, "ROLLBACK"); /* as in sql_rollback() */
}

/* ---- the write-ahead log */

static void
wal_has(struct sql *s, int frames)
{
	s->wal_used =
	    frames == 0
		? 0
		: WAL_HEADER + (uint64_t)frames *
				   (FRAME_HEADER + (uint64_t)s->page_size);
}

/* Once all of it is in the database the next commit writes over its beginning:
 * this connection is the only one. */
static void
wal_empty(struct sql *s)
{
	int all = -1, done = -1;
	const int rc = sqlite3_wal_checkpoint_v2(
	    s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &all, &done);

	if (met(s, rc) == 0 && all >= 0 && s->page_size > 0)
		wal_has(s, all > done ? all : 0);
}

/* Stands for SQLite's own, which does not tell how long it is. */
static int
committed(void *arg, sqlite3 *db, const char *name, int frames)
{
	struct sql *s = arg;

	(void)db;
	(void)name;
	if (s->page_size > 0)
		wal_has(s, frames);
	if (frames >= WAL_LONG)
		wal_empty(s);
	return SQLITE_OK;
}

static int
watch_wal(struct sql *s)
{
	struct query *q = query_new(s, "PRAGMA page_size");

	if (query_next(q))
		s->page_size = (int)query_get_num(q, 0);
	s->wal_used = UINT64_MAX;
	(void)sqlite3_wal_hook(s->db, committed, s);
	return query_done(q);
}

/* ---- opening it */

/* SQLite's words, and the system's where it has some. */
static void
describe(const struct sql *s, int r, char *ret, size_t size)
{
	const bool is_open = s != NULL && s->db != NULL;
	const int e = is_open ? sqlite3_system_errno(s->db) : 0;

	(void)snprintf(ret, size, "%s%s%s%s",
	    is_open ? sqlite3_errmsg(s->db) : err_str(r), e != 0 ? " (" : "",
	    e != 0 ? strerror(e) : "", e != 0 ? ")" : "");
}

int
sql_open(struct sql **ret, const char *path, char *reterr, size_t size)
{
	const mode_t old = umask(077);
	struct sql *s = calloc(1, sizeof(*s));
	int error = 0;
	int r = GW_ENOMEM;

	*ret = NULL;
	configure_library();
	if (s == NULL)
		goto out;
	reserve_init(&s->reserve);
	if ((r = str_copy(s->path, sizeof(s->path), path)) != 0)
		goto out;
	if ((r = code_of(sqlite3_open_v2(path, &s->db,
		 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		     SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
		 NULL))) != 0 ||
	    (r = configure(s)) != 0 || (r = watch_wal(s)) != 0)
		goto out;
	*ret = s;
	s = NULL; /* the caller's now */
	r = 0;
out:
	(void)umask(old);
	if (r != 0) {
		describe(s, r, reterr, size);
		error = s != NULL && s->db != NULL ? sqlite3_system_errno(s->db)
						   : ENOMEM;
	}
	sql_close(s);
	errno = error != 0 ? error : EIO; /* of GW_ESYS */
	return r;
}

/* The write-ahead log stays, for on a full disk a new one has no reserve. Once
 * all of it is in the database there is nothing in it to be read again. */
static void
close_db(struct sql *s)
{
	int keep = 1;

	wal_empty(s);
	keep = s->wal_used == 0 && s->reserve.fd >= 0 && !FAULT(wal_removed);
	(void)sqlite3_file_control(
	    s->db, NULL, SQLITE_FCNTL_PERSIST_WAL, &keep);
	if (sqlite3_close_v2(s->db) == SQLITE_OK && keep != 0)
		reserve_blank(&s->reserve, WAL_HEADER);
}

void
sql_close(struct sql *s)
{
	if (s == NULL)
		return;
	give_way(s);
	for (unsigned i = 0; i < READY; i++)
		(void)sqlite3_finalize(s->ready[i]);
	if (s->db != NULL)
		close_db(s);
	reserve_done(&s->reserve);
	free(s);
}

const char *
sql_error(struct sql *s)
{
	return s->copy_errno != 0 ? strerror(s->copy_errno)
				  : sqlite3_errmsg(s->db);
}

/* ---- room */

static void
hold(struct sql *s)
{
	char path[COPIES_PATH_SIZE];

	if (str_fmt(path, sizeof(path), "%s-wal", s->path) == 0)
		reserve_hold(&s->reserve, path, s->wal_used);
}

void
sql_reserve(struct sql *s)
{
	hold(s);
	if (reserve_left(&s->reserve))
		return;
	wal_empty(s);
	hold(s);
}

int
sql_room(struct sql *s)
{
	give_way(s);
	sql_reserve(s); /* there may be room by now */
	if (reserve_left(&s->reserve))
		return 0;
	errno = s->reserve.error;
	return errno == 0 || disk_is_full(errno) ? GW_EFULL : GW_ESYS;
}

void
sql_on_dead(struct sql *s, medium_dead_fn *fn, void *arg)
{
	s->dead = fn;
	s->dead_arg = arg;
}

enum medium
sql_look(struct sql *s, char *ret, size_t size)
{
	const enum medium m = sql_medium_look(s->db, s->path, ret, size);

	if (m == MEDIUM_DEAD && s->dead != NULL)
		s->dead(s->dead_arg, ret);
	return m;
}

/* An inner one is no savepoint: with each, every page of the rows so far would
 * be copied once more. */
int
sql_begin(struct sql *s)
{
	int r = 0;

	give_way(s);
	if (s->depth == 0) {
		s->failed = false;
		r = query_run(query_new(s, "BEGIN IMMEDIATE"));
	} else if (s->failed) {
		r = GW_ESTATE; /* it may be over: nothing is stored alone */
	}
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
	if (s->depth > 1) {
		s->depth--;
		return 0;
	}
	r = s->failed && !FAULT(half_transaction)
		? GW_ESTATE
		: query_run(query_new(s, "COMMIT"));
	if (r != 0) {
		sql_rollback(s);
		return r;
	}
	s->depth = 0;
	sql_reserve(s);
	return 0;
}

void
sql_rollback(struct sql *s)
{
	if (s->depth == 0)
		return;
	if (--s->depth > 0)
		s->failed = true;
	else /* a failed rollback means there was nothing left to undo */
		(void)run(s, "ROLLBACK");
}

void
sql_pause(struct sql *s)
{
	s->paused = s->depth == 1;
}

int
sql_resume(struct sql *s)
{
	const bool there = s->paused;

	s->paused = false;
	return there ? 0 : GW_ESTATE;
}

/* ---- the schema */

int
sql_version(struct sql *s, int64_t *ret)
{
	struct query *q = query_new(s, "PRAGMA user_version");

	*ret = -1;
	if (query_next(q))
		*ret = query_get_num(q, 0);
	return query_done(q);
}

int
sql_set_version(struct sql *s, int64_t version)
{
	char text[64];
	int r = str_fmt(
	    text, sizeof(text), "PRAGMA user_version=%lld", (long long)version);

	return r != 0 ? r : run(s, text);
}

/* STRICT holds the types; WITHOUT ROWID saves the names' second tree. */
static int
define_one(struct sql *s, struct buf *b, const char *text, size_t n)
{
	static const char table[] = "CREATE TABLE ";
	int r;

	buf_reset(b);
	buf_put(b, text, n);
	if (n > sizeof(table) && memcmp(text, table, sizeof(table) - 1) == 0)
		buf_printf(b, " STRICT, WITHOUT ROWID");
	buf_u8(b, 0);
	if ((r = buf_err(b)) != 0)
		return r;
	return run(s, (const char *)b->p);
}

int
sql_define(struct sql *s, const char *text)
{
	const char *end = NULL;
	struct buf b;
	int r = 0;

	buf_init(&b, STATEMENT_MAX);
	while (r == 0 && (end = strchr(text, ';')) != NULL) {
		r = define_one(s, &b, text, (size_t)(end - text));
		text = end + 1;
	}
	if (r == 0 && *text != '\0')
		r = GW_EINVAL;
	buf_done(&b);
	return r;
}

/* ---- copies */

/* SQLite does not wait for the disk here (VACUUM INTO): copies_settle() does.
 */
static int
copy_to(struct sql *s, const char *path)
{
	const mode_t old = umask(077);
	struct query *q = query_new(s, "VACUUM INTO ?1");
	int r;

	query_str(q, path);
	r = query_run(q);
	(void)umask(old);
	return r;
}

int
sql_copy(struct sql *s, int64_t version, char *ret, size_t size)
{
	char part[COPIES_PATH_SIZE];
	int r;

	if ((r = copies_name(ret, size, s->path, version)) != 0 ||
	    (r = copies_begin(part, sizeof(part), ret)) != 0)
		return r;
	if ((r = copy_to(s, part)) != 0) {
		(void)unlink(part);
		return r;
	}
	if ((r = copies_settle(s->path, part, ret)) != 0)
		s->copy_errno = errno;
	return r;
}

/* ---- queries */

/* To prepare a statement takes longer than to run it: it is kept, and found by
 * its text. NULL: there is none. */
static sqlite3_stmt *
ready_get(struct sql *s, const char *text)
{
	for (unsigned i = 0; i < READY; i++) {
		sqlite3_stmt *st = s->ready[i];

		if (st == NULL || strcmp(sqlite3_sql(st), text) != 0)
			continue;
		s->ready[i] = NULL;
		return st;
	}
	return NULL;
}

static void
ready_put(struct sql *s, sqlite3_stmt *st)
{
	unsigned i = 0;

	(void)sqlite3_reset(st);
	(void)sqlite3_clear_bindings(st);
	while (i < READY && s->ready[i] != NULL)
		i++;
	if (i == READY)
		i = s->next_ready++ % READY;
	(void)sqlite3_finalize(s->ready[i]);
	s->ready[i] = st;
}

struct query *
query_new(struct sql *s, const char *text)
{
	struct query *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	give_way(s);
	q->sql = s;
	if ((q->st = ready_get(s, text)) == NULL)
		q->err = met(s, sqlite3_prepare_v3(s->db, text, -1,
				    SQLITE_PREPARE_PERSISTENT, &q->st, NULL));
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
	q->err = met(q->sql, rc);
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
	if (q->st != NULL)
		ready_put(q->sql, q->st);
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
