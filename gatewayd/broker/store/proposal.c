/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proposal - changes that wait for a second admin, and what became of them. No
 * change of users, targets or roles.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "broker/store/store_sql.h"

#define COLUMNS                                                                \
	"id, verb, user, user_id, key_fp, source, state, created, until, by,"  \
	" note, revision, digest, payload, signature, seq"

_Static_assert(REQUEST_PENDING == 1, "as in state = 1");

void
proposal_done(struct proposal *p)
{
	free(p->revision);
	free(p->payload);
	free(p->signature);
	memset(p, 0, sizeof(*p));
}

int
store_proposal_put(struct store *s, const struct proposal *p)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO proposals(" COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,"
	    "?8,?9,?10,?11,?12,?13,?14,?15,?16)");

	query_str(q, p->id);
	query_str(q, p->verb);
	query_str(q, p->user);
	query_str(q, p->user_id);
	query_str(q, p->key_fp);
	store_bind_addr(q, &p->source);
	query_num(q, p->state);
	query_num(q, p->created_ms);
	query_num(q, p->until_ms);
	query_str(q, p->by);
	query_str(q, p->note);
	query_str(q, p->revision);
	query_str(q, p->digest);
	query_str(q, p->payload);
	query_str(q, p->signature);
	query_num(q, (int64_t)p->seq);
	return query_run(q);
}

/* GW_ENOMEM. */
static int
read_proposal(struct proposal *p, struct query *q)
{
	memset(p, 0, sizeof(*p));
	store_text(p->id, sizeof(p->id), q, 0);
	store_text(p->verb, sizeof(p->verb), q, 1);
	store_text(p->user, sizeof(p->user), q, 2);
	store_text(p->user_id, sizeof(p->user_id), q, 3);
	store_text(p->key_fp, sizeof(p->key_fp), q, 4);
	store_addr(&p->source, q, 5);
	p->state = (uint8_t)query_get_num(q, 6);
	p->created_ms = query_get_num(q, 7);
	p->until_ms = query_get_num(q, 8);
	store_text(p->by, sizeof(p->by), q, 9);
	store_text(p->note, sizeof(p->note), q, 10);
	p->revision = strdup(query_get_str(q, 11));
	store_text(p->digest, sizeof(p->digest), q, 12);
	p->payload = strdup(query_get_str(q, 13));
	p->signature = strdup(query_get_str(q, 14));
	p->seq = (uint64_t)query_get_num(q, 15);
	return p->revision != NULL && p->payload != NULL && p->signature != NULL
		   ? 0
		   : GW_ENOMEM;
}

int
store_proposal_get(struct store *s, const char *id, struct proposal *ret)
{
	struct query *q = query_new(
	    s->sql, "SELECT " COLUMNS " FROM proposals WHERE id = ?1");
	int r = GW_ENOENT;

	memset(ret, 0, sizeof(*ret));
	query_str(q, id);
	if (query_next(q))
		r = read_proposal(ret, q);
	r = store_done(q, r);
	if (r != 0)
		proposal_done(ret);
	return r;
}

int
store_proposal_move(
    struct store *s, const struct proposal *p, enum request_state from)
{
	struct query *q = query_new(s->sql,
	    "UPDATE proposals SET state = ?2, by = ?3, note = ?4, seq = ?5"
	    " WHERE id = ?1 AND state = ?6 RETURNING id");
	char id[LIMIT_NAME_SIZE];
	int r;

	query_str(q, p->id);
	query_num(q, p->state);
	query_str(q, p->by);
	query_str(q, p->note);
	query_num(q, (int64_t)p->seq);
	query_num(q, from);
	r = store_one_name(q, id);
	return r == GW_ENOENT ? GW_ESTATE : r;
}

int
store_proposal_each(struct store *s, int64_t since_ms, unsigned max,
    store_proposal_fn *fn, void *arg)
{
	struct query *q = query_new(s->sql,
	    "SELECT " COLUMNS " FROM proposals WHERE state = 1 OR created >= ?1"
	    " ORDER BY created DESC, id DESC LIMIT ?2");
	struct proposal p;
	int r = 0;

	query_num(q, since_ms);
	query_num(q, max);
	while (r == 0 && query_next(q)) {
		if ((r = read_proposal(&p, q)) == 0)
			fn(arg, &p);
		proposal_done(&p);
	}
	return store_done(q, r);
}

int
store_proposal_count(struct store *s, const char *user_id, unsigned *ret)
{
	struct query *q = query_new(s->sql,
	    "SELECT count(*) FROM proposals WHERE state = 1 AND user_id = ?1");

	*ret = UINT_MAX;
	query_str(q, user_id);
	if (query_next(q))
		*ret = (unsigned)query_get_num(q, 0);
	return query_done(q);
}

int
store_proposal_due(
    struct store *s, int64_t utc_ms, char ret[static LIMIT_NAME_SIZE])
{
	struct query *q =
	    query_new(s->sql, "SELECT id FROM proposals WHERE state = 1"
			      " AND until <= ?1 ORDER BY until LIMIT 1");

	query_num(q, utc_ms);
	return store_one_name(q, ret);
}
