/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approvals - see the header.
 */
#include "broker/grant/approvals.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"

struct load {
	struct approvals *a;
	bool full;
};

static void
add(void *arg, const struct approval_row *row)
{
	struct load *l = arg;
	struct approvals *a = l->a;

	if (a->n == LIMIT_APPROVALS) {
		l->full = true;
		return;
	}
	a->row[a->n] = *row;
	a->fact[a->n] = (struct approval){.user_id = a->row[a->n].user_id,
	    .level = row->level,
	    .groups = &a->row[a->n].groups};
	a->n++;
}

int
approvals_load(struct broker *b, const char *request, struct approvals **ret)
{
	struct load l = {.a = calloc(1, sizeof(*l.a))};
	int r = GW_ENOMEM;

	*ret = NULL;
	if (l.a != NULL)
		r = store_approval_each(b->store, request, add, &l);
	if (r == 0 && l.full)
		r = GW_ELIMIT;
	if (r != 0) {
		free(l.a);
		return r;
	}
	*ret = l.a;
	return 0;
}

/* A no to them, or to the key that they approved with. */
static bool
is_locked(const struct broker *b, const struct user *u, const char *key_fp)
{
	const struct lock_facts f = {
	    .user = u->name, .groups = &u->groups, .key_fp = key_fp};

	return broker_lock(b, &f) != NULL && !FAULT(locked_approver);
}

/* Their groups; none if they are not, or not any more, who approved. */
static int
groups_now(
    struct broker *b, struct approval_row *row, struct approval *ret_fact)
{
	struct user u;
	int r = store_user_get(b->store, row->user, &u);

	row->groups.n = 0;
	ret_fact->level = 0; /* it counts at none */
	if (r == 0 && strcmp(u.id, row->user_id) == 0 &&
	    u.kind == KIND_PERSON && u.state == USER_ACTIVE &&
	    user_has_key(&u, row->key_fp) && !is_locked(b, &u, row->key_fp)) {
		row->groups = u.groups;
		ret_fact->level = row->level;
	}
	explicit_bzero(&u, sizeof(u));
	return r == GW_ENOENT ? 0 : r;
}

int
approvals_now(struct broker *b, struct approvals *a)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n && !FAULT(approver_gone); i++)
		r = groups_now(b, &a->row[i], &a->fact[i]);
	return r;
}

bool
approvals_by(const struct approvals *a, const char *user_id)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->row[i].user_id, user_id) == 0)
			return true;
	return false;
}
