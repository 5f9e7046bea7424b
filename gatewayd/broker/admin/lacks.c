/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lacks - see the header.
 */
#include "broker/admin/lacks.h"

#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "broker/call/put.h"
#include "core/approver.h"

enum { TOLD_MAX = 20 }; /* internal: of one change; the answer has a size */

static int
add_people(struct approvers *a, const struct power *p)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->nholders; i++) {
		const struct holder *h = &p->holders[i];
		const struct approver x = {.name = h->name,
		    .id = h->id,
		    .groups = &h->groups,
		    .kind = KIND_PERSON,
		    .enrolled = h->enrolled,
		    .disabled = h->disabled,
		    .locked = h->locked,
		    .key = h->key,
		    .nkeys = h->nkeys};

		r = approvers_add(a, &x);
	}
	return r;
}

static json_t *
lack_json(const char *role, const struct shortage *s)
{
	json_t *o = json_object();

	put_str(o, "role", role);
	put_num(o, "want", s->want);
	put_num(o, "have", s->have);
	put_str(o, "text", s->text);
	return o;
}

json_t *
lacks_of(const struct power *p)
{
	struct approvers *a = NULL;
	json_t *all = NULL;
	struct shortage s;

	if (approvers_new(&a) != 0 || add_people(a, p) != 0)
		goto out;
	all = json_object();
	for (size_t i = 0; all != NULL && i < p->nroles; i++) {
		const struct policy_role *r = &p->roles[i];

		if (approvers_lack(&s, a, &r->approvals, "") &&
		    json_object_set_new(all, r->name, lack_json(r->name, &s)) !=
			0) {
			json_decref(all);
			all = NULL;
		}
	}
out:
	approvers_free(a);
	return all;
}

json_t *
lacks_told(const json_t *before, const json_t *now,
    lacks_written_fn *is_written, const struct call *c)
{
	json_t *list = json_array();
	const char *role = NULL;
	json_t *x = NULL;

	json_object_foreach((json_t *)(uintptr_t)now, role, x)
	{
		const bool written = is_written != NULL && is_written(c, role);

		if ((written ||
			!json_equal(json_object_get(before, role), x)) &&
		    json_array_size(list) < TOLD_MAX)
			(void)json_array_append(list, x);
	}
	return list;
}

/* Whoever is in one, machines too. */
static int
is_empty(struct store *s, const struct quorum *q)
{
	int r = GW_ENOENT;

	for (unsigned i = 0; r == GW_ENOENT && i < q->ngroups; i++)
		r = store_group_used(s, q->group[i]);
	return r;
}

static int
refuse(struct broker *b, const struct policy_role *role, struct problem *p)
{
	char text[QUORUM_TEXT_SIZE];

	for (unsigned i = 0; i < role->approvals.n; i++) {
		const struct quorum *q = &role->approvals.quorum[i];
		const int r = is_empty(b->store, q);

		if (r == 0 || (r == GW_ENOENT && FAULT(no_group)))
			continue;
		if (r != GW_ENOENT)
			return r;
		quorum_text(text, q);
		problem_set(p, 409, "no-group", "approvals",
		    "role %s: nobody is in a group of \"%s\", so there is no "
		    "such group: put somebody in it first (jitctl user set "
		    "NAME --group GROUP), or with the same policy",
		    role->name, text);
		return GW_ESTATE;
	}
	return 0;
}

int
lacks_refuse(struct broker *b, const json_t *now, lacks_written_fn *is_written,
    const struct call *c, struct problem *p)
{
	int r = 0;

	for (size_t i = 0; r == 0 && is_written != NULL && i < b->nroles; i++)
		if (json_object_get(now, b->roles[i].name) != NULL &&
		    is_written(c, b->roles[i].name))
			r = refuse(b, &b->roles[i], p);
	return r;
}
