/* SPDX-License-Identifier: Apache-2.0 */
/*
 * knock - does a port answer this host, without a grant and without a leg? What
 * is shut does not.
 */
#ifndef BROKER_SESSION_KNOCK_H
#define BROKER_SESSION_KNOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"

struct call;

/* answered has a value for each address, in their order. */
typedef void knocked_fn(struct call *c, const bool *answered);

/* Tries all n (at most KNOCK_MAX) at once; fn is called once, within 2 s, also
 * where nothing could be tried: what could not has not answered. c lives until
 * then. */
enum { KNOCK_MAX = LIMIT_HOST_ADDRESSES + 2 };
void knock(struct call *c, const struct addr *a, size_t n, uint16_t port,
    knocked_fn *fn);

#endif
