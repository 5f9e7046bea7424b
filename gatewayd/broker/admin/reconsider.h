/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reconsider - what is open after a change of who may what.
 */
#ifndef BROKER_ADMIN_RECONSIDER_H
#define BROKER_ADMIN_RECONSIDER_H

#include "broker/broker.h"
#include "wire/json.h"

/* After any change of users, targets, roles or locks is stored: ends what
 * policy would not give any more, and what a key opened or logged in that its
 * user has no more. Of that user, of that target; NULL = of all. */
void grants_reconsider(struct broker *b, const char *user, const char *target);
/* What is over already, while a change that is only weighed is not there yet.
 */
void grants_mark_over(struct broker *b);
/* What that would end beside those, now that it is: ended_done(). */
json_t *grants_over_json(struct broker *b);

#endif
