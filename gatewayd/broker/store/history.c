/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history - first answers, and the grants and sessions that ended. A
 * convenience for lists: the evidence is the log.
 */
#include <limits.h>
#include <string.h>

#include "base/err.h"
#include "broker/store/store_sql.h"

int
store_answer_get(struct store *s, const char *user, const char *verb,
    const char *key, uint16_t *retstatus, struct buf *ret)
{
	struct query *q =
	    query_new(s->sql, "SELECT status, reply FROM answers"
			      " WHERE user = ?1 AND verb = ?2 AND key = ?3");
	bool hit = false;
	int r;

	*retstatus = 0;
	query_str(q, user);
	query_str(q, verb);
	query_str(q, key);
	if (query_next(q)) {
		const char *text = query_get_str(q, 1);

		hit = true;
		*retstatus = (uint16_t)query_get_num(q, 0);
		buf_put(ret, text, strlen(text));
	}
	r = store_done(q, buf_err(ret));
	return r == 0 && !hit ? GW_ENOENT : r;
}

int
store_answer_put(struct store *s, const char *user, const char *verb,
    const char *key, uint16_t status, const char *reply, int64_t now_ms,
    uint64_t seq)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO answers(user, verb, key, status, reply, at, seq)"
	    " VALUES(?1,?2,?3,?4,?5,?6,?7)");

	query_str(q, user);
	query_str(q, verb);
	query_str(q, key);
	query_num(q, status);
	query_str(q, reply);
	query_num(q, now_ms);
	query_num(q, (int64_t)seq);
	return query_run(q);
}

int
store_answer_count(struct store *s, const char *user, unsigned *ret)
{
	struct query *q =
	    query_new(s->sql, "SELECT count(*) FROM answers WHERE user = ?1");

	*ret = UINT_MAX; /* in doubt too many */
	query_str(q, user);
	if (query_next(q))
		*ret = (unsigned)query_get_num(q, 0);
	return query_done(q);
}

int
store_answer_prune(struct store *s, int64_t before_ms)
{
	struct query *q =
	    query_new(s->sql, "DELETE FROM answers WHERE at < ?1");

	query_num(q, before_ms);
	return query_run(q);
}

#define GRANT_COLUMNS                                                          \
	"id, req, user, target, login, role, why, source4, source6,"           \
	" port, reach, start, due, ended, reason, sessions, seq, user_id,"     \
	" target_id, role_id, roles"

int
store_grant_put(struct store *s, const struct grant_row *g)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO grants(id, req, user, target, login, role,"
	    " why, source4, source6, port, reach, start, due, ended, reason,"
	    " sessions, seq, user_id, target_id, role_id, roles)"
	    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,"
	    " ?17,?18,?19,?20,?21)"
	    " ON CONFLICT(id) DO UPDATE SET ended = excluded.ended,"
	    " reason = excluded.reason, sessions = excluded.sessions,"
	    " seq = excluded.seq");

	query_str(q, g->grant.id);
	query_str(q, g->grant.req);
	query_str(q, g->grant.user);
	query_str(q, g->grant.target);
	query_str(q, g->grant.login);
	query_str(q, g->grant.role);
	query_str(q, g->grant.reason);
	store_bind_addr(q, &g->grant.source4);
	store_bind_addr(q, &g->grant.source6);
	query_num(q, g->grant.port);
	query_num(q, g->grant.reach);
	query_num(q, g->grant.start_ms);
	query_num(q, g->grant.end_ms);
	query_num(q, g->ended_ms);
	query_num(q, g->reason);
	query_num(q, g->sessions);
	query_num(q, (int64_t)g->seq);
	query_str(q, g->grant.user_id);
	query_str(q, g->grant.target_id);
	query_str(q, g->grant.role_id);
	query_str(q, g->grant.roles);
	return query_run(q);
}

static void
read_grant(struct grant_row *g, struct query *q)
{
	memset(g, 0, sizeof(*g));
	store_text(g->grant.id, sizeof(g->grant.id), q, 0);
	store_text(g->grant.req, sizeof(g->grant.req), q, 1);
	store_text(g->grant.user, sizeof(g->grant.user), q, 2);
	store_text(g->grant.target, sizeof(g->grant.target), q, 3);
	store_text(g->grant.login, sizeof(g->grant.login), q, 4);
	store_text(g->grant.role, sizeof(g->grant.role), q, 5);
	store_text(g->grant.reason, sizeof(g->grant.reason), q, 6);
	store_addr(&g->grant.source4, q, 7);
	store_addr(&g->grant.source6, q, 8);
	g->grant.port = (uint16_t)query_get_num(q, 9);
	g->grant.reach = (uint8_t)query_get_num(q, 10);
	g->grant.start_ms = query_get_num(q, 11);
	g->grant.end_ms = query_get_num(q, 12);
	g->ended_ms = query_get_num(q, 13);
	g->reason = (uint8_t)query_get_num(q, 14);
	g->sessions = (uint32_t)query_get_num(q, 15);
	g->seq = (uint64_t)query_get_num(q, 16);
	store_text(g->grant.user_id, sizeof(g->grant.user_id), q, 17);
	store_text(g->grant.target_id, sizeof(g->grant.target_id), q, 18);
	store_text(g->grant.role_id, sizeof(g->grant.role_id), q, 19);
	store_text(g->grant.roles, sizeof(g->grant.roles), q, 20);
}

int
store_grant_get(struct store *s, const char *id, struct grant_row *ret)
{
	struct query *q = query_new(
	    s->sql, "SELECT " GRANT_COLUMNS " FROM grants WHERE id = ?1");
	bool hit;
	int r;

	memset(ret, 0, sizeof(*ret));
	query_str(q, id);
	if ((hit = query_next(q)))
		read_grant(ret, q);
	r = query_done(q);
	return r == 0 && !hit ? GW_ENOENT : r;
}

int
store_grant_last(
    struct store *s, const char *user, const char *target, int64_t *ret_ms)
{
	struct query *q = query_new(s->sql,
	    "SELECT max(start) FROM grants WHERE target = ?1 AND user = ?2");

	*ret_ms = 0;
	query_str(q, target);
	query_str(q, user);
	if (query_next(q))
		*ret_ms = query_get_num(q, 0);
	return query_done(q);
}

int
store_session_count(struct store *s, const char *grant, uint32_t *ret)
{
	struct query *q = query_new(
	    s->sql, "SELECT count(*) FROM sessions WHERE grant_id = ?1");

	*ret = 0;
	query_str(q, grant);
	if (query_next(q))
		*ret = (uint32_t)query_get_num(q, 0);
	return query_done(q);
}

static int
each_grant(struct query *q, store_grant_fn *fn, void *arg)
{
	struct grant_row g;

	while (query_next(q)) {
		read_grant(&g, q);
		fn(arg, &g);
	}
	return query_done(q);
}

int
store_grant_each(struct store *s, const char *user, const char *user_id,
    int64_t start_ms, const char *id, unsigned max, store_grant_fn *fn,
    void *arg)
{
	struct query *q = query_new(s->sql,
	    "SELECT " GRANT_COLUMNS
	    " FROM grants WHERE (?1 IS NULL OR (user = ?1"
	    " AND user_id IN ('', ?5))) AND (start, id) < (?3, ?4)"
	    " ORDER BY start DESC, id DESC LIMIT ?2");

	query_str(q, user);
	query_num(q, max);
	query_num(q, start_ms);
	query_str(q, id);
	query_str(q, user_id);
	return each_grant(q, fn, arg);
}

void
store_bind_past(struct query *q, const struct past_want *w)
{
	query_num(q, w->since_ms);
	query_num(q, w->before_ms);
	query_str(q, w->before_id);
	query_num(q, w->max);
	if (w->user != NULL)
		query_str(q, w->user);
}

#define PAST                                                                   \
	"SELECT " GRANT_COLUMNS ", EXISTS (SELECT 1 FROM requests"             \
	" WHERE requests.id = grants.req) FROM grants"                         \
	" WHERE start >= ?1 AND (start, id) < (?2, ?3)"

int
store_grant_past(
    struct store *s, const struct past_want *w, store_past_fn *fn, void *arg)
{
	struct query *q = query_new(s->sql,
	    w->user == NULL ? PAST " ORDER BY start DESC, id DESC LIMIT ?4"
			    : PAST
		" AND user = ?5 ORDER BY start DESC, id DESC LIMIT ?4");
	struct grant_row g;

	store_bind_past(q, w);
	while (query_next(q)) {
		read_grant(&g, q);
		fn(arg, &g, query_get_num(q, 21) != 0);
	}
	return query_done(q);
}

int
store_grant_of(
    struct store *s, const char *request, store_grant_fn *fn, void *arg)
{
	struct query *q = query_new(s->sql,
	    "SELECT " GRANT_COLUMNS " FROM grants WHERE req = ?1"
	    " ORDER BY seq, id");

	query_str(q, request);
	return each_grant(q, fn, arg);
}

#define SESSION_COLUMNS                                                        \
	"sid, grant_id, user, target, login, source, start, ended,"            \
	" reason, recorded, bytes_in, bytes_out, seq, user_id, target_id"

int
store_session_put(struct store *s, const struct session_row *x)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO sessions(sid, grant_id, user, target,"
	    " login, source, start, ended, reason, recorded, bytes_in,"
	    " bytes_out, seq, user_id, target_id)"
	    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)"
	    " ON CONFLICT(sid) DO UPDATE SET ended = excluded.ended,"
	    " reason = excluded.reason, recorded = excluded.recorded,"
	    " bytes_in = excluded.bytes_in, bytes_out = excluded.bytes_out,"
	    " seq = excluded.seq");

	query_str(q, x->sid);
	query_str(q, x->grant);
	query_str(q, x->user);
	query_str(q, x->target);
	query_str(q, x->login);
	query_str(q, x->source);
	query_num(q, x->start_ms);
	query_num(q, x->end_ms);
	query_num(q, x->reason);
	query_num(q, x->recorded ? 1 : 0);
	query_num(q, (int64_t)x->bytes_in);
	query_num(q, (int64_t)x->bytes_out);
	query_num(q, (int64_t)x->seq);
	query_str(q, x->user_id);
	query_str(q, x->target_id);
	return query_run(q);
}

static void
read_session(struct session_row *x, struct query *q)
{
	memset(x, 0, sizeof(*x));
	store_text(x->sid, sizeof(x->sid), q, 0);
	store_text(x->grant, sizeof(x->grant), q, 1);
	store_text(x->user, sizeof(x->user), q, 2);
	store_text(x->target, sizeof(x->target), q, 3);
	store_text(x->login, sizeof(x->login), q, 4);
	store_text(x->source, sizeof(x->source), q, 5);
	x->start_ms = query_get_num(q, 6);
	x->end_ms = query_get_num(q, 7);
	x->reason = (uint8_t)query_get_num(q, 8);
	x->recorded = query_get_num(q, 9) != 0;
	x->bytes_in = (uint64_t)query_get_num(q, 10);
	x->bytes_out = (uint64_t)query_get_num(q, 11);
	x->seq = (uint64_t)query_get_num(q, 12);
	store_text(x->user_id, sizeof(x->user_id), q, 13);
	store_text(x->target_id, sizeof(x->target_id), q, 14);
}

int
store_session_ended(struct store *s, const char *sid)
{
	struct query *q =
	    query_new(s->sql, "SELECT sid FROM sessions WHERE sid = ?1");
	char name[LIMIT_NAME_SIZE];

	query_str(q, sid);
	return store_one_name(q, name);
}

int
store_session_recorded(struct store *s, const char *sid)
{
	struct query *q = query_new(
	    s->sql, "SELECT sid FROM sessions WHERE sid = ?1 AND recorded = 1");
	char name[LIMIT_NAME_SIZE];

	query_str(q, sid);
	return store_one_name(q, name);
}

static int
each_session(struct query *q, store_session_fn *fn, void *arg)
{
	struct session_row x;

	while (query_next(q)) {
		read_session(&x, q);
		fn(arg, &x);
	}
	return query_done(q);
}

int
store_session_each(struct store *s, const char *user, const char *user_id,
    int64_t start_ms, const char *sid, unsigned max, store_session_fn *fn,
    void *arg)
{
	struct query *q = query_new(s->sql,
	    "SELECT " SESSION_COLUMNS " FROM sessions"
	    " WHERE (?1 IS NULL OR (user = ?1 AND user_id IN ('', ?5)))"
	    " AND (start, sid) < (?3, ?4)"
	    " ORDER BY start DESC, sid DESC LIMIT ?2");

	query_str(q, user);
	query_num(q, max);
	query_num(q, start_ms);
	query_str(q, sid);
	query_str(q, user_id);
	return each_session(q, fn, arg);
}

int
store_session_get(struct store *s, const char *sid, struct session_row *ret)
{
	struct query *q = query_new(
	    s->sql, "SELECT " SESSION_COLUMNS " FROM sessions WHERE sid = ?1");
	bool hit;
	int r;

	memset(ret, 0, sizeof(*ret));
	query_str(q, sid);
	if ((hit = query_next(q)))
		read_session(ret, q);
	r = query_done(q);
	return r == 0 && !hit ? GW_ENOENT : r;
}

int
store_session_chain(struct store *s, const char *request, const char *grant,
    const struct past_place *after, unsigned max, store_session_fn *fn,
    void *arg)
{
	struct query *q = query_new(s->sql,
	    "SELECT " SESSION_COLUMNS " FROM sessions WHERE (grant_id = ?2"
	    " OR grant_id IN (SELECT id FROM grants WHERE req = ?1))"
	    " AND (start, sid) > (?3, ?4) ORDER BY start, sid LIMIT ?5");

	query_str(q, request);
	query_str(q, grant);
	query_num(q, after->start_ms);
	query_str(q, after->id);
	query_num(q, max);
	return each_session(q, fn, arg);
}
