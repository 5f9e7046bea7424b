/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call_parts - what call.c and read.c share, and nobody else.
 */
#ifndef JITCTL_GATEWAY_CALL_PARTS_H
#define JITCTL_GATEWAY_CALL_PARTS_H

#include "jitctl/gateway/call.h"
#include "jitctl/gateway/http.h"

/* Which families the gateway's name has, IPv4 first; how many. */
unsigned call_families(const struct ctx *c, int ret[2]);
/* Takes the HTTP reply's body over; its exit code. */
int reply_take(struct reply *ret, struct http_reply *hr);
/* Wipes and frees; NULL is fine. */
void wipe_text(char *s);

#endif
