/* SPDX-License-Identifier: Apache-2.0 */
/*
 * several - request.create: one target, or several targets and logins at once.
 * Of several each is decided on its own, as if it were asked alone, with
 * records of its own; the code that came is burned once for all of them. There
 * is one answer, with an item for each.
 */
#ifndef BROKER_REQUEST_SEVERAL_H
#define BROKER_REQUEST_SEVERAL_H

#include "broker/call/call.h"

call_fn verb_request;

#endif
