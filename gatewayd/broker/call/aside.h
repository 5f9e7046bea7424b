/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aside - what an answer to something signed says beside what it is about, for
 * whoever asked; made by a wing above this one, which registers it.
 */
#ifndef BROKER_CALL_ASIDE_H
#define BROKER_CALL_ASIDE_H

#include "broker/call/call.h"

typedef void call_aside_fn(const struct call *c, json_t *o);
/* Adds to each answer that goes well from now on; NULL: nothing. */
void call_on_answer(call_aside_fn *fn);

#endif
