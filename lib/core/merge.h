/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge - which roles a request is judged by, and what they are together; what
 * is said of it is policy.c's, the only one that asks here. Pure.
 */
#ifndef CORE_MERGE_H
#define CORE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy.h"
#include "core/term.h"

/* The allow roles that give a thing, merged while walking over them. */
struct merge {
	const struct policy_role *decides;
	struct policy_role all; /* only what rows merge counts */
	unsigned n;
	bool too_much; /* more than one request can want */
	/* the first by name none of whose alternatives holds; NULL: none */
	const struct policy_role *unmet;
	struct name_list names;
};

/* Adds a name that is not there; once it is full the rest is left out. */
void merge_list(struct name_list *l, const char *name);
/* What sessions by it may do. */
uint32_t merge_caps(const struct policy_role *r);
/* As told: whichever order the roles are in. */
void merge_sort(struct name_list *l);
bool merge_has_port(const struct policy_role *r, uint16_t port);
bool merge_has_source(const struct policy_role *r, const struct addr *a);
/* Who asks may be there, whatever the role. */
bool merge_from(const struct policy_facts *f, const struct addr *a);

/* It allows, and has to do with user and target, whichever they named. */
bool merge_concerns(
    const struct policy_role *allow, const struct policy_facts *f);
/* The first role by name that denies; *term ends where one would. NULL: none.
 */
const struct policy_role *merge_deny(struct term *term,
    const struct policy_facts *f, const struct policy_role *roles, size_t n,
    const char *login, uint16_t port);
/* It allows, and gives this login, port and sources, now; *term ends with it.
 */
bool merge_gives(struct term *term, const struct policy_role *r,
    const struct policy_facts *f, const char *login, uint16_t port);
/* All that allow, and give this login, port and sources, now; *term ends with
 * them. ret->n of 0: there is none. */
void merge_roles(struct merge *ret, struct term *term,
    const struct policy_facts *f, const struct policy_role *roles, size_t n,
    const char *login, uint16_t port);
/* Logins somebody's roles give at this target, that exist there. */
void merge_logins(struct name_list *ret, const struct policy_facts *f,
    const struct policy_role *roles, size_t n);
/* Does any give them something at this target, whichever they named? */
bool merge_any(
    const struct policy_facts *f, const struct policy_role *roles, size_t n);
/* The role a refusal names: what the user has here, strictest first; login ""
 * = any. NULL: nothing. */
const struct policy_role *merge_nearest(const struct policy_facts *f,
    const struct policy_role *roles, size_t n, const char *login);

#endif
