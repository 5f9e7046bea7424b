/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invitation - the text by which a user joins a gateway: where it is, which key
 * it has, and a code that works once. Uses no network.
 */
#ifndef JITCTL_GATEWAY_INVITATION_H
#define JITCTL_GATEWAY_INVITATION_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/secret.h"
#include "jitctl/jitctl.h"
#include "jitctl/term/prompt.h"

/* As core/invite.h writes it: ret->tls is then the beginning of the key's hash
 * (http_learn_key() completes it). Or as gateways wrote it before, with all of
 * the hash: "sp1:host:port:<64 hex>:<code>". An IPv6 host is in brackets. The
 * code is a new secret. GW_EINVAL. */
MUST_CHECK int invitation_parse(
    struct profile *ret, struct secret *retcode, const char *text);
/* Whether more is to come of what was pasted so far, without its white space.
 */
enum prompt_whole invitation_whole(const char *text);
/* It is one, and names the key of that profile's gateway, if it has one (the
 * admin socket has none): else somebody would be sent to another gateway. */
bool invitation_is_of(const struct profile *p, const char *text);

#endif
