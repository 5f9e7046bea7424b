/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move - grant.move: what is open for one address is open for another, by its
 * own user with a code of now, who calls from there. In this order, each step
 * confirmed before the next: the code is burned; grant.move is durable, with
 * both ids; the old door is shut, in the kernel and in the log; the new one
 * opens (grant/open.h), to end when the old one would have. Whoever dies on the
 * way leaves one of the two, or none.
 */
#ifndef BROKER_REQUEST_MOVE_H
#define BROKER_REQUEST_MOVE_H

#include "broker/call/call.h"

call_fn verb_move;

#endif
