/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store - the schema, its version, and what the store_*.c files share.
 */
#include "broker/store/store.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/str.h"
#include "broker/store/store_sql.h"

enum { SCHEMA_VERSION = 1 };

/* Sequence numbers fit an SQLite integer: a log of 2^63 records is far off. */
static const char schema[] =
    "CREATE TABLE users("
    " name TEXT PRIMARY KEY, state INTEGER NOT NULL, admin INTEGER NOT NULL,"
    " auditor INTEGER NOT NULL, totp BLOB, pending BLOB,"
    " invite TEXT NOT NULL, invite_end INTEGER NOT NULL,"
    " seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX users_invite ON users(invite) WHERE invite <> '';"
    "CREATE TABLE user_groups("
    " user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,"
    " name TEXT NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(user, name)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE user_keys("
    " fp TEXT PRIMARY KEY,"
    " user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,"
    " type TEXT NOT NULL, comment TEXT NOT NULL, blob BLOB NOT NULL,"
    " seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX user_keys_user ON user_keys(user);"
    "CREATE TABLE targets("
    " name TEXT PRIMARY KEY, addr4 TEXT NOT NULL, addr6 TEXT NOT NULL,"
    " port INTEGER NOT NULL, reach INTEGER NOT NULL, keys BLOB,"
    " seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE target_labels("
    " target TEXT NOT NULL REFERENCES targets(name) ON DELETE CASCADE,"
    " key TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(target, key)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE target_logins("
    " target TEXT NOT NULL REFERENCES targets(name) ON DELETE CASCADE,"
    " n INTEGER NOT NULL, login TEXT NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(target, n)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE roles("
    " name TEXT PRIMARY KEY, max_s INTEGER NOT NULL,"
    " mfa_age INTEGER NOT NULL, reason INTEGER NOT NULL,"
    " caps INTEGER NOT NULL, record INTEGER NOT NULL, deny INTEGER NOT NULL,"
    " seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE role_items("
    " role TEXT NOT NULL REFERENCES roles(name) ON DELETE CASCADE,"
    " kind TEXT NOT NULL, n INTEGER NOT NULL, value TEXT NOT NULL,"
    " value2 TEXT NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(role, kind, n)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE answers("
    " user TEXT NOT NULL, verb TEXT NOT NULL, key TEXT NOT NULL,"
    " status INTEGER NOT NULL, reply TEXT NOT NULL, at INTEGER NOT NULL,"
    " seq INTEGER NOT NULL,"
    " PRIMARY KEY(user, verb, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX answers_at ON answers(at);"
    "CREATE TABLE grants("
    " id TEXT PRIMARY KEY, req TEXT NOT NULL, user TEXT NOT NULL,"
    " target TEXT NOT NULL, login TEXT NOT NULL, role TEXT NOT NULL,"
    " why TEXT NOT NULL, source4 TEXT NOT NULL, source6 TEXT NOT NULL,"
    " port INTEGER NOT NULL, reach INTEGER NOT NULL,"
    " start INTEGER NOT NULL, due INTEGER NOT NULL, ended INTEGER NOT NULL,"
    " reason INTEGER NOT NULL, sessions INTEGER NOT NULL,"
    " seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE sessions("
    " sid TEXT PRIMARY KEY, grant_id TEXT NOT NULL, user TEXT NOT NULL,"
    " target TEXT NOT NULL, login TEXT NOT NULL, source TEXT NOT NULL,"
    " start INTEGER NOT NULL, ended INTEGER NOT NULL,"
    " reason INTEGER NOT NULL, recorded INTEGER NOT NULL,"
    " bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL,"
    " seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE removed(one INTEGER PRIMARY KEY CHECK(one = 1),"
    " seq INTEGER NOT NULL) STRICT;"
    "INSERT INTO removed VALUES(1, 0);"
    "PRAGMA user_version=1;";

/* What only makes it faster may come later. */
static const char indexes[] =
    "CREATE INDEX IF NOT EXISTS grants_start ON grants(start, id);"
    "CREATE INDEX IF NOT EXISTS sessions_start ON sessions(start, sid);";

void
store_text(char *ret, size_t size, struct query *q, int col)
{
	if (str_copy(ret, size, query_get_str(q, col)) != 0)
		ret[0] = '\0';
}

int
store_done(struct query *q, int r)
{
	const int e = query_done(q);

	return r != 0 ? r : e;
}

int
store_names(struct query *q, store_name_fn *fn, void *arg)
{
	while (query_next(q))
		fn(arg, query_get_str(q, 0));
	return query_done(q);
}

int
store_one_name(struct query *q, char ret[static LIMIT_NAME_SIZE])
{
	int r = GW_ENOENT;

	if (query_next(q)) {
		name_set(ret, query_get_str(q, 0));
		r = 0;
	}
	return store_done(q, r == GW_ENOENT ? 0 : r) != 0 ? GW_ESYS : r;
}

int
store_mark(struct store *s, uint64_t seq)
{
	struct query *q =
	    query_new(s->sql, "UPDATE removed SET seq = max(seq, ?1)");

	query_num(q, (int64_t)seq);
	return query_run(q);
}

int
store_finish(struct store *s, int r)
{
	if (r == 0)
		return sql_commit(s->sql);
	sql_rollback(s->sql);
	return r;
}

static int
get_version(struct sql *sql, int64_t *ret)
{
	struct query *q = query_new(sql, "PRAGMA user_version");

	*ret = -1;
	if (query_next(q))
		*ret = query_get_num(q, 0);
	return query_done(q);
}

static int
make_schema(struct store *s)
{
	int r;

	if ((r = sql_begin(s->sql)) != 0)
		return r;
	return store_finish(s, sql_run(s->sql, schema));
}

int
store_open(struct store **ret, const char *path)
{
	struct store *s = calloc(1, sizeof(*s));
	int64_t version = -1;
	int r = GW_ENOMEM;

	if (s == NULL || (r = sql_open(&s->sql, path)) != 0 ||
	    (r = get_version(s->sql, &version)) != 0)
		goto out;
	r = GW_EUNSUPPORTED;
	if (version > SCHEMA_VERSION || version < 0)
		goto out;
	r = version == 0 ? make_schema(s) : 0;
	if (r != 0 || (r = sql_run(s->sql, indexes)) != 0)
		goto out;
	*ret = s;
	s = NULL; /* the caller's now */
out:
	store_close(s);
	return r;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	sql_close(s->sql);
	free(s);
}

const char *
store_error(struct store *s)
{
	return sql_error(s->sql);
}

int
store_seq(struct store *s, uint64_t *ret)
{
	struct query *q = query_new(s->sql,
	    "SELECT max(seq) FROM (SELECT max(seq) AS seq FROM users"
	    " UNION ALL SELECT max(seq) FROM targets"
	    " UNION ALL SELECT max(seq) FROM roles"
	    " UNION ALL SELECT max(seq) FROM answers"
	    " UNION ALL SELECT max(seq) FROM grants"
	    " UNION ALL SELECT max(seq) FROM sessions"
	    " UNION ALL SELECT max(seq) FROM removed)");

	*ret = 0;
	if (query_next(q))
		*ret = (uint64_t)query_get_num(q, 0);
	return query_done(q);
}

int
store_count(struct store *s, enum store_kind k, uint64_t *ret)
{
	static const char *const text[] = {
	    [STORE_USERS] = "SELECT count(*) FROM users",
	    [STORE_TARGETS] = "SELECT count(*) FROM targets",
	    [STORE_ROLES] = "SELECT count(*) FROM roles"};
	struct query *q = NULL;

	*ret = UINT64_MAX; /* in doubt there is no room */
	if (k == STORE_NONE || k > STORE_ROLES)
		return GW_EINVAL;
	q = query_new(s->sql, text[k]);
	if (query_next(q))
		*ret = (uint64_t)query_get_num(q, 0);
	return query_done(q);
}

int
store_begin(struct store *s)
{
	return sql_begin(s->sql);
}

int
store_commit(struct store *s)
{
	return sql_commit(s->sql);
}

void
store_rollback(struct store *s)
{
	sql_rollback(s->sql);
}
