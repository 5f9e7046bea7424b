/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role - roles; their lists are rows of (kind, n, value).
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "broker/store/store_sql.h"

static int
take_port(struct policy_role *r, const char *value)
{
	uint64_t v = 0;

	if (r->nports >= LIMIT_LIST || str_u64(value, 1, 65535, &v) != 0)
		return GW_ECORRUPT;
	r->ports[r->nports++] = (uint16_t)v;
	return 0;
}

static int
take_source(struct policy_role *r, const char *value)
{
	if (r->nsources >= LIMIT_LIST ||
	    prefix_parse(&r->sources[r->nsources], value) != 0)
		return GW_ECORRUPT;
	r->nsources++;
	return 0;
}

/* A list that lost an entry would widen a deny or an any: all or nothing. */
static int
take_item(struct policy_role *r, const char *kind, const char *value,
    const char *value2)
{
	if (strcmp(kind, "user") == 0)
		return name_list_add(&r->users, value);
	if (strcmp(kind, "group") == 0)
		return name_list_add(&r->groups, value);
	if (strcmp(kind, "target") == 0)
		return name_list_add(&r->targets, value);
	if (strcmp(kind, "label") == 0)
		return label_list_add(&r->labels, value, value2);
	if (strcmp(kind, "login") == 0)
		return name_list_add(&r->logins, value);
	if (strcmp(kind, "port") == 0)
		return take_port(r, value);
	if (strcmp(kind, "source") == 0)
		return take_source(r, value);
	return GW_ECORRUPT;
}

static void
take_row(struct policy_role *r, struct query *q)
{
	store_text(r->name, sizeof(r->name), q, 0);
	r->max_s = (uint32_t)query_get_num(q, 1);
	r->mfa_age_s = (uint32_t)query_get_num(q, 2);
	r->reason = query_get_num(q, 3) != 0;
	r->caps = (uint32_t)query_get_num(q, 4);
	r->record = query_get_num(q, 5) != 0;
	r->deny = query_get_num(q, 6) != 0;
	store_text(r->id, sizeof(r->id), q, 7);
}

static int
get_items(struct store *s, struct policy_role *r)
{
	struct query *q = query_new(s->sql,
	    "SELECT kind, value, value2 FROM role_items WHERE role = ?1"
	    " ORDER BY kind, n");
	int e = 0;

	query_str(q, r->name);
	while (e == 0 && query_next(q))
		e = take_item(r, query_get_str(q, 0), query_get_str(q, 1),
		    query_get_str(q, 2));
	return store_done(q, e);
}

static int
get_role(struct store *s, const char *name, struct policy_role *ret)
{
	struct query *q = query_new(s->sql,
	    "SELECT name, max_s, mfa_age, reason, caps, record, deny, id"
	    " FROM roles WHERE name = ?1");
	bool hit = false;
	int r;

	memset(ret, 0, sizeof(*ret));
	query_str(q, name);
	if ((hit = query_next(q)))
		take_row(ret, q);
	if ((r = query_done(q)) == 0)
		r = hit ? get_items(s, ret) : GW_ENOENT;
	if (r != 0)
		memset(ret, 0, sizeof(*ret));
	return r;
}

/* ---- writing */

struct put {
	struct store *store;
	const char *role;
	uint64_t seq;
	int err;
};

static void
put_item(struct put *p, const char *kind, unsigned n, const char *value,
    const char *value2)
{
	struct query *q;

	if (p->err != 0)
		return;
	q = query_new(p->store->sql,
	    "INSERT INTO role_items(role, kind, n, value, value2, seq)"
	    " VALUES(?1,?2,?3,?4,?5,?6)");
	query_str(q, p->role);
	query_str(q, kind);
	query_num(q, n);
	query_str(q, value);
	query_str(q, value2);
	query_num(q, (int64_t)p->seq);
	p->err = query_run(q);
}

static void
put_names(struct put *p, const char *kind, const struct name_list *l)
{
	for (unsigned i = 0; i < l->n; i++)
		put_item(p, kind, i, l->name[i], "");
}

static int
put_items(struct store *s, const struct policy_role *r, uint64_t seq)
{
	struct put p = {.store = s, .role = r->name, .seq = seq};
	char text[ADDR_TEXT_SIZE + 8];

	put_names(&p, "user", &r->users);
	put_names(&p, "group", &r->groups);
	put_names(&p, "target", &r->targets);
	put_names(&p, "login", &r->logins);
	for (unsigned i = 0; i < r->labels.n; i++)
		put_item(&p, "label", i, r->labels.label[i].key,
		    r->labels.label[i].value);
	for (unsigned i = 0; i < r->nports && p.err == 0; i++) {
		p.err = str_fmt(text, sizeof(text), "%u", r->ports[i]);
		put_item(&p, "port", i, text, "");
	}
	for (unsigned i = 0; i < r->nsources && p.err == 0; i++) {
		char addr[ADDR_TEXT_SIZE];

		addr_format(addr, &r->sources[i].addr);
		p.err = str_fmt(
		    text, sizeof(text), "%s/%u", addr, r->sources[i].bits);
		put_item(&p, "source", i, text, "");
	}
	return p.err;
}

static int
delete_row(struct store *s, const char *name)
{
	struct query *q =
	    query_new(s->sql, "DELETE FROM roles WHERE name = ?1");

	query_str(q, name);
	return query_run(q);
}

static int
put_row(struct store *s, const struct policy_role *r, uint64_t seq)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO roles(name, max_s, mfa_age, reason, caps, record,"
	    " deny, seq, id) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)");

	query_str(q, r->name);
	query_num(q, r->max_s);
	query_num(q, r->mfa_age_s);
	query_num(q, r->reason ? 1 : 0);
	query_num(q, r->caps);
	query_num(q, r->record ? 1 : 0);
	query_num(q, r->deny ? 1 : 0);
	query_num(q, (int64_t)seq);
	query_str(q, r->id);
	return query_run(q);
}

int
store_role_put(struct store *s, const struct policy_role *r, uint64_t seq)
{
	int e;

	if ((e = sql_begin(s->sql)) != 0)
		return e;
	if ((e = store_id_claim(s, STORE_ROLES, r->name, r->id)) == 0 &&
	    (e = delete_row(s, r->name)) == 0 && (e = put_row(s, r, seq)) == 0)
		e = put_items(s, r, seq);
	return store_finish(s, e);
}

int
store_role_remove(struct store *s, const char *name, uint64_t seq)
{
	int e;

	if ((e = sql_begin(s->sql)) != 0)
		return e;
	if ((e = delete_row(s, name)) == 0)
		e = store_mark(s, seq);
	return store_finish(s, e);
}

struct all {
	struct policy_role *list;
	size_t n, cap;
	int err;
};

static void
all_add(void *arg, const char *name)
{
	struct all *a = arg;
	struct policy_role *more = NULL;

	if (a->err != 0)
		return;
	if (a->n == a->cap) {
		const size_t cap = a->cap == 0 ? 16 : a->cap * 2;

		more = reallocarray(a->list, cap, sizeof(*more));
		if (more == NULL) {
			a->err = GW_ENOMEM;
			return;
		}
		a->list = more;
		a->cap = cap;
	}
	memset(&a->list[a->n], 0, sizeof(a->list[a->n]));
	name_set(a->list[a->n++].name, name);
}

int
store_role_all(struct store *s, struct policy_role **ret, size_t *retn)
{
	struct all a = {0};
	int r = store_names(
	    query_new(s->sql, "SELECT name FROM roles ORDER BY name"), all_add,
	    &a);

	if (r == 0)
		r = a.err;
	for (size_t i = 0; r == 0 && i < a.n; i++) {
		char name[LIMIT_NAME_SIZE];

		name_set(name, a.list[i].name);
		r = get_role(s, name, &a.list[i]);
	}
	if (r != 0) {
		free(a.list);
		return r;
	}
	*ret = a.list;
	*retn = a.n;
	return 0;
}
