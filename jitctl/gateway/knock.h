/* SPDX-License-Identifier: Apache-2.0 */
/*
 * knock - does a door that is said to be open let us in? One TCP connection
 * over each family, closed again: a rule that was written is not yet a way.
 */
#ifndef JITCTL_GATEWAY_KNOCK_H
#define JITCTL_GATEWAY_KNOCK_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/attr.h"
#include "wire/json.h"

enum { KNOCK_MAX = 2 }; /* internal: one for each family */

struct knock {
	struct addr addr;
	unsigned port;
	int error; /* 0 = it answered; an errno, ETIMEDOUT after 3 s without */
};

/* Knocks at each address and port of the n <= KNOCK_MAX, all at once. */
void knock_at(struct knock *k, unsigned n);
/* Knocks at a host's port over the families of the sources (a JSON list of
 * addresses, as a grant has them), all at once. *retn = how many were knocked
 * at: 0 where the name has no address of these families. */
void knock(const char *host, unsigned port, const json_t *sources,
    struct knock ret[static KNOCK_MAX], unsigned *retn);
/* The address to go to where the host's name leads to none of its addresses:
 * the first of a family of the sources (JSON lists, as a grant has them). "":
 * the name does, or there is none. */
void knock_address(const char *host, const json_t *addresses,
    const json_t *sources, char ret[static ADDR_TEXT_SIZE]);
/* "no answer", "connection refused": why it is not open; borrowed. */
const char *knock_why(const struct knock *k);

#endif
