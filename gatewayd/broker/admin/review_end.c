/* SPDX-License-Identifier: Apache-2.0 */
/*
 * review_end - review.end: what was answered is carried out, in one
 * transaction and as any change of users and roles is, or only said. Nothing is
 * given by it; what nobody answered stays.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "broker/admin/change.h"
#include "broker/admin/review.h"
#include "broker/broker.h"
#include "broker/call/put.h"
#include "broker/identity/permission.h"
#include "core/member.h"

struct end {
	struct review r;
	struct change ch;
	bool apply;
	struct review_line *lines;
	size_t n, removed, kept, left, unanswered;
	struct buf text; /* what goes, as the record has it */
	int err;
};

static void
end_free(void *p)
{
	struct end *x = p;

	change_done(&x->ch);
	buf_done(&x->text);
	free(x->lines);
	free(x);
}

static void
take(void *arg, const struct review_line *l)
{
	struct end *x = arg;

	if (x->n < x->r.lines)
		x->lines[x->n++] = *l;
}

static int
read_lines(struct end *x, struct store *s)
{
	free(x->lines);
	x->n = 0;
	x->lines = calloc((size_t)x->r.lines + 1, sizeof(*x->lines));
	return x->lines != NULL
		   ? store_review_lines(s, x->r.name, 0, x->r.lines, take, x)
		   : GW_ENOMEM;
}

/* ---- by name: a role at a time */

static void
drop(struct member_list *l, const char *name)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->names.n; i++) {
		if (strcmp(l->names.name[i], name) == 0)
			continue;
		if (n != i) {
			memcpy(l->names.name[n], l->names.name[i],
			    sizeof(l->names.name[n]));
			l->until_ms[n] = l->until_ms[i];
		}
		n++;
	}
	l->names.n = n;
}

/* A role that gives names somebody: the last one stays in it, and has ended. */
static void
drop_last(struct policy_role *r, const char *name, int64_t now_ms)
{
	if (r->users.names.n > 1 || r->groups.names.n > 0) {
		drop(&r->users, name);
		return;
	}
	for (unsigned i = 0; i < r->users.names.n; i++)
		if (strcmp(r->users.names.name[i], name) == 0 &&
		    r->users.until_ms[i] > now_ms)
			r->users.until_ms[i] = now_ms / 1000 * 1000;
}

static bool
is_direct(const struct review_line *l, const struct policy_role *r)
{
	return l->kind == REVIEW_MEMBER && l->answer == REVIEW_REMOVE &&
	       l->via[0] == '\0' && strcmp(l->role, r->name) == 0;
}

static void
set_done(struct end *x, struct review_line *l, const char *left)
{
	if (left == NULL) {
		text_set(l->done, sizeof(l->done), "removed");
		x->removed++;
	} else {
		(void)snprintf(l->done, sizeof(l->done), "left: %s", left);
		x->left++;
	}
}

static int
put_role(struct call *c, struct end *x, const struct policy_role *now)
{
	struct policy_role *r = malloc(sizeof(*r));
	bool any = false;
	int e = 0;

	if (r == NULL)
		return GW_ENOMEM;
	*r = *now;
	for (size_t i = 0; i < x->n; i++) {
		struct review_line *l = &x->lines[i];

		if (!is_direct(l, r))
			continue;
		if (strcmp(l->role_id, r->id) != 0) {
			set_done(x, l, "the role is another one by now");
			continue;
		}
		set_done(x, l, NULL);
		any = true;
		drop_last(r, l->user, broker_now(c->b).utc_ms);
	}
	if (any && !policy_role_equal(r, now))
		e = store_role_put(c->b->store, r, c->seq);
	free(r);
	return e;
}

static int
put_roles(struct call *c, struct end *x)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->b->nroles; i++)
		for (size_t k = 0; k < x->n; k++)
			if (is_direct(&x->lines[k], &c->b->roles[i])) {
				r = put_role(c, x, &c->b->roles[i]);
				break;
			}
	return r;
}

/* ---- by a group: a user at a time; their lines come together */

static void
drop_group(struct name_list *l, const char *name)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->name[i], name) == 0) {
			l->n--;
			memmove(l->name[i], l->name[i + 1],
			    (l->n - i) * sizeof(l->name[0]));
			return;
		}
}

static bool
is_of_group(const struct review_line *l)
{
	return l->kind == REVIEW_MEMBER && l->answer == REVIEW_REMOVE &&
	       l->via[0] != '\0';
}

static void
leave_groups(struct call *c, struct end *x, size_t from, size_t to,
    struct user *u, bool there)
{
	for (size_t i = from; i < to; i++) {
		struct review_line *l = &x->lines[i];
		const char *left = NULL;

		if (!is_of_group(l))
			continue;
		if (!there || strcmp(l->user_id, u->id) != 0)
			left = "the user is another one by now";
		else
			left = review_left(
			    l, x->lines, x->n, c->b->roles, c->b->nroles);
		set_done(x, l, left);
		if (left == NULL)
			drop_group(&u->groups, l->via);
	}
}

static int
put_user(struct call *c, struct end *x, size_t from, size_t to)
{
	struct user *u = calloc(1, sizeof(*u));
	unsigned before;
	int r = GW_ENOMEM;

	if (u == NULL)
		return r;
	r = store_user_get(c->b->store, x->lines[from].user, u);
	if (r == 0 || r == GW_ENOENT) {
		before = u->groups.n;
		leave_groups(c, x, from, to, u, r == 0);
		r = r == 0 && u->groups.n != before
			? store_user_put(c->b->store, u, c->seq)
			: 0;
	}
	explicit_bzero(u, sizeof(*u));
	free(u);
	return r;
}

static int
put_users(struct call *c, struct end *x)
{
	int r = 0;
	size_t to = 0;

	for (size_t i = 0; r == 0 && i < x->n; i = to) {
		bool any = false;

		for (to = i; to < x->n &&
			     strcmp(x->lines[to].user, x->lines[i].user) == 0;
		     to++)
			any = any || is_of_group(&x->lines[to]);
		if (any)
			r = put_user(c, x, i, to);
	}
	return r;
}

/* ---- all of it */

static void
count_answers(struct end *x)
{
	x->removed = x->left = x->kept = x->unanswered = 0;
	for (size_t i = 0; i < x->n; i++) {
		const struct review_line *l = &x->lines[i];

		x->kept += l->answer == REVIEW_KEEP;
		x->unanswered +=
		    l->kind == REVIEW_MEMBER && l->answer == REVIEW_UNANSWERED;
	}
}

/* What is not of a role that is there any more is gone already. */
static int
put_lines(struct call *c, struct end *x)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < x->n; i++) {
		struct review_line *l = &x->lines[i];

		if (l->kind != REVIEW_MEMBER || l->answer != REVIEW_REMOVE)
			continue;
		if (l->done[0] == '\0')
			set_done(x, l, "the role is gone");
		l->seq = c->seq;
		r = store_review_line_set(c->b->store, x->r.name, l);
	}
	return r;
}

/* Called within a transaction, more than once. */
static int
put(struct call *c, struct problem *p)
{
	struct end *x = c->state;
	int r;

	if ((r = store_review_get(c->b->store, x->r.name, &x->r)) != 0 ||
	    (r = review_is_open(&x->r, p)) != 0 ||
	    (r = read_lines(x, c->b->store)) != 0)
		return r;
	count_answers(x);
	if (x->apply &&
	    ((r = put_roles(c, x)) != 0 || (r = put_users(c, x)) != 0 ||
		(r = put_lines(c, x)) != 0))
		return r;
	x->r.state = REVIEWS_ENDED;
	x->r.ended_ms = broker_now(c->b).utc_ms;
	name_set(x->r.ended_by, c->user);
	text_set(x->r.how, sizeof(x->r.how), x->apply ? "apply" : "report");
	x->r.seq = c->seq;
	return store_review_end(c->b->store, &x->r);
}

static json_t *
counts_json(const struct end *x)
{
	json_t *o = json_object();

	put_num(o, "removed", (int64_t)x->removed);
	put_num(o, "kept", (int64_t)x->kept);
	put_num(o, "left", (int64_t)x->left);
	put_num(o, "unanswered", (int64_t)x->unanswered);
	return o;
}

static json_t *
end_json(struct end *x)
{
	json_t *o = review_json(&x->r);
	json_t *counts = counts_json(x);

	if (o != NULL)
		(void)json_object_update(o, counts);
	json_decref(counts);
	return change_json(&x->ch, NULL, o);
}

static void
made(struct call *c)
{
	struct end *x = c->state;

	if (!permission_kept(c, "nothing was done"))
		return;
	if (!change_make(c, &x->ch, put))
		return;
	change_end(c, &x->ch, NULL, NULL);
	call_reply(c, 200, end_json(x));
}

static void
record(struct call *c, struct end *x)
{
	struct event_fields f;
	json_t *counts = counts_json(x);
	char *text = counts != NULL ? json_text(counts) : NULL;

	for (size_t i = 0; i < x->n; i++) {
		char line[REVIEW_TEXT_SIZE];

		if (strcmp(x->lines[i].done, "removed") != 0)
			continue;
		review_text(line, &x->lines[i]);
		buf_printf(&x->text, "%u %s\n", x->lines[i].n, line);
	}
	call_fields(c, &f);
	event_str(&f, EF_REVIEW, x->r.name);
	event_str(&f, EF_VALUE, x->apply ? "apply" : "report");
	event_num(&f, EF_COUNT, (int64_t)x->removed);
	event_str(&f, EF_CHANGES, text);
	event_cut(&f, EF_LINES, x->text.p, x->text.len, LIMIT_FIELD_MAX / 2);
	call_append(c, EV_REVIEW_END, &f, made);
	event_fields_done(&f);
	free(text);
	json_decref(counts);
}

void
verb_review_end(struct call *c)
{
	static const char *const keys[] = {"review", "apply", NULL};
	struct end *x = call_state(c, sizeof(*x), end_free);
	struct problem p = {0};

	if (x == NULL || !change_begin(&x->ch, c))
		return;
	buf_init(&x->text, LIMIT_REVIEW_LINES * REVIEW_TEXT_SIZE);
	if (json_only(c->req.body, keys, &p) != 0 ||
	    json_get_bool(c->req.body, "apply", false, &x->apply, &p) != 0 ||
	    review_named(c, &x->r, &p) != 0 || review_is_open(&x->r, &p) != 0)
		call_problem(c, &p);
	else if (!change_weigh(c, &x->ch, put))
		return;
	else if (x->ch.dry_run)
		call_reply(c, 200, end_json(x));
	else
		record(c, x);
}
