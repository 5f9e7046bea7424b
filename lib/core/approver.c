/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approver - see the header.
 *
 * For quorums of different levels there have to be as many people in any of
 * their groups as they want together. Where that holds for each choice of them,
 * one of a level, there is somebody for each (Hall's theorem).
 */
#include "core/approver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

enum { TOLD_MAX = 6 }; /* internal: names, of each kind */

struct person {
	char name[LIMIT_NAME_SIZE];
	char id[LIMIT_ID_SIZE];
	const char *why_not;
	unsigned nkeys;
	char key[LIMIT_KEYS_PER_USER][64];
};

/* Sorted: those of a group stand together, first who can. */
struct place {
	char group[LIMIT_NAME_SIZE];
	const char *why_not;
	size_t who;
};

struct approvers {
	struct person *people;
	size_t npeople, people_room;
	struct place *places;
	size_t nplaces, places_room;
	bool sorted;
};

/* A word or two; NULL: they can. */
static const char *
why_not(const struct approver *a)
{
	if (FAULT(approver_any))
		return NULL;
	if (a->kind != KIND_PERSON)
		return "no person";
	if (a->disabled)
		return "disabled";
	if (!a->enrolled)
		return "not enrolled";
	return a->locked ? "locked" : NULL;
}

int
approvers_new(struct approvers **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret != NULL ? 0 : GW_ENOMEM;
}

void
approvers_free(struct approvers *a)
{
	if (a != NULL) {
		free(a->people);
		free(a->places);
	}
	free(a);
}

/* Room for one more; NULL: out of memory. */
static void *
more(void *p, size_t n, size_t *room, size_t size)
{
	void *bigger = p;

	if (n == *room) {
		bigger = reallocarray(p, *room > 0 ? *room * 2 : 16, size);
		if (bigger != NULL)
			*room = *room > 0 ? *room * 2 : 16;
	}
	return bigger;
}

static int
add_place(struct approvers *a, const char *group, const char *why_not)
{
	struct place *p =
	    more(a->places, a->nplaces, &a->places_room, sizeof(*p));

	if (p == NULL)
		return GW_ENOMEM;
	a->places = p;
	name_set(p[a->nplaces].group, group);
	p[a->nplaces].why_not = why_not;
	p[a->nplaces++].who = a->npeople;
	return 0;
}

int
approvers_add(struct approvers *a, const struct approver *x)
{
	struct person *p =
	    more(a->people, a->npeople, &a->people_room, sizeof(*p));
	int r = 0;

	if (p == NULL)
		return GW_ENOMEM;
	a->people = p;
	p += a->npeople;
	memset(p, 0, sizeof(*p));
	name_set(p->name, x->name);
	text_set(p->id, sizeof(p->id), x->id);
	p->why_not = why_not(x);
	for (; p->nkeys < x->nkeys && p->nkeys < LIMIT_KEYS_PER_USER;
	     p->nkeys++)
		memcpy(p->key[p->nkeys], x->key[p->nkeys], sizeof(p->key[0]));
	for (unsigned i = 0; r == 0 && i < x->groups->n; i++)
		r = add_place(a, x->groups->name[i], p->why_not);
	if (r == 0)
		a->npeople++;
	a->sorted = false;
	return r;
}

static int
compare(const void *x, const void *y)
{
	const struct place *a = x, *b = y;
	const int r = strcmp(a->group, b->group);

	if (r != 0)
		return r;
	if ((a->why_not == NULL) != (b->why_not == NULL))
		return a->why_not == NULL ? -1 : 1;
	return a->who < b->who ? -1 : a->who > b->who;
}

static void
sort(struct approvers *a)
{
	if (!a->sorted && a->nplaces > 0)
		qsort(a->places, a->nplaces, sizeof(*a->places), compare);
	a->sorted = true;
}

/* The first of a group, or where it would be. */
static size_t
find(const struct approvers *a, const char *group)
{
	size_t from = 0, to = a->nplaces;

	while (from < to) {
		const size_t mid = from + (to - from) / 2;

		if (strcmp(a->places[mid].group, group) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

/* ---- how many there are for some quorums */

/* Who counts, and some of those who do not. */
struct count {
	const struct quorum_list *l;
	const char *own_id;
	size_t who[LIMIT_APPROVALS], not [TOLD_MAX];
	unsigned n, nnot, want;
	bool anybody; /* in their groups, whether they can or not */
};

static bool
is_same(const struct person *a, const struct person *b)
{
	if (strcmp(a->id, b->id) == 0)
		return true;
	for (unsigned i = 0; i < a->nkeys; i++)
		for (unsigned k = 0; k < b->nkeys; k++)
			if (strcmp(a->key[i], b->key[k]) == 0)
				return true;
	return false;
}

static bool
is_counted(const struct approvers *a, const struct count *c, size_t who)
{
	for (unsigned i = 0; i < c->n && !FAULT(approver_twice); i++)
		if (is_same(&a->people[c->who[i]], &a->people[who]))
			return true;
	return false;
}

static bool
is_told(const struct count *c, size_t who)
{
	for (unsigned i = 0; i < c->nnot; i++)
		if (c->not [i] == who)
			return true;
	return false;
}

static void
count_group(const struct approvers *a, struct count *c, const char *group)
{
	for (size_t i = find(a, group); i < a->nplaces && c->n < c->want &&
					strcmp(a->places[i].group, group) == 0;
	     i++) {
		const size_t who = a->places[i].who;
		const bool own = strcmp(a->people[who].id, c->own_id) == 0 &&
				 !FAULT(approver_own);

		c->anybody = true;
		if (a->places[i].why_not == NULL && !own) {
			if (!is_counted(a, c, who))
				c->who[c->n++] = who;
		} else if (c->nnot < TOLD_MAX && !is_told(c, who)) {
			c->not [c->nnot++] = who;
		} else if (!own) {
			return; /* nor can those that follow */
		}
	}
}

/* The quorums of a choice, a bit each; false: two of them are of one level. */
static bool
count_for(const struct approvers *a, struct count *c, unsigned choice)
{
	unsigned levels = 0;

	for (unsigned i = 0; i < c->l->n; i++) {
		const struct quorum *q = &c->l->quorum[i];

		if ((choice & 1U << i) == 0)
			continue;
		if (q->owner)
			return false; /* who that is, is known to be there */
		if ((levels & 1U << q->level) != 0 || q->level >= 32)
			return false;
		levels |= 1U << q->level;
		c->want += q->people;
	}
	if (c->want > LIMIT_APPROVALS)
		return false;
	for (unsigned i = 0; i < c->l->n; i++)
		for (unsigned g = 0;
		     (choice & 1U << i) != 0 && g < c->l->quorum[i].ngroups;
		     g++)
			count_group(a, c, c->l->quorum[i].group[g]);
	return true;
}

/* ---- told */

static void put(char ret[static LIMIT_TEXT_SIZE], const char *fmt, ...)
    PRINTF_LIKE(2, 3);

static void
put(char ret[static LIMIT_TEXT_SIZE], const char *fmt, ...)
{
	const size_t n = strlen(ret);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(ret + n, LIMIT_TEXT_SIZE - n, fmt, ap);
	va_end(ap);
}

static bool
put_before(const struct quorum_list *l, unsigned choice, unsigned at,
    const char *group)
{
	for (unsigned i = 0; i < at; i++)
		for (unsigned g = 0;
		     (choice & 1U << i) != 0 && g < l->quorum[i].ngroups; g++)
			if (strcmp(l->quorum[i].group[g], group) == 0)
				return true;
	return false;
}

/* How many they are; ret may be NULL. */
static unsigned
put_groups(char *ret, const struct quorum_list *l, unsigned choice)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->n; i++)
		for (unsigned g = 0;
		     (choice & 1U << i) != 0 && g < l->quorum[i].ngroups; g++) {
			const char *group = l->quorum[i].group[g];

			if (put_before(l, choice, i, group))
				continue;
			if (ret != NULL)
				put(ret, "%s%s", n > 0 ? ", " : "", group);
			n++;
		}
	return n;
}

static void
put_people(char ret[static LIMIT_TEXT_SIZE], const struct approvers *a,
    const struct count *c)
{
	const unsigned told = c->n < TOLD_MAX ? c->n : TOLD_MAX;

	for (unsigned i = 0; i < told; i++)
		put(ret, "%s%s", i > 0 ? ", " : " (",
		    a->people[c->who[i]].name);
	for (unsigned i = 0; i < c->nnot; i++) {
		const struct person *p = &a->people[c->not [i]];

		put(ret, "%s%s: %s",
		    i > 0      ? ", "
		    : told > 0 ? "; not "
			       : " (not ",
		    p->name, p->why_not != NULL ? p->why_not : "who asks");
	}
	if (told + c->nnot > 0)
		put(ret, ")");
}

static void
tell(struct shortage *ret, const struct approvers *a, const struct count *c,
    unsigned choice, unsigned levels)
{
	char *text = ret->text;
	unsigned n = 0;

	put(text, "nobody can approve this: ");
	if (levels > 1)
		put(text, "%u levels want %u people, groups ", levels, c->want);
	else
		put(text, "group%s ",
		    put_groups(NULL, c->l, choice) > 1 ? "s" : "");
	n = put_groups(text, c->l, choice);
	put(text, " ha%s %u", n > 1 || levels > 1 ? "ve" : "s", c->n);
	if (levels == 1)
		put(text, " of %u", c->want);
	if (c->anybody)
		put_people(text, a, c);
	else
		put(text, ": nobody is in %s", n > 1 ? "them" : "it");
}

static unsigned
bits(unsigned x)
{
	unsigned n = 0;

	for (; x != 0; x &= x - 1)
		n++;
	return n;
}

bool
approvers_lack(struct shortage *ret, struct approvers *a,
    const struct quorum_list *l, const char *own_id)
{
	*ret = (struct shortage){.want = 0};
	sort(a);
	for (unsigned levels = 1; levels <= LIMIT_QUORUM_LEVELS; levels++)
		for (unsigned choice = 1; choice < 1U << l->n; choice++) {
			struct count c = {.l = l, .own_id = own_id};

			if (bits(choice) != levels ||
			    !count_for(a, &c, choice) || c.n >= c.want)
				continue;
			ret->want = c.want;
			ret->have = c.n;
			ret->no_group = !c.anybody;
			tell(ret, a, &c, choice, levels);
			return true;
		}
	return false;
}
