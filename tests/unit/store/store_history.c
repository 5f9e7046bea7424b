/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_history - what was: answers, grants and sessions, and that ids and
 * names of what was removed are nobody else's.
 */
#include "tests/unit/store/storescene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/ids.h"

void
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

void
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
void
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
	u->kind = KIND_PERSON;
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
	u->kind = KIND_PERSON;
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

/* An id is a user's, a target's, a role's alone, also when they are gone. */
void
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
	u->rights = RIGHT_NONE;
	must(store_user_put(p->store, u, 2));
	/* another of that name, the id of another, no id of a user */
	id_new(u->id, 'u');
	u->rights = RIGHT_ADMIN;
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
	assert_int_equal(got->rights, RIGHT_NONE);
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
