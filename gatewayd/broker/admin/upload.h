/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload - a policy that is too large for one request comes in parts:
 * policy.upload says how large it is and its SHA-256, policy.put brings the
 * parts, policy.apply names it and signs for the SHA-256 of the whole. Until
 * then it is in force nowhere, and only its own user gets at it.
 */
#ifndef BROKER_ADMIN_UPLOAD_H
#define BROKER_ADMIN_UPLOAD_H

#include "broker/call/call.h"
#include "broker/store/store.h"

void verb_policy_upload(struct call *c);
void verb_policy_put(struct call *c);

/* The one of that id, if it is the caller's and not too old. False: answered,
 * and on record. */
MUST_CHECK bool upload_own(struct call *c, const char *id, struct upload *ret);

/* Of a proposal that applies the one of that id: bytes from there on, to
 * whoever may see the proposal. Answers. */
void upload_show(
    struct call *c, const struct proposal *p, const char *id, uint64_t at);

#endif
