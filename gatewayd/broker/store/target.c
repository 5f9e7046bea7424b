/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target - targets, their labels, logins and pinned host keys.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "broker/store/store_sql.h"

/* One row of the target, one for each of its labels, one for each login. */
#define ROWS                                                                   \
	"SELECT owner, kind, n, a, b, c, port, reach, keys"                    \
	" FROM (SELECT name AS owner, 0 AS kind, 0 AS n, id AS a, addr4 AS b," \
	" addr6 AS c, port, reach, keys FROM targets"                          \
	" UNION ALL SELECT target, 1, 0, key, value, '', 0, 0, NULL"           \
	" FROM target_labels"                                                  \
	" UNION ALL SELECT target, 2, n, login, '', '', 0, 0, NULL"            \
	" FROM target_logins) AS rows"

enum { ROW_TARGET, ROW_LABEL, ROW_LOGIN };

static int
read_row(void *thing, struct query *q)
{
	struct target *t = thing;
	size_t n = 0;
	const void *p = NULL;

	switch (query_get_num(q, 1)) {
	case ROW_TARGET:
		store_text(t->name, sizeof(t->name), q, 0);
		store_text(t->id, sizeof(t->id), q, 3);
		store_addr(&t->addr4, q, 4);
		store_addr(&t->addr6, q, 5);
		t->port = (uint16_t)query_get_num(q, 6);
		t->reach = (uint8_t)query_get_num(q, 7);
		p = query_get_blob(q, 8, &n);
		if (p != NULL && n <= sizeof(t->host_keys)) {
			memcpy(t->host_keys, p, n);
			t->host_keys_len = (uint32_t)n;
		}
		return 0;
	case ROW_LABEL:
		return label_list_add(
		    &t->labels, query_get_str(q, 3), query_get_str(q, 4));
	default:
		return name_list_add(&t->logins, query_get_str(q, 3));
	}
}

int
store_target_get(struct store *s, const char *name, struct target *ret)
{
	struct query *q = query_new(
	    s->sql, ROWS " WHERE owner = ?1 ORDER BY owner, kind, n, a");

	query_str(q, name);
	return store_one_thing(q, ret, sizeof(*ret), read_row);
}

/* Where one that goes or is replaced was: store_target_known(). */
static int
keep_place(struct store *s, const char *name)
{
	struct query *q = query_new(s->sql,
	    "INSERT OR IGNORE INTO target_past(name, addr, port)"
	    " SELECT name, addr4, port FROM targets"
	    " WHERE name = ?1 AND addr4 <> ''"
	    " UNION ALL SELECT name, addr6, port FROM targets"
	    " WHERE name = ?1 AND addr6 <> ''");

	query_str(q, name);
	return query_run(q);
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
	bool fresh = false;
	int r;

	if ((r = sql_begin(s->sql)) != 0)
		return r;
	if ((r = store_id_claim(s, STORE_TARGETS, t->name, t->id, &fresh)) ==
		0 &&
	    (fresh || ((r = keep_place(s, t->name)) == 0 &&
			  (r = delete_row(s, t->name)) == 0)) &&
	    (r = put_row(s, t, seq)) == 0 && (r = put_lists(s, t, seq)) == 0 &&
	    (r = store_look_add(s, t->name)) == 0)
		r = store_look_add_all(s, &t->logins);
	return store_finish(s, r);
}

int
store_target_remove(struct store *s, const char *name, uint64_t seq)
{
	int r;

	if ((r = sql_begin(s->sql)) != 0)
		return r;
	if ((r = keep_place(s, name)) == 0 && (r = delete_row(s, name)) == 0)
		r = store_mark(s, seq);
	return store_finish(s, r);
}

struct each {
	store_target_fn *fn;
	void *arg;
};

static void
found(void *arg, const char *name, const void *thing)
{
	const struct each *e = arg;

	e->fn(e->arg, name, thing);
}

int
store_target_each(struct store *s, store_target_fn *fn, void *arg)
{
	struct each e = {.fn = fn, .arg = arg};

	return store_things(
	    query_new(s->sql, ROWS " ORDER BY owner, kind, n, a"),
	    sizeof(struct target), read_row, found, &e);
}

int
store_target_at(struct store *s, const struct addr *a, uint16_t port,
    const char *not_this, char ret[static LIMIT_NAME_SIZE])
{
	struct query *q = query_new(s->sql,
	    "SELECT name FROM targets WHERE (addr4 = ?1 OR addr6 = ?1)"
	    " AND port = ?2 AND name <> ?3 ORDER BY name");

	store_bind_addr(q, a);
	query_num(q, port);
	query_str(q, not_this);
	return store_one_name(q, ret);
}

int
store_target_known(struct store *s, const struct target *t, bool *ret)
{
	char name[LIMIT_NAME_SIZE];
	struct query *q = query_new(s->sql,
	    "SELECT name FROM target_past WHERE name = ?1"
	    " OR (addr IN (?2, ?3) AND port = ?4)"
	    " UNION ALL SELECT name FROM targets WHERE port = ?4"
	    " AND ((addr4 <> '' AND addr4 = ?2)"
	    " OR (addr6 <> '' AND addr6 = ?3)) LIMIT 1");
	int r;

	query_str(q, t->name);
	store_bind_addr(q, &t->addr4);
	store_bind_addr(q, &t->addr6);
	query_num(q, t->port);
	r = store_one_name(q, name);
	*ret = r == 0;
	return r == GW_ENOENT ? 0 : r;
}

int
store_labels_used(struct store *s, const struct label_list *l)
{
	char text[LIMIT_NAME_SIZE * 2];
	char name[LIMIT_NAME_SIZE];
	/* a target has a key once, and no name has a "=" */
	struct query *q = query_new(s->sql,
	    "SELECT name FROM targets t WHERE (SELECT count(*)"
	    " FROM target_labels l WHERE l.target = t.name"
	    " AND l.key || '=' || l.value IN (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
	    " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)) = ?1 LIMIT 1");

	_Static_assert(LIMIT_LABELS == 16, "the parameters above");
	query_num(q, l->n);
	for (unsigned i = 0; i < LIMIT_LABELS; i++) {
		(void)snprintf(text, sizeof(text), "%s=%s",
		    i < l->n ? l->label[i].key : "",
		    i < l->n ? l->label[i].value : "");
		query_str(q, text);
	}
	return store_one_name(q, name);
}

int
store_label_key_used(struct store *s, const char *key)
{
	char name[LIMIT_NAME_SIZE];
	struct query *q = query_new(
	    s->sql, "SELECT target FROM target_labels WHERE key = ?1 LIMIT 1");

	query_str(q, key);
	return store_one_name(q, name);
}

int
store_login_used(struct store *s, const char *login)
{
	char name[LIMIT_NAME_SIZE];
	struct query *q = query_new(s->sql,
	    "SELECT target FROM target_logins WHERE login = ?1 LIMIT 1");

	query_str(q, login);
	return store_one_name(q, name);
}
