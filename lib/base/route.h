/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route - which addresses are this host's own, as the kernel's routes say at
 * the moment of the question. Nothing is sent.
 */
#ifndef BASE_ROUTE_H
#define BASE_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"

/* The address of ours from which the kernel would send to that address and
 * port. GW_ESYS (errno says why): there is no way there. */
MUST_CHECK int route_own_address(
    struct addr *ret, const struct addr *to, uint16_t port);
/* Is it an address of this host? Of 127.0.0.0/8 only 127.0.0.1 is one. */
bool route_is_own(const struct addr *a);
/* Do the routes refuse it to whoever wants one host: what all hosts of a
 * network of ours listen to (of other networks nobody here knows where they
 * end), or what they prohibit? */
bool route_refuses(const struct addr *a);

#endif
