/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers - an answer that is too large for one reply is kept for some minutes,
 * in memory alone, for the one whose call it was to read in pieces. It may hold
 * invitations: with the token it takes a key that only the signed call's reply
 * has.
 */
#ifndef BROKER_ADMIN_ANSWERS_H
#define BROKER_ADMIN_ANSWERS_H

#include "broker/call/call.h"

enum { ANSWER_KEY_SIZE = 33 };

/* Takes the text, which is wiped later, also after a failure (GW_ENOMEM). It is
 * for who is called so; "" = root. */
MUST_CHECK int answers_keep(struct broker *b, const char *user_id, char *text,
    size_t n, char retkey[static ANSWER_KEY_SIZE]);
/* Those that are too old go. */
void answers_tidy(struct broker *b);

void verb_policy_answer(struct call *c);

#endif
