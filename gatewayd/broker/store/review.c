/* SPDX-License-Identifier: Apache-2.0 */
/*
 * review - reviews of who holds which role: what they found when they began,
 * and what was answered. None is removed.
 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "broker/store/store_sql.h"

#define COLUMNS                                                                \
	"name, state, by, started, until, unused, scope, reviewers, lines,"    \
	" digest, ended, ended_by, how, seq"
#define LINE_COLUMNS                                                           \
	"n, kind, user, user_id, role, role_id, via, until, last, times,"      \
	" advice, why, answer, by, note, at, done, seq"

static void
bind_names(struct query *q, const struct name_list *l)
{
	char text[LIMIT_LIST * LIMIT_NAME_SIZE] = "";
	size_t at = 0;

	for (unsigned i = 0; i < l->n; i++) {
		if (i > 0)
			text[at++] = ' ';
		text_set(text + at, LIMIT_NAME_SIZE, l->name[i]);
		at += strlen(text + at);
	}
	query_str(q, text);
}

static int
read_names(struct name_list *ret, const char *s)
{
	char name[LIMIT_NAME_SIZE];
	int r = 0;

	while (r == 0 && *s != '\0') {
		const size_t n = strcspn(s, " ");

		r = str_fmt(name, sizeof(name), "%.*s", (int)n, s);
		if (r == 0)
			r = name_list_add(ret, name);
		s += n + (s[n] == ' ' ? 1 : 0);
	}
	return r;
}

static int
put_line(struct store *s, const char *review, const struct review_line *l,
    uint64_t seq)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO review_lines(review, " LINE_COLUMNS ") VALUES(?1,?2,"
	    "?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)");

	query_str(q, review);
	query_num(q, l->n);
	query_num(q, l->kind);
	query_str(q, l->user);
	query_str(q, l->user_id);
	query_str(q, l->role);
	query_str(q, l->role_id);
	query_str(q, l->via);
	query_num(q, l->until_ms);
	query_num(q, l->last_ms);
	query_num(q, (int64_t)l->times);
	query_num(q, l->advice);
	query_str(q, l->why);
	query_num(q, l->answer);
	query_str(q, l->by);
	query_str(q, l->note);
	query_num(q, l->at_ms);
	query_str(q, l->done);
	query_num(q, (int64_t)seq);
	return query_run(q);
}

static int
put_review(struct store *s, const struct review *r)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO reviews(" COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,"
	    "?9,?10,?11,?12,?13,?14)");

	query_str(q, r->name);
	query_num(q, r->state);
	query_str(q, r->by);
	query_num(q, r->started_ms);
	query_num(q, r->until_ms);
	query_num(q, r->unused_s);
	query_str(q, r->scope);
	bind_names(q, &r->reviewers);
	query_num(q, r->lines);
	query_str(q, r->digest);
	query_num(q, r->ended_ms);
	query_str(q, r->ended_by);
	query_str(q, r->how);
	query_num(q, (int64_t)r->seq);
	return query_run(q);
}

int
store_review_put(struct store *s, const struct review *r,
    const struct review_line *lines, size_t n)
{
	int e = sql_begin(s->sql);

	if (e != 0)
		return e;
	e = put_review(s, r);
	for (size_t i = 0; e == 0 && i < n; i++)
		e = put_line(s, r->name, &lines[i], r->seq);
	return store_finish(s, e);
}

static int
read_review(struct review *r, struct query *q)
{
	memset(r, 0, sizeof(*r));
	store_text(r->name, sizeof(r->name), q, 0);
	/* what cannot be read is answered no more */
	r->state =
	    query_get_num(q, 1) == REVIEWS_OPEN ? REVIEWS_OPEN : REVIEWS_ENDED;
	store_text(r->by, sizeof(r->by), q, 2);
	r->started_ms = query_get_num(q, 3);
	r->until_ms = query_get_num(q, 4);
	r->unused_s = (uint32_t)query_get_num(q, 5);
	store_text(r->scope, sizeof(r->scope), q, 6);
	r->lines = (uint32_t)query_get_num(q, 8);
	store_text(r->digest, sizeof(r->digest), q, 9);
	r->ended_ms = query_get_num(q, 10);
	store_text(r->ended_by, sizeof(r->ended_by), q, 11);
	store_text(r->how, sizeof(r->how), q, 12);
	r->seq = (uint64_t)query_get_num(q, 13);
	return read_names(&r->reviewers, query_get_str(q, 7));
}

int
store_review_get(struct store *s, const char *name, struct review *ret)
{
	struct query *q = query_new(
	    s->sql, "SELECT " COLUMNS " FROM reviews WHERE name = ?1");
	struct review v = {0}; /* name may be of *ret */
	bool hit;
	int r = 0;

	query_str(q, name);
	if ((hit = query_next(q)))
		r = read_review(&v, q);
	r = store_done(q, r);
	*ret = v;
	return r == 0 && !hit ? GW_ENOENT : r;
}

int
store_review_each(struct store *s, store_review_fn *fn, void *arg)
{
	struct query *q =
	    query_new(s->sql, "SELECT " COLUMNS " FROM reviews ORDER BY name");
	struct review v;
	int r = 0;

	while (r == 0 && query_next(q))
		if ((r = read_review(&v, q)) == 0)
			fn(arg, &v);
	return store_done(q, r);
}

int
store_review_end(struct store *s, const struct review *r)
{
	struct query *q = query_new(s->sql,
	    "UPDATE reviews SET state = 2, ended = ?2, ended_by = ?3,"
	    " how = ?4, seq = ?5 WHERE name = ?1 AND state = 1 RETURNING name");
	char name[LIMIT_NAME_SIZE];
	int e;

	query_str(q, r->name);
	query_num(q, r->ended_ms);
	query_str(q, r->ended_by);
	query_str(q, r->how);
	query_num(q, (int64_t)r->seq);
	e = store_one_name(q, name);
	return e == GW_ENOENT ? GW_ESTATE : e;
}

static void
read_line(struct review_line *l, struct query *q)
{
	memset(l, 0, sizeof(*l));
	l->n = (uint32_t)query_get_num(q, 0);
	l->kind = (uint8_t)query_get_num(q, 1);
	store_text(l->user, sizeof(l->user), q, 2);
	store_text(l->user_id, sizeof(l->user_id), q, 3);
	store_text(l->role, sizeof(l->role), q, 4);
	store_text(l->role_id, sizeof(l->role_id), q, 5);
	store_text(l->via, sizeof(l->via), q, 6);
	l->until_ms = query_get_num(q, 7);
	l->last_ms = query_get_num(q, 8);
	l->times = (uint64_t)query_get_num(q, 9);
	l->advice = (uint8_t)query_get_num(q, 10);
	store_text(l->why, sizeof(l->why), q, 11);
	l->answer = (uint8_t)query_get_num(q, 12);
	store_text(l->by, sizeof(l->by), q, 13);
	store_text(l->note, sizeof(l->note), q, 14);
	l->at_ms = query_get_num(q, 15);
	store_text(l->done, sizeof(l->done), q, 16);
	l->seq = (uint64_t)query_get_num(q, 17);
}

int
store_review_lines(struct store *s, const char *review, uint32_t after,
    unsigned max, store_review_line_fn *fn, void *arg)
{
	struct query *q = query_new(s->sql,
	    "SELECT " LINE_COLUMNS " FROM review_lines WHERE review = ?1"
	    " AND n > ?2 ORDER BY n LIMIT ?3");
	struct review_line l;

	query_str(q, review);
	query_num(q, after);
	query_num(q, max);
	while (query_next(q)) {
		read_line(&l, q);
		fn(arg, &l);
	}
	return query_done(q);
}

static void
take(void *arg, const struct review_line *l)
{
	*(struct review_line *)arg = *l;
}

int
store_review_line_get(
    struct store *s, const char *review, uint32_t n, struct review_line *ret)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	if (n == 0)
		return GW_ENOENT;
	r = store_review_lines(s, review, n - 1, 1, take, ret);
	return r == 0 && ret->n != n ? GW_ENOENT : r;
}

int
store_review_line_set(
    struct store *s, const char *review, const struct review_line *l)
{
	struct query *q = query_new(s->sql,
	    "UPDATE review_lines SET answer = ?3, by = ?4, note = ?5, at = ?6,"
	    " done = ?7, seq = ?8 WHERE review = ?1 AND n = ?2"
	    " RETURNING review");
	char name[LIMIT_NAME_SIZE];

	query_str(q, review);
	query_num(q, l->n);
	query_num(q, l->answer);
	query_str(q, l->by);
	query_str(q, l->note);
	query_num(q, l->at_ms);
	query_str(q, l->done);
	query_num(q, (int64_t)l->seq);
	return store_one_name(q, name);
}

int
store_use_each(struct store *s, review_use_fn *fn, void *arg)
{
	struct query *q = query_new(s->sql,
	    "SELECT user, user_id, role, role_id, max(start), count(*), roles"
	    " FROM grants GROUP BY user, user_id, role, role_id, roles");
	char roles[LIMIT_ROLES_SIZE];
	struct review_use u;

	while (query_next(q)) {
		memset(&u, 0, sizeof(u));
		store_text(u.user, sizeof(u.user), q, 0);
		store_text(u.user_id, sizeof(u.user_id), q, 1);
		store_text(u.role, sizeof(u.role), q, 2);
		store_text(u.role_id, sizeof(u.role_id), q, 3);
		u.last_ms = query_get_num(q, 4);
		u.times = (uint64_t)query_get_num(q, 5);
		store_text(roles, sizeof(roles), q, 6);
		review_use_each(&u, roles, fn, arg);
	}
	return query_done(q);
}
