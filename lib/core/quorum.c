/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quorum - see the header.
 */
#include "core/quorum.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

enum { PEOPLE_MAX = 9 }; /* internal: one digit */

static bool
has_group(const struct quorum *q, const char *group)
{
	for (unsigned i = 0; i < q->ngroups; i++)
		if (strcmp(q->group[i], group) == 0)
			return true;
	return false;
}

static int
add_group(struct quorum *q, const char *p, size_t n)
{
	char name[LIMIT_NAME_SIZE];

	if (n == 0 || n >= sizeof(name))
		return GW_EINVAL;
	memcpy(name, p, n);
	name[n] = '\0';
	if (!str_name_ok(name) || has_group(q, name))
		return GW_EINVAL;
	if (q->ngroups == LIMIT_QUORUM_GROUPS)
		return GW_ELIMIT;
	name_set(q->group[q->ngroups++], name);
	return 0;
}

int
quorum_add(struct quorum_list *l, const char *text)
{
	static const char of[] = " of ", either[] = " or ";
	struct quorum q = {.level = (uint8_t)(l->n + 1)};
	const char *p = text + 1;
	int r = 0;

	if (text[0] < '1' || text[0] > '0' + PEOPLE_MAX ||
	    strncmp(p, of, strlen(of)) != 0)
		return GW_EINVAL;
	q.people = (uint8_t)(text[0] - '0');
	for (p += strlen(of); r == 0 && p != NULL;) {
		const char *end = strstr(p, either);

		r = add_group(
		    &q, p, end != NULL ? (size_t)(end - p) : strlen(p));
		p = end != NULL ? end + strlen(either) : NULL;
	}
	if (r == 0 && l->n >= LIMIT_QUORUM_LEVELS)
		r = GW_ELIMIT;
	if (r == 0)
		l->quorum[l->n++] = q;
	return r;
}

void
quorum_text(char ret[static QUORUM_TEXT_SIZE], const struct quorum *q)
{
	size_t at = (size_t)snprintf(ret, QUORUM_TEXT_SIZE, "%u of %s",
	    (unsigned)q->people, q->owner ? "its owner" : "");

	for (unsigned i = 0; i < q->ngroups; i++)
		at += (size_t)snprintf(ret + at, QUORUM_TEXT_SIZE - at, "%s%s",
		    i > 0 ? " or " : "", q->group[i]);
}

static bool
same_groups(const struct quorum *a, const struct quorum *b)
{
	for (unsigned i = 0; i < a->ngroups; i++)
		if (!has_group(b, a->group[i]))
			return false;
	return a->ngroups == b->ngroups && a->owner == b->owner;
}

bool
quorum_equal(const struct quorum_list *a, const struct quorum_list *b)
{
	for (unsigned i = 0; i < a->n && i < b->n; i++)
		if (a->quorum[i].level != b->quorum[i].level ||
		    a->quorum[i].people != b->quorum[i].people ||
		    !same_groups(&a->quorum[i], &b->quorum[i]))
			return false;
	return a->n == b->n;
}

/* Whoever satisfies q satisfies was. */
static bool
covers(const struct quorum *q, const struct quorum *was)
{
	if (q->level != was->level || q->people < was->people ||
	    q->owner != was->owner)
		return false;
	for (unsigned i = 0; i < q->ngroups; i++)
		if (!has_group(was, q->group[i]))
			return false;
	return true;
}

bool
quorum_covers(const struct quorum_list *now, const struct quorum_list *was)
{
	for (unsigned i = 0; i < was->n; i++) {
		bool hit = false;

		for (unsigned k = 0; k < now->n; k++)
			hit = hit || covers(&now->quorum[k], &was->quorum[i]);
		if (!hit)
			return false;
	}
	return true;
}

int
quorum_merge(struct quorum_list *all, const struct quorum_list *l)
{
	for (unsigned i = 0; i < l->n; i++) {
		const struct quorum *q = &l->quorum[i];
		struct quorum *same = NULL;

		for (unsigned k = 0; k < all->n && same == NULL; k++)
			if (all->quorum[k].level == q->level &&
			    same_groups(&all->quorum[k], q))
				same = &all->quorum[k];
		if (same == NULL && all->n == LIMIT_QUORUMS)
			return GW_ELIMIT;
		if (same == NULL)
			all->quorum[all->n++] = *q;
		else if (same->people < q->people)
			same->people = q->people;
	}
	return 0;
}

bool
quorum_names(const struct quorum_list *l, const char *group)
{
	for (unsigned i = 0; i < l->n; i++)
		if (has_group(&l->quorum[i], group))
			return true;
	return false;
}

/* ---- judging */

static bool
is_owner(const struct quorum_list *l, const char *user_id)
{
	return l->owner_id[0] != '\0' && strcmp(l->owner_id, user_id) == 0;
}

static bool
is_asked(const struct quorum_list *l, const struct quorum *q,
    const char *user_id, const struct name_list *groups)
{
	if (l->not_owner && is_owner(l, user_id) && !FAULT(quorum_owner))
		return false;
	if (q->owner)
		return is_owner(l, user_id) || FAULT(quorum_stranger);
	for (unsigned i = 0; i < groups->n; i++)
		if (has_group(q, groups->name[i]))
			return true;
	return FAULT(quorum_anybody);
}

static bool
seen_before(const struct approval *a, size_t i)
{
	for (size_t k = 0; k < i && !FAULT(quorum_twice); k++)
		if (strcmp(a[k].user_id, a[i].user_id) == 0)
			return true;
	return false;
}

static bool
is_own(const struct approval *a, const char *own_id)
{
	return strcmp(a->user_id, own_id) == 0 && !FAULT(quorum_own);
}

static unsigned
count(const struct quorum_list *l, const struct quorum *q,
    const struct approval *a, size_t n, const char *own_id)
{
	unsigned have = 0;

	for (size_t i = 0; i < n; i++)
		have += a[i].level == q->level && !seen_before(a, i) &&
			!is_own(&a[i], own_id) &&
			is_asked(l, q, a[i].user_id, a[i].groups);
	return have;
}

void
quorum_judge(struct quorum_state *ret, const struct quorum_list *l,
    const struct approval *a, size_t n, const char *own_id)
{
	*ret = (struct quorum_state){.met = true};
	for (unsigned i = 0; i < l->n; i++) {
		const struct quorum *q = &l->quorum[i];
		const unsigned have = count(l, q, a, n, own_id);
		const bool earlier = ret->met || q->level < ret->level;

		if (have >= q->people || (!earlier && q->level > ret->level))
			continue;
		if (!earlier && q->people - have <= ret->want - ret->have)
			continue;
		*ret = (struct quorum_state){.level = q->level,
		    .have = have,
		    .want = q->people,
		    .at = i};
	}
}

bool
quorum_counts(const struct quorum_list *l, uint8_t level, const char *user_id,
    const struct name_list *groups)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->quorum[i].level == level &&
		    is_asked(l, &l->quorum[i], user_id, groups))
			return true;
	return false;
}

void
quorum_own(struct quorum_list *l, const char *owner_id, bool wanted)
{
	if (str_copy(l->owner_id, sizeof(l->owner_id), owner_id) != 0)
		l->owner_id[0] = '\0'; /* nobody's */
	l->not_owner = wanted;
	if (l->n > 0 || FAULT(agent_unasked))
		return;
	l->quorum[l->n++] =
	    (struct quorum){.level = 1, .people = 1, .owner = true};
}
