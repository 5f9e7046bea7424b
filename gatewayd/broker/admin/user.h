/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user - user.list, and what a body says of a user. The verbs that change users
 * are in user_verbs.h.
 */
#ifndef BROKER_ADMIN_USER_H
#define BROKER_ADMIN_USER_H

#include "broker/admin/invite.h"
#include "broker/call/call.h"

void verb_users(struct call *c);

/* What the body is of: a policy makes or changes, a verb does one of both. */
enum user_body { USER_POLICY = 0, USER_ADD, USER_SET };

/* A body, laid over what the store has of that user. */
MUST_CHECK int user_parse(struct user *ret, struct broker *b, const json_t *o,
    enum user_body kind, struct problem *p);
/* One more key, a line as of a .pub file; one they have already changes
 * nothing. field is what the line is called in a refusal: 400, and 409 for a
 * key of somebody else's. */
MUST_CHECK int user_add_key(struct user *u, struct broker *b, const char *field,
    const char *line, struct problem *p);
/* Sets *p: nobody has that name. GW_ENOENT. */
int user_missing(const char *name, struct problem *p);
bool user_equal(const struct user *a, const struct user *b);
json_t *user_json(const struct user *u);
/* What becomes of their codes after wrong ones; of several keys, the worst. */
#define USER_CODES_GOOD "accepted"
void user_codes(
    struct broker *b, const struct user *u, char ret[static LIMIT_TEXT_SIZE]);
/* The body applied once more, to what the store says now: the user themselves
 * may have enrolled, another admin may have disabled them, while the record was
 * written. Keeps an invitation that still serves, else clears it. */
MUST_CHECK int user_again(struct broker *b, struct user *u,
    char invitation[static INVITE_TEXT_SIZE], const json_t *o,
    enum user_body kind, struct problem *p);
/* After a change is stored: what a disabled user has ends. */
void user_changed(struct broker *b, const struct user *u);

#endif
