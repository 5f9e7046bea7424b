/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store - opening it, how far it has come, and transactions.
 */
#include "broker/store/store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "broker/store/store_sql.h"

int
store_open(
    struct store **ret, const char *path, char rettext[static LIMIT_TEXT_SIZE])
{
	struct store *s = calloc(1, sizeof(*s));
	const struct migration *list = NULL;
	unsigned n = 0;
	int r = GW_ENOMEM;

	rettext[0] = '\0';
	if (s == NULL ||
	    (r = sql_open(&s->sql, path, rettext, LIMIT_TEXT_SIZE)) != 0)
		goto out;
	list = store_migrations(&n);
	if ((r = store_migrate(s, list, n, rettext)) != 0)
		goto out;
	sql_reserve(s->sql);
	*ret = s;
	s = NULL; /* the caller's now */
out:
	store_close(s);
	return r;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	sql_close(s->sql);
	free(s);
}

void
store_problem(struct store *s, const char *fmt, ...)
{
	char text[LIMIT_TEXT_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_escape(s->problem, sizeof(s->problem), text, strlen(text));
}

const char *
store_error(struct store *s)
{
	return s->problem[0] != '\0' ? s->problem : sql_error(s->sql);
}

uint64_t
store_changes(const struct store *s)
{
	return s->changes;
}

uint64_t
store_role_changes(const struct store *s)
{
	return s->role_changes;
}

/* Of what was read in it nothing is so any more. */
static void
taken_back(struct store *s)
{
	s->changes++;
	s->role_changes += s->roles_put && !FAULT(role_kept);
	s->roles_put = false;
	store_undone(s);
}

bool
store_has_room(struct store *s)
{
	return sql_room(s->sql) == 0;
}

int
store_room(struct store *s)
{
	return sql_room(s->sql);
}

void
store_on_dead(struct store *s, medium_dead_fn *fn, void *arg)
{
	sql_on_dead(s->sql, fn, arg);
}

enum medium
store_look(struct store *s, char ret[static LIMIT_TEXT_SIZE])
{
	return sql_look(s->sql, ret, LIMIT_TEXT_SIZE);
}

int
store_seq(struct store *s, uint64_t *ret)
{
	struct query *q = query_new(s->sql,
	    "SELECT max(seq) FROM (SELECT max(seq) AS seq FROM users"
	    " UNION ALL SELECT max(seq) FROM targets"
	    " UNION ALL SELECT max(seq) FROM roles"
	    " UNION ALL SELECT max(seq) FROM answers"
	    " UNION ALL SELECT max(seq) FROM grants"
	    " UNION ALL SELECT max(seq) FROM sessions"
	    " UNION ALL SELECT max(seq) FROM requests"
	    " UNION ALL SELECT max(seq) FROM approvals"
	    " UNION ALL SELECT max(seq) FROM proposals"
	    " UNION ALL SELECT max(seq) FROM uploads"
	    " UNION ALL SELECT max(seq) FROM locks"
	    " UNION ALL SELECT max(seq) FROM recovery_codes"
	    " UNION ALL SELECT max(seq) FROM glass_codes"
	    " UNION ALL SELECT max(seq) FROM glass_uses"
	    " UNION ALL SELECT max(seq) FROM reviews"
	    " UNION ALL SELECT max(seq) FROM review_lines"
	    " UNION ALL SELECT max(seq) FROM removed)");

	*ret = 0;
	if (query_next(q))
		*ret = (uint64_t)query_get_num(q, 0);
	return query_done(q);
}

int
store_count(struct store *s, enum store_kind k, uint64_t *ret)
{
	static const char *const text[] = {
	    [STORE_USERS] = "SELECT count(*) FROM users",
	    [STORE_TARGETS] = "SELECT count(*) FROM targets",
	    [STORE_ROLES] = "SELECT count(*) FROM roles"};
	struct query *q = NULL;

	*ret = UINT64_MAX; /* in doubt it is full */
	if (k == STORE_NONE || k > STORE_ROLES)
		return GW_EINVAL;
	q = query_new(s->sql, text[k]);
	if (query_next(q))
		*ret = (uint64_t)query_get_num(q, 0);
	return query_done(q);
}

int
store_begin(struct store *s)
{
	return sql_begin(s->sql);
}

int
store_commit(struct store *s)
{
	const int r = sql_commit(s->sql);

	if (r != 0)
		taken_back(s);
	return r;
}

void
store_rollback(struct store *s)
{
	sql_rollback(s->sql);
	taken_back(s);
}

/* It may be rolled back: what is known to be stored is known to nobody else. */
void
store_pause(struct store *s)
{
	store_undone(s);
	sql_pause(s->sql);
}

int
store_resume(struct store *s)
{
	return sql_resume(s->sql);
}
