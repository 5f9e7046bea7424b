/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store - the store on real SQLite in a folder of its own: everything
 * comes back as it was put, also after reopening; what must not be put is not;
 * the highest record number is known.
 */
#include "tests/unit/store/storescene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/ids.h"

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	char text[LIMIT_TEXT_SIZE];

	if (p == NULL)
		return -1;
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/sallyport-store.XXXXXX");
	if (mkdtemp(p->dir) == NULL)
		return -1;
	(void)snprintf(p->path, sizeof(p->path), "%s/store.db", p->dir);
	*state = p;
	return store_open(&p->store, p->path, text);
}

static int
teardown(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	struct place *p = *state;
	char path[160];

	store_close(p->store);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", p->path, ends[i]);
		(void)unlink(path);
	}
	(void)rmdir(p->dir);
	free(p);
	return 0;
}

static void
test_private_file(void **state)
{
	struct place *p = *state;
	struct stat st;

	must(stat(p->path, &st));
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
test_user(void **state)
{
	struct place *p = *state;
	struct user *u = make_user("alice", "aaa");
	struct user *got = calloc(1, sizeof(*got));
	char name[LIMIT_NAME_SIZE];

	assert_non_null(got);
	assert_int_equal(store_user_get(p->store, "alice", got), GW_ENOENT);
	must(store_user_put(p->store, u, 7));
	reopen(p);
	must(store_user_get(p->store, "alice", got));
	assert_string_equal(got->name, "alice");
	assert_int_equal(got->state, USER_ACTIVE);
	assert_int_equal(got->rights, RIGHT_ADMIN);
	assert_int_equal(got->groups.n, 2);
	assert_true(name_list_has(&got->groups, "ops"));
	assert_int_equal(got->nkeys, 1);
	assert_int_equal(got->keys[0].len, 4);
	assert_memory_equal(got->keys[0].blob, "\0\1\2\3", 4);
	assert_int_equal(got->totp.len, 12);
	assert_memory_equal(got->totp.p, "sealed\0bytes", 12);
	assert_true(otp_equal(&got->totp.otp, &u->totp.otp));
	assert_int_equal(got->pending.len, 0);
	assert_true(otp_equal(&got->pending.otp, &u->pending.otp));
	must(store_user_by_key(p->store, "SHA256:aaa", name));
	assert_string_equal(name, "alice");
	must(store_user_by_invite(p->store, "abalice", name));
	assert_int_equal(
	    store_user_by_key(p->store, "SHA256:bbb", name), GW_ENOENT);
	assert_int_equal(
	    store_user_by_key(p->store, "' OR 1=1 --", name), GW_ENOENT);
	assert_int_equal(got->kind, KIND_PERSON);
	assert_int_equal(got->sources.n, 0);
	/* replaced: groups and keys are the new ones alone, as are networks;
	 * what they are does not change */
	u->kind = KIND_MACHINE;
	must(prefix_list_add(&u->sources, "192.0.2.0/28"));
	must(prefix_list_add(&u->sources, "2001:db8::/64"));
	must(store_user_put(p->store, u, 7));
	u->sources.n = 1;
	u->groups.n = 1;
	u->nkeys = 0;
	u->invite[0] = '\0';
	must(store_user_put(p->store, u, 8));
	must(store_user_get(p->store, "alice", got));
	assert_int_equal(got->groups.n, 1);
	assert_int_equal(got->kind, KIND_PERSON);
	assert_true(prefix_list_equal(&got->sources, &u->sources));
	assert_int_equal(got->nkeys, 0);
	u->kind = KIND_NONE;
	assert_int_equal(store_user_put(p->store, u, 9), GW_EINVAL);
	assert_int_equal(
	    store_user_by_key(p->store, "SHA256:aaa", name), GW_ENOENT);
	assert_int_equal(store_user_by_invite(p->store, "", name), GW_ENOENT);
	free(u);
	free(got);
}

static void
test_void_invitations(void **state)
{
	static const char *const names[] = {"alice", "bob", "carol"};
	struct place *p = *state;
	char name[LIMIT_NAME_SIZE], hash[LIMIT_NAME_SIZE + 2];
	uint64_t n = 7;

	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		struct user *u = make_user(names[i], names[i]);

		u->invite_end_ms = i == 2 ? 20000 : 10000;
		must(store_user_put(p->store, u, 5 + i));
		free(u);
	}
	must(store_invites_void(p->store, 0, 20000, &n));
	assert_int_equal(n, 0);
	must(store_invites_doubted(p->store, 6, 15000, &n));
	assert_int_equal(n, 2);
	must(store_invites_void(p->store, 6, 15000, &n));
	assert_int_equal(n, 2);
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(hash, sizeof(hash), "ab%s", names[i]);
		assert_int_equal(store_user_by_invite(p->store, hash, name),
		    i == 1 ? 0 : GW_ENOENT);
	}
}

static void
want_user(void *arg, const char *name, const struct user *u)
{
	static const char *const names[] = {"alice", "bob", "carol"};
	unsigned *n = arg;

	assert_in_range(*n, 0, 2);
	assert_string_equal(name, names[*n]);
	if (*n == 1) { /* bob, who cannot be read */
		assert_null(u);
	} else {
		assert_string_equal(u->name, name);
		assert_int_equal(u->groups.n, 2);
		assert_int_equal(u->nkeys, 1);
		assert_string_equal(
		    u->keys[0].fp, *n == 0 ? "SHA256:alice" : "SHA256:carol");
	}
	(*n)++;
}

/* Each with what is theirs, and one that is broken hides no other. */
static void
test_each_user(void **state)
{
	static const char *const names[] = {"carol", "alice", "bob"};
	struct place *p = *state;
	struct user *got = calloc(1, sizeof(*got));
	struct query *q = NULL;
	unsigned n = 0;

	assert_non_null(got);
	must(store_user_each(p->store, want_user, &n));
	assert_int_equal(n, 0);
	for (size_t i = 0; i < 3; i++) {
		struct user *u = make_user(names[i], names[i]);

		must(store_user_put(p->store, u, 1));
		free(u);
	}
	q = query_new(p->store->sql, "INSERT INTO user_groups(user, name, seq)"
				     " VALUES('bob', 'no name', 1)");
	must(query_run(q));
	must(store_user_each(p->store, want_user, &n));
	assert_int_equal(n, 3);
	assert_int_equal(store_user_get(p->store, "bob", got), GW_ECORRUPT);
	assert_string_equal(got->name, "");
	free(got);
}

static void
test_key_belongs_to_one(void **state)
{
	struct place *p = *state;
	struct user *a = make_user("alice", "aaa");
	struct user *b = make_user("bob", "aaa");
	struct user *got = calloc(1, sizeof(*got));
	char name[LIMIT_NAME_SIZE];

	assert_non_null(got);
	must(store_user_put(p->store, a, 1));
	assert_int_equal(store_user_put(p->store, b, 2), GW_EEXIST);
	/* nothing of it stayed */
	assert_int_equal(store_user_get(p->store, "bob", got), GW_ENOENT);
	must(store_user_by_key(p->store, "SHA256:aaa", name));
	assert_string_equal(name, "alice");
	free(a);
	free(b);
	free(got);
}

static void
want_target(void *arg, const char *name, const struct target *t)
{
	assert_string_equal(name, "web-01");
	assert_non_null(t);
	assert_true(target_equal(arg, t));
	assert_string_equal(t->logins.name[0], "zoe"); /* order is kept */
}

static void
test_target(void **state)
{
	struct place *p = *state;
	struct target *t = calloc(2, sizeof(*t));
	struct target *got = &t[1];
	char name[LIMIT_NAME_SIZE];
	struct addr other;

	assert_non_null(t);
	id_new(t->id, 't');
	name_set(t->name, "web-01");
	must(addr_parse(&t->addr4, "10.20.0.11"));
	must(addr_parse(&t->addr6, "fd00:20::11"));
	t->port = 2222;
	t->reach = REACH_DIRECT;
	must(label_list_add(&t->labels, "env", "prod"));
	must(name_list_add(&t->logins, "zoe"));
	must(name_list_add(&t->logins, "adam"));
	must(target_add_key(t, "key one", 7));
	must(target_add_key(t, "key two", 7));
	must(store_target_put(p->store, t, 3));
	reopen(p);
	must(store_target_each(p->store, want_target, t));
	must(store_target_get(p->store, "web-01", got));
	assert_true(target_equal(t, got));
	assert_string_equal(got->logins.name[0], "zoe"); /* order is kept */
	must(store_target_at(p->store, &t->addr6, 2222, "", name));
	assert_string_equal(name, "web-01");
	assert_int_equal(
	    store_target_at(p->store, &t->addr6, 22, "", name), GW_ENOENT);
	must(addr_parse(&other, "10.20.0.12"));
	assert_int_equal(
	    store_target_at(p->store, &other, 2222, "", name), GW_ENOENT);
	must(store_target_remove(p->store, "web-01", 9));
	assert_int_equal(store_target_get(p->store, "web-01", got), GW_ENOENT);
	free(t);
}

static void
test_admins(void **state)
{
	static const struct {
		const char *name;
		uint8_t state;
		bool admin;
		uint64_t want;
	} rows[] = {
	    {"a", USER_ACTIVE, false, 0},
	    {"b", USER_INVITED, true, 0},
	    {"c", USER_DISABLED, true, 0},
	    {"d", USER_ACTIVE, true, 1},
	    {"b", USER_ACTIVE, true, 2},
	    {"d", USER_DISABLED, true, 1},
	};
	struct place *p = *state;
	struct user *u = calloc(1, sizeof(*u));
	uint64_t n = 0;

	assert_non_null(u);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		memset(u, 0, sizeof(*u));
		name_set(u->name, rows[i].name);
		(void)!store_id(p->store, STORE_USERS, u->name, u->id);
		u->state = rows[i].state;
		u->kind = KIND_PERSON;
		u->rights = rows[i].admin ? RIGHT_ADMIN : RIGHT_AUDITOR;
		must(store_user_put(p->store, u, 1));
		must(store_admins(p->store, &n));
		CHECK_ROW(n == rows[i].want, rows[i].name);
	}
	free(u);
}

/* A store ahead of the log is recognised by this number. */
static void
test_seq(void **state)
{
	struct place *p = *state;
	struct user *u = make_user("alice", "aaa");
	struct policy_role *r = make_role("ops");
	uint64_t seq = 99;

	must(store_seq(p->store, &seq));
	assert_true(seq == 0);
	must(store_user_put(p->store, u, 41));
	must(store_role_put(p->store, r, 40));
	must(store_seq(p->store, &seq));
	assert_true(seq == 41);
	/* what was removed leaves its mark */
	must(store_role_remove(p->store, "ops", 42));
	reopen(p);
	must(store_seq(p->store, &seq));
	assert_true(seq == 42);
	must(store_answer_put(p->store, "alice", "v", "k", 200, "{}", 1, 50));
	must(store_seq(p->store, &seq));
	assert_true(seq == 50);
	free(u);
	free(r);
}

/* A statement is kept, its values are not; and it may be under way twice. */
static void
test_statements_are_kept(void **state)
{
	static const char text[] = "SELECT ?1";
	struct place *p = *state;
	struct query *a, *b;

	for (int i = 0; i < 3; i++) {
		a = query_new(p->store->sql, text);
		b = query_new(p->store->sql, text);
		query_str(a, "one");
		assert_true(query_next(a));
		assert_true(query_next(b));
		assert_string_equal(query_get_str(a, 0), "one");
		assert_string_equal(query_get_str(b, 0), ""); /* not bound */
		must(query_done(a));
		must(query_done(b));
	}
	/* more than are kept */
	for (int64_t i = 0; i < 100; i++) {
		char other[32];

		(void)snprintf(other, sizeof(other), "SELECT %d", (int)i);
		a = query_new(p->store->sql, other);
		assert_true(query_next(a));
		assert_true(query_get_num(a, 0) == i);
		must(query_done(a));
	}
	a = query_new(p->store->sql, "SELECT nonsense");
	assert_false(query_next(a));
	assert_int_not_equal(query_done(a), 0);
}

static void
test_all_or_nothing(void **state)
{
	struct place *p = *state;
	struct user *a = make_user("alice", "aaa");
	struct user *b = make_user("bob", "bbb");
	struct user *got = calloc(1, sizeof(*got));
	uint64_t seq = 0;

	assert_non_null(got);
	must(store_begin(p->store));
	must(store_user_put(p->store, a, 1));
	must(store_user_put(p->store, b, 2));
	store_rollback(p->store);
	assert_int_equal(store_user_get(p->store, "alice", got), GW_ENOENT);
	must(store_begin(p->store));
	must(store_user_put(p->store, a, 1));
	memcpy(b->keys[0].fp, a->keys[0].fp, sizeof(a->keys[0].fp));
	assert_int_equal(store_user_put(p->store, b, 2), GW_EEXIST);
	/* whoever goes on all the same stores nothing */
	assert_int_equal(store_user_put(p->store, a, 3), GW_ESTATE);
	assert_int_equal(store_commit(p->store), GW_ESTATE);
	reopen(p);
	assert_int_equal(store_user_get(p->store, "alice", got), GW_ENOENT);
	assert_int_equal(store_user_get(p->store, "bob", got), GW_ENOENT);
	must(store_seq(p->store, &seq));
	assert_true(seq == 0);
	must(store_user_put(p->store, a, 1)); /* the next one is its own */
	free(a);
	free(b);
	free(got);
}

static void
put_login(struct store *s, const char *name, const char *login)
{
	struct target t = {.port = 22};

	name_set(t.name, name);
	assert_int_equal(store_id(s, STORE_TARGETS, name, t.id), GW_ENOENT);
	must(name_list_add(&t.logins, login));
	must(store_target_put(s, &t, 1));
}

/* The looks of a login are stored once; one that was taken back, again. */
static void
test_looks_taken_back(void **state)
{
	struct place *p = *state;
	char name[LIMIT_NAME_SIZE];

	must(store_begin(p->store));
	put_login(p->store, "web-01", "deploy");
	put_login(p->store, "web-02", "deploy");
	store_rollback(p->store);
	assert_int_equal(
	    store_look_alike(p->store, STORE_NAME_LOGIN, "dep1oy", name),
	    GW_ENOENT);
	put_login(p->store, "web-01", "deploy");
	must(store_look_alike(p->store, STORE_NAME_LOGIN, "dep1oy", name));
	assert_string_equal(name, "deploy");
}

/* One in turns is nobody's before it is whole, and hinders nobody. */
static void
test_gives_way(void **state)
{
	struct place *p = *state;
	struct user *a = make_user("alice", "aaa");
	struct user *b = make_user("bob", "bbb");
	struct user *got = calloc(1, sizeof(*got));
	char name[LIMIT_NAME_SIZE];

	assert_non_null(got);
	must(store_begin(p->store));
	must(store_user_put(p->store, a, 1));
	store_pause(p->store);
	must(store_resume(p->store)); /* nobody came */
	put_login(p->store, "web-01", "deploy");
	store_pause(p->store);
	assert_int_equal(store_user_get(p->store, "alice", got), GW_ENOENT);
	put_login(p->store, "web-02", "deploy");
	must(store_look_alike(p->store, STORE_NAME_LOGIN, "dep1oy", name));
	assert_int_equal(store_resume(p->store), GW_ESTATE);
	must(store_begin(p->store));
	must(store_user_put(p->store, a, 1));
	store_pause(p->store);
	must(store_user_put(p->store, b, 2));
	reopen(p); /* what came between is there, and nothing else */
	must(store_user_get(p->store, "bob", got));
	assert_int_equal(store_user_get(p->store, "alice", got), GW_ENOENT);
	must(store_begin(p->store));
	must(store_user_put(p->store, a, 1));
	store_pause(p->store);
	reopen(p);
	assert_int_equal(store_user_get(p->store, "alice", got), GW_ENOENT);
	free(a);
	free(b);
	free(got);
}

/* Groups that older code had as approvers only are found among the rest. */
static void
test_looks_of_approvers(void **state)
{
	struct place *p = *state;
	struct policy_role *r = make_role("prod");
	char name[LIMIT_NAME_SIZE];

	must(quorum_add(&r->approvals, "1 of sre or leads"));
	must(quorum_add(&r->approvals, "2 of chiefs"));
	must(store_role_put(p->store, r, 1));
	must(sql_define(p->store->sql, "DELETE FROM looks;"));
	assert_int_equal(
	    store_look_alike(p->store, STORE_NAME_GROUP, "1eads", name),
	    GW_ENOENT);
	must(store_look_fill_approvers(p->store));
	must(store_look_alike(p->store, STORE_NAME_GROUP, "1eads", name));
	assert_string_equal(name, "leads");
	must(store_look_alike(p->store, STORE_NAME_GROUP, "Chiefs", name));
	must(store_name_used(p->store, STORE_NAME_GROUP, "chiefs"));
	assert_int_equal(
	    store_name_used(p->store, STORE_NAME_GROUP, "Chiefs"), GW_ENOENT);
	free(r);
}

static void
test_not_a_database(void **state)
{
	struct place *p = *state;
	struct store *s = NULL;
	char text[LIMIT_TEXT_SIZE];
	FILE *f = NULL;

	store_close(p->store);
	p->store = NULL;
	f = fopen(p->path, "we");
	assert_non_null(f);
	for (int i = 0; i < 1000; i++)
		(void)fputs("this is not a database\n", f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(store_open(&s, p->path, text), GW_ECORRUPT);
	assert_non_null(strstr(text, "not a database"));
	assert_null(s);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_private_file),
	    T(test_user),
	    T(test_void_invitations),
	    T(test_each_user),
	    T(test_key_belongs_to_one),
	    T(test_target),
	    T(test_role),
	    T(test_role_is_whole),
	    T(test_role_of_before),
	    T(test_role_of_later),
	    T(test_glass_uses),
	    T(test_paper),
	    T(test_locks),
	    T(test_ends_shift),
	    T(test_lock_not_read),
	    T(test_each_admin),
	    T(test_answers),
	    T(test_recovery),
	    T(test_recovery_goes),
	    T(test_history),
	    T(test_seq),
	    T(test_ids),
	    T(test_statements_are_kept),
	    T(test_removed_user),
	    T(test_admins),
	    T(test_selectors),
	    T(test_all_or_nothing),
	    T(test_looks_taken_back),
	    T(test_gives_way),
	    T(test_role_changes),
	    T(test_looks_of_approvers),
	    T(test_not_a_database),
	    T(test_requests),
	    T(test_requests_move),
	    T(test_requests_listed),
	    T(test_approvals),
	    T(test_requests_seq),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
