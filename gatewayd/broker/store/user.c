/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user - users, their groups and keys.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "broker/store/store_sql.h"

/* One row of the user, one for each of their groups, keys and networks. */
#define ROWS                                                                   \
	"SELECT whose, kind, a, b, c, p, q, state, rights,"                    \
	" invite_end, pending_end, is_kind, d, e, f FROM (SELECT name AS"      \
	" whose, 0 AS kind, id AS a, invite AS b, totp_otp AS c, totp AS p,"   \
	" pending AS q, state, rights, invite_end, pending_end,"               \
	" users.kind AS is_kind, pending_otp AS d, users.owner AS e,"          \
	" users.owner_id AS f FROM users"                                      \
	" UNION ALL SELECT user, 1, name, '', '', NULL, NULL, 0, 0, 0, 0, 0,"  \
	" '', '', '' FROM user_groups"                                         \
	" UNION ALL SELECT user, 2, fp, type, comment, blob, NULL,"            \
	" 0, 0, 0, 0, 0, '', '', '' FROM user_keys"                            \
	" UNION ALL SELECT user, 3, prefix, '', '', NULL, NULL,"               \
	" 0, 0, 0, 0, 0, '', '', '' FROM user_sources) AS rows"

_Static_assert(RIGHT_ADMIN == 1, "as in rights & 1");

enum { ROW_USER, ROW_GROUP, ROW_KEY, ROW_SOURCE };

/* A form that this version does not know gives no code. */
static void
read_sealed(struct sealed *ret, struct query *q, int col, int otp)
{
	size_t n = 0;
	const void *p = query_get_blob(q, col, &n);

	if (otp_parse(&ret->otp, query_get_str(q, otp)) != 0)
		ret->otp = (struct otp){.digest = OTP_NONE};
	if (p == NULL || n > sizeof(ret->p))
		return;
	memcpy(ret->p, p, n);
	ret->len = n;
}

static void
read_key(struct user *u, struct query *q)
{
	struct user_key *k = &u->keys[u->nkeys];
	size_t n = 0;
	const void *p = query_get_blob(q, 5, &n);

	if (u->nkeys == LIMIT_KEYS_PER_USER || p == NULL || n > sizeof(k->blob))
		return; /* a key that is not there opens nothing */
	store_text(k->fp, sizeof(k->fp), q, 2);
	store_text(k->type, sizeof(k->type), q, 3);
	store_text(k->comment, sizeof(k->comment), q, 4);
	memcpy(k->blob, p, n);
	k->len = n;
	u->nkeys++;
}

static int
read_row(void *thing, struct query *q)
{
	struct user *u = thing;

	switch (query_get_num(q, 1)) {
	case ROW_USER:
		store_text(u->name, sizeof(u->name), q, 0);
		store_text(u->id, sizeof(u->id), q, 2);
		store_text(u->invite, sizeof(u->invite), q, 3);
		read_sealed(&u->totp, q, 5, 4);
		read_sealed(&u->pending, q, 6, 12);
		store_text(u->owner, sizeof(u->owner), q, 13);
		u->state = (uint8_t)query_get_num(q, 7);
		u->rights = (uint8_t)(query_get_num(q, 8) & RIGHTS_ALL);
		u->invite_end_ms = query_get_num(q, 9);
		u->pending_end_ms = query_get_num(q, 10);
		u->kind = (uint8_t)query_get_num(q, 11);
		store_text(u->owner_id, sizeof(u->owner_id), q, 14);
		return 0;
	case ROW_GROUP:
		return name_list_add(&u->groups, query_get_str(q, 2));
	case ROW_SOURCE:
		return prefix_list_add(&u->sources, query_get_str(q, 2));
	default:
		read_key(u, q);
		return 0;
	}
}

int
store_user_get(struct store *s, const char *name, struct user *ret)
{
	struct query *q =
	    query_new(s->sql, ROWS " WHERE whose = ?1 ORDER BY whose, kind, a");

	query_str(q, name);
	return store_one_thing(q, ret, sizeof(*ret), read_row);
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

int
store_invites_doubted(
    struct store *s, uint64_t before_seq, int64_t latest_ms, uint64_t *retn)
{
	struct query *q =
	    query_new(s->sql, "SELECT count(*) FROM users WHERE invite <> ''"
			      " AND (seq < ?1 OR invite_end > ?2)");

	*retn = 0;
	query_num(q, (int64_t)before_seq);
	query_num(q, latest_ms);
	if (query_next(q))
		*retn = (uint64_t)query_get_num(q, 0);
	return query_done(q);
}

int
store_invites_void(
    struct store *s, uint64_t before_seq, int64_t latest_ms, uint64_t *retn)
{
	struct query *q = NULL;
	int r = store_invites_doubted(s, before_seq, latest_ms, retn);

	if (r != 0 || *retn == 0)
		return r;
	s->changes++;
	q = query_new(s->sql,
	    "UPDATE users SET invite = '', invite_end = 0 WHERE invite <> ''"
	    " AND (seq < ?1 OR invite_end > ?2)");
	query_num(q, (int64_t)before_seq);
	query_num(q, latest_ms);
	return query_run(q);
}

static int
put_row(struct store *s, const struct user *u, uint64_t seq)
{
	char totp[OTP_TEXT_SIZE], pending[OTP_TEXT_SIZE];
	struct query *q = query_new(s->sql,
	    "INSERT INTO users(name, state, rights, totp, pending,"
	    " invite, invite_end, seq, id, pending_end, kind, totp_otp,"
	    " pending_otp, owner, owner_id) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,"
	    "?9,?10,?11,?12,?13,?14,?15)"
	    " ON CONFLICT(name) DO UPDATE SET state = excluded.state,"
	    " rights = excluded.rights,"
	    " totp = excluded.totp, pending = excluded.pending,"
	    " invite = excluded.invite, invite_end = excluded.invite_end,"
	    " seq = excluded.seq, pending_end = excluded.pending_end,"
	    " totp_otp = excluded.totp_otp,"
	    " pending_otp = excluded.pending_otp");

	otp_format(totp, &u->totp.otp);
	otp_format(pending, &u->pending.otp);
	query_str(q, u->name);
	query_num(q, u->state);
	query_num(q, u->rights);
	query_blob(q, u->totp.p, u->totp.len);
	query_blob(q, u->pending.p, u->pending.len);
	query_str(q, u->invite);
	query_num(q, u->invite_end_ms);
	query_num(q, (int64_t)seq);
	query_str(q, u->id);
	query_num(q, u->pending_end_ms);
	query_num(q, u->kind); /* of a new one; it never changes */
	query_str(q, totp);
	query_str(q, pending);
	query_str(q, u->owner); /* nor do these */
	query_str(q, u->owner_id);
	return query_run(q);
}

/* One statement about that user. */
static int
run_for(struct store *s, const char *text, const char *name, const char *id)
{
	struct query *q = query_new(s->sql, text);

	query_str(q, name);
	if (id != NULL)
		query_str(q, id);
	return query_run(q);
}

static int
put_groups(struct store *s, const struct user *u, bool fresh, uint64_t seq)
{
	int r = fresh ? 0
		      : run_for(s, "DELETE FROM user_groups WHERE user = ?1",
			    u->name, NULL);

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

static int
put_sources(struct store *s, const struct user *u, bool fresh, uint64_t seq)
{
	char text[PREFIX_TEXT_SIZE];
	int r = fresh ? 0
		      : run_for(s, "DELETE FROM user_sources WHERE user = ?1",
			    u->name, NULL);

	for (unsigned i = 0; r == 0 && i < u->sources.n; i++) {
		struct query *q = query_new(s->sql,
		    "INSERT INTO user_sources(user, prefix, seq)"
		    " VALUES(?1,?2,?3)");

		prefix_format(text, &u->sources.prefix[i]);
		query_str(q, u->name);
		query_str(q, text);
		query_num(q, (int64_t)seq);
		r = query_run(q);
	}
	return r;
}

/* The primary key is the fingerprint: another's key makes this fail. */
static int
put_keys(struct store *s, const struct user *u, bool fresh, uint64_t seq)
{
	int r = fresh ? 0
		      : run_for(s, "DELETE FROM user_keys WHERE user = ?1",
			    u->name, NULL);

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

/* A key that is gone counts no more. */
static int
drop_tries(struct store *s, const struct user *u)
{
	struct query *q = query_new(s->sql,
	    "DELETE FROM code_tries WHERE user_id = ?1 AND key_fp NOT IN"
	    " (SELECT fp FROM user_keys WHERE user = ?2)");

	query_str(q, u->id);
	query_str(q, u->name);
	return query_run(q);
}

/* They stand in for a second factor: without one there are none. */
static int
drop_recovery(struct store *s, const struct user *u)
{
	return u->totp.len > 0 || FAULT(recovery_stays)
		   ? 0
		   : run_for(s,
			 "DELETE FROM recovery_codes"
			 " WHERE user = ?1",
			 u->name, NULL);
}

int
store_user_put(struct store *s, const struct user *u, uint64_t seq)
{
	bool fresh = false;
	int r;

	if (u->kind == KIND_NONE)
		return GW_EINVAL;
	if ((r = sql_begin(s->sql)) != 0)
		return r;
	if ((r = store_id_claim(s, STORE_USERS, u->name, u->id, &fresh)) == 0 &&
	    (r = put_row(s, u, seq)) == 0 &&
	    (r = put_groups(s, u, fresh, seq)) == 0 &&
	    (r = put_keys(s, u, fresh, seq)) == 0 &&
	    (r = put_sources(s, u, fresh, seq)) == 0 &&
	    (fresh || (r = drop_tries(s, u)) == 0) &&
	    (fresh || (r = drop_recovery(s, u)) == 0) &&
	    (r = store_look_add(s, u->name)) == 0)
		r = store_look_add_all(s, &u->groups);
	return store_finish(s, r);
}

int
store_user_remove(struct store *s, const char *name, uint64_t seq)
{
	char id[LIMIT_ID_SIZE];
	int r;

	if ((r = store_id(s, STORE_USERS, name, id)) != 0 ||
	    (r = sql_begin(s->sql)) != 0)
		return r;
	if ((r = run_for(s,
		 "UPDATE grants SET user_id = ?2 WHERE user = ?1"
		 " AND user_id = ''",
		 name, id)) == 0 &&
	    (r = run_for(s,
		 "UPDATE sessions SET user_id = ?2 WHERE user = ?1"
		 " AND user_id = ''",
		 name, id)) == 0 &&
	    (r = run_for(
		 s, "DELETE FROM answers WHERE user = ?1", name, NULL)) == 0 &&
	    (r = run_for(s, "DELETE FROM users WHERE name = ?1", name, NULL)) ==
		0)
		r = store_mark(s, seq);
	return store_finish(s, r);
}

int
store_admins(struct store *s, uint64_t *ret)
{
	struct query *q = query_new(s->sql, "SELECT count(*) FROM users WHERE "
					    "(rights & 1) <> 0 AND state = ?1");

	*ret = 0;
	query_num(q, USER_ACTIVE);
	if (query_next(q))
		*ret = (uint64_t)query_get_num(q, 0);
	return query_done(q);
}

int
store_group_used(struct store *s, const char *group)
{
	char name[LIMIT_NAME_SIZE];
	struct query *q = query_new(
	    s->sql, "SELECT user FROM user_groups WHERE name = ?1 LIMIT 1");

	query_str(q, group);
	return store_one_name(q, name);
}

int
store_owns(struct store *s, const char *user_id)
{
	char name[LIMIT_NAME_SIZE];
	struct query *q = query_new(s->sql,
	    "SELECT name FROM users WHERE owner_id = ?1 AND owner_id <> ''"
	    " LIMIT 1");

	query_str(q, user_id);
	return store_one_name(q, name);
}

bool
user_is_enrolled(const struct user *u)
{
	return (u->kind != KIND_PERSON && u->kind != KIND_NONE) ||
	       u->totp.len > 0;
}

bool
user_has_key(const struct user *u, const char *fp)
{
	for (unsigned i = 0; i < u->nkeys; i++)
		if (strcmp(u->keys[i].fp, fp) == 0)
			return true;
	return false;
}

enum hardware
user_hardware(const struct user *u, const char *fp)
{
	for (unsigned i = 0; i < u->nkeys; i++)
		if (strcmp(u->keys[i].fp, fp) == 0 &&
		    strncmp(u->keys[i].type, "sk-", 3) == 0)
			return HARDWARE_VERIFIED;
	return HARDWARE_NONE;
}

struct each {
	store_user_fn *fn;
	void *arg;
};

static void
found(void *arg, const char *name, const void *thing)
{
	const struct each *e = arg;

	e->fn(e->arg, name, thing);
}

int
store_user_each(struct store *s, store_user_fn *fn, void *arg)
{
	struct each e = {.fn = fn, .arg = arg};

	return store_things(query_new(s->sql, ROWS " ORDER BY whose, kind, a"),
	    sizeof(struct user), read_row, found, &e);
}

static int
read_member(void *thing, struct query *q)
{
	struct member *m = thing;
	const char *group = query_get_str(q, 3);

	store_text(m->name, sizeof(m->name), q, 0);
	m->state = (uint8_t)query_get_num(q, 1);
	m->kind = (uint8_t)query_get_num(q, 2);
	return group[0] != '\0' ? name_list_add(&m->groups, group) : 0;
}

struct members {
	store_member_fn *fn;
	void *arg;
};

static void
each_member(void *arg, const char *name, const void *thing)
{
	const struct members *w = arg;

	w->fn(w->arg, name, thing);
}

int
store_member_each(struct store *s, store_member_fn *fn, void *arg)
{
	struct members w = {.fn = fn, .arg = arg};

	return store_things(
	    query_new(s->sql,
		"SELECT users.name, users.state, users.kind,"
		" user_groups.name FROM users"
		" LEFT JOIN user_groups ON user_groups.user = users.name"
		" ORDER BY users.name"),
	    sizeof(struct member), read_member, each_member, &w);
}

struct names {
	char (*name)[LIMIT_NAME_SIZE];
	size_t n;
	int err;
};

static void
add_name(void *arg, const char *name)
{
	struct names *l = arg;
	char(*more)[LIMIT_NAME_SIZE] = l->name;

	if (l->err == 0 && l->n % 64 == 0)
		more = reallocarray(l->name, l->n + 64, sizeof(*more));
	if (l->err != 0 || more == NULL) {
		l->err = GW_ENOMEM;
		return;
	}
	l->name = more;
	name_set(more[l->n++], name);
}

/* Those of a query's names: a few of many, which one query for all of them
 * would look through. Ends it. */
static int
each_named(struct store *s, struct query *q, store_user_fn *fn, void *arg)
{
	struct user *u = calloc(1, sizeof(*u));
	struct names l = {.n = 0};
	int r = store_names(q, add_name, &l);

	if (r == 0)
		r = u != NULL ? l.err : GW_ENOMEM;
	for (size_t i = 0; r == 0 && i < l.n; i++) {
		r = store_user_get(s, l.name[i], u);
		if (r == 0 || r == GW_ECORRUPT) {
			fn(arg, l.name[i], r == 0 ? u : NULL);
			r = 0;
		}
	}
	if (u != NULL)
		explicit_bzero(u, sizeof(*u)); /* a sealed seed */
	free(u);
	free(l.name);
	return r;
}

int
store_admin_each(struct store *s, store_user_fn *fn, void *arg)
{
	struct query *q = query_new(s->sql,
	    "SELECT name FROM users WHERE (rights & 1) <> 0 AND state = ?1"
	    " ORDER BY name");

	query_num(q, USER_ACTIVE);
	return each_named(s, q, fn, arg);
}

int
store_holder_each(
    struct store *s, const char *group, store_user_fn *fn, void *arg)
{
	struct query *q = NULL;

	if (group == NULL)
		q = query_new(s->sql,
		    "SELECT name FROM users WHERE rights <> 0 ORDER BY name");
	else
		q = query_new(s->sql,
		    "SELECT user FROM user_groups WHERE name = ?1"
		    " ORDER BY user");
	if (group != NULL)
		query_str(q, group);
	return each_named(s, q, fn, arg);
}
