/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user - users, their groups and keys.
 */
#include <string.h>

#include "base/err.h"
#include "broker/store/store_sql.h"

static void
take_sealed(struct sealed *ret, struct query *q, int col)
{
	size_t n = 0;
	const void *p = query_get_blob(q, col, &n);

	ret->len = 0;
	if (p == NULL || n > sizeof(ret->p))
		return;
	memcpy(ret->p, p, n);
	ret->len = n;
}

static int
get_row(struct store *s, const char *name, struct user *u)
{
	struct query *q = query_new(s->sql,
	    "SELECT name, state, admin, auditor, totp, pending, invite,"
	    " invite_end, id FROM users WHERE name = ?1");
	bool hit = false;
	int r;

	query_str(q, name);
	if (query_next(q)) {
		hit = true;
		store_text(u->name, sizeof(u->name), q, 0);
		u->state = (uint8_t)query_get_num(q, 1);
		u->admin = query_get_num(q, 2) == 1;
		u->auditor = query_get_num(q, 3) == 1;
		take_sealed(&u->totp, q, 4);
		take_sealed(&u->pending, q, 5);
		store_text(u->invite, sizeof(u->invite), q, 6);
		u->invite_end_ms = query_get_num(q, 7);
		store_text(u->id, sizeof(u->id), q, 8);
	}
	r = query_done(q);
	return r == 0 && !hit ? GW_ENOENT : r;
}

static int
get_groups(struct store *s, struct user *u)
{
	struct query *q = query_new(s->sql,
	    "SELECT name FROM user_groups WHERE user = ?1 ORDER BY name");
	int r = 0;

	query_str(q, u->name);
	while (r == 0 && query_next(q))
		r = name_list_add(&u->groups, query_get_str(q, 0));
	return store_done(q, r);
}

static int
get_keys(struct store *s, struct user *u)
{
	struct query *q = query_new(s->sql,
	    "SELECT fp, type, comment, blob FROM user_keys WHERE user = ?1"
	    " ORDER BY fp");

	query_str(q, u->name);
	while (u->nkeys < LIMIT_KEYS_PER_USER && query_next(q)) {
		struct user_key *k = &u->keys[u->nkeys];
		size_t n = 0;
		const void *p = query_get_blob(q, 3, &n);

		if (p == NULL || n > sizeof(k->blob))
			continue;
		store_text(k->fp, sizeof(k->fp), q, 0);
		store_text(k->type, sizeof(k->type), q, 1);
		store_text(k->comment, sizeof(k->comment), q, 2);
		memcpy(k->blob, p, n);
		k->len = n;
		u->nkeys++;
	}
	return query_done(q);
}

int
store_user_get(struct store *s, const char *name, struct user *ret)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	if ((r = get_row(s, name, ret)) != 0 || (r = get_groups(s, ret)) != 0 ||
	    (r = get_keys(s, ret)) != 0)
		memset(ret, 0, sizeof(*ret));
	return r;
}

int
store_user_by_key(
    struct store *s, const char *fp, char ret[static LIMIT_NAME_SIZE])
{
	struct query *q =
	    query_new(s->sql, "SELECT user FROM user_keys WHERE fp = ?1");

	query_str(q, fp);
	return store_one_name(q, ret);
}

int
store_user_by_invite(
    struct store *s, const char *hash, char ret[static LIMIT_NAME_SIZE])
{
	struct query *q = query_new(s->sql,
	    "SELECT name FROM users WHERE invite = ?1 AND invite <> ''");

	query_str(q, hash);
	return store_one_name(q, ret);
}

static int
put_row(struct store *s, const struct user *u, uint64_t seq)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO users(name, state, admin, auditor, totp, pending,"
	    " invite, invite_end, seq, id)"
	    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
	    " ON CONFLICT(name) DO UPDATE SET state = excluded.state,"
	    " admin = excluded.admin, auditor = excluded.auditor,"
	    " totp = excluded.totp, pending = excluded.pending,"
	    " invite = excluded.invite, invite_end = excluded.invite_end,"
	    " seq = excluded.seq");

	query_str(q, u->name);
	query_num(q, u->state);
	query_num(q, u->admin ? 1 : 0);
	query_num(q, u->auditor ? 1 : 0);
	query_blob(q, u->totp.p, u->totp.len);
	query_blob(q, u->pending.p, u->pending.len);
	query_str(q, u->invite);
	query_num(q, u->invite_end_ms);
	query_num(q, (int64_t)seq);
	query_str(q, u->id);
	return query_run(q);
}

static int
clear(struct store *s, const char *text, const char *name)
{
	struct query *q = query_new(s->sql, text);

	query_str(q, name);
	return query_run(q);
}

static int
put_groups(struct store *s, const struct user *u, uint64_t seq)
{
	int r = clear(s, "DELETE FROM user_groups WHERE user = ?1", u->name);

	for (unsigned i = 0; r == 0 && i < u->groups.n; i++) {
		struct query *q =
		    query_new(s->sql, "INSERT INTO user_groups(user, name, seq)"
				      " VALUES(?1,?2,?3)");

		query_str(q, u->name);
		query_str(q, u->groups.name[i]);
		query_num(q, (int64_t)seq);
		r = query_run(q);
	}
	return r;
}

/* The primary key is the fingerprint: another's key makes this fail. */
static int
put_keys(struct store *s, const struct user *u, uint64_t seq)
{
	int r = clear(s, "DELETE FROM user_keys WHERE user = ?1", u->name);

	for (unsigned i = 0; r == 0 && i < u->nkeys; i++) {
		const struct user_key *k = &u->keys[i];
		struct query *q = query_new(s->sql,
		    "INSERT INTO user_keys(fp, user, type, comment, blob, seq)"
		    " VALUES(?1,?2,?3,?4,?5,?6)");

		query_str(q, k->fp);
		query_str(q, u->name);
		query_str(q, k->type);
		query_str(q, k->comment);
		query_blob(q, k->blob, k->len);
		query_num(q, (int64_t)seq);
		r = query_run(q);
	}
	return r;
}

int
store_user_put(struct store *s, const struct user *u, uint64_t seq)
{
	int r;

	if ((r = sql_begin(s->sql)) != 0)
		return r;
	if ((r = store_id_claim(s, STORE_USERS, u->name, u->id)) == 0 &&
	    (r = put_row(s, u, seq)) == 0 && (r = put_groups(s, u, seq)) == 0)
		r = put_keys(s, u, seq);
	return store_finish(s, r);
}

int
store_user_each(struct store *s, store_name_fn *fn, void *arg)
{
	return store_names(
	    query_new(s->sql, "SELECT name FROM users ORDER BY name"), fn, arg);
}

bool
user_has_key(const struct user *u, const char *fp)
{
	for (unsigned i = 0; i < u->nkeys; i++)
		if (strcmp(u->keys[i].fp, fp) == 0)
			return true;
	return false;
}
