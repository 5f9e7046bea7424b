/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql - the few things the store wants from a database. sql.c is the one file
 * that knows SQLite, so that another database can stand behind this header.
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

struct sql;
struct query;

/* Opens or makes the file, one connection, durable at every commit. GW_ESYS,
 * GW_ECORRUPT, GW_ENOMEM. */
MUST_CHECK int sql_open(struct sql **ret, const char *path);
void sql_close(struct sql *s); /* NULL is a no-op */
/* Constant text without parameters, may hold several statements. */
MUST_CHECK int sql_run(struct sql *s, const char *text);
/* What went wrong last, for the operator's log. */
const char *sql_error(struct sql *s);

/* Nests: the inner ones are savepoints. End each with commit or rollback. */
MUST_CHECK int sql_begin(struct sql *s);
MUST_CHECK int sql_commit(struct sql *s);
void sql_rollback(struct sql *s);

/* text is constant; values only come in by the binders, counted from 1 in the
 * order they are called. NULL when out of memory: all calls take that. */
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
