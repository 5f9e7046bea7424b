/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shutport - an (address, protocol, port) that is to be shut, with the name and
 * id of the target it is of, as lists of them cross from broker to firewall.
 */
#ifndef CORE_SHUTPORT_H
#define CORE_SHUTPORT_H

#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/limits.h"

enum { SHUTPORT_MAX = 256 }; /* internal: of one message */

struct shutport {
	struct addr addr;
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t port;
	char target[LIMIT_NAME_SIZE]; /* for the record, as the next */
	char target_id[LIMIT_ID_SIZE];
};

void shutport_put(struct buf *b, const struct shutport *p);
/* GW_EPROTO for anything shutport_put cannot have written. */
MUST_CHECK int shutport_get(struct rd *r, struct shutport *ret);

#endif
