/* SPDX-License-Identifier: Apache-2.0 */
/*
 * power - see the header.
 */
#include "core/power.h"

#include <string.h>

#include "base/fault.h"
#include "core/scope.h"

/* An auditor changes nothing. */
enum { SAY = RIGHTS_ALL & ~RIGHT_AUDITOR };

/* Looked for from *near on, where the one before was: two lists of thousands
 * are in one order, but for a few. */
static const struct holder *
find(const struct power *p, const char *id, size_t *near)
{
	for (size_t i = 0; i < p->nholders; i++) {
		const size_t at = (*near + i) % p->nholders;

		if (strcmp(p->holders[at].id, id) == 0) {
			*near = at + 1;
			return &p->holders[at];
		}
	}
	return NULL;
}

static bool
has_key(const struct holder *h, const char *fp)
{
	for (unsigned i = 0; i < h->nkeys; i++)
		if (strcmp(h->key[i], fp) == 0)
			return true;
	return false;
}

static unsigned
enrolled_admins(const struct power *p, const char *not_id)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->nholders; i++)
		n += (p->holders[i].rights & RIGHT_ADMIN) != 0 &&
		     p->holders[i].factor[0] != '\0' &&
		     strcmp(p->holders[i].id, not_id) != 0;
	return n;
}

bool
power_has_second(const struct power *p, const char *author_id)
{
	return enrolled_admins(p, author_id) > 0;
}

/* ---- widening */

/* By what they can be got in with: who signs for them signs for that. Whoever
 * has to enrol may be made by that very change, under an id that is drawn when
 * it is: it is no part of what is signed for. */
static void
put_ways(struct buf *ret, const struct holder *h)
{
	buf_printf(ret, " (");
	if (h->factor[0] != '\0' || FAULT(drawn_id))
		buf_printf(ret, "%s, ", h->id);
	for (unsigned i = 0; i < h->nkeys; i++)
		buf_printf(ret, "key %s, ", h->key[i]);
	if (h->factor[0] != '\0')
		buf_printf(ret, "second factor %s)\n", h->factor);
	else
		buf_printf(ret, "has to enrol)\n");
}

static void
put_rights(struct buf *ret, const struct holder *was, const struct holder *h)
{
	unsigned had = was != NULL ? was->rights : 0U;

	if ((had & RIGHT_ADMIN) != 0)
		had = RIGHTS_ALL;
	for (unsigned right = 1; right <= RIGHTS_ALL; right <<= 1) {
		if ((h->rights & ~had & SAY & right) == 0 || FAULT(any_right))
			continue;
		buf_printf(ret, "user %s gets the right %s", h->name,
		    right_str((enum right)right));
		put_ways(ret, h);
	}
}

static void
put_groups(struct buf *ret, const struct holder *was, const struct holder *h)
{
	for (unsigned i = 0; i < h->groups.n; i++) {
		const char *group = h->groups.name[i];

		if ((was != NULL && name_list_has(&was->groups, group)) ||
		    FAULT(any_approver))
			continue;
		buf_printf(
		    ret, "user %s approves as one of %s", h->name, group);
		put_ways(ret, h);
	}
}

/* Other ways to be somebody who had a say, and has one. */
static void
put_others(struct buf *ret, const struct holder *was, const struct holder *h)
{
	for (unsigned i = 0; i < h->nkeys; i++)
		if (!has_key(was, h->key[i]) && !FAULT(holder_key))
			buf_printf(ret, "user %s gets the key %s\n", h->name,
			    h->key[i]);
	if (was->factor[0] != '\0' && strcmp(was->factor, h->factor) != 0 &&
	    !FAULT(any_factor))
		buf_printf(ret, "user %s loses the second factor %s\n", h->name,
		    was->factor);
	if (h->invite[0] != '\0' && strcmp(was->invite, h->invite) != 0 &&
	    !FAULT(any_invite))
		buf_printf(ret, "user %s is invited\n", h->name);
}

static bool
has_say(const struct holder *h)
{
	return (h->rights & SAY) != 0 || h->groups.n > 0;
}

/* A role that wants less than it did, of fewer, or is no more. */
static void
put_role(
    struct buf *ret, const struct policy_role *was, const struct power *after)
{
	const struct quorum_list none = {0};
	const struct policy_role *now = NULL;
	const struct quorum_list *needs = &none;
	const struct rolefield *lost = NULL;
	char text[QUORUM_TEXT_SIZE];

	for (size_t i = 0; i < after->nroles; i++)
		if (strcmp(after->roles[i].id, was->id) == 0)
			now = &after->roles[i];
	if (now != NULL)
		needs = &now->approvals;
	if (now != NULL && (lost = scope_lost(was, now)) != NULL &&
	    !FAULT(any_scope))
		buf_printf(ret, "role %s asks fewer for approval: %s\n",
		    was->name, lost->name);
	if (quorum_covers(needs, &was->approvals) || FAULT(any_quorum))
		return;
	buf_printf(ret, "role %s wants less approval: now", was->name);
	for (unsigned i = 0; i < needs->n; i++) {
		quorum_text(text, &needs->quorum[i]);
		buf_printf(ret, "%s %s", i > 0 ? ", then" : "", text);
	}
	buf_printf(ret, "%s\n", needs->n == 0 ? " none" : "");
}

void
power_widening(
    struct buf *ret, const struct power *before, const struct power *after)
{
	size_t near = 0;

	for (size_t i = 0; i < after->nholders; i++) {
		const struct holder *h = &after->holders[i];
		const struct holder *was = find(before, h->id, &near);

		put_rights(ret, was, h);
		put_groups(ret, was, h);
		if (was != NULL && has_say(was) && has_say(h))
			put_others(ret, was, h);
	}
	for (size_t i = 0; i < before->nroles; i++)
		put_role(ret, &before->roles[i], after);
	if (enrolled_admins(before, "") > 1 && enrolled_admins(after, "") < 2 &&
	    !FAULT(any_admins))
		buf_printf(ret, "no second admin is left\n");
}

/* ---- what is an admin's alone */

static bool
same_keys(const struct holder *a, const struct holder *b)
{
	for (unsigned i = 0; i < a->nkeys; i++)
		if (!has_key(b, a->key[i]))
			return false;
	return a->nkeys == b->nkeys;
}

static bool
is_touched(const struct holder *was, const struct holder *h)
{
	if (was->rights == RIGHT_NONE && h->rights == RIGHT_NONE)
		return false; /* they only approve */
	return was->rights != h->rights || !same_keys(was, h) ||
	       strcmp(was->factor, h->factor) != 0 ||
	       strcmp(was->invite, h->invite) != 0 ||
	       (was->disabled && !h->disabled);
}

const char *
power_touched(const struct power *before, const struct power *after)
{
	static const struct holder nobody = {.disabled = true};
	size_t near = 0;

	for (size_t i = 0; i < after->nholders; i++) {
		const struct holder *was =
		    find(before, after->holders[i].id, &near);

		if (is_touched(was != NULL ? was : &nobody, &after->holders[i]))
			return after->holders[i].name;
	}
	near = 0;
	for (size_t i = 0; i < before->nholders; i++)
		if (before->holders[i].rights != RIGHT_NONE &&
		    find(after, before->holders[i].id, &near) == NULL)
			return before->holders[i].name;
	return NULL;
}
