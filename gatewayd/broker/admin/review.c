/* SPDX-License-Identifier: Apache-2.0 */
/*
 * review - review.start, .list and .show.
 *
 * MUST: the record of a review names all its lines by their digest before any
 * of them can be answered.
 */
#include "broker/admin/review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "broker/call/listing.h"
#include "broker/call/put.h"
#include "broker/call/subject.h"
#include "broker/grant/history.h"
#include "broker/grant/live.h"
#include "broker/identity/permission.h"

enum { PAGE = 400 };

struct start {
	struct review r;
	struct review_in in;
	struct review_member *members;
	size_t nmembers, room;
	struct review_use *uses;
	size_t nuses, uses_room;
	struct review_line *lines;
	size_t n;
	struct call *c;
	int err;
};

static void
start_free(void *p)
{
	struct start *x = p;

	free(x->members);
	free(x->uses);
	free(x->lines);
	free(x);
}

/* ---- as JSON */

json_t *
review_json(const struct review *r)
{
	json_t *o = json_object();

	put_str(o, "review", r->name);
	put_str(o, "state", r->state == REVIEWS_OPEN ? "open" : "ended");
	put_str(o, "by", r->by);
	put_time(o, "started", r->started_ms);
	put_time(o, "until", r->until_ms);
	put_num(o, "unused", r->unused_s);
	put_str(o, "scope", r->scope);
	if (o != NULL)
		(void)json_object_set_new(
		    o, "reviewers", names_json(&r->reviewers));
	put_num(o, "lines", r->lines);
	put_str(o, "sha256", r->digest);
	put_time(o, "ended", r->ended_ms);
	put_str(o, "ended_by", r->ended_by);
	put_str(o, "how", r->how);
	return o;
}

static json_t *
review_line_json(const struct review_line *l)
{
	json_t *o = json_object();

	put_num(o, "line", l->n);
	put_str(o, "kind", review_kind_str((enum review_kind)l->kind));
	put_str(o, "user", l->user);
	put_str(o, "user_id", l->user_id);
	put_str(o, "role", l->role);
	put_str(o, "role_id", l->role_id);
	put_str(o, "via", l->via);
	put_time(o, "until", l->until_ms == MEMBER_ALWAYS ? 0 : l->until_ms);
	put_time(o, "last", l->last_ms);
	put_num(o, "times", (int64_t)l->times);
	put_str(o, "advice", review_answer_str((enum review_answer)l->advice));
	put_str(o, "why", l->why);
	put_str(o, "answer", review_answer_str((enum review_answer)l->answer));
	put_str(o, "by", l->by);
	put_str(o, "note", l->note);
	put_time(o, "at", l->at_ms);
	put_str(o, "done", l->done);
	return o;
}

/* ---- what there is */

static void *
grow(void *list, size_t n, size_t *room, size_t size, int *err)
{
	void *more = NULL;

	if (n < *room)
		return list;
	*room = *room == 0 ? 64 : *room * 2;
	if ((more = reallocarray(list, *room, size)) == NULL)
		*err = GW_ENOMEM;
	return more;
}

static void
add_member(void *arg, const char *name, const struct member *m)
{
	struct start *x = arg;
	struct review_member *list = NULL, *u = NULL;

	if (m == NULL && x->err == 0)
		x->err = GW_ECORRUPT;
	if (x->err != 0 || (list = grow(x->members, x->nmembers, &x->room,
				sizeof(*list), &x->err)) == NULL)
		return;
	x->members = list;
	u = &list[x->nmembers++];
	memset(u, 0, sizeof(*u));
	name_set(u->name, name);
	u->disabled = m->state == USER_DISABLED;
	u->machine = m->kind == KIND_MACHINE;
	u->groups = m->groups;
}

static void
add_use(void *arg, const struct review_use *u)
{
	struct start *x = arg;
	struct review_use *list = NULL;

	if (x->err != 0 || (list = grow(x->uses, x->nuses, &x->uses_room,
				sizeof(*list), &x->err)) == NULL)
		return;
	x->uses = list;
	list[x->nuses++] = *u;
}

static void
add_open(struct start *x)
{
	for (const struct live_grant *lg = x->c->b->grants; lg != NULL;
	     lg = lg->next) {
		struct review_use u = {.last_ms = lg->g.start_ms, .times = 1};

		if (lg->state != GRANT_ACTIVE || lg->g.reach == REACH_PROBE)
			continue;
		name_set(u.user, lg->g.user);
		name_set(u.role, lg->g.role);
		memcpy(u.user_id, lg->g.user_id, sizeof(u.user_id));
		memcpy(u.role_id, lg->g.role_id, sizeof(u.role_id));
		review_use_each(&u, lg->g.roles, add_use, x);
	}
}

static int
read_all(struct start *x)
{
	struct broker *b = x->c->b;
	int r;

	history_flush(b);
	if ((r = store_member_each(b->store, add_member, x)) != 0 ||
	    (r = store_use_each(b->store, add_use, x)) != 0)
		return r;
	add_open(x);
	for (size_t i = 0; x->err == 0 && i < x->nmembers; i++)
		x->err = store_id(b->store, STORE_USERS, x->members[i].name,
		    x->members[i].id);
	if (x->err != 0)
		return x->err;
	x->in.roles = b->roles;
	x->in.nroles = b->nroles;
	x->in.members = x->members;
	x->in.nmembers = x->nmembers;
	x->in.uses = x->uses;
	x->in.nuses = x->nuses;
	return review_build(&x->lines, &x->n, &x->in);
}

/* Over each line as review.show tells it, LF behind each. */
static int
digest(struct start *x)
{
	struct buf b;
	int r = 0;

	buf_init(&b, LIMIT_REVIEW_LINES * 1024);
	for (size_t i = 0; i < x->n; i++) {
		json_t *o = review_line_json(&x->lines[i]);
		char *text = o != NULL ? json_text(o) : NULL;

		if (text != NULL)
			buf_printf(&b, "%s\n", text);
		else
			r = GW_ENOMEM;
		free(text);
		json_decref(o);
	}
	if (r == 0)
		r = buf_err(&b);
	if (r == 0)
		text_digest(x->r.digest, b.p != NULL ? b.p : (void *)"", b.len);
	buf_done(&b);
	return r;
}

/* ---- review.start */

static int
names_of(
    const json_t *o, const char *key, struct name_list *ret, struct problem *p)
{
	const json_t *list = NULL;
	int r = json_get_array(o, key, false, LIMIT_LIST, &list, p);

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s != NULL && str_name_ok(s) && name_list_add(ret, s) == 0)
			continue;
		problem_set(p, 400, "bad-field", key,
		    "%s: names were expected, each once", key);
		r = GW_EINVAL;
	}
	return r;
}

static void
add_scope(struct review *r, const char *what, const struct name_list *l)
{
	for (unsigned i = 0; i < l->n; i++) {
		const size_t n = strlen(r->scope);

		(void)snprintf(r->scope + n, sizeof(r->scope) - n, "%s%s %s",
		    n > 0 ? ", " : "", what, l->name[i]);
	}
}

static int
times_of(struct start *x, const json_t *o, struct problem *p)
{
	const int64_t now_ms = broker_now(x->c->b).utc_ms;
	int64_t unused_s = LIMIT_REVIEW_UNUSED_S;
	const char *until = NULL;
	int r;

	if ((r = json_get_int(
		 o, "unused", false, 1, LIMIT_REVIEW_S, &unused_s, p)) != 0 ||
	    (r = json_get_str(o, "until", false, 32, &until, p)) != 0)
		return r;
	x->r.started_ms = now_ms;
	x->r.unused_s = (uint32_t)unused_s;
	x->in.now_ms = now_ms;
	x->in.unused_ms = unused_s * 1000;
	x->r.until_ms = now_ms + INT64_C(30) * 86400 * 1000;
	if (until != NULL && str_time_parse(until, &x->r.until_ms) != 0)
		x->r.until_ms = 0;
	if (x->r.until_ms > now_ms &&
	    x->r.until_ms <= now_ms + INT64_C(1000) * LIMIT_REVIEW_S)
		return 0;
	problem_set(p, 400, "bad-field", "until",
	    "until: a moment to come was expected, within a year");
	return GW_EINVAL;
}

static int
parse(struct start *x, const json_t *o, struct problem *p)
{
	static const char *const keys[] = {"review", "roles", "groups", "users",
	    "unused", "until", "reviewers", NULL};
	const char *name = NULL;
	int r;

	if ((r = json_only(o, keys, p)) != 0 ||
	    (r = json_get_name(o, "review", true, &name, p)) != 0 ||
	    (r = names_of(o, "roles", &x->in.only_roles, p)) != 0 ||
	    (r = names_of(o, "groups", &x->in.only_groups, p)) != 0 ||
	    (r = names_of(o, "users", &x->in.only_users, p)) != 0 ||
	    (r = names_of(o, "reviewers", &x->r.reviewers, p)) != 0 ||
	    (r = times_of(x, o, p)) != 0)
		return r;
	name_set(x->r.name, name);
	name_set(x->r.by, x->c->user);
	x->r.state = REVIEWS_OPEN;
	add_scope(&x->r, "role", &x->in.only_roles);
	add_scope(&x->r, "group", &x->in.only_groups);
	add_scope(&x->r, "user", &x->in.only_users);
	if (x->r.reviewers.n > 0 && x->r.reviewers.n <= LIMIT_QUORUM_GROUPS)
		return 0;
	problem_set(p, 400, "bad-field", "reviewers",
	    "reviewers: 1 to %d groups that answer", LIMIT_QUORUM_GROUPS);
	return GW_EINVAL;
}

static void
exists(struct call *c, const char *name)
{
	struct problem p = {0};

	problem_set(&p, 409, "conflict", "review",
	    "there is a review %s already: each has a name of its own", name);
	call_undone(c, &p);
}

static void
recorded(struct call *c)
{
	struct start *x = c->state;
	int r;

	if (!permission_kept(c, "nothing was done"))
		return;
	x->r.seq = c->seq;
	r = store_review_put(c->b->store, &x->r, x->lines, x->n);
	if (r == GW_EEXIST)
		exists(c, x->r.name);
	else if (r != 0)
		call_store_failed(c, r);
	else
		call_reply(c, 201, review_json(&x->r));
}

static void
record(struct call *c, struct start *x)
{
	struct event_fields f;
	json_t *groups = names_json(&x->r.reviewers);
	char *text = groups != NULL ? json_text(groups) : NULL;

	call_fields(c, &f);
	event_str(&f, EF_REVIEW, x->r.name);
	event_num(&f, EF_COUNT, (int64_t)x->n);
	event_str(&f, EF_NEEDS, text);
	event_str(&f, EF_SHA256, x->r.digest);
	event_num(&f, EF_END, x->r.until_ms);
	event_str(&f, EF_MSG, x->r.scope);
	call_append(c, EV_REVIEW_START, &f, recorded);
	event_fields_done(&f);
	free(text);
	json_decref(groups);
}

void
verb_review_start(struct call *c)
{
	struct start *x = call_state(c, sizeof(*x), start_free);
	struct problem p = {0};
	struct review other;
	int r;

	if (x == NULL)
		return;
	x->c = c;
	if (parse(x, c->req.body, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if ((r = store_review_get(c->b->store, x->r.name, &other)) == 0) {
		exists(c, x->r.name);
		return;
	}
	if (r == GW_ENOENT)
		r = read_all(x);
	if (r == GW_ELIMIT) {
		call_refuse(c, 409, "conflict", "review",
		    "more than %d lines: review some roles, groups or users "
		    "at a time",
		    LIMIT_REVIEW_LINES);
		return;
	}
	x->r.lines = (uint32_t)x->n;
	if (r == 0)
		r = digest(x);
	if (r != 0)
		call_store_failed(c, r);
	else
		record(c, x);
}

/* ---- review.list, review.show */

bool
review_is_reviewer(const struct call *c, const struct review *r)
{
	for (unsigned i = 0; c->subject != NULL && i < r->reviewers.n; i++)
		if (name_list_has(
			&c->subject->user.groups, r->reviewers.name[i]))
			return true;
	return false;
}

static bool
may_read(const struct call *c, const struct review *r)
{
	return c->local || right_may(c->rights, RIGHT_AUDITOR) ||
	       review_is_reviewer(c, r) || FAULT(review_read);
}

struct walk {
	const struct call *c;
	struct listing *list;
};

static void
list_one(void *arg, const struct review *r)
{
	struct walk *w = arg;

	if (listing_wants(w->list, r->name) && may_read(w->c, r))
		listing_add(w->list, review_json(r), r->name);
}

static int
list(struct call *c, struct listing *l)
{
	struct walk w = {.c = c, .list = l};

	return store_review_each(c->b->store, list_one, &w);
}

void
verb_reviews(struct call *c)
{
	listing_answer(c, list);
}

static void
list_line(void *arg, const struct review_line *l)
{
	struct listing *list = arg;
	char place[16];

	(void)snprintf(place, sizeof(place), "%08u", l->n);
	if (listing_wants(list, place))
		listing_add(list, review_line_json(l), place);
	list->nended++;
}

static int
lines(struct call *c, struct listing *l)
{
	uint64_t after = 0;
	int r;

	if (str_u64(l->after, 0, UINT32_MAX, &after) != 0)
		after = 0;
	r = store_review_lines(
	    c->b->store, c->arg, (uint32_t)after, PAGE, list_line, l);
	if (l->nended == PAGE)
		l->more = true;
	return r;
}

void
verb_review_show(struct call *c)
{
	struct review r;
	const int e = store_review_get(c->b->store, c->arg, &r);

	if (e != 0 && e != GW_ENOENT)
		call_store_failed(c, e);
	else if (e != 0 || !may_read(c, &r))
		call_refuse(c, 404, "not-found", "review",
		    "you have to do with no review of that name: jitctl "
		    "review ls lists them");
	else
		listing_answer(c, lines);
}

int
review_named(const struct call *c, struct review *ret, struct problem *p)
{
	const char *name = NULL;
	int r = json_get_name(c->req.body, "review", true, &name, p);

	if (r != 0)
		return r;
	r = store_review_get(c->b->store, name, ret);
	if (r == GW_ENOENT || (r == 0 && !may_read(c, ret))) {
		problem_set(p, 404, "not-found", "review",
		    "you have to do with no review of that name: jitctl "
		    "review ls lists them");
		r = GW_ENOENT;
	} else if (r != 0) {
		problem_set(p, 503, "unavailable", NULL, "the store failed: %s",
		    err_str(r));
	}
	return r;
}

int
review_is_open(const struct review *r, struct problem *p)
{
	if (r->state == REVIEWS_OPEN)
		return 0;
	problem_set(p, 409, "conflict", "review", "%s has ended", r->name);
	return GW_ESTATE;
}
