/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload - a policy that is too large for one request goes in parts, and an
 * answer that is too large for one reply comes in pieces.
 */
#ifndef JITCTL_GATEWAY_UPLOAD_H
#define JITCTL_GATEWAY_UPLOAD_H

#include "base/attr.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/jitctl.h"

struct buf;

/* Is it too large for one request? */
bool upload_wanted(const json_t *policy);
/* Sends its lists, and leaves in it what names them instead. EXIT_OK, or an
 * exit code after a complaint. */
MUST_CHECK int upload_policy(struct ctx *c, json_t *policy);
/* Has a whole answer in the place of one that says where its pieces are. The
 * same. */
MUST_CHECK int upload_answer(struct ctx *c, json_t **answer);
/* The policy that waits in parts for a second admin, of that SHA-256 and no
 * other: *ret is the caller's, without a NUL. The same. */
MUST_CHECK int upload_fetch(
    struct ctx *c, const char *change, const char *digest, struct buf *ret);

#endif
