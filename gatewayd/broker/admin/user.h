/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user - user.list and user.add.
 */
#ifndef BROKER_ADMIN_USER_H
#define BROKER_ADMIN_USER_H

#include "broker/call/call.h"

enum { INVITATION_SIZE = 400 };

void verb_users(struct call *c);
void verb_user_add(struct call *c);

/* A body, laid over what the store has of that user. One who is new gets an
 * id, unless ret has one: *ret is zeroed, or from a call before. */
MUST_CHECK int user_parse(
    struct user *ret, struct broker *b, const json_t *o, struct problem *p);
bool user_equal(const struct user *a, const struct user *b);
json_t *user_json(const struct user *u);
/* Puts a fresh invitation into u and its text into rettext. */
MUST_CHECK int user_invite(
    struct broker *b, struct user *u, char rettext[static INVITATION_SIZE]);
/* Records that u was invited; after u is stored. */
void user_invited(const struct call *c, const struct user *u);
/* The body applied once more, to what the store says now: the user themselves
 * may have enrolled, another admin may have disabled them, while the record was
 * written. Keeps an invitation that still serves, else clears it. */
MUST_CHECK int user_again(struct broker *b, struct user *u,
    char invitation[static INVITATION_SIZE], const json_t *o,
    struct problem *p);
/* After a change is stored: what a disabled user has ends. */
void user_changed(struct broker *b, const struct user *u);

#endif
