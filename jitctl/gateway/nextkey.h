/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nextkey - what the gateway says of the TLS key that it will have next.
 */
#ifndef JITCTL_GATEWAY_NEXTKEY_H
#define JITCTL_GATEWAY_NEXTKEY_H

#include "jitctl/jitctl.h"

/* Keeps the key in the profile, if the one we know has announced it, for that
 * server. What is not so announced is passed over: the key we know is the one
 * that counts. */
void nextkey_hear(struct ctx *c, const char *server, const char *announcement);

#endif
