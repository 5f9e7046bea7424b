/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store - the store on real SQLite in a folder of its own: everything
 * comes back as it was put, also after reopening; what must not be put is not;
 * the highest record number is known.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/ids.h"
#include "broker/store/store_sql.h"

struct place {
	char dir[64];
	char path[128];
	struct store *store;
};

static void
must(int r)
{
	assert_int_equal(r, 0);
}

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
reopen(struct place *p)
{
	char text[LIMIT_TEXT_SIZE];

	store_close(p->store);
	p->store = NULL;
	must(store_open(&p->store, p->path, text));
	assert_string_equal(text, "");
}

static struct user *
make_user(const char *name, const char *fp)
{
	struct user *u = calloc(1, sizeof(*u));

	assert_non_null(u);
	id_new(u->id, 'u');
	name_set(u->name, name);
	u->state = USER_ACTIVE;
	u->admin = true;
	must(name_list_add(&u->groups, "ops"));
	must(name_list_add(&u->groups, "dev"));
	(void)snprintf(u->keys[0].fp, sizeof(u->keys[0].fp), "SHA256:%s", fp);
	(void)snprintf(u->keys[0].type, sizeof(u->keys[0].type), "ssh-ed25519");
	memcpy(u->keys[0].blob, "\0\1\2\3", 4);
	u->keys[0].len = 4;
	u->nkeys = 1;
	memcpy(u->totp.p, "sealed\0bytes", 12);
	u->totp.len = 12;
	(void)snprintf(u->invite, sizeof(u->invite), "ab%s", name);
	u->invite_end_ms = 12345;
	return u;
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
	assert_true(got->admin);
	assert_false(got->auditor);
	assert_int_equal(got->groups.n, 2);
	assert_true(name_list_has(&got->groups, "ops"));
	assert_int_equal(got->nkeys, 1);
	assert_int_equal(got->keys[0].len, 4);
	assert_memory_equal(got->keys[0].blob, "\0\1\2\3", 4);
	assert_int_equal(got->totp.len, 12);
	assert_memory_equal(got->totp.p, "sealed\0bytes", 12);
	assert_int_equal(got->pending.len, 0);
	must(store_user_by_key(p->store, "SHA256:aaa", name));
	assert_string_equal(name, "alice");
	must(store_user_by_invite(p->store, "abalice", name));
	assert_int_equal(
	    store_user_by_key(p->store, "SHA256:bbb", name), GW_ENOENT);
	assert_int_equal(
	    store_user_by_key(p->store, "' OR 1=1 --", name), GW_ENOENT);
	/* replaced: groups and keys are the new ones alone */
	u->groups.n = 1;
	u->nkeys = 0;
	u->invite[0] = '\0';
	must(store_user_put(p->store, u, 8));
	must(store_user_get(p->store, "alice", got));
	assert_int_equal(got->groups.n, 1);
	assert_int_equal(got->nkeys, 0);
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
	must(store_target_at(p->store, &t->addr6, 2222, name));
	assert_string_equal(name, "web-01");
	assert_int_equal(
	    store_target_at(p->store, &t->addr6, 22, name), GW_ENOENT);
	must(addr_parse(&other, "10.20.0.12"));
	assert_int_equal(
	    store_target_at(p->store, &other, 2222, name), GW_ENOENT);
	must(store_target_remove(p->store, "web-01", 9));
	assert_int_equal(store_target_get(p->store, "web-01", got), GW_ENOENT);
	free(t);
}

static struct policy_role *
make_role(const char *name)
{
	struct policy_role *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	id_new(r->id, 'p');
	name_set(r->name, name);
	must(name_list_add(&r->users, "alice"));
	must(name_list_add(&r->groups, "ops"));
	must(name_list_add(&r->targets, "web-01"));
	must(label_list_add(&r->labels, "env", "prod"));
	must(name_list_add(&r->logins, "deploy"));
	must(port_list_add(&r->ports, "22"));
	must(port_list_add(&r->ports, "65535"));
	must(prefix_list_add(&r->sources, "10.0.0.0/8"));
	must(prefix_list_add(&r->sources, "fd00::/16"));
	r->max_s = 3600;
	r->mfa_age_s = 60;
	r->reason = true;
	r->caps = CAP_SHELL | CAP_SFTP;
	r->deny = true;
	return r;
}

static void
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
static void
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
static void
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
static void
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

static void
test_answers(void **state)
{
	struct place *p = *state;
	struct buf b;
	uint16_t status = 0;
	unsigned n = 0;

	buf_init(&b, 1024);
	assert_int_equal(store_answer_get(p->store, "alice", "request.create",
			     "k1", &status, &b),
	    GW_ENOENT);
	must(store_answer_put(p->store, "alice", "request.create", "k1", 201,
	    "{\"grant\":\"g-1\"}", 1000, 11));
	assert_int_equal(store_answer_put(p->store, "alice", "request.create",
			     "k1", 201, "{}", 1000, 12),
	    GW_EEXIST);
	must(store_answer_count(p->store, "alice", &n));
	assert_int_equal(n, 1);
	must(store_answer_count(p->store, "bob", &n));
	assert_int_equal(n, 0);
	/* another user, another verb: another key */
	assert_int_equal(store_answer_get(p->store, "bob", "request.create",
			     "k1", &status, &b),
	    GW_ENOENT);
	assert_int_equal(store_answer_get(p->store, "alice", "grant.release",
			     "k1", &status, &b),
	    GW_ENOENT);
	reopen(p);
	must(store_answer_get(
	    p->store, "alice", "request.create", "k1", &status, &b));
	assert_int_equal(status, 201);
	assert_int_equal(b.len, strlen("{\"grant\":\"g-1\"}"));
	must(store_answer_prune(p->store, 1000));
	buf_reset(&b);
	must(store_answer_get(
	    p->store, "alice", "request.create", "k1", &status, &b));
	must(store_answer_prune(p->store, 1001));
	assert_int_equal(store_answer_get(p->store, "alice", "request.create",
			     "k1", &status, &b),
	    GW_ENOENT);
	buf_done(&b);
}

static void
count_grant(void *arg, const struct grant_row *g)
{
	unsigned *n = arg;

	assert_string_equal(g->grant.user, "alice");
	assert_int_equal(g->reason, END_REVOKED);
	assert_int_equal(g->sessions, 3);
	assert_string_equal(g->grant.reason, "why; \"quoted\"");
	assert_int_equal(g->grant.source4.family, 4);
	assert_int_equal(g->grant.source6.family, 0);
	(*n)++;
}

static void
count_session(void *arg, const struct session_row *x)
{
	unsigned *n = arg;

	assert_string_equal(x->sid, "s-22222222");
	assert_string_equal(x->user_id, "u-22222222");
	assert_string_equal(x->target_id, "t-22222222");
	assert_true(x->recorded);
	assert_true(x->bytes_in == 1 && x->bytes_out == UINT32_MAX + 5ULL);
	(*n)++;
}

static void
count_any_grant(void *arg, const struct grant_row *g)
{
	(void)g;
	(*(unsigned *)arg)++;
}

static void
count_any_session(void *arg, const struct session_row *x)
{
	(void)x;
	(*(unsigned *)arg)++;
}

static void
test_history(void **state)
{
	struct place *p = *state;
	struct grant_row g = {.reason = END_REVOKED, .sessions = 3, .seq = 20};
	struct session_row x = {.reason = END_LOGOUT,
	    .recorded = true,
	    .bytes_in = 1,
	    .bytes_out = UINT32_MAX + 5ULL,
	    .start_ms = 1000,
	    .seq = 21};
	const int64_t end = INT64_MAX;
	unsigned n = 0;

	(void)snprintf(g.grant.id, sizeof(g.grant.id), "g-22222222");
	(void)snprintf(g.grant.user_id, sizeof(g.grant.user_id), "u-22222222");
	(void)snprintf(
	    g.grant.target_id, sizeof(g.grant.target_id), "t-22222222");
	(void)snprintf(g.grant.role_id, sizeof(g.grant.role_id), "p-22222222");
	g.grant.start_ms = 1000;
	name_set(g.grant.user, "alice");
	(void)snprintf(
	    g.grant.reason, sizeof(g.grant.reason), "why; \"quoted\"");
	must(addr_parse(&g.grant.source4, "198.51.100.7"));
	must(store_grant_put(p->store, &g));
	must(store_grant_put(p->store, &g)); /* the same one: replaced */
	(void)snprintf(x.sid, sizeof(x.sid), "s-22222222");
	(void)snprintf(x.user_id, sizeof(x.user_id), "u-22222222");
	(void)snprintf(x.target_id, sizeof(x.target_id), "t-22222222");
	name_set(x.user, "alice");
	must(store_session_put(p->store, &x));
	must(store_grant_get(p->store, "g-22222222", &g));
	assert_string_equal(g.grant.user_id, "u-22222222");
	assert_string_equal(g.grant.target_id, "t-22222222");
	assert_string_equal(g.grant.role_id, "p-22222222");
	assert_int_equal(
	    store_grant_get(p->store, "g-33333333", &g), GW_ENOENT);
	must(store_grant_each(
	    p->store, NULL, NULL, end, "", 10, count_grant, &n));
	must(store_grant_each(
	    p->store, "alice", "u-22222222", end, "", 10, count_grant, &n));
	must(store_grant_each(
	    p->store, "bob", "u-22222222", end, "", 10, count_grant, &n));
	assert_int_equal(n, 2);
	must(store_session_each(
	    p->store, NULL, NULL, end, "", 10, count_session, &n));
	must(store_session_each(
	    p->store, "alice", "u-22222222", end, "", 0, count_session, &n));
	assert_int_equal(n, 3);
	/* from a place on: that one, and what is later, is not listed */
	must(store_grant_each(
	    p->store, NULL, NULL, 1000, "g-22222222", 10, count_grant, &n));
	must(store_session_each(
	    p->store, NULL, NULL, 999, "s-33333333", 10, count_session, &n));
	assert_int_equal(n, 3);
	must(store_grant_each(
	    p->store, NULL, NULL, 1000, "g-22222223", 10, count_grant, &n));
	must(store_session_each(
	    p->store, NULL, NULL, 1001, "", 10, count_session, &n));
	assert_int_equal(n, 5);
}

/* Who has the name of one who was removed has nothing of theirs; what was there
 * before there were ids was the first one's. */
static void
test_removed_user(void **state)
{
	struct place *p = *state;
	struct store *s = p->store;
	struct grant_row g = {.reason = END_EXPIRED, .seq = 2};
	struct session_row x = {.reason = END_LOGOUT, .start_ms = 1000};
	struct user *u = calloc(1, sizeof(*u));
	char id[LIMIT_ID_SIZE];
	uint16_t status = 0;
	uint64_t seq = 0;
	unsigned n = 0;
	struct buf b;

	assert_non_null(u);
	name_set(u->name, "alice");
	id_new(u->id, 'u');
	memcpy(id, u->id, sizeof(id));
	u->state = USER_ACTIVE;
	must(name_list_add(&u->groups, "ops"));
	must(store_user_put(s, u, 3));
	(void)snprintf(g.grant.id, sizeof(g.grant.id), "g-22222222");
	name_set(g.grant.user, "alice");
	g.grant.start_ms = 1000;
	must(store_grant_put(s, &g));
	(void)snprintf(x.sid, sizeof(x.sid), "s-22222222");
	name_set(x.user, "alice");
	must(store_session_put(s, &x));
	must(store_answer_put(
	    s, "alice", "request.create", "k", 201, "{}", 1, 4));
	assert_int_equal(store_group_used(s, "ops"), 0);
	assert_int_equal(store_user_remove(s, "bob", 5), GW_ENOENT);
	must(store_user_remove(s, "alice", 6));
	must(store_seq(s, &seq));
	assert_true(seq == 6);
	assert_int_equal(store_user_get(s, "alice", u), GW_ENOENT);
	assert_int_equal(store_group_used(s, "ops"), GW_ENOENT);
	name_set(u->name, "alice");
	(void)!store_id(s, STORE_USERS, "alice", u->id);
	assert_string_not_equal(u->id, id);
	u->state = USER_ACTIVE;
	must(store_user_put(s, u, 7));
	must(store_grant_each(
	    s, "alice", u->id, INT64_MAX, "", 10, count_any_grant, &n));
	must(store_session_each(
	    s, "alice", u->id, INT64_MAX, "", 10, count_any_session, &n));
	assert_int_equal(n, 0);
	must(store_grant_each(
	    s, NULL, NULL, INT64_MAX, "", 10, count_any_grant, &n));
	must(store_session_each(
	    s, NULL, NULL, INT64_MAX, "", 10, count_any_session, &n));
	assert_int_equal(n, 2);
	buf_init(&b, 16);
	assert_int_equal(
	    store_answer_get(s, "alice", "request.create", "k", &status, &b),
	    GW_ENOENT);
	buf_done(&b);
	/* the first one's id is not taken again, whoever wants it */
	memcpy(u->id, id, sizeof(id));
	name_set(u->name, "bob");
	assert_int_equal(store_user_put(s, u, 8), GW_ESTATE);
	free(u);
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
		u->admin = rows[i].admin;
		must(store_user_put(p->store, u, 1));
		must(store_admins(p->store, &n));
		CHECK_ROW(n == rows[i].want, rows[i].name);
	}
	free(u);
}

/* Labels belong together: all of them on one target, or none. */
static void
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

/* An id is a user's, a target's, a role's alone, also when they are gone. */
static void
test_ids(void **state)
{
	struct place *p = *state;
	struct user *u = make_user("alice", "aaa");
	struct policy_role *r = make_role("ops");
	struct user *got = calloc(1, sizeof(*got));
	char id[LIMIT_ID_SIZE], first[LIMIT_ID_SIZE];

	assert_non_null(got);
	assert_int_equal(
	    store_id(p->store, STORE_USERS, "alice", id), GW_ENOENT);
	assert_true(id_ok(id, 'u')); /* a fresh one */
	must(store_user_put(p->store, u, 1));
	must(store_id(p->store, STORE_USERS, "alice", id));
	assert_string_equal(id, u->id);
	must(store_user_get(p->store, "alice", got));
	assert_string_equal(got->id, u->id);
	/* changed: the same one */
	u->admin = false;
	must(store_user_put(p->store, u, 2));
	/* another of that name, the id of another, no id of a user */
	id_new(u->id, 'u');
	u->admin = true;
	assert_int_equal(store_user_put(p->store, u, 3), GW_ESTATE);
	name_set(u->name, "bob");
	u->nkeys = 0;
	memcpy(u->id, got->id, sizeof(u->id));
	assert_int_equal(store_user_put(p->store, u, 3), GW_ESTATE);
	id_new(u->id, 't');
	assert_int_equal(store_user_put(p->store, u, 3), GW_EINVAL);
	u->id[0] = '\0';
	assert_int_equal(store_user_put(p->store, u, 3), GW_EINVAL);
	must(store_user_get(p->store, "alice", got));
	assert_false(got->admin);
	assert_int_equal(store_user_get(p->store, "bob", u), GW_ENOENT);
	/* a name that is given again */
	must(store_role_put(p->store, r, 4));
	memcpy(first, r->id, sizeof(first));
	must(store_role_remove(p->store, "ops", 5));
	reopen(p);
	assert_int_equal(store_role_put(p->store, r, 6), GW_ESTATE);
	assert_int_equal(
	    store_id(p->store, STORE_ROLES, "ops", r->id), GW_ENOENT);
	assert_string_not_equal(r->id, first);
	must(store_role_put(p->store, r, 6));
	free(u);
	free(r);
	free(got);
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
	/* the inner one was undone, the outer one still stands */
	must(store_commit(p->store));
	reopen(p);
	must(store_user_get(p->store, "alice", got));
	assert_int_equal(store_user_get(p->store, "bob", got), GW_ENOENT);
	must(store_seq(p->store, &seq));
	assert_true(seq == 1);
	free(a);
	free(b);
	free(got);
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
	    T(test_answers),
	    T(test_history),
	    T(test_seq),
	    T(test_ids),
	    T(test_statements_are_kept),
	    T(test_removed_user),
	    T(test_admins),
	    T(test_selectors),
	    T(test_all_or_nothing),
	    T(test_not_a_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
