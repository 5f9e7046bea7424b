/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role - roles. All that a role says is in role_fields, a row per value: a new
 * field of core/rolefield.h changes neither this file nor the tables.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "broker/store/store_sql.h"

/* ---- reading: all or nothing, for a list that lost an entry would widen a
 * deny or an any, and a role that lost its deny would allow */

struct seen {
	bool field[ROLE_FIELD_COUNT];
};

static int
take_value(
    struct store *s, struct policy_role *r, struct seen *seen, struct query *q)
{
	const struct rolefield *f = rolefield_find(query_get_str(q, 0));
	bool *had = NULL;
	int e;

	if (f == NULL) {
		/* a field needs no migration, so the version does not tell */
		store_problem(s,
		    "role %s has the field %s, which this version "
		    "does not know: a newer Sallyport wrote it; run that one",
		    r->name, query_get_str(q, 0));
		return GW_EUNSUPPORTED;
	}
	if (f->kind == ROLE_NAME)
		return GW_ECORRUPT;
	had = &seen->field[f - rolefields()];
	if (*had && !rolefield_is_list(f))
		return GW_ECORRUPT;
	*had = true;
	e = rolefield_add(f, r, query_get_str(q, 1), query_get_str(q, 2));
	return e == 0 || e == GW_EEXIST ? 0 : GW_ECORRUPT;
}

/* What no row says: of a list, nothing; else it is new since the role was
 * written, or lost. */
static int
take_absent(struct policy_role *r, const struct seen *seen)
{
	const struct rolefield *f = rolefields();

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		if (seen->field[i] || rolefield_is_list(&f[i]) ||
		    f[i].kind == ROLE_NAME)
			continue;
		if ((f[i].bits & ROLE_LATER) == 0)
			return GW_ECORRUPT;
		rolefield_absent(&f[i], r);
	}
	return 0;
}

static int
get_fields(struct store *s, struct policy_role *r)
{
	struct query *q = query_new(s->sql,
	    "SELECT field, value, more FROM role_fields WHERE role = ?1"
	    " ORDER BY field, n");
	struct seen seen = {{false}};
	int e = 0;

	query_str(q, r->name);
	while (e == 0 && query_next(q))
		e = take_value(s, r, &seen, q);
	if ((e = store_done(q, e)) == 0)
		e = take_absent(r, &seen);
	return e;
}

/* To zero it, too, would be half of the work: most of its room stays empty. */
int
store_role_get(struct store *s, const char *name, struct policy_role *ret)
{
	struct query *q =
	    query_new(s->sql, "SELECT name, id FROM roles WHERE name = ?1");
	bool hit = false;
	int r;

	query_str(q, name);
	if ((hit = query_next(q))) {
		store_text(ret->name, sizeof(ret->name), q, 0);
		store_text(ret->id, sizeof(ret->id), q, 1);
	}
	if ((r = query_done(q)) == 0)
		r = hit ? get_fields(s, ret) : GW_ENOENT;
	return r;
}

/* ---- writing */

static int
put_value(struct store *s, const char *role, const struct rolefield *f,
    unsigned n, const struct rolefield_value *v, uint64_t seq)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO role_fields(role, field, n, value, more, seq)"
	    " VALUES(?1,?2,?3,?4,?5,?6)");

	query_str(q, role);
	query_str(q, f->name);
	query_num(q, n);
	query_str(q, v->text);
	query_str(q, v->more);
	query_num(q, (int64_t)seq);
	return query_run(q);
}

static int
put_field(struct store *s, const struct policy_role *r,
    const struct rolefield *f, uint64_t seq)
{
	struct rolefield_value v;
	int e = 0;

	for (unsigned i = 0; i < rolefield_count(f, r) && e == 0; i++) {
		rolefield_get(&v, f, r, i);
		e = put_value(s, r->name, f, i, &v, seq);
	}
	return e;
}

static int
put_fields(struct store *s, const struct policy_role *r, uint64_t seq)
{
	const struct rolefield *f = rolefields();
	int e = 0;

	for (size_t i = 0; i < ROLE_FIELD_COUNT && e == 0; i++)
		if (f[i].kind != ROLE_NAME)
			e = put_field(s, r, &f[i], seq);
	return e;
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
	struct query *q = query_new(
	    s->sql, "INSERT INTO roles(name, id, seq) VALUES(?1,?2,?3)");

	query_str(q, r->name);
	query_str(q, r->id);
	query_num(q, (int64_t)seq);
	return query_run(q);
}

static int
add_approvers(struct store *s, const struct quorum_list *l)
{
	int r = 0;

	for (unsigned i = 0; i < l->n; i++)
		for (unsigned k = 0; r == 0 && k < l->quorum[i].ngroups; k++)
			r = store_look_add(s, l->quorum[i].group[k]);
	return r;
}

static void
touch(struct store *s)
{
	s->role_changes++;
	s->roles_put = true;
}

int
store_role_put(struct store *s, const struct policy_role *r, uint64_t seq)
{
	bool fresh = false;
	int e;

	touch(s);
	if ((e = sql_begin(s->sql)) != 0)
		return e;
	if ((e = store_id_claim(s, STORE_ROLES, r->name, r->id, &fresh)) == 0 &&
	    (fresh || (e = delete_row(s, r->name)) == 0) &&
	    (e = put_row(s, r, seq)) == 0 && (e = put_fields(s, r, seq)) == 0 &&
	    (e = store_look_add(s, r->name)) == 0 &&
	    (e = store_look_add_all(s, &r->groups.names)) == 0 &&
	    (e = add_approvers(s, &r->approvals)) == 0)
		e = store_look_add_all(s, &r->logins);
	return store_finish(s, e);
}

int
store_role_remove(struct store *s, const char *name, uint64_t seq)
{
	int e;

	touch(s);
	if ((e = sql_begin(s->sql)) != 0)
		return e;
	if ((e = delete_row(s, name)) == 0)
		e = store_mark(s, seq);
	return store_finish(s, e);
}

struct all {
	char (*name)[LIMIT_NAME_SIZE];
	size_t n, cap;
	int err;
};

static void
all_add(void *arg, const char *name)
{
	struct all *a = arg;
	void *more = NULL;

	if (a->err != 0)
		return;
	if (a->n == a->cap) {
		const size_t cap = a->cap == 0 ? 16 : a->cap * 2;

		more = reallocarray(a->name, cap, sizeof(*a->name));
		if (more == NULL) {
			a->err = GW_ENOMEM;
			return;
		}
		a->name = more;
		a->cap = cap;
	}
	name_set(a->name[a->n++], name);
}

int
store_role_all(struct store *s, struct policy_role **ret, size_t *retn)
{
	struct policy_role *list = NULL;
	struct all a = {0};
	int r = store_names(
	    query_new(s->sql, "SELECT name FROM roles ORDER BY name"), all_add,
	    &a);

	if (r == 0)
		r = a.err;
	if (r == 0 && (list = calloc(a.n + 1, sizeof(*list))) == NULL)
		r = GW_ENOMEM;
	for (size_t i = 0; r == 0 && i < a.n; i++)
		r = store_role_get(s, a.name[i], &list[i]);
	free(a.name);
	if (r != 0) {
		free(list);
		return r;
	}
	*ret = list;
	*retn = a.n;
	return 0;
}
