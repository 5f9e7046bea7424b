/* SPDX-License-Identifier: Apache-2.0 */
/*
 * habit - of a request that waits: how often its user had just that, and what
 * of it is new for them; for whoever may approve it.
 */
#ifndef BROKER_REQUEST_HABIT_H
#define BROKER_REQUEST_HABIT_H

#include "broker/request/waiting.h"

/* Adds "habit" to o, if c may approve such a request or read all, and it is not
 * their own: what was of the last days, of so many rows at most, and since when
 * that is. An error of the store. */
MUST_CHECK int habit_put(
    json_t *o, const struct call *c, const struct waiting *w);

#endif
