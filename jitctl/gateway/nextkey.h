/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nextkey - what the gateway says of the TLS key that it will have next.
 */
#ifndef JITCTL_GATEWAY_NEXTKEY_H
#define JITCTL_GATEWAY_NEXTKEY_H

#include "jitctl/jitctl.h"

/* Keeps the key in the profile, if the one we know has announced it, for that
 * server; "" of an answer's head, which each has while there is a next key:
 * there is none, and none is kept. What is not so announced is passed over: the
 * key we know is the one that counts. */
void nextkey_hear(struct ctx *c, const char *server, const char *announcement);
/* The gateway has the announced key now, and so has c: so gets the profile, and
 * it is said. */
void nextkey_taken(struct ctx *c);

#endif
