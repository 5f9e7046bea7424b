/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows - reading and writing rows: what the files of the store share.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
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
store_things(struct query *q, size_t size, store_read_fn *read_row,
    store_thing_fn *fn, void *arg)
{
	char name[LIMIT_NAME_SIZE] = "";
	void *thing = malloc(size);
	bool whole = false;

	if (thing == NULL)
		return store_done(q, GW_ENOMEM);
	while (query_next(q)) {
		if (strcmp(query_get_str(q, 0), name) != 0) {
			if (name[0] != '\0')
				fn(arg, name, whole ? thing : NULL);
			name_set(name, query_get_str(q, 0));
			explicit_bzero(thing, size);
			whole = true;
		}
		whole = whole && read_row(thing, q) == 0;
	}
	if (name[0] != '\0')
		fn(arg, name, whole ? thing : NULL);
	explicit_bzero(thing, size);
	free(thing);
	return query_done(q);
}

int
store_one_thing(
    struct query *q, void *thing, size_t size, store_read_fn *read_row)
{
	bool any = false;
	int r = 0;

	memset(thing, 0, size);
	while (r == 0 && query_next(q)) {
		any = true;
		r = read_row(thing, q) == 0 ? 0 : GW_ECORRUPT;
	}
	if ((r = store_done(q, r)) == 0 && !any)
		r = GW_ENOENT;
	if (r != 0)
		explicit_bzero(thing, size);
	return r;
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
	bool hit;
	int r;

	ret[0] = '\0';
	if ((hit = query_next(q)))
		name_set(ret, query_get_str(q, 0));
	r = query_done(q);
	return r == 0 && !hit ? GW_ENOENT : r;
}

int
store_mark(struct store *s, uint64_t seq)
{
	struct query *q =
	    query_new(s->sql, "UPDATE removed SET seq = ?1 WHERE seq < ?1");

	query_num(q, (int64_t)seq);
	return query_run(q);
}

void
store_undone(struct store *s)
{
	if (!FAULT(look_kept))
		memset(&s->looks, 0, sizeof(s->looks));
}

int
store_finish(struct store *s, int r)
{
	s->changes++;
	if (r == 0)
		r = sql_commit(s->sql);
	else
		sql_rollback(s->sql);
	if (r != 0)
		store_undone(s);
	return r;
}
