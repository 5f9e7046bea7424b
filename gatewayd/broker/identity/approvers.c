/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approvers - see the header.
 */
#include "broker/identity/approvers.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

struct groups {
	char (*name)[LIMIT_NAME_SIZE];
	size_t n;
};

struct reading {
	struct broker *b;
	struct approvers *to;
	struct name_list group; /* the one that is read */
	char (*key)[64];
	int err;
};

bool
approver_is_locked(const struct broker *b, const struct user *u)
{
	struct lock_facts f = {
	    .user = u->name, .groups = &u->groups, .named = true};

	for (unsigned i = 0; i < u->nkeys; i++) {
		f.key_fp = u->keys[i].fp;
		if (broker_lock(b, &f) == NULL)
			return false;
	}
	f.key_fp = "";
	return u->nkeys > 0 || broker_lock(b, &f) != NULL;
}

static void
add_user(void *arg, const char *name, const struct user *u)
{
	struct reading *x = arg;
	struct approver a = {.name = name, .groups = &x->group};
	int r;

	if (u == NULL) {
		x->err = x->err != 0 ? x->err : GW_ECORRUPT;
		return;
	}
	a.id = u->id;
	a.kind = (enum user_kind)u->kind;
	a.enrolled = u->state == USER_ACTIVE && user_is_enrolled(u);
	a.disabled = u->state == USER_DISABLED;
	a.locked = approver_is_locked(x->b, u);
	for (; a.nkeys < u->nkeys; a.nkeys++)
		memcpy(x->key[a.nkeys], u->keys[a.nkeys].fp, sizeof(*x->key));
	a.key = (const char(*)[64])x->key;
	r = approvers_add(x->to, &a);
	x->err = x->err != 0 ? x->err : r;
}

static size_t
count(const struct quorum_list *l)
{
	size_t n = 0;

	for (unsigned i = 0; i < l->n; i++)
		n += l->quorum[i].ngroups;
	return n;
}

static void
add_groups(struct groups *g, const struct quorum_list *l)
{
	for (unsigned i = 0; i < l->n; i++)
		for (unsigned k = 0; k < l->quorum[i].ngroups; k++)
			name_set(g->name[g->n++], l->quorum[i].group[k]);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int
find_groups(
    struct groups *g, const struct broker *b, const struct quorum_list *l)
{
	size_t n = l != NULL ? count(l) : 0;

	for (size_t i = 0; l == NULL && i < b->nroles; i++)
		n += count(&b->roles[i].approvals);
	if ((g->name = calloc(n + 1, sizeof(*g->name))) == NULL)
		return GW_ENOMEM;
	if (l != NULL)
		add_groups(g, l);
	for (size_t i = 0; l == NULL && i < b->nroles; i++)
		add_groups(g, &b->roles[i].approvals);
	qsort(g->name, g->n, sizeof(*g->name), compare);
	return 0;
}

int
approvers_read(
    struct broker *b, const struct quorum_list *l, struct approvers **ret)
{
	struct reading x = {.b = b};
	struct groups g = {0};
	int r;

	*ret = NULL;
	x.key = calloc(LIMIT_KEYS_PER_USER, sizeof(*x.key));
	r = x.key == NULL ? GW_ENOMEM : find_groups(&g, b, l);
	if (r == 0)
		r = approvers_new(&x.to);
	for (size_t i = 0; r == 0 && i < g.n; i++) {
		if (i > 0 && strcmp(g.name[i - 1], g.name[i]) == 0)
			continue;
		x.group.n = 0;
		if ((r = name_list_add(&x.group, g.name[i])) == 0)
			r = store_holder_each(
			    b->store, g.name[i], add_user, &x);
		if (r == 0)
			r = x.err;
	}
	free(g.name);
	free(x.key);
	if (r == 0)
		*ret = x.to;
	else
		approvers_free(x.to);
	return r;
}
