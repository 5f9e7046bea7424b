/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge - see the header.
 */
#include "core/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

bool
merge_has_port(const struct policy_role *r, uint16_t port)
{
	for (unsigned i = 0; i < r->ports.n; i++)
		if (r->ports.port[i] == port)
			return true;
	return r->deny && r->ports.n == 0;
}

static bool
has_login(const struct policy_role *r, const struct policy_facts *f,
    const char *login)
{
	if (r->deny)
		return r->logins.n == 0 ||
		       login_denies(&r->logins, f->user, login);
	return login_gives(&r->logins, f->user, login);
}

bool
merge_has_source(const struct policy_role *r, const struct addr *a)
{
	return r->sources.n == 0 || prefix_list_has(&r->sources, a) ||
	       FAULT(policy_source);
}

bool
merge_from(const struct policy_facts *f, const struct addr *a)
{
	if (f->kind == KIND_PERSON || FAULT(machine_elsewhere))
		return true;
	return f->from != NULL && prefix_list_has(f->from, a);
}

/* Allow: every source must be inside. Deny: one of them inside is enough. */
static bool
has_sources(const struct policy_role *r, const struct policy_facts *f)
{
	unsigned in = 0;

	if (f->anywhere)
		return !r->deny || r->sources.n == 0;
	for (unsigned i = 0; i < f->nsources; i++)
		if (merge_has_source(r, &f->sources[i]) &&
		    (r->deny || merge_from(f, &f->sources[i])))
			in++;
	if (f->nsources == 0)
		return r->sources.n == 0 && (r->deny || f->kind == KIND_PERSON);
	return r->deny ? in > 0 : in == f->nsources;
}

void
merge_list(struct name_list *l, const char *name)
{
	if (!name_list_has(l, name) && name_list_add(l, name) != 0)
		return; /* full: the rest is left out */
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

void
merge_sort(struct name_list *l)
{
	qsort(l->name, l->n, sizeof(l->name[0]), by_name);
}

static bool
is_named(const struct policy_role *r, const struct policy_facts *f)
{
	return (f->role[0] == '\0' || strcmp(r->name, f->role) == 0) &&
	       (f->only == NULL || name_list_has(f->only, r->name) ||
		   FAULT(delegated_roles));
}

/* A role that denies is asked about what is left, as its hours are. */
static bool
concerns(const struct policy_role *r, const struct policy_facts *f, bool deny)
{
	return r->deny == deny && policy_holds(r, f) &&
	       (deny || is_named(r, f)) && policy_is_for_kind(r, f->kind) &&
	       policy_concerns(r, f->user, f->groups, f->target,
		   deny ? f->when_ms : term_begins_ms(f));
}

bool
merge_concerns(const struct policy_role *allow, const struct policy_facts *f)
{
	return !allow->deny && policy_holds(allow, f) &&
	       policy_is_for_kind(allow, f->kind) &&
	       policy_concerns(
		   allow, f->user, f->groups, f->target, term_begins_ms(f));
}

const struct policy_role *
merge_deny(struct term *term, const struct policy_facts *f,
    const struct policy_role *roles, size_t n, const char *login, uint16_t port)
{
	const struct policy_role *hit = NULL;

	for (size_t i = 0; i < n && !FAULT(policy_deny); i++)
		if (concerns(&roles[i], f, true) &&
		    has_login(&roles[i], f, login) &&
		    merge_has_port(&roles[i], port) &&
		    has_sources(&roles[i], f) &&
		    term_denies(term, &roles[i], f) &&
		    (hit == NULL || strcmp(roles[i].name, hit->name) < 0))
			hit = &roles[i];
	return hit;
}

static bool
decides_before(const struct policy_role *a, const struct policy_role *b)
{
	if (a->max_s != b->max_s)
		return a->max_s < b->max_s;
	return strcmp(a->name, b->name) < 0;
}

/* Beside exactly these commands there is nothing. */
uint32_t
merge_caps(const struct policy_role *r)
{
	return r->commands.n > 0 && !FAULT(command_caps) ? CAP_EXEC : r->caps;
}

static int
merge_each(const struct rolefield *f, void *ret, const void *p)
{
	switch (f->kind) {
	case ROLE_PATTERN:
		return pattern_merge(ret, p);
	case ROLE_COMMANDS:
		return command_merge(ret, p);
	default:
		return quorum_merge(ret, p);
	}
}

static void
merge_field(
    struct merge *m, const struct rolefield *f, const struct policy_role *r)
{
	const void *p = rolefield_of(f, r);
	void *ret = rolefield_member(f, &m->all);

	switch (f->merge) {
	case ROLE_SHORTEST:
		if (*(const uint32_t *)p < *(uint32_t *)ret)
			*(uint32_t *)ret = *(const uint32_t *)p;
		break;
	case ROLE_LARGEST:
		if (*(const uint32_t *)p > *(uint32_t *)ret)
			*(uint32_t *)ret = *(const uint32_t *)p;
		break;
	case ROLE_COMMON: /* capabilities, the only bits there are */
		*(uint32_t *)ret &= merge_caps(r);
		break;
	case ROLE_ANY:
		*(bool *)ret = *(bool *)ret || *(const bool *)p;
		break;
	case ROLE_EVERY:
		*(bool *)ret =
		    *(bool *)ret && (*(const bool *)p || FAULT(code_by_one));
		break;
	case ROLE_EACH:
		if (merge_each(f, ret, p) != 0)
			m->too_much = true;
		break;
	case ROLE_SELECTS:
	case ROLE_SHOWN:
		break;
	}
}

static void
merge_role(struct merge *m, const struct policy_role *r)
{
	const struct rolefield *f = rolefields();

	merge_list(&m->names, r->name);
	if (m->n++ == 0) {
		m->decides = r;
		m->all = *r;
		m->all.caps = merge_caps(r);
		return;
	}
	if (decides_before(r, m->decides))
		m->decides = r;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		merge_field(m, &f[i], r);
}

bool
merge_gives(struct term *term, const struct policy_role *r,
    const struct policy_facts *f, const char *login, uint16_t port)
{
	return concerns(r, f, false) && has_login(r, f, login) &&
	       merge_has_port(r, port) && has_sources(r, f) &&
	       term_counts(term, r, f);
}

/* Each role's by itself. */
static void
merge_any_of(struct merge *m, struct term *term, const struct policy_role *r,
    const struct policy_facts *f)
{
	if (!term_any_of(term, r, f) &&
	    (m->unmet == NULL || strcmp(r->name, m->unmet->name) < 0))
		m->unmet = r;
}

static void
cap(uint32_t *s, uint32_t most_s)
{
	if (*s > most_s)
		*s = most_s;
}

void
merge_roles(struct merge *ret, struct term *term, const struct policy_facts *f,
    const struct policy_role *roles, size_t n, const char *login, uint16_t port)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < n; i++)
		if (merge_gives(term, &roles[i], f, login, port)) {
			merge_role(ret, &roles[i]);
			merge_any_of(ret, term, &roles[i], f);
		}
	merge_sort(&ret->names);
	if (ret->all.max_s > f->max_s)
		ret->all.max_s = f->max_s;
	cap(&ret->all.mfa_age_s, f->mfa_max_s);
	cap(&ret->all.mfa_age_extend_s, f->mfa_max_s);
	cap(&ret->all.mfa_age_move_s, f->mfa_max_s);
	cap(&ret->all.mfa_age_approve_s, f->mfa_max_s);
}

void
merge_logins(struct name_list *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t n)
{
	memset(ret, 0, sizeof(*ret));
	for (unsigned k = 0; k < f->target->logins.n; k++) {
		const char *login = f->target->logins.name[k];

		for (size_t i = 0; i < n; i++)
			if (concerns(&roles[i], f, false) &&
			    has_login(&roles[i], f, login))
				merge_list(ret, login);
	}
}

bool
merge_any(
    const struct policy_facts *f, const struct policy_role *roles, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (merge_concerns(&roles[i], f))
			return true;
	return false;
}

const struct policy_role *
merge_nearest(const struct policy_facts *f, const struct policy_role *roles,
    size_t n, const char *login)
{
	const struct policy_role *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (concerns(&roles[i], f, false) &&
		    (login[0] == '\0' || has_login(&roles[i], f, login)) &&
		    (best == NULL || decides_before(&roles[i], best)))
			best = &roles[i];
	return best;
}
