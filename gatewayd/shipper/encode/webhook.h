/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook - one record of the log as a short message for a program that tells
 * people: which event, who, what, and the command that goes on with it. The
 * record stays in the log.
 *
 *   ID LF {"type":"request.pending","timestamp":"...","data":{...}}
 *
 * The id is the record's own, the same each time it is sent. Nothing for a
 * record the receiver did not ask for, and for what is older than
 * LIMIT_HOOK_AGE_S.
 */
#ifndef SHIPPER_ENCODE_WEBHOOK_H
#define SHIPPER_ENCODE_WEBHOOK_H

#include "shipper/encode/encode.h"

extern const struct encoder encoder_webhook;

#endif
