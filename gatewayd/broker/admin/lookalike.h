/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookalike - a new name that could be taken for another one of its kind is
 * refused: an approver reads names, and grants what they believe to read. One
 * that is in use already stays, whatever it looks like.
 */
#ifndef BROKER_ADMIN_LOOKALIKE_H
#define BROKER_ADMIN_LOOKALIKE_H

#include "broker/call/call.h"
#include "broker/store/store.h"

/* Each name that could be confused with others, until fn does not return 0. */
typedef int lookalike_fn(void *arg, enum store_name kind, const char *name);
MUST_CHECK int lookalike_of_user(
    const struct user *u, lookalike_fn *fn, void *arg);
MUST_CHECK int lookalike_of_target(
    const struct target *t, lookalike_fn *fn, void *arg);
MUST_CHECK int lookalike_of_role(
    const struct policy_role *r, lookalike_fn *fn, void *arg);

/* Is it, or could it be taken for, what records have in the place of a name of
 * that kind? */
bool lookalike_own(enum store_name kind, const char *name);

/* 409 and *p where a name of it is new and could be confused, 400 where it is
 * one of our own; before it is put
 * into the store. */
MUST_CHECK int lookalike_user(
    struct store *s, const struct user *u, struct problem *p);
MUST_CHECK int lookalike_target(
    struct store *s, const struct target *t, struct problem *p);
MUST_CHECK int lookalike_role(
    struct store *s, const struct policy_role *r, struct problem *p);

#endif
