/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve - the addresses of a sink's host. Blocking, and only before the
 * sandbox, which has no resolver.
 */
#ifndef SHIPPER_TRANSPORT_RESOLVE_H
#define SHIPPER_TRANSPORT_RESOLVE_H

#include "base/addr.h"
#include "base/attr.h"
#include "base/limits.h"

/* At least one, or GW_ENOENT. */
MUST_CHECK int resolve(
    struct addr ret[static LIMIT_SINK_ADDRS], unsigned *retn, const char *host);

#endif
