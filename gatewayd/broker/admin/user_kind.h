/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user_kind - what a body says of what a user is: a person, or a machine or
 * agent with the networks that it asks from, and of an agent with its owner.
 */
#ifndef BROKER_ADMIN_USER_KIND_H
#define BROKER_ADMIN_USER_KIND_H

#include "broker/store/store.h"
#include "wire/json.h"

/* "kind", "owner" and "sources"; a new user of whom nothing is said is a
 * person. */
MUST_CHECK int user_kind_parse(
    struct user *u, const json_t *o, struct problem *p);
/* The owner of a new agent: a person who is there by now. */
MUST_CHECK int user_owner_find(
    struct user *u, struct store *s, struct problem *p);
/* The whole of them is one of that kind. */
MUST_CHECK int user_kind_check(
    const struct user *u, const json_t *o, struct problem *p);

#endif
