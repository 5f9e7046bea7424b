/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token - the short read token: kept in the state folder, 0600, or made by one
 * signed call. It belongs to a gateway, a user (the key that made it says
 * which) and the address it was made from.
 */
#ifndef JITCTL_GATEWAY_TOKEN_H
#define JITCTL_GATEWAY_TOKEN_H

#include <stdbool.h>

#include "base/attr.h"
#include "jitctl/jitctl.h"

struct token {
	char text[96]; /* "" = none; to be wiped */
	int family;    /* it is good for: HTTP_V4 or HTTP_V6 */
};

/* The one kept for this gateway and key, if half a minute of it is left; false:
 * there is none. */
bool token_load(const struct ctx *c, struct token *ret);
/* A new one, kept if that works. EXIT_OK, or an exit code after a complaint. */
MUST_CHECK int token_new(struct ctx *c, struct token *ret);

#endif
