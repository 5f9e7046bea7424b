/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload - policies that come in parts, until they are applied or too old.
 * Nothing of them is in force: no change of users, targets or roles.
 */
#include <limits.h>
#include <string.h>

#include "base/err.h"
#include "broker/store/store_sql.h"

int
store_upload_put(struct store *s, const struct upload *u)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO uploads(id, user_id, size, have, digest, until, seq)"
	    " VALUES(?1,?2,?3,0,?4,?5,?6)");

	query_str(q, u->id);
	query_str(q, u->user_id);
	query_num(q, u->size);
	query_str(q, u->digest);
	query_num(q, u->until_ms);
	query_num(q, (int64_t)u->seq);
	return query_run(q);
}

int
store_upload_get(struct store *s, const char *id, struct upload *ret)
{
	struct query *q =
	    query_new(s->sql, "SELECT id, user_id, size, have, digest, until,"
			      " seq FROM uploads WHERE id = ?1");
	int r = GW_ENOENT;

	memset(ret, 0, sizeof(*ret));
	query_str(q, id);
	if (query_next(q)) {
		store_text(ret->id, sizeof(ret->id), q, 0);
		store_text(ret->user_id, sizeof(ret->user_id), q, 1);
		ret->size = (uint32_t)query_get_num(q, 2);
		ret->have = (uint32_t)query_get_num(q, 3);
		store_text(ret->digest, sizeof(ret->digest), q, 4);
		ret->until_ms = query_get_num(q, 5);
		ret->seq = (uint64_t)query_get_num(q, 6);
		r = 0;
	}
	r = store_done(q, r);
	if (r != 0)
		memset(ret, 0, sizeof(*ret));
	return r;
}

static int
add_part(struct store *s, const struct upload *u, const void *p, size_t n)
{
	struct query *q = query_new(s->sql,
	    "UPDATE uploads SET have = ?3 WHERE id = ?1 AND have = ?2"
	    " RETURNING id");
	char id[LIMIT_NAME_SIZE];
	int r;

	query_str(q, u->id);
	query_num(q, u->have);
	query_num(q, (int64_t)u->have + (int64_t)n);
	if ((r = store_one_name(q, id)) != 0)
		return r == GW_ENOENT ? GW_ESTATE : r;
	q = query_new(s->sql,
	    "INSERT INTO upload_parts(upload, at, data) VALUES(?1,?2,?3)");
	query_str(q, u->id);
	query_num(q, u->have);
	query_blob(q, p, n);
	return query_run(q);
}

int
store_upload_add(
    struct store *s, const struct upload *u, const void *p, size_t n)
{
	int r = sql_begin(s->sql);

	return r != 0 ? r : store_finish(s, add_part(s, u, p, n));
}

int
store_upload_part(struct store *s, const char *id, uint32_t at, struct buf *ret)
{
	struct query *q = query_new(s->sql,
	    "SELECT data FROM upload_parts WHERE upload = ?1 AND at = ?2");
	const void *p = NULL;
	size_t n = 0;
	int r = GW_ENOENT;

	query_str(q, id);
	query_num(q, at);
	if (query_next(q)) {
		p = query_get_blob(q, 0, &n);
		if (p != NULL)
			buf_put(ret, p, n);
		r = p != NULL ? buf_err(ret) : GW_ECORRUPT;
	}
	return store_done(q, r);
}

int
store_upload_keep(struct store *s, const char *id, int64_t until_ms)
{
	struct query *q =
	    query_new(s->sql, "UPDATE uploads SET until = ?2 WHERE id = ?1");

	query_str(q, id);
	query_num(q, until_ms);
	return query_run(q);
}

int
store_upload_remove(struct store *s, const char *id)
{
	struct query *q =
	    query_new(s->sql, "DELETE FROM uploads WHERE id = ?1 RETURNING id");
	char was[LIMIT_NAME_SIZE];

	query_str(q, id);
	return store_one_name(q, was);
}

int
store_upload_part_remove(struct store *s, const char *id)
{
	struct query *q = query_new(s->sql,
	    "DELETE FROM upload_parts WHERE upload = ?1 AND at ="
	    " (SELECT min(at) FROM upload_parts WHERE upload = ?1)"
	    " RETURNING upload");
	char was[LIMIT_NAME_SIZE];

	query_str(q, id);
	return store_one_name(q, was);
}

int
store_upload_remove_oldest(struct store *s, const char *user_id)
{
	struct query *q = query_new(s->sql,
	    "DELETE FROM uploads WHERE id = (SELECT id FROM uploads"
	    " WHERE user_id = ?1 ORDER BY until, id LIMIT 1) RETURNING id");
	char was[LIMIT_NAME_SIZE];

	query_str(q, user_id);
	return store_one_name(q, was);
}

int
store_upload_prune(struct store *s, int64_t utc_ms)
{
	struct query *q =
	    query_new(s->sql, "DELETE FROM uploads WHERE until <= ?1");

	query_num(q, utc_ms);
	return query_run(q);
}

int
store_upload_count(struct store *s, const char *user_id, unsigned *ret)
{
	struct query *q = query_new(s->sql,
	    "SELECT count(*) FROM uploads WHERE ?1 IS NULL OR user_id = ?1");

	*ret = UINT_MAX;
	query_str(q, user_id);
	if (query_next(q))
		*ret = (unsigned)query_get_num(q, 0);
	return query_done(q);
}
