/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invite - invitations: a code that lets a user enrol a second factor, once.
 */
#ifndef BROKER_ADMIN_INVITE_H
#define BROKER_ADMIN_INVITE_H

#include "broker/call/call.h"
#include "core/invite.h"

/* Puts a fresh invitation into u and its text into rettext, or says in *p why
 * there can be none. */
MUST_CHECK int user_invite(struct broker *b, struct user *u,
    char rettext[static INVITE_TEXT_SIZE], struct problem *p);
/* Records that u was invited; after u is stored. */
void user_invited(const struct call *c, const struct user *u);

#endif
