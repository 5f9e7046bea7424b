/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migratescene - see the header.
 */
#include "tests/unit/store/migratescene.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/ids.h"

void
must(int r)
{
	assert_int_equal(r, 0);
}

unsigned statements, last_statement;

int __real_sqlite3_exec(sqlite3 *db, const char *text,
    int (*fn)(void *, int, char **, char **), void *arg, char **err);
int __wrap_sqlite3_exec(sqlite3 *db, const char *text,
    int (*fn)(void *, int, char **, char **), void *arg, char **err);
int __real_sqlite3_step(sqlite3_stmt *st);
int __wrap_sqlite3_step(sqlite3_stmt *st);

static void
count(void)
{
	if (++statements == last_statement)
		(void)raise(SIGKILL);
}

int
__wrap_sqlite3_exec(sqlite3 *db, const char *text,
    int (*fn)(void *, int, char **, char **), void *arg, char **err)
{
	count();
	return __real_sqlite3_exec(db, text, fn, arg, err);
}

int
__wrap_sqlite3_step(sqlite3_stmt *st)
{
	count();
	return __real_sqlite3_step(st);
}

sqlite3 *
database(const char *path, int flags)
{
	sqlite3 *db = NULL;

	must(sqlite3_open_v2(path, &db, flags, NULL));
	return db;
}

void
run(const char *path, const char *text)
{
	sqlite3 *db =
	    database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

	must(sqlite3_exec(db, text, NULL, NULL, NULL));
	must(sqlite3_close(db));
}

void
add_rows(struct buf *b, sqlite3 *db, const char *text)
{
	sqlite3_stmt *st = NULL;
	int rc;

	must(sqlite3_prepare_v2(db, text, -1, &st, NULL));
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const int n = sqlite3_column_bytes(st, i);

			buf_u8(b, '|');
			if (n > 0)
				buf_put(
				    b, sqlite3_column_blob(st, i), (size_t)n);
		}
		buf_u8(b, '\n');
	}
	assert_int_equal(rc, SQLITE_DONE);
	must(sqlite3_finalize(st));
}

void
dump(struct buf *b, const char *path)
{
	sqlite3 *db = database(path, SQLITE_OPEN_READWRITE);
	sqlite3_stmt *st = NULL;

	buf_init(b, DUMP_MAX);
	add_rows(b, db, "PRAGMA integrity_check");
	add_rows(b, db, "PRAGMA user_version");
	add_rows(b, db, "SELECT name, sql FROM sqlite_schema ORDER BY name");
	must(sqlite3_prepare_v2(db,
	    "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
	    -1, &st, NULL));
	while (sqlite3_step(st) == SQLITE_ROW) {
		char text[128];

		(void)snprintf(text, sizeof(text), "SELECT * FROM %s",
		    (const char *)sqlite3_column_text(st, 0));
		add_rows(b, db, text);
	}
	must(sqlite3_finalize(st));
	must(sqlite3_close(db));
	must(buf_err(b));
}

bool
same_dump(const struct buf *was, const char *path)
{
	struct buf now;
	bool same;

	dump(&now, path);
	same = now.len == was->len && memcmp(now.p, was->p, now.len) == 0;
	buf_done(&now);
	return same;
}

void
fixture(const char *path)
{
	const char *top = getenv("top_srcdir");
	char *text = calloc(1, FIXTURE_MAX);
	char name[512];
	FILE *f = NULL;

	(void)snprintf(name, sizeof(name),
	    "%s/tests/unit/store/store-1e5ee88.sql", top != NULL ? top : ".");
	f = fopen(name, "re");
	assert_non_null(f);
	assert_non_null(text);
	assert_in_range(
	    fread(text, 1, FIXTURE_MAX - 1, f), 1000, FIXTURE_MAX - 2);
	(void)fclose(f);
	run(path, "PRAGMA journal_mode=WAL");
	run(path, text);
	free(text);
}

int
open_store(struct place *p)
{
	return store_open(&p->store, p->path, p->text);
}

void
close_store(struct place *p)
{
	store_close(p->store);
	p->store = NULL;
}

int
migrate(struct place *p, const struct migration *list, unsigned n)
{
	struct store s = {0};
	int r;

	must(sql_open(&s.sql, p->path, p->text, sizeof(p->text)));
	r = store_migrate(&s, list, n, p->text);
	sql_close(s.sql);
	return r;
}

const char *
copy_of(const struct place *p, unsigned version)
{
	static char path[160];

	(void)snprintf(path, sizeof(path), "%s.v%u", p->path, version);
	return path;
}

bool
there(const char *path)
{
	return access(path, F_OK) == 0;
}

static void
want_users(struct store *s)
{
	struct user *u = calloc(1, sizeof(*u));
	const struct otp usual = otp_usual();

	assert_non_null(u);
	must(store_user_get(s, "alice", u));
	assert_int_equal(u->state, USER_ACTIVE);
	assert_int_equal(u->rights, RIGHT_ADMIN);
	assert_int_equal(u->kind, KIND_PERSON);
	assert_int_equal(u->sources.n, 0);
	assert_int_equal(u->groups.n, 2);
	assert_true(name_list_has(&u->groups, "ops"));
	assert_true(name_list_has(&u->groups, "dev"));
	assert_int_equal(u->nkeys, 2);
	assert_string_equal(u->keys[0].fp, "SHA256:alice-0");
	assert_string_equal(u->keys[0].comment, "alice@laptop");
	assert_string_equal(u->keys[1].comment, "it's \"quoted\"");
	assert_int_equal(u->keys[1].len, 7);
	assert_memory_equal(u->keys[1].blob, "\0\1\2\377ke1", 7);
	assert_int_equal(u->totp.len, 12);
	assert_memory_equal(u->totp.p, "sealed\0bytes", 12);
	assert_true(otp_equal(&u->totp.otp, &usual));
	assert_int_equal(u->pending.otp.digest, OTP_NONE);
	assert_int_equal(u->pending.len, 0);
	must(store_user_get(s, "bob", u));
	assert_int_equal(u->state, USER_INVITED);
	assert_int_equal(u->rights, RIGHT_AUDITOR);
	assert_int_equal(u->pending.len, 12);
	assert_true(otp_equal(&u->pending.otp, &usual));
	assert_int_equal(u->totp.otp.digest, OTP_NONE);
	assert_int_equal(u->totp.len, 0);
	assert_int_equal(strlen(u->invite), 64);
	assert_true(u->invite_end_ms == 1795000000000);
	must(store_user_get(s, "carol", u));
	assert_int_equal(u->state, USER_DISABLED);
	assert_int_equal(u->nkeys, 0);
	free(u);
}

static void
want_targets(struct store *s)
{
	struct target *t = calloc(1, sizeof(*t));
	struct addr a;

	assert_non_null(t);
	must(store_target_get(s, "web-01", t));
	must(addr_parse(&a, "10.20.0.11"));
	assert_true(addr_equal(&t->addr4, &a));
	must(addr_parse(&a, "fd00:20::11"));
	assert_true(addr_equal(&t->addr6, &a));
	assert_int_equal(t->port, 2222);
	assert_int_equal(t->reach, REACH_DIRECT);
	assert_int_equal(t->labels.n, 2);
	assert_string_equal(t->labels.label[1].value, "web");
	assert_int_equal(t->logins.n, 2);
	assert_string_equal(t->logins.name[0], "zoe");
	assert_true(target_has_key(t, (const uint8_t *)"key two", 7));
	must(store_target_get(s, "db-01", t));
	assert_int_equal(t->addr6.family, 0);
	assert_int_equal(t->host_keys_len, 0);
	assert_int_equal(store_target_get(s, "gone-01", t), GW_ENOENT);
	free(t);
}

static void
want_roles(struct store *s)
{
	struct policy_role *all = NULL;
	size_t n = 0;

	must(store_role_all(s, &all, &n));
	assert_int_equal(n, 2);
	assert_string_equal(all[0].name, "never");
	assert_true(all[0].deny && !all[0].record && !all[0].reason);
	assert_true(name_list_has(&all[0].groups.names, "guests"));
	assert_string_equal(all[1].name, "ops");
	assert_int_equal(all[1].max_s, 3600);
	assert_int_equal(all[1].mfa_age_s, 60);
	assert_true(all[1].record && all[1].reason && !all[1].deny);
	assert_int_equal(all[1].caps, CAP_SHELL | CAP_SFTP);
	assert_int_equal(all[1].ports.n, 2);
	assert_int_equal(all[1].sources.n, 2);
	assert_string_equal(all[1].logins.name[1], "adam");
	assert_string_equal(all[1].labels.label[0].value, "prod");
	/* nobody has to approve what nobody had to */
	assert_int_equal(all[1].approvals.n, 0);
	assert_int_equal(all[1].pending_s, LIMIT_PENDING_S);
	assert_int_equal(all[1].use_within_s, LIMIT_USE_WITHIN_S);
	free(all);
}

static void
want_session(void *arg, const struct session_row *x)
{
	unsigned *n = arg;

	assert_string_equal(x->sid, "s-22222222");
	assert_string_equal(x->source, "198.51.100.7");
	assert_true(x->recorded);
	assert_true(x->bytes_out == UINT32_MAX + 6ULL);
	assert_true(x->end_ms == 1790000100000);
	(*n)++;
}

static void
want_history(struct store *s)
{
	struct grant_row g;
	struct buf b;
	uint16_t status = 0;
	uint64_t seq = 0;
	unsigned n = 0;

	buf_init(&b, 1024);
	must(store_answer_get(
	    s, "alice", "request.create", "key-0000000000000001", &status, &b));
	assert_int_equal(status, 201);
	buf_done(&b);
	must(store_grant_get(s, "g-22222222", &g));
	assert_string_equal(g.grant.user, "alice");
	assert_string_equal(g.grant.reason, "why; \"quoted\", it's so");
	assert_int_equal(g.reason, END_REVOKED);
	assert_int_equal(g.grant.source4.family, 4);
	assert_true(g.grant.end_ms == 1790000300000);
	assert_string_equal(g.grant.user_id, ""); /* nobody knows by now */
	must(store_session_each(
	    s, "alice", "", INT64_MAX, "", 10, want_session, &n));
	assert_int_equal(n, 1);
	/* the target that was removed */
	must(store_seq(s, &seq));
	assert_true(seq == 40);
}

static void
count_request(void *arg, const struct request *r)
{
	(void)r;
	(*(unsigned *)arg)++;
}

/* There were none. */
static void
want_requests(struct store *s)
{
	char id[LIMIT_NAME_SIZE];
	unsigned n = 0;

	must(store_request_waiting(s, NULL, count_request, &n));
	must(store_request_over(s, NULL, INT64_MAX, "", 10, count_request, &n));
	assert_int_equal(n, 0);
	assert_int_equal(store_request_due(s, INT64_MAX, id), GW_ENOENT);
}

/* Each has its own. */
static void
want_ids(struct store *s)
{
	static const struct {
		enum store_kind kind;
		char letter;
		const char *name;
	} all[] = {{STORE_USERS, 'u', "alice"}, {STORE_USERS, 'u', "bob"},
	    {STORE_USERS, 'u', "carol"}, {STORE_TARGETS, 't', "web-01"},
	    {STORE_TARGETS, 't', "db-01"}, {STORE_ROLES, 'p', "never"},
	    {STORE_ROLES, 'p', "ops"}};
	char id[ARRAY_LEN(all)][LIMIT_ID_SIZE];
	bool fresh = false;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		must(store_id(s, all[i].kind, all[i].name, id[i]));
		assert_true(id_ok(id[i], all[i].letter));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(id[i], id[k]);
		/* and it is used */
		assert_int_equal(
		    store_id_claim(s, all[i].kind, "other", id[i], &fresh),
		    GW_ESTATE);
	}
}

void
want_all(struct store *s)
{
	want_ids(s);
	want_users(s);
	want_targets(s);
	want_roles(s);
	want_history(s);
	want_requests(s);
}
