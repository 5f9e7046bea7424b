/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delegation - what owners lend their agents. One that cannot be read whole
 * lends nothing: a list that lost an entry might be wider.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "broker/store/store_sql.h"

#define COLUMNS                                                                \
	"agent, id, agent_id, owner, owner_id, key_fp, caps, max, created,"    \
	" until, why, seq"

enum { LIST_ROLE = 1, LIST_TARGET, LIST_SELECT, LIST_LOGIN };

/* ---- writing */

static int
put_value(
    struct store *s, const struct delegation *d, int list, const char *value)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO delegation_lists(agent, list, value, seq)"
	    " VALUES(?1,?2,?3,?4)");

	query_str(q, d->agent);
	query_num(q, list);
	query_str(q, value);
	query_num(q, (int64_t)d->seq);
	return query_run(q);
}

static int
put_names(struct store *s, const struct delegation *d, int list,
    const struct name_list *l)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < l->n; i++)
		r = put_value(s, d, list, l->name[i]);
	return r;
}

static int
put_selectors(struct store *s, const struct delegation *d)
{
	char text[SELECTOR_TEXT_SIZE];
	int r = 0;

	for (unsigned i = 0; r == 0 && i < d->select.n; i++) {
		selector_text(text, &d->select.selector[i]);
		r = put_value(s, d, LIST_SELECT, text);
	}
	return r;
}

static int
put_row(struct store *s, const struct delegation *d)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO delegations(" COLUMNS ")"
	    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)");

	query_str(q, d->agent);
	query_str(q, d->id);
	query_str(q, d->agent_id);
	query_str(q, d->owner);
	query_str(q, d->owner_id);
	query_str(q, d->key_fp);
	query_num(q, d->caps);
	query_num(q, d->max_s);
	query_num(q, d->created_ms);
	query_num(q, d->until_ms);
	query_str(q, d->reason);
	query_num(q, (int64_t)d->seq);
	return query_run(q);
}

static int
drop(struct store *s, const char *agent)
{
	struct query *q =
	    query_new(s->sql, "DELETE FROM delegations WHERE agent = ?1");

	query_str(q, agent);
	return query_run(q);
}

int
store_delegation_put(struct store *s, const struct delegation *d)
{
	int r = sql_begin(s->sql);

	if (r != 0)
		return r;
	s->changes++;
	if ((r = drop(s, d->agent)) == 0 && (r = put_row(s, d)) == 0 &&
	    (r = put_names(s, d, LIST_ROLE, &d->roles)) == 0 &&
	    (r = put_names(s, d, LIST_TARGET, &d->targets)) == 0 &&
	    (r = put_names(s, d, LIST_LOGIN, &d->logins)) == 0)
		r = put_selectors(s, d);
	return store_finish(s, r);
}

int
store_delegation_remove(struct store *s, const char *agent, uint64_t seq)
{
	int r = sql_begin(s->sql);

	if (r != 0)
		return r;
	s->changes++;
	if ((r = drop(s, agent)) == 0)
		r = store_mark(s, seq);
	return store_finish(s, r);
}

/* ---- reading */

static void
read_row(struct delegation *d, struct query *q)
{
	memset(d, 0, sizeof(*d));
	store_text(d->agent, sizeof(d->agent), q, 0);
	store_text(d->id, sizeof(d->id), q, 1);
	store_text(d->agent_id, sizeof(d->agent_id), q, 2);
	store_text(d->owner, sizeof(d->owner), q, 3);
	store_text(d->owner_id, sizeof(d->owner_id), q, 4);
	store_text(d->key_fp, sizeof(d->key_fp), q, 5);
	d->caps = (uint32_t)query_get_num(q, 6);
	d->max_s = (uint32_t)query_get_num(q, 7);
	d->created_ms = query_get_num(q, 8);
	d->until_ms = query_get_num(q, 9);
	store_text(d->reason, sizeof(d->reason), q, 10);
	d->seq = (uint64_t)query_get_num(q, 11);
}

static int
take_value(struct delegation *d, int64_t list, const char *value)
{
	switch (list) {
	case LIST_ROLE:
		return name_list_add(&d->roles, value);
	case LIST_TARGET:
		return name_list_add(&d->targets, value);
	case LIST_LOGIN:
		return name_list_add(&d->logins, value);
	case LIST_SELECT:
		return selector_add(&d->select, value);
	default:
		return GW_ECORRUPT;
	}
}

static int
read_lists(struct store *s, struct delegation *d)
{
	struct query *q = query_new(s->sql,
	    "SELECT list, value FROM delegation_lists WHERE agent = ?1"
	    " ORDER BY list, value");
	int r = 0;

	query_str(q, d->agent);
	while (r == 0 && query_next(q))
		if (take_value(d, query_get_num(q, 0), query_get_str(q, 1)) !=
		    0)
			r = GW_ECORRUPT;
	if ((r = store_done(q, r)) == 0 && !delegation_ok(d))
		r = GW_ECORRUPT;
	return r;
}

int
store_delegation_get(struct store *s, const char *agent, struct delegation *ret)
{
	struct query *q = query_new(
	    s->sql, "SELECT " COLUMNS " FROM delegations WHERE agent = ?1");
	bool hit = false;
	int r;

	memset(ret, 0, sizeof(*ret));
	query_str(q, agent);
	if ((hit = query_next(q)))
		read_row(ret, q);
	if ((r = query_done(q)) == 0)
		r = hit ? read_lists(s, ret) : GW_ENOENT;
	if (r != 0)
		memset(ret, 0, sizeof(*ret));
	return r;
}

struct agents {
	char (*name)[LIMIT_NAME_SIZE];
	size_t n, cap;
	bool full;
};

static void
add_agent(void *arg, const char *name)
{
	struct agents *a = arg;
	void *more = NULL;

	if (a->n == a->cap) {
		a->cap = a->cap == 0 ? 16 : a->cap * 2;
		more = reallocarray(a->name, a->cap, sizeof(a->name[0]));
		if (more == NULL) {
			a->full = true;
			a->cap = a->n;
			return;
		}
		a->name = more;
	}
	name_set(a->name[a->n++], name);
}

int
store_delegation_each(struct store *s, store_delegation_fn *fn, void *arg)
{
	struct agents a = {0};
	struct delegation d;
	int r = store_names(
	    query_new(s->sql, "SELECT agent FROM delegations ORDER BY agent"),
	    add_agent, &a);

	if (r == 0 && a.full)
		r = GW_ENOMEM;
	for (size_t i = 0; r == 0 && i < a.n; i++) {
		r = store_delegation_get(s, a.name[i], &d);
		if (r == 0)
			fn(arg, &d);
		else if (r == GW_ECORRUPT)
			r = 0; /* it lends nothing, and is not shown */
	}
	free(a.name);
	return r;
}
