/* SPDX-License-Identifier: Apache-2.0 */
/*
 * power_read - see the header.
 */
#include "broker/admin/power_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "broker/call/call.h"
#include "broker/identity/approvers.h"

struct reading {
	const struct broker *b;
	struct power *p;
	size_t room;
	struct name_list *groups; /* of approvals, in parts of a list's size */
	size_t ngroups;
	json_t *seen; /* ids of holders */
	int err;
};

void
power_done(struct power *p)
{
	free(p->holders);
	free(p->roles);
	*p = (struct power){0};
}

static bool
is_named(const struct reading *x, const char *group)
{
	for (size_t i = 0; i < x->ngroups; i++)
		if (name_list_has(&x->groups[i], group))
			return true;
	return false;
}

/* Its start is enough to tell one from another. */
static void
mark(char ret[static POWER_MARK_SIZE], const void *p, size_t n)
{
	char hex[DIGEST_SIZE];

	ret[0] = '\0';
	if (n == 0)
		return;
	text_digest(hex, p, n);
	memcpy(ret, hex, POWER_MARK_SIZE - 1);
	ret[POWER_MARK_SIZE - 1] = '\0';
}

static void
fill(struct reading *x, struct holder *h, const struct user *u)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->id, u->id, sizeof(h->id));
	name_set(h->name, u->name);
	h->rights = u->rights;
	h->disabled = u->state == USER_DISABLED;
	h->enrolled = u->state == USER_ACTIVE && user_is_enrolled(u);
	h->locked = approver_is_locked(x->b, u);
	for (unsigned i = 0; i < u->groups.n; i++)
		if (is_named(x, u->groups.name[i]) &&
		    name_list_add(&h->groups, u->groups.name[i]) != 0)
			x->err = GW_ELIMIT;
	for (unsigned i = 0; i < u->nkeys; i++)
		memcpy(h->key[i], u->keys[i].fp, sizeof(h->key[i]));
	h->nkeys = u->nkeys;
	mark(h->factor, u->totp.p, u->totp.len);
	mark(h->invite, u->invite, strlen(u->invite));
}

static void
add(void *arg, const char *name, const struct user *u)
{
	struct reading *x = arg;
	struct power *p = x->p;
	struct holder *more = NULL;

	(void)name;
	if (u == NULL) {
		x->err = GW_ECORRUPT; /* they may be more than they were */
		return;
	}
	if (u->kind != KIND_PERSON)
		return; /* whatever groups they are in, they have no say */
	if (json_object_get(x->seen, u->id) != NULL)
		return;
	if (json_object_set_new(x->seen, u->id, json_true()) != 0) {
		x->err = GW_ENOMEM;
		return;
	}
	if (p->nholders == x->room) {
		const size_t room = x->room > 0 ? x->room * 2 : 16;

		more = reallocarray(p->holders, room, sizeof(*more));
		if (more == NULL) {
			x->err = GW_ENOMEM;
			return;
		}
		p->holders = more;
		x->room = room;
	}
	fill(x, &p->holders[p->nholders++], u);
}

/* One that is not yet among them. */
static int
add_group(struct reading *x, const char *group)
{
	struct name_list *more = NULL;

	if (is_named(x, group))
		return 0;
	if (x->ngroups > 0 && x->groups[x->ngroups - 1].n < LIMIT_LIST)
		return name_list_add(&x->groups[x->ngroups - 1], group);
	more = reallocarray(x->groups, x->ngroups + 1, sizeof(*more));
	if (more == NULL)
		return GW_ENOMEM;
	x->groups = more;
	memset(&more[x->ngroups], 0, sizeof(*more));
	return name_list_add(&more[x->ngroups++], group);
}

static int
add_groups(struct reading *x, const struct quorum *q)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < q->ngroups; i++)
		r = add_group(x, q->group[i]);
	return r;
}

static int
read_roles(struct broker *b, struct reading *x)
{
	struct power *p = x->p;
	int r = 0;

	if ((p->roles = calloc(b->nroles + 1, sizeof(*p->roles))) == NULL)
		return GW_ENOMEM;
	for (size_t i = 0; r == 0 && i < b->nroles; i++) {
		const struct policy_role *role = &b->roles[i];
		struct policy_role *to = &p->roles[p->nroles];

		if (role->approvals.n == 0)
			continue;
		*to = *role;
		p->nroles++;
		for (unsigned k = 0; r == 0 && k < to->approvals.n; k++)
			r = add_groups(x, &to->approvals.quorum[k]);
	}
	return r;
}

int
power_read(struct broker *b, struct power *ret)
{
	struct reading x = {.b = b, .p = ret};
	int r;

	*ret = (struct power){0};
	x.seen = json_object();
	r = x.seen != NULL ? read_roles(b, &x) : GW_ENOMEM;
	if (r == 0)
		r = store_holder_each(b->store, NULL, add, &x);
	for (size_t i = 0; r == 0 && i < x.ngroups; i++)
		for (unsigned k = 0; r == 0 && k < x.groups[i].n; k++)
			r = store_holder_each(
			    b->store, x.groups[i].name[k], add, &x);
	free(x.groups);
	json_decref(x.seen);
	return r != 0 ? r : x.err;
}
