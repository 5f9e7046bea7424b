/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql - the few things the store wants from a database. What is particular to
 * one database (SQLite) is in sql_sqlite.c alone; every statement above this
 * header is plain SQL with numbered parameters (?1, ?2, ...).
 *
 * Queries are sticky: after the first failure every later call does nothing
 * and query_done() says why.
 */
#ifndef BROKER_STORE_SQL_H
#define BROKER_STORE_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "broker/store/medium.h"

struct sql;
struct query;

/* Opens or makes the database, one connection, durable at every commit; files
 * are their owner's alone. GW_ESYS, GW_ECORRUPT, GW_ENOMEM. *ret is NULL after
 * a failure, and reterr (size bytes) says what the database said of it. */
MUST_CHECK int sql_open(
    struct sql **ret, const char *path, char *reterr, size_t size);
void sql_close(struct sql *s); /* NULL is a no-op */
/* What went wrong last, for the operator's log; borrowed until the next call
 * with s. */
const char *sql_error(struct sql *s);

/* The number of the schema: 0 in an empty database. Setting it is part of the
 * transaction. */
MUST_CHECK int sql_version(struct sql *s, int64_t *ret);
MUST_CHECK int sql_set_version(struct sql *s, int64_t version);
/* Makes and changes tables and indexes. text is constant: statements, each
 * ended by a semicolon, none within one. Columns are TEXT, INTEGER (64 bits,
 * signed) or BLOB, and take nothing else; a table has a primary key. */
MUST_CHECK int sql_define(struct sql *s, const char *text);
/* A copy of all that is committed, whole and durable before this returns, its
 * owner's alone: beside the database, the version in its name, which goes to
 * ret. Replaces one of the same version; older ones go (copies.h). Not within a
 * transaction. GW_ELIMIT (ret is too small), GW_ESYS. */
MUST_CHECK int sql_copy(struct sql *s, int64_t version, char *ret, size_t size);

/* Its medium (medium.h). A look reads and writes it, and says why it is not
 * well; fn hears of one that is dead from that, too. */
void sql_on_dead(struct sql *s, medium_dead_fn *fn, void *arg);
enum medium sql_look(struct sql *s, char *ret, size_t size);

/* Has a reserve of the disk (reserve.h): once open; each commit does it. */
void sql_reserve(struct sql *s);
/* Is there more room than those need who take away? GW_EFULL: no. GW_ESYS: that
 * cannot be found out, errno is why. */
MUST_CHECK int sql_room(struct sql *s);

/* Nests: all is stored when the outermost is committed, or nothing; GW_ESTATE
 * if one within it was rolled back. End each with commit or rollback. */
MUST_CHECK int sql_begin(struct sql *s);
MUST_CHECK int sql_commit(struct sql *s);
void sql_rollback(struct sql *s);
/* Between these two the outermost transaction gives way: whoever uses the
 * database meanwhile finds it as it was before, for it is rolled back then.
 * GW_ESTATE: that is what happened, and there is nothing to end. */
void sql_pause(struct sql *s);
MUST_CHECK int sql_resume(struct sql *s);

/* text is constant; values only come in by the binders, counted from 1 in the
 * order they are called. NULL when out of memory: all calls take that. A few of
 * the last texts are kept prepared. */
struct query *query_new(struct sql *s, const char *text);
void query_str(struct query *q, const char *v); /* "" stays ""; NULL = NULL */
void query_num(struct query *q, int64_t v);
void query_blob(struct query *q, const void *p, size_t n); /* 0 = NULL */
/* True while there is a row. */
bool query_next(struct query *q);
/* Columns count from 0. Borrowed until the next call of query_next. */
int64_t query_get_num(struct query *q, int col);
const char *query_get_str(struct query *q, int col); /* never NULL */
const void *query_get_blob(struct query *q, int col, size_t *retn);
/* Frees; the first error met: GW_EEXIST for a constraint, GW_ESYS. */
MUST_CHECK int query_done(struct query *q);
/* Steps to the end and query_done(). */
MUST_CHECK int query_run(struct query *q);

#endif
