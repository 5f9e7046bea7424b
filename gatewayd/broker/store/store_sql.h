/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_sql - what the store's own files share; its tests include it, nobody
 * else does.
 */
#ifndef BROKER_STORE_STORE_SQL_H
#define BROKER_STORE_STORE_SQL_H

#include "broker/store/sql.h"
#include "broker/store/store.h"

enum { LOOKS_KNOWN = 8 };

struct store {
	struct sql *sql;
	struct {
		char name[LOOKS_KNOWN][LIMIT_NAME_SIZE];
		unsigned next; /* whose place another gets */
	} looks; /* names whose looks are stored: rows are never removed */
	char problem[LIMIT_TEXT_SIZE]; /* store_problem() */
	/* request.c: who hears of each that changed */
	void (*on_request)(void *arg, const char *request);
	void *on_request_arg;
	uint64_t changes; /* of users, targets and roles: store_changes() */
	uint64_t role_changes; /* of roles: store_role_changes() */
	bool roles_put;        /* since one was rolled back last */
};

/* ---- rows.c */

/* Copies a column into a fixed text; "" when it does not fit. */
void store_text(char *ret, size_t size, struct query *q, int col);
/* An address, as text; family 0 and "" are none. */
void store_addr(struct addr *ret, struct query *q, int col);
void store_bind_addr(struct query *q, const struct addr *a);
/* Words for store_error() that the database has not. */
void store_problem(struct store *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Keeps the first error: r if it is one, else what query_done says. */
int store_done(struct query *q, int r);
/*
 * Things that have several rows each: column 0 is the thing's name, and rows of
 * one name come together. read_row adds a row to the thing, which is size bytes
 * and zeroed before its first row; not 0 = it cannot be read, and the rest of
 * its rows are passed over.
 */
typedef int store_read_fn(void *thing, struct query *q);
/* thing NULL: it cannot be read. Must not change the store. */
typedef void store_thing_fn(void *arg, const char *name, const void *thing);
/* fn for each, in the query's order. Ends the query; what was read is wiped. */
MUST_CHECK int store_things(struct query *q, size_t size,
    store_read_fn *read_row, store_thing_fn *fn, void *arg);
/* The only one: GW_ENOENT if there is none, GW_ECORRUPT if it cannot be read;
 * after a failure thing is zeroed. */
MUST_CHECK int store_one_thing(
    struct query *q, void *thing, size_t size, store_read_fn *read_row);
typedef void store_name_fn(void *arg, const char *name);
/* A one-column query run to the end, fn for each row. */
MUST_CHECK int store_names(struct query *q, store_name_fn *fn, void *arg);
/* One name or GW_ENOENT. */
MUST_CHECK int store_one_name(
    struct query *q, char ret[static LIMIT_NAME_SIZE]);
/* A row that was removed leaves its sequence number behind. */
MUST_CHECK int store_mark(struct store *s, uint64_t seq);
/* After a rollback: what is known to be stored may not be. */
void store_undone(struct store *s);
/* Commits when r is 0, else rolls back; the first error. */
int store_finish(struct store *s, int r);

/* Parameters 1 to 4: since, before, its id, max; 5: the user, if one is. */
void store_bind_past(struct query *q, const struct past_want *w);

/* ---- id.c */

/* Before that name is put with that id: it is the id it has; or there is none
 * of that name, and the id was never used: it is now. GW_ESTATE for any other,
 * GW_EINVAL for what is no id of that kind. *retfresh: there is none, so there
 * are no rows of it either. */
MUST_CHECK int store_id_claim(struct store *s, enum store_kind k,
    const char *name, const char *id, bool *retfresh);
/* An id to each; until now none had one. */
MUST_CHECK int store_id_fill(struct store *s);

/* ---- look.c */

/* A name that is put, so that store_look_alike() finds it. */
MUST_CHECK int store_look_add(struct store *s, const char *name);
MUST_CHECK int store_look_add_all(struct store *s, const struct name_list *l);
/* All names there are. */
MUST_CHECK int store_look_fill(struct store *s);
MUST_CHECK int store_look_fill_approvers(struct store *s); /* were none once */

/* ---- schema.c: the history of the schema */

/* From one version to the next. Once released it is never changed: stores in
 * use have been through it. */
struct migration {
	const char *text;             /* for sql_define */
	int (*fill)(struct store *s); /* after it; NULL = nothing to fill */
};

/* The first makes version 1 of an empty database. */
const struct migration *store_migrations(unsigned *retn);

/* ---- migrate.c */

/* Brings the store to version n, list[0] to list[n - 1] being the ways there:
 * each in one transaction, and before the first of them a copy of what was
 * there (none of an empty database). GW_EUNSUPPORTED for a store of a version
 * above n. Whatever fails leaves the store as it was before that step, and
 * says so in rettext; after a success that says what was done, "" = nothing. */
MUST_CHECK int store_migrate(struct store *s, const struct migration *list,
    unsigned n, char rettext[static LIMIT_TEXT_SIZE]);

#endif
