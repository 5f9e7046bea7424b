/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target - targets, their labels, logins and pinned host keys.
 */
#include <string.h>

#include "base/err.h"
#include "broker/store/store_sql.h"

static int
get_row(struct store *s, const char *name, struct target *t)
{
	struct query *q = query_new(s->sql,
	    "SELECT name, addr4, addr6, port, reach, keys, id FROM targets"
	    " WHERE name = ?1");
	bool hit = false;
	int r;

	query_str(q, name);
	if (query_next(q)) {
		size_t n = 0;
		const void *p = query_get_blob(q, 5, &n);

		hit = true;
		store_text(t->name, sizeof(t->name), q, 0);
		store_addr(&t->addr4, q, 1);
		store_addr(&t->addr6, q, 2);
		t->port = (uint16_t)query_get_num(q, 3);
		t->reach = (uint8_t)query_get_num(q, 4);
		store_text(t->id, sizeof(t->id), q, 6);
		if (p != NULL && n <= sizeof(t->host_keys)) {
			memcpy(t->host_keys, p, n);
			t->host_keys_len = (uint32_t)n;
		}
	}
	r = query_done(q);
	return r == 0 && !hit ? GW_ENOENT : r;
}

static int
get_lists(struct store *s, struct target *t)
{
	struct query *q = query_new(s->sql,
	    "SELECT key, value FROM target_labels WHERE target = ?1"
	    " ORDER BY key");
	int r = 0;

	query_str(q, t->name);
	while (r == 0 && query_next(q))
		r = label_list_add(
		    &t->labels, query_get_str(q, 0), query_get_str(q, 1));
	if ((r = store_done(q, r)) != 0)
		return r;
	q = query_new(s->sql,
	    "SELECT login FROM target_logins WHERE target = ?1 ORDER BY n");
	query_str(q, t->name);
	while (r == 0 && query_next(q))
		r = name_list_add(&t->logins, query_get_str(q, 0));
	return store_done(q, r);
}

int
store_target_get(struct store *s, const char *name, struct target *ret)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	if ((r = get_row(s, name, ret)) != 0 || (r = get_lists(s, ret)) != 0)
		memset(ret, 0, sizeof(*ret));
	return r;
}

static int
delete_row(struct store *s, const char *name)
{
	struct query *q =
	    query_new(s->sql, "DELETE FROM targets WHERE name = ?1");

	query_str(q, name);
	return query_run(q);
}

static int
put_row(struct store *s, const struct target *t, uint64_t seq)
{
	struct query *q = query_new(s->sql, "INSERT INTO targets(name, addr4, "
					    "addr6, port, reach, keys, seq, id)"
					    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)");

	query_str(q, t->name);
	store_bind_addr(q, &t->addr4);
	store_bind_addr(q, &t->addr6);
	query_num(q, t->port);
	query_num(q, t->reach);
	query_blob(q, t->host_keys, t->host_keys_len);
	query_num(q, (int64_t)seq);
	query_str(q, t->id);
	return query_run(q);
}

static int
put_lists(struct store *s, const struct target *t, uint64_t seq)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < t->labels.n; i++) {
		struct query *q = query_new(s->sql,
		    "INSERT INTO target_labels(target, key, value, seq)"
		    " VALUES(?1,?2,?3,?4)");

		query_str(q, t->name);
		query_str(q, t->labels.label[i].key);
		query_str(q, t->labels.label[i].value);
		query_num(q, (int64_t)seq);
		r = query_run(q);
	}
	for (unsigned i = 0; r == 0 && i < t->logins.n; i++) {
		struct query *q = query_new(s->sql,
		    "INSERT INTO target_logins(target, n, login, seq)"
		    " VALUES(?1,?2,?3,?4)");

		query_str(q, t->name);
		query_num(q, i);
		query_str(q, t->logins.name[i]);
		query_num(q, (int64_t)seq);
		r = query_run(q);
	}
	return r;
}

int
store_target_put(struct store *s, const struct target *t, uint64_t seq)
{
	int r;

	if ((r = sql_begin(s->sql)) != 0)
		return r;
	if ((r = store_id_claim(s, STORE_TARGETS, t->name, t->id)) == 0 &&
	    (r = delete_row(s, t->name)) == 0 && (r = put_row(s, t, seq)) == 0)
		r = put_lists(s, t, seq);
	return store_finish(s, r);
}

int
store_target_remove(struct store *s, const char *name, uint64_t seq)
{
	int r;

	if ((r = sql_begin(s->sql)) != 0)
		return r;
	if ((r = delete_row(s, name)) == 0)
		r = store_mark(s, seq);
	return store_finish(s, r);
}

int
store_target_each(struct store *s, store_name_fn *fn, void *arg)
{
	return store_names(
	    query_new(s->sql, "SELECT name FROM targets ORDER BY name"), fn,
	    arg);
}

int
store_target_at(struct store *s, const struct addr *a, uint16_t port,
    char ret[static LIMIT_NAME_SIZE])
{
	struct query *q = query_new(s->sql,
	    "SELECT name FROM targets WHERE (addr4 = ?1 OR addr6 = ?1)"
	    " AND port = ?2 ORDER BY name");

	store_bind_addr(q, a);
	query_num(q, port);
	return store_one_name(q, ret);
}
