/* SPDX-License-Identifier: Apache-2.0 */
/*
 * review - see the header.
 */
#include "core/review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/member.h"

/* ---- the proposal */

enum review_answer
review_advise(const struct review_facts *f, const char **retwhy)
{
	*retwhy = NULL;
	if (f->nobody)
		*retwhy = "no such user";
	else if (f->disabled)
		*retwhy = "disabled";
	else if (f->until_ms <= f->now_ms)
		*retwhy = "its end is past";
	else if (f->last_ms <= 0)
		*retwhy = "never used";
	else if (f->now_ms - f->last_ms >= f->unused_ms)
		*retwhy = "not used lately";
	if (*retwhy != NULL)
		return REVIEW_REMOVE;
	*retwhy = "used";
	return REVIEW_KEEP;
}

/* ---- uses */

static int
use_order(const void *a, const void *b)
{
	const struct review_use *x = a, *y = b;
	const int r = strcmp(x->user, y->user);

	return r != 0 ? r : strcmp(x->role, y->role);
}

/* An id of before may be missing; another one's use is not theirs. */
static bool
same_id(const char *a, const char *b)
{
	return a[0] == '\0' || b[0] == '\0' || strcmp(a, b) == 0;
}

struct build {
	const struct review_in *in;
	struct review_use *uses; /* in order */
	const char **names;      /* of all members, in order */
	struct review_line *line;
	size_t n, room;
	int err;
};

static void
count_use(struct review_line *l, const struct review_use *u)
{
	if (!same_id(l->user_id, u->user_id) ||
	    !same_id(l->role_id, u->role_id))
		return;
	l->times += u->times;
	if (u->last_ms > l->last_ms)
		l->last_ms = u->last_ms;
}

/* The first that is not before it. */
static size_t
first_use(const struct build *x, const struct review_use *key)
{
	size_t low = 0, high = x->in->nuses;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (use_order(&x->uses[mid], key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
find_uses(const struct build *x, struct review_line *l)
{
	struct review_use key = {0};

	memcpy(key.user, l->user, sizeof(key.user));
	memcpy(key.role, l->role, sizeof(key.role));
	for (size_t i = first_use(x, &key);
	     i < x->in->nuses && use_order(&x->uses[i], &key) == 0; i++)
		count_use(l, &x->uses[i]);
}

void
review_use_each(
    const struct review_use *u, const char *roles, review_use_fn *fn, void *arg)
{
	struct review_use other = *u;

	fn(arg, u);
	other.role_id[0] = '\0';
	while (*roles != '\0') {
		const size_t n = strcspn(roles, ",");

		if (n < sizeof(other.role)) {
			memcpy(other.role, roles, n);
			other.role[n] = '\0';
			if (strcmp(other.role, u->role) != 0)
				fn(arg, &other);
		}
		roles += n + (roles[n] == ',');
	}
}

/* ---- lines */

static struct review_line *
add(struct build *x, enum review_kind kind)
{
	struct review_line *more = NULL;

	if (x->err != 0)
		return NULL;
	if (x->n == LIMIT_REVIEW_LINES) {
		x->err = GW_ELIMIT;
		return NULL;
	}
	if (x->n == x->room) {
		x->room = x->room == 0 ? 64 : x->room * 2;
		more = reallocarray(x->line, x->room, sizeof(*more));
		if (more == NULL) {
			x->err = GW_ENOMEM;
			return NULL;
		}
		x->line = more;
	}
	memset(&x->line[x->n], 0, sizeof(*x->line));
	x->line[x->n].kind = (uint8_t)kind;
	x->line[x->n].until_ms = MEMBER_ALWAYS;
	return &x->line[x->n++];
}

static bool
only(const struct name_list *l, const char *name)
{
	return l->n == 0 || name_list_has(l, name);
}

static void
add_member(struct build *x, const struct policy_role *r,
    const struct review_member *m, const char *user, const char *via,
    int64_t until_ms)
{
	const struct review_in *in = x->in;
	struct review_facts f = {.nobody = m == NULL,
	    .disabled = m != NULL && m->disabled,
	    .until_ms = until_ms,
	    .now_ms = in->now_ms,
	    .unused_ms = in->unused_ms};
	struct review_line *l = NULL;
	const char *why = NULL;

	if (!only(&in->only_users, user) ||
	    (in->only_groups.n > 0 && !name_list_has(&in->only_groups, via)) ||
	    (l = add(x, REVIEW_MEMBER)) == NULL)
		return;
	name_set(l->user, user);
	if (m != NULL)
		memcpy(l->user_id, m->id, sizeof(l->user_id));
	name_set(l->role, r->name);
	memcpy(l->role_id, r->id, sizeof(l->role_id));
	name_set(l->via, via);
	l->until_ms = until_ms;
	find_uses(x, l);
	f.last_ms = l->last_ms;
	l->advice = (uint8_t)review_advise(&f, &why);
	text_set(l->why, sizeof(l->why), why);
}

static bool
is_reviewed(const struct policy_role *r)
{
	return !r->deny && !r->report_only;
}

static void
add_of_member(struct build *x, const struct review_member *m)
{
	for (size_t i = 0; i < x->in->nroles; i++) {
		const struct policy_role *r = &x->in->roles[i];
		const int64_t until = member_until_ms(&r->users, m->name);

		if (!is_reviewed(r) || !only(&x->in->only_roles, r->name))
			continue;
		if (until != 0)
			add_member(x, r, m, m->name, "", until);
		for (unsigned k = 0; k < r->groups.names.n; k++)
			if (name_list_has(&m->groups, r->groups.names.name[k]))
				add_member(x, r, m, m->name,
				    r->groups.names.name[k],
				    r->groups.until_ms[k]);
	}
}

static int
name_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
is_there(const struct build *x, const char *name)
{
	return x->in->nmembers > 0 &&
	       bsearch(&name, x->names, x->in->nmembers, sizeof(*x->names),
		   name_order) != NULL;
}

/* A role may name who is gone, or not there yet: whoever gets that name has it.
 */
static void
add_nobody(struct build *x, const struct policy_role *r)
{
	for (unsigned k = 0; k < r->users.names.n; k++)
		if (!is_there(x, r->users.names.name[k]))
			add_member(x, r, NULL, r->users.names.name[k], "",
			    r->users.until_ms[k]);
}

static bool
is_late(const struct review_in *in, int64_t last_ms)
{
	return last_ms <= 0 || in->now_ms - last_ms >= in->unused_ms;
}

static void
set_unused(struct review_line *l)
{
	l->advice = REVIEW_REMOVE;
	text_set(l->why, sizeof(l->why),
	    l->last_ms > 0 ? "not used lately" : "never used");
}

static void
add_unused_role(struct build *x, const struct policy_role *r)
{
	struct review_line now = {0}, *l = NULL;

	name_set(now.role, r->name);
	memcpy(now.role_id, r->id, sizeof(now.role_id));
	for (size_t i = 0; i < x->in->nuses; i++)
		if (strcmp(x->uses[i].role, r->name) == 0)
			count_use(&now, &x->uses[i]);
	if (!is_late(x->in, now.last_ms) || (l = add(x, REVIEW_ROLE)) == NULL)
		return;
	now.kind = l->kind;
	now.until_ms = l->until_ms;
	*l = now;
	set_unused(l);
}

static void
add_unused_user(struct build *x, const struct review_member *m)
{
	struct review_use key = {0};
	struct review_line now = {0}, *l = NULL;

	if (m->disabled || m->machine || !only(&x->in->only_users, m->name))
		return;
	name_set(now.user, m->name);
	memcpy(now.user_id, m->id, sizeof(now.user_id));
	name_set(key.user, m->name);
	for (size_t i = first_use(x, &key);
	     i < x->in->nuses && strcmp(x->uses[i].user, m->name) == 0; i++)
		count_use(&now, &x->uses[i]);
	if (!is_late(x->in, now.last_ms) || (l = add(x, REVIEW_USER)) == NULL)
		return;
	now.kind = l->kind;
	now.until_ms = l->until_ms;
	*l = now;
	set_unused(l);
}

static int
line_order(const void *a, const void *b)
{
	const struct review_line *x = a, *y = b;
	int r;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if ((r = strcmp(x->user, y->user)) != 0 ||
	    (r = strcmp(x->role, y->role)) != 0)
		return r;
	return strcmp(x->via, y->via);
}

static void
add_all(struct build *x)
{
	const struct review_in *in = x->in;

	for (size_t i = 0; i < in->nmembers; i++)
		add_of_member(x, &in->members[i]);
	for (size_t i = 0; i < in->nroles; i++) {
		const struct policy_role *r = &in->roles[i];

		if (!is_reviewed(r) || !only(&in->only_roles, r->name))
			continue;
		if (in->only_groups.n == 0)
			add_nobody(x, r);
		if (in->only_groups.n == 0 && in->only_users.n == 0)
			add_unused_role(x, r);
	}
	for (size_t i = 0; i < in->nmembers; i++)
		if (in->only_groups.n == 0 && in->only_roles.n == 0)
			add_unused_user(x, &in->members[i]);
}

int
review_build(struct review_line **ret, size_t *retn, const struct review_in *in)
{
	struct build x = {.in = in};

	*ret = NULL;
	*retn = 0;
	x.uses = calloc(in->nuses + 1, sizeof(*x.uses));
	x.names = calloc(in->nmembers + 1, sizeof(*x.names));
	if (x.uses == NULL || x.names == NULL) {
		x.err = GW_ENOMEM;
		goto out;
	}
	for (size_t i = 0; i < in->nmembers; i++)
		x.names[i] = in->members[i].name;
	qsort(x.names, in->nmembers, sizeof(*x.names), name_order);
	if (in->nuses > 0) {
		memcpy(x.uses, in->uses, in->nuses * sizeof(*x.uses));
		qsort(x.uses, in->nuses, sizeof(*x.uses), use_order);
	}
	add_all(&x);
out:
	free(x.uses);
	free(x.names);
	if (x.err != 0) {
		free(x.line);
		return x.err;
	}
	if (x.n > 0 && !FAULT(review_unsorted))
		qsort(x.line, x.n, sizeof(*x.line), line_order);
	for (size_t i = 0; i < x.n; i++)
		x.line[i].n = (uint32_t)i + 1;
	*ret = x.line;
	*retn = x.n;
	return 0;
}

void
review_text(char ret[static REVIEW_TEXT_SIZE], const struct review_line *l)
{
	(void)snprintf(ret, REVIEW_TEXT_SIZE, "%s %s%s%s", l->user, l->role,
	    l->via[0] != '\0' ? " via " : "", l->via);
}

/* ---- the end */

static bool
is_removed(const struct review_line *l, const struct review_line *lines,
    size_t n, const char *role)
{
	for (size_t i = 0; i < n; i++)
		if (lines[i].kind == REVIEW_MEMBER &&
		    lines[i].answer == REVIEW_REMOVE &&
		    strcmp(lines[i].user, l->user) == 0 &&
		    strcmp(lines[i].via, l->via) == 0 &&
		    strcmp(lines[i].role, role) == 0)
			return true;
	return false;
}

const char *
review_left(const struct review_line *l, const struct review_line *lines,
    size_t n, const struct policy_role *roles, size_t nroles)
{
	for (size_t i = 0; l->via[0] != '\0' && i < nroles; i++) {
		const struct policy_role *r = &roles[i];
		const bool gives = name_list_has(&r->groups.names, l->via);

		if (gives && r->deny && !FAULT(review_denied))
			return "the group is also denied things";
		if (gives && !r->deny && !r->report_only &&
		    !is_removed(l, lines, n, r->name) && !FAULT(review_kept))
			return "the group also gives a role that was not to "
			       "be removed";
		if (quorum_names(&r->approvals, l->via) ||
		    alternative_names(&r->any_of, l->via))
			return "a role also goes by the group otherwise: who "
			       "approves, or when it gives";
	}
	return NULL;
}

const char *
review_kind_str(enum review_kind k)
{
	switch (k) {
	case REVIEW_MEMBER:
		return "member";
	case REVIEW_ROLE:
		return "role";
	case REVIEW_USER:
		return "user";
	case REVIEW_NONE:
		break;
	}
	return "";
}

const char *
review_answer_str(enum review_answer a)
{
	switch (a) {
	case REVIEW_KEEP:
		return "keep";
	case REVIEW_REMOVE:
		return "remove";
	case REVIEW_UNANSWERED:
		break;
	}
	return "";
}
