/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - requests that wait for approval, the approvals, and what became of
 * them. No change of users, targets or roles.
 */
#include <string.h>

#include "base/err.h"
#include "broker/store/store_sql.h"

#define COLUMNS                                                                \
	"id, user, user_id, target, target_id, login, role, role_named, "      \
	"port, seconds,"                                                       \
	" use_within, why, ticket, source4, source6, state, created, until, "  \
	"grant_id, by, note,"                                                  \
	" revision, digest, seq, approved_by, at, at_boot, boot_id, "          \
	"key_fp, owner, roles"
#define WAITS "state IN (1, 2)"

_Static_assert(REQUEST_PENDING == 1 && REQUEST_APPROVED == 2, "as in WAITS");

void
store_on_request(
    struct store *s, void (*fn)(void *arg, const char *request), void *arg)
{
	s->on_request = fn;
	s->on_request_arg = arg;
}

/* Passes the result on. */
static int
changed(struct store *s, const char *request, int result)
{
	if (result == 0 && s->on_request != NULL)
		s->on_request(s->on_request_arg, request);
	return result;
}

int
store_request_put(struct store *s, const struct request *r)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO requests(" COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,"
	    "?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,"
	    "?25,?26,?27,?28,?29,?30,?31)");

	query_str(q, r->id);
	query_str(q, r->user);
	query_str(q, r->user_id);
	query_str(q, r->target);
	query_str(q, r->target_id);
	query_str(q, r->login);
	query_str(q, r->role);
	query_num(q, r->role_named ? 1 : 0);
	query_num(q, r->port);
	query_num(q, r->seconds);
	query_num(q, r->use_within_s);
	query_str(q, r->reason);
	query_str(q, r->ticket);
	store_bind_addr(q, &r->source4);
	store_bind_addr(q, &r->source6);
	query_num(q, r->state);
	query_num(q, r->created_ms);
	query_num(q, r->until_ms);
	query_str(q, r->grant);
	query_str(q, r->by);
	query_str(q, r->note);
	query_str(q, r->revision);
	query_str(q, r->digest);
	query_num(q, (int64_t)r->seq);
	query_str(q, r->approved_by);
	query_num(q, r->at_ms);
	query_num(q, r->at_boot_ms);
	query_str(q, r->boot_id);
	query_str(q, r->key_fp);
	query_str(q, r->owner);
	query_str(q, r->roles);
	return changed(s, r->id, query_run(q));
}

static void
read_request(struct request *r, struct query *q)
{
	memset(r, 0, sizeof(*r));
	store_text(r->id, sizeof(r->id), q, 0);
	store_text(r->user, sizeof(r->user), q, 1);
	store_text(r->user_id, sizeof(r->user_id), q, 2);
	store_text(r->target, sizeof(r->target), q, 3);
	store_text(r->target_id, sizeof(r->target_id), q, 4);
	store_text(r->login, sizeof(r->login), q, 5);
	store_text(r->role, sizeof(r->role), q, 6);
	r->role_named = query_get_num(q, 7) != 0;
	r->port = (uint16_t)query_get_num(q, 8);
	r->seconds = (uint32_t)query_get_num(q, 9);
	r->use_within_s = (uint32_t)query_get_num(q, 10);
	store_text(r->reason, sizeof(r->reason), q, 11);
	store_text(r->ticket, sizeof(r->ticket), q, 12);
	store_addr(&r->source4, q, 13);
	store_addr(&r->source6, q, 14);
	r->state = (uint8_t)query_get_num(q, 15);
	r->created_ms = query_get_num(q, 16);
	r->until_ms = query_get_num(q, 17);
	store_text(r->grant, sizeof(r->grant), q, 18);
	store_text(r->by, sizeof(r->by), q, 19);
	store_text(r->note, sizeof(r->note), q, 20);
	store_text(r->revision, sizeof(r->revision), q, 21);
	store_text(r->digest, sizeof(r->digest), q, 22);
	r->seq = (uint64_t)query_get_num(q, 23);
	store_text(r->approved_by, sizeof(r->approved_by), q, 24);
	r->at_ms = query_get_num(q, 25);
	r->at_boot_ms = query_get_num(q, 26);
	store_text(r->boot_id, sizeof(r->boot_id), q, 27);
	store_text(r->key_fp, sizeof(r->key_fp), q, 28);
	store_text(r->owner, sizeof(r->owner), q, 29);
	store_text(r->roles, sizeof(r->roles), q, 30);
}

int
store_request_get(struct store *s, const char *id, struct request *ret)
{
	struct query *q =
	    query_new(s->sql, "SELECT " COLUMNS " FROM requests WHERE id = ?1");
	bool hit;
	int r;

	memset(ret, 0, sizeof(*ret));
	query_str(q, id);
	if ((hit = query_next(q)))
		read_request(ret, q);
	r = query_done(q);
	return r == 0 && !hit ? GW_ENOENT : r;
}

int
store_request_move(
    struct store *s, const struct request *r, enum request_state from)
{
	struct query *q = query_new(s->sql,
	    "UPDATE requests SET state = ?2, until = ?3, grant_id = ?4,"
	    " by = ?5, note = ?6, seq = ?7, approved_by = ?9"
	    " WHERE id = ?1 AND state = ?8"
	    " RETURNING id");
	char id[LIMIT_NAME_SIZE];
	int e;

	query_str(q, r->id);
	query_num(q, r->state);
	query_num(q, r->until_ms);
	query_str(q, r->grant);
	query_str(q, r->by);
	query_str(q, r->note);
	query_num(q, (int64_t)r->seq);
	query_num(q, from);
	query_str(q, r->approved_by);
	e = store_one_name(q, id);
	return changed(s, r->id, e == GW_ENOENT ? GW_ESTATE : e);
}

static int
each(struct query *q, store_request_fn *fn, void *arg)
{
	struct request r;

	while (query_next(q)) {
		read_request(&r, q);
		fn(arg, &r);
	}
	return query_done(q);
}

int
store_request_waiting(
    struct store *s, const char *user_id, store_request_fn *fn, void *arg)
{
	struct query *q = query_new(s->sql,
	    "SELECT " COLUMNS " FROM requests WHERE " WAITS
	    " AND (?1 IS NULL OR user_id = ?1) ORDER BY created DESC, id DESC");

	query_str(q, user_id);
	return each(q, fn, arg);
}

int
store_request_over(struct store *s, const char *user_id, int64_t created_ms,
    const char *id, unsigned max, store_request_fn *fn, void *arg)
{
	struct query *q = query_new(s->sql,
	    "SELECT " COLUMNS " FROM requests WHERE NOT " WAITS
	    " AND (?1 IS NULL OR user_id = ?1) AND (created, id) < (?3, ?4)"
	    " ORDER BY created DESC, id DESC LIMIT ?2");

	query_str(q, user_id);
	query_num(q, max);
	query_num(q, created_ms);
	query_str(q, id);
	return each(q, fn, arg);
}

#define PAST "created >= ?1 AND (created, id) < (?2, ?3)"

int
store_request_past(
    struct store *s, const struct past_want *w, store_request_fn *fn, void *arg)
{
	struct query *q = query_new(s->sql,
	    w->user == NULL
		? "SELECT " COLUMNS " FROM requests WHERE " PAST
		  " ORDER BY created DESC, id DESC LIMIT ?4"
		: "SELECT " COLUMNS " FROM requests WHERE " PAST
		  " AND user = ?5 ORDER BY created DESC, id DESC LIMIT ?4");

	store_bind_past(q, w);
	return each(q, fn, arg);
}

int
store_request_due(
    struct store *s, int64_t utc_ms, char ret[static LIMIT_NAME_SIZE])
{
	struct query *q =
	    query_new(s->sql, "SELECT id FROM requests WHERE " WAITS
			      " AND until <= ?1 ORDER BY until LIMIT 1");

	query_num(q, utc_ms);
	return store_one_name(q, ret);
}

int
store_request_timed(
    struct store *s, int64_t utc_ms, const char *after, struct request *ret)
{
	struct query *q = query_new(s->sql,
	    "SELECT " COLUMNS " FROM requests WHERE state = 2 AND at > 0"
	    " AND at <= ?1 AND id > ?2 ORDER BY id LIMIT 1");
	bool hit;
	int r;

	memset(ret, 0, sizeof(*ret));
	query_num(q, utc_ms);
	query_str(q, after);
	if ((hit = query_next(q)))
		read_request(ret, q);
	r = query_done(q);
	return r == 0 && !hit ? GW_ENOENT : r;
}

/* ---- approvals */

static int
put_groups(struct store *s, const struct approval_row *a)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < a->groups.n; i++) {
		struct query *q = query_new(
		    s->sql, "INSERT INTO approval_groups VALUES(?1,?2,?3)");

		query_str(q, a->request);
		query_str(q, a->user_id);
		query_str(q, a->groups.name[i]);
		r = query_run(q);
	}
	return r;
}

static int
put_approval(struct store *s, const struct approval_row *a)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO approvals(request, user_id, user, key_fp, level,"
	    " note, at, seq) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)");

	query_str(q, a->request);
	query_str(q, a->user_id);
	query_str(q, a->user);
	query_str(q, a->key_fp);
	query_num(q, a->level);
	query_str(q, a->note);
	query_num(q, a->at_ms);
	query_num(q, (int64_t)a->seq);
	return query_run(q);
}

int
store_approval_put(struct store *s, const struct approval_row *a)
{
	int r;

	if ((r = sql_begin(s->sql)) != 0)
		return r;
	if ((r = put_approval(s, a)) == 0)
		r = put_groups(s, a);
	return changed(s, a->request, store_finish(s, r));
}

static int
get_groups(struct store *s, struct approval_row *a)
{
	struct query *q = query_new(s->sql,
	    "SELECT name FROM approval_groups WHERE request = ?1"
	    " AND user_id = ?2 ORDER BY name");
	int r = 0;

	query_str(q, a->request);
	query_str(q, a->user_id);
	while (r == 0 && query_next(q))
		r = name_list_add(&a->groups, query_get_str(q, 0));
	return store_done(q, r);
}

static void
read_approval(struct approval_row *a, struct query *q)
{
	memset(a, 0, sizeof(*a));
	store_text(a->request, sizeof(a->request), q, 0);
	store_text(a->user_id, sizeof(a->user_id), q, 1);
	store_text(a->user, sizeof(a->user), q, 2);
	store_text(a->key_fp, sizeof(a->key_fp), q, 3);
	a->level = (uint8_t)query_get_num(q, 4);
	store_text(a->note, sizeof(a->note), q, 5);
	a->at_ms = query_get_num(q, 6);
	a->seq = (uint64_t)query_get_num(q, 7);
}

int
store_approval_each(
    struct store *s, const char *request, store_approval_fn *fn, void *arg)
{
	struct query *q = query_new(s->sql,
	    "SELECT request, user_id, user, key_fp, level, note, at, seq"
	    " FROM approvals WHERE request = ?1 ORDER BY seq, user_id");
	struct approval_row a;
	int r = 0;

	query_str(q, request);
	while (r == 0 && query_next(q)) {
		read_approval(&a, q);
		if ((r = get_groups(s, &a)) == 0)
			fn(arg, &a);
	}
	return store_done(q, r);
}
