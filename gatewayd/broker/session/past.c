/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past - history.list: a row for each request that waited, with the grant that
 * it became, and one for each grant that came of none; by the time at which
 * they were asked for or began, the newest first. A reply looks at PAGE rows of
 * either, wanted or not, and says where to go on: what is looked for may be
 * rare, and others wait.
 */
#include "broker/session/past.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "broker/call/listing.h"
#include "broker/call/params.h"
#include "broker/call/put.h"
#include "broker/grant/firewall.h"
#include "broker/grant/history.h"
#include "broker/grant/live.h"
#include "broker/grant/verbs.h"
#include "core/past.h"

enum { PAGE = 200 };

/* One that is listed or passed over. */
struct row {
	int64_t at_ms;
	char id[LIMIT_ID_SIZE];
	json_t *o; /* NULL: it is not wanted */
};

struct filter {
	char user[LIMIT_NAME_SIZE], target[LIMIT_NAME_SIZE];
	char login[LIMIT_NAME_SIZE], role[LIMIT_NAME_SIZE];
	char state[LIMIT_NAME_SIZE], approver[LIMIT_NAME_SIZE];
	uint64_t since_ms, until_ms;
};

struct look {
	struct call *c;
	struct listing *list;
	struct filter f;
	struct row *rows; /* room for 2 * PAGE */
	size_t n;
	json_t *live; /* keeps those of grants that are open */
	int err;
};

static void
look_free(void *p)
{
	struct look *x = p;

	for (size_t i = 0; i < x->n; i++)
		json_decref(x->rows[i].o);
	free(x->rows);
	json_decref(x->live);
	free(x);
}

bool
past_everybody(const struct call *c)
{
	return c->local || right_may(c->rights, RIGHT_AUDITOR) ||
	       FAULT(all_history);
}

const char *
past_grant_state(
    const struct broker *b, const char *id, const struct live_grant *lg)
{
	if (lg != NULL)
		return "active";
	return firewall_is_ending(b, id) ? "ending" : "ended";
}

unsigned
past_sessions(const struct broker *b, const char *id,
    const struct live_grant *lg, unsigned counted)
{
	uint32_t n = 0;

	if (store_session_count(b->store, id, &n) != 0)
		n = 0;
	if (lg != NULL)
		n += grant_sessions(lg);
	return n > counted ? n : counted;
}

/* ---- one row */

static bool
wanted(const struct look *x, const json_t *o, const char *approvers)
{
	const struct filter *f = &x->f;
	const struct past want = {.user = f->user,
	    .target = f->target,
	    .login = f->login,
	    .role = f->role,
	    .state = f->state,
	    .approvers = f->approver};
	const struct past row = {
	    .user = json_string_value(json_object_get(o, "user")),
	    .target = json_string_value(json_object_get(o, "target")),
	    .login = json_string_value(json_object_get(o, "login")),
	    .role = json_string_value(json_object_get(o, "roles")),
	    .state = json_string_value(json_object_get(o, "state")),
	    .approvers = approvers};

	return row.user != NULL && row.target != NULL && row.login != NULL &&
	       row.role != NULL && row.state != NULL &&
	       past_matches(&want, &row);
}

static void
put_grant(json_t *o, const struct broker *b, const struct grant *g,
    const struct live_grant *lg, const struct grant_row *row)
{
	put_str(o, "grant", g->id);
	if (o != NULL)
		(void)json_object_set_new(o, "sources", grant_sources_json(g));
	put_time(o, "start", g->start_ms);
	put_time(o, "end", row != NULL ? row->ended_ms : g->end_ms);
	put_str(o, "state", past_grant_state(b, g->id, lg));
	put_str(o, "reason",
	    row != NULL ? end_reason_str((enum end_reason)row->reason) : "");
	put_num(o, "sessions",
	    past_sessions(b, g->id, lg, row != NULL ? row->sessions : 0));
}

static json_t *
grant_item(const struct broker *b, const struct grant *g,
    const struct live_grant *lg, const struct grant_row *row)
{
	json_t *o = json_object();

	put_str(o, "id", g->id);
	put_str(o, "request", "");
	put_str(o, "user", g->user);
	put_str(o, "user_id", g->user_id);
	put_str(o, "target", g->target);
	put_str(o, "target_id", g->target_id);
	put_str(o, "login", g->login);
	put_num(o, "port", g->port);
	put_str(o, "role", g->role);
	put_deciding(o, g->role, g->roles);
	put_str(o, "why", g->reason);
	put_time(o, "asked", g->start_ms);
	put_grant(o, b, g, lg, row);
	put_str(o, "approved_by", "");
	put_str(o, "by", "");
	put_str(o, "note", "");
	return o;
}

static void
add_name(void *arg, const struct approval_row *a)
{
	char *names = arg;
	const size_t n = strlen(names);

	(void)snprintf(names + n, LIMIT_APPROVED_SIZE - n, "%s%s",
	    n > 0 ? " " : "", a->user);
}

/* Who said yes: of those that count when it became a grant, else all. */
static void
approvers(struct look *x, const struct request *r,
    char ret[static LIMIT_APPROVED_SIZE])
{
	text_set(ret, LIMIT_APPROVED_SIZE, r->approved_by);
	if (r->state != REQUEST_ACTIVE && x->err == 0)
		x->err =
		    store_approval_each(x->c->b->store, r->id, add_name, ret);
}

static json_t *
request_item(struct look *x, const struct request *r, const char *yes)
{
	struct broker *b = x->c->b;
	const struct live_grant *lg =
	    r->grant[0] != '\0' ? grant_find(b, r->grant) : NULL;
	const enum request_state state =
	    request_state_at(r, broker_now(b).utc_ms);
	struct grant_row row = {0};
	json_t *o = json_object();

	put_str(o, "id", r->id);
	put_str(o, "request", r->id);
	put_str(o, "user", r->user);
	put_str(o, "user_id", r->user_id);
	put_str(o, "target", r->target);
	put_str(o, "target_id", r->target_id);
	put_str(o, "login", r->login);
	put_num(o, "port", r->port);
	put_str(o, "role", r->role);
	put_deciding(o, r->role, r->roles);
	put_str(o, "why", r->reason);
	put_time(o, "asked", r->created_ms);
	put_str(o, "grant", r->grant);
	put_str(o, "state",
	    state == REQUEST_ACTIVE ? past_grant_state(b, r->grant, lg)
				    : request_state_str(state));
	if (lg != NULL)
		put_grant(o, b, &lg->g, lg, NULL);
	else if (r->grant[0] != '\0' &&
		 store_grant_get(b->store, r->grant, &row) == 0)
		put_grant(o, b, &row.grant, NULL, &row);
	put_str(o, "approved_by", yes);
	put_str(o, "by", r->by);
	put_str(o, "note", r->note);
	return o;
}

/* ---- those of a page */

static void
keep(struct look *x, int64_t at_ms, const char *id, json_t *o)
{
	struct row *row = &x->rows[x->n++];

	row->at_ms = at_ms;
	text_set(row->id, sizeof(row->id), id);
	row->o = o;
}

static bool
concerns(const struct look *x, const char *user, const char *user_id)
{
	return past_everybody(x->c) ||
	       (strcmp(user, x->c->user) == 0 &&
		   grant_same_id(user_id, call_user_id(x->c)));
}

static void
keep_request(void *arg, const struct request *r)
{
	struct look *x = arg;
	char yes[LIMIT_APPROVED_SIZE], words[LIMIT_APPROVED_SIZE * 2];
	json_t *o = NULL;

	if (concerns(x, r->user, r->user_id)) {
		approvers(x, r, yes);
		(void)snprintf(words, sizeof(words), "%s %s", yes,
		    r->state == REQUEST_DENIED ? r->by : "");
		o = request_item(x, r, yes);
		if (o != NULL && !wanted(x, o, words)) {
			json_decref(o);
			o = NULL;
		}
	}
	keep(x, r->created_ms, r->id, o);
}

static json_t *
grant_if_wanted(struct look *x, const struct grant *g,
    const struct live_grant *lg, const struct grant_row *row)
{
	json_t *o = NULL;

	if (g->reach == REACH_PROBE || !concerns(x, g->user, g->user_id))
		return NULL;
	o = grant_item(x->c->b, g, lg, row);
	if (o != NULL && wanted(x, o, ""))
		return o;
	json_decref(o);
	return NULL;
}

static void
keep_grant(void *arg, const struct grant_row *g, bool asked)
{
	struct look *x = arg;

	keep(x, g->grant.start_ms, g->grant.id,
	    asked ? NULL : grant_if_wanted(x, &g->grant, NULL, g));
}

static json_t *
item(const void *what)
{
	return json_incref((json_t *)(uintptr_t)what);
}

/* Those that are open, and came of no request that waited. */
static int
keep_live(struct look *x, const struct past_want *w)
{
	struct request *r = calloc(1, sizeof(*r));
	int e = r != NULL ? 0 : GW_ENOMEM;

	x->list->live_json = item;
	for (const struct live_grant *lg = x->c->b->grants;
	     e == 0 && lg != NULL; lg = lg->next) {
		json_t *o = NULL;

		if (lg->state != GRANT_ACTIVE || lg->g.start_ms < w->since_ms ||
		    (o = grant_if_wanted(x, &lg->g, lg, NULL)) == NULL)
			continue;
		(void)json_array_append_new(x->live, o);
		e = store_request_get(x->c->b->store, lg->g.req, r);
		if (e == GW_ENOENT)
			e = listing_live(x->list,
			    &(struct listing_place){.start_ms = lg->g.start_ms,
				.id = lg->g.id,
				.what = o});
	}
	listing_sort(x->list);
	free(r);
	return e;
}

static int
newest_first(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms > y->at_ms ? -1 : 1;
	return strcmp(y->id, x->id);
}

/* Of both kinds the first PAGE: what is behind the last one of either kind may
 * have others before it that were not read. */
static void
list_rows(struct look *x)
{
	if (x->n > 0)
		qsort(x->rows, x->n, sizeof(*x->rows), newest_first);
	for (size_t i = 0; i < x->n && i < PAGE; i++) {
		const struct row *row = &x->rows[i];
		const struct listing_place p = {
		    .start_ms = row->at_ms, .id = row->id, .what = row->o};

		if (row->o != NULL)
			listing_ended(x->list, &p, item);
		else
			listing_pass(x->list, &p);
	}
	if (x->n >= PAGE && !FAULT(history_cut))
		x->list->more = true;
	listing_ended(x->list, NULL, NULL);
}

static int
fill(struct call *c, struct listing *l)
{
	struct look *x = c->state;
	const struct filter *f = &x->f;
	struct listing_place after;
	struct past_want w = {.user = f->user[0] != '\0' ? f->user : NULL,
	    .since_ms = (int64_t)f->since_ms,
	    .max = PAGE};
	int r;

	if (!past_everybody(c))
		w.user = c->user;
	x->list = l;
	listing_after(l, &after);
	if (after.id[0] == '\0' && f->until_ms < INT64_MAX) {
		after.start_ms = (int64_t)f->until_ms + 1;
		(void)snprintf(
		    l->after, sizeof(l->after), "%" PRId64 ".", after.start_ms);
	}
	w.before_ms = after.start_ms;
	w.before_id = after.id;
	history_flush(c->b);
	if ((r = keep_live(x, &w)) != 0 ||
	    (r = store_request_past(c->b->store, &w, keep_request, x)) != 0 ||
	    (r = store_grant_past(c->b->store, &w, keep_grant, x)) != 0)
		return r;
	list_rows(x);
	return x->err;
}

/* ---- the verb */

static bool
read_filter(struct call *c, struct filter *f)
{
	const struct {
		const char *name;
		char *ret;
	} words[] = {{"user", f->user}, {"target", f->target},
	    {"login", f->login}, {"role", f->role}, {"state", f->state},
	    {"approver", f->approver}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!params_text(c->query, words[i].name, words[i].ret,
			LIMIT_NAME_SIZE) ||
		    (words[i].ret[0] != '\0' && !str_name_ok(words[i].ret))) {
			call_refuse(c, 400, "bad-field", words[i].name,
			    "%s: a name was expected", words[i].name);
			return false;
		}
	if (f->state[0] != '\0' && !past_state_ok(f->state)) {
		call_refuse(c, 400, "bad-field", "state",
		    "state: one of pending, approved, active, ending, ended, "
		    "denied, withdrawn, lapsed was expected");
		return false;
	}
	f->until_ms = INT64_MAX;
	if (!params_num(c->query, "since", INT64_MAX, &f->since_ms) ||
	    !params_num(c->query, "until", INT64_MAX, &f->until_ms)) {
		call_refuse(c, 400, "bad-field", "since",
		    "since, until: milliseconds of UTC were expected");
		return false;
	}
	return true;
}

void
verb_history(struct call *c)
{
	struct look *x = call_state(c, sizeof(*x), look_free);

	if (x == NULL)
		return;
	x->c = c;
	x->rows = calloc((size_t)2 * PAGE, sizeof(*x->rows));
	x->live = json_array();
	if (x->rows == NULL || x->live == NULL)
		call_unavailable(c, "memory");
	else if (read_filter(c, &x->f))
		listing_answer(c, fill);
}
