/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows - reading and writing rows: what the files of the store share.
 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "broker/store/store_sql.h"

void
store_text(char *ret, size_t size, struct query *q, int col)
{
	if (str_copy(ret, size, query_get_str(q, col)) != 0)
		ret[0] = '\0';
}

void
store_addr(struct addr *ret, struct query *q, int col)
{
	const char *text = query_get_str(q, col);

	if (text[0] == '\0' || addr_parse(ret, text) != 0)
		memset(ret, 0, sizeof(*ret));
}

void
store_bind_addr(struct query *q, const struct addr *a)
{
	char text[ADDR_TEXT_SIZE] = "";

	if (a->family != 0)
		addr_format(text, a);
	query_str(q, text);
}

int
store_done(struct query *q, int r)
{
	const int e = query_done(q);

	return r != 0 ? r : e;
}

int
store_names(struct query *q, store_name_fn *fn, void *arg)
{
	while (query_next(q))
		fn(arg, query_get_str(q, 0));
	return query_done(q);
}

int
store_one_name(struct query *q, char ret[static LIMIT_NAME_SIZE])
{
	int r = GW_ENOENT;

	if (query_next(q)) {
		name_set(ret, query_get_str(q, 0));
		r = 0;
	}
	return store_done(q, r == GW_ENOENT ? 0 : r) != 0 ? GW_ESYS : r;
}

int
store_mark(struct store *s, uint64_t seq)
{
	struct query *q =
	    query_new(s->sql, "UPDATE removed SET seq = ?1 WHERE seq < ?1");

	query_num(q, (int64_t)seq);
	return query_run(q);
}

int
store_finish(struct store *s, int r)
{
	s->version++;
	if (r == 0)
		return sql_commit(s->sql);
	sql_rollback(s->sql);
	return r;
}
