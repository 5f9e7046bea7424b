/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extend - grant.extend: what is open lasts longer, by its own user with a code
 * of now. Judged as if it were asked for now, with all the time that it has
 * then, from its start on; what was approved is not exceeded.
 */
#ifndef BROKER_REQUEST_EXTEND_H
#define BROKER_REQUEST_EXTEND_H

#include "broker/call/call.h"

call_fn verb_extend;

#endif
