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

/* 409 and *p where a name of it is new and could be confused; before it is put
 * into the store. */
MUST_CHECK int lookalike_user(
    struct store *s, const struct user *u, struct problem *p);
MUST_CHECK int lookalike_target(
    struct store *s, const struct target *t, struct problem *p);
MUST_CHECK int lookalike_role(
    struct store *s, const struct policy_role *r, struct problem *p);

#endif
