/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_sql - what the store's own files share. Nobody else includes it.
 */
#ifndef BROKER_STORE_STORE_SQL_H
#define BROKER_STORE_STORE_SQL_H

#include "broker/store/sql.h"
#include "broker/store/store.h"

struct store {
	struct sql *sql;
};

/* Copies a column into a fixed text; "" when it does not fit. */
void store_text(char *ret, size_t size, struct query *q, int col);
/* Keeps the first error: r if it is one, else what query_done says. */
int store_done(struct query *q, int r);
/* A one-column query run to the end, fn for each row. */
MUST_CHECK int store_names(struct query *q, store_name_fn *fn, void *arg);
/* One name or GW_ENOENT. */
MUST_CHECK int store_one_name(
    struct query *q, char ret[static LIMIT_NAME_SIZE]);
/* A row that was removed leaves its sequence number behind. */
MUST_CHECK int store_mark(struct store *s, uint64_t seq);
/* Commits when r is 0, else rolls back; the first error. */
int store_finish(struct store *s, int r);

#endif
