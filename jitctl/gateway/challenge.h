/* SPDX-License-Identifier: Apache-2.0 */
/*
 * challenge - what the gateway wants signed, and the address it sees this
 * client at: one for each family.
 */
#ifndef JITCTL_GATEWAY_CHALLENGE_H
#define JITCTL_GATEWAY_CHALLENGE_H

#include "base/attr.h"
#include "base/limits.h"
#include "jitctl/jitctl.h"
#include "wire/json.h"
#include "wire/signed.h"

struct challenges {
	struct signed_source source[LIMIT_SOURCES];
	int family[LIMIT_SOURCES]; /* over which it came, HTTP_V4 or HTTP_V6 */
	unsigned n;
	int silent; /* a family that the name has and that did not answer */
	char server[LIMIT_NAME_SIZE]; /* the gateway's own name */
};

/* Reads one reply. GW_EINVAL or GW_ELIMIT: it is no challenge. Uses no
 * network. */
MUST_CHECK int challenge_parse(struct signed_source *ret,
    char server[static LIMIT_NAME_SIZE], const json_t *reply);
/* Asks over each family; one that does not work is left out, unless none works.
 * EXIT_OK, or an exit code after a complaint. */
MUST_CHECK int challenge_get(struct ctx *c, struct challenges *ret);
/* Keeps those of the n addresses of --from, all if n is 0. EXIT_OK or
 * EXIT_USAGE, said. */
MUST_CHECK int challenge_filter(
    struct challenges *ch, const char *const *from, unsigned n);

#endif
