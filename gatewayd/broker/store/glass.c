/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glass - uses of break-glass, and what became of their review.
 */
#include <string.h>

#include "base/err.h"
#include "broker/store/store_sql.h"

#define COLUMNS                                                                \
	"id, user, user_id, target, target_id, login, grant_id, why, used,"    \
	" state, by, note, reviewed, seq"

int
store_glass_put(struct store *s, const struct glass_use *g)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO glass_uses(" COLUMNS ")"
	    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)");

	query_str(q, g->id);
	query_str(q, g->user);
	query_str(q, g->user_id);
	query_str(q, g->target);
	query_str(q, g->target_id);
	query_str(q, g->login);
	query_str(q, g->grant);
	query_str(q, g->reason);
	query_num(q, g->used_ms);
	query_num(q, g->state);
	query_str(q, g->by);
	query_str(q, g->note);
	query_num(q, g->reviewed_ms);
	query_num(q, (int64_t)g->seq);
	return query_run(q);
}

static void
read_use(struct glass_use *g, struct query *q)
{
	const int64_t state = query_get_num(q, 9);

	memset(g, 0, sizeof(*g));
	store_text(g->id, sizeof(g->id), q, 0);
	store_text(g->user, sizeof(g->user), q, 1);
	store_text(g->user_id, sizeof(g->user_id), q, 2);
	store_text(g->target, sizeof(g->target), q, 3);
	store_text(g->target_id, sizeof(g->target_id), q, 4);
	store_text(g->login, sizeof(g->login), q, 5);
	store_text(g->grant, sizeof(g->grant), q, 6);
	store_text(g->reason, sizeof(g->reason), q, 7);
	g->used_ms = query_get_num(q, 8);
	/* what cannot be read is owed */
	g->state = state > GLASS_NONE && state < GLASS_STATE_COUNT
		       ? (uint8_t)state
		       : GLASS_USED;
	store_text(g->by, sizeof(g->by), q, 10);
	store_text(g->note, sizeof(g->note), q, 11);
	g->reviewed_ms = query_get_num(q, 12);
	g->seq = (uint64_t)query_get_num(q, 13);
}

/* The only one. */
static int
one(struct query *q, struct glass_use *ret)
{
	bool hit;
	int r;

	memset(ret, 0, sizeof(*ret));
	if ((hit = query_next(q)))
		read_use(ret, q);
	r = query_done(q);
	return r == 0 && !hit ? GW_ENOENT : r;
}

int
store_glass_get(struct store *s, const char *id, struct glass_use *ret)
{
	struct query *q = query_new(
	    s->sql, "SELECT " COLUMNS " FROM glass_uses WHERE id = ?1");

	query_str(q, id);
	return one(q, ret);
}

int
store_glass_owed(struct store *s, struct glass_use *ret)
{
	struct query *q = query_new(s->sql,
	    "SELECT " COLUMNS " FROM glass_uses WHERE state NOT IN (?1, ?2)"
	    " ORDER BY used, id LIMIT 1");

	query_num(q, GLASS_REVIEWED);
	query_num(q, GLASS_UNOPENED);
	return one(q, ret);
}

int
store_glass_settle(struct store *s, const struct glass_use *g)
{
	struct glass_use is;
	struct query *q = NULL;
	int r = store_glass_get(s, g->id, &is);

	if (r != 0 || is.state != GLASS_USED)
		return r != 0 ? r : GW_ESTATE;
	q = query_new(s->sql,
	    "UPDATE glass_uses SET state = ?2, by = ?3, note = ?4,"
	    " reviewed = ?5, seq = ?6 WHERE id = ?1");
	query_str(q, g->id);
	query_num(q, g->state);
	query_str(q, g->by);
	query_str(q, g->note);
	query_num(q, g->reviewed_ms);
	query_num(q, (int64_t)g->seq);
	return query_run(q);
}

int
store_glass_each(struct store *s, int64_t used_ms, const char *id, unsigned max,
    store_glass_fn *fn, void *arg)
{
	struct query *q = query_new(s->sql,
	    "SELECT " COLUMNS " FROM glass_uses WHERE (used, id) < (?1, ?2)"
	    " ORDER BY used DESC, id DESC LIMIT ?3");
	struct glass_use g;

	query_num(q, used_ms);
	query_str(q, id);
	query_num(q, max);
	while (query_next(q)) {
		read_use(&g, q);
		fn(arg, &g);
	}
	return query_done(q);
}
