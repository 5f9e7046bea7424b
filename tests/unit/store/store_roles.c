/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_roles - roles, each field of them, and what they name.
 */
#include "tests/unit/store/storescene.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

void
test_role(void **state)
{
	struct place *p = *state;
	struct policy_role *a = make_role("b-role");
	struct policy_role *b = make_role("a-role");
	struct policy_role *all = NULL;
	size_t n = 0;

	must(store_role_put(p->store, a, 4));
	must(store_role_put(p->store, b, 5));
	must(store_role_put(p->store, b, 6)); /* again: still one */
	reopen(p);
	must(store_role_all(p->store, &all, &n));
	assert_int_equal(n, 2);
	assert_true(policy_role_equal(&all[0], b));
	assert_true(policy_role_equal(&all[1], a));
	free(all);
	must(store_role_remove(p->store, "a-role", 7));
	must(store_role_all(p->store, &all, &n));
	assert_int_equal(n, 1);
	free(all);
	free(a);
	free(b);
}

/* What is changed behind the store's back, and what then becomes of all roles:
 * one that lost its deny must not allow. */
void
test_role_is_whole(void **state)
{
	static const char *const changes[] = {
	    "DELETE FROM role_fields WHERE field = 'deny'",
	    "DELETE FROM role_fields WHERE field = 'max'",
	    "UPDATE role_fields SET value = 'maybe' WHERE field = 'deny'",
	    "UPDATE role_fields SET value = '0' WHERE field = 'max'",
	    ("UPDATE role_fields SET value = '10.0.0.1/8'"
	     " WHERE field = 'sources' AND n = 0"),
	    "INSERT INTO role_fields VALUES('r', 'deny', 1, 'false', '', 1)",
	};
	struct place *p = *state;
	struct policy_role *r = make_role("r");
	struct policy_role *all = NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		must(store_role_put(p->store, r, 4));
		must(store_role_all(p->store, &all, &n));
		assert_true(policy_role_equal(&all[0], r));
		free(all);
		must(query_run(query_new(p->store->sql, changes[i])));
		CHECK_ROW(store_role_all(p->store, &all, &n) == GW_ECORRUPT,
		    changes[i]);
	}
	free(r);
}

/* A field needs no migration, so the store's version does not tell: an older
 * program says who wrote it, and nobody may anything meanwhile. */
void
test_role_of_later(void **state)
{
	struct place *p = *state;
	struct policy_role *r = make_role("r");
	struct policy_role *all = NULL;
	size_t n = 0;

	must(store_role_put(p->store, r, 4));
	must(query_run(query_new(p->store->sql,
	    "INSERT INTO role_fields VALUES('r', 'later', 0, 'x', '', 1)")));
	assert_int_equal(store_role_all(p->store, &all, &n), GW_EUNSUPPORTED);
	assert_non_null(
	    strstr(store_error(p->store), "role r has the field later"));
	assert_non_null(strstr(store_error(p->store), "a newer Sallyport"));
	free(r);
}

/* A field that was added later: a role from before it is as one that does not
 * say it. */
void
test_role_of_before(void **state)
{
	struct place *p = *state;
	const struct rolefield *f = rolefields();
	struct policy_role *r = make_role("r");
	struct policy_role *all = NULL;
	size_t n = 0;

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		struct query *q = NULL;

		if ((f[i].bits & ROLE_LATER) == 0)
			continue;
		must(store_role_put(p->store, r, 4));
		q = query_new(
		    p->store->sql, "DELETE FROM role_fields WHERE field = ?1");
		query_str(q, f[i].name);
		must(query_run(q));
		must(store_role_all(p->store, &all, &n));
		rolefield_absent(&f[i], r);
		assert_true(policy_role_equal(&all[0], r));
		free(all);
	}
	free(r);
}

/* Labels belong together: all of them on one target, or none. */
void
test_selectors(void **state)
{
	static const struct {
		const char *name, *login;
		const char *labels[3][2];
	} targets[] = {
	    {"web-01", "deploy", {{"env", "prod"}, {"app", "shop"}}},
	    {"web-02", "ops", {{"env", "test"}}},
	};
	static const struct {
		const char *labels[3][2];
		int want;
	} rows[] = {
	    {{{"env", "prod"}}, 0},
	    {{{"env", "prod"}, {"app", "shop"}}, 0},
	    {{{"env", "test"}, {"app", "shop"}}, GW_ENOENT},
	    {{{"env", "prdo"}}, GW_ENOENT},
	    {{{"app", "prod"}}, GW_ENOENT},
	};
	struct place *p = *state;
	struct target *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		memset(t, 0, sizeof(*t));
		name_set(t->name, targets[i].name);
		(void)!store_id(p->store, STORE_TARGETS, t->name, t->id);
		must(addr_parse(&t->addr4, "198.51.100.7"));
		must(name_list_add(&t->logins, targets[i].login));
		for (size_t k = 0; targets[i].labels[k][0] != NULL; k++)
			must(label_list_add(&t->labels, targets[i].labels[k][0],
			    targets[i].labels[k][1]));
		must(store_target_put(p->store, t, 1));
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct label_list l = {0};

		for (size_t k = 0; rows[i].labels[k][0] != NULL; k++)
			must(label_list_add(
			    &l, rows[i].labels[k][0], rows[i].labels[k][1]));
		CHECK_ROW(store_labels_used(p->store, &l) == rows[i].want,
		    rows[i].labels[0][1]);
	}
	assert_int_equal(store_login_used(p->store, "ops"), 0);
	assert_int_equal(store_login_used(p->store, "root"), GW_ENOENT);
	free(t);
}

/* What was read of roles in a transaction that was taken back is so no more. */
void
test_role_changes(void **state)
{
	struct place *p = *state;
	struct policy_role *r = make_role("prod");
	struct user *u = make_user("alice", "aaa");
	uint64_t was = store_role_changes(p->store), in;

	must(store_begin(p->store));
	must(store_role_put(p->store, r, 1));
	in = store_role_changes(p->store);
	assert_int_not_equal(in, was);
	store_rollback(p->store);
	was = store_role_changes(p->store);
	assert_int_not_equal(was, in);
	must(store_begin(p->store)); /* of users alone */
	must(store_user_put(p->store, u, 1));
	store_rollback(p->store);
	assert_int_equal(store_role_changes(p->store), was);
	must(store_role_put(p->store, r, 2));
	was = store_role_changes(p->store);
	must(store_role_remove(p->store, "prod", 3));
	assert_int_not_equal(store_role_changes(p->store), was);
	free(r);
	free(u);
}
