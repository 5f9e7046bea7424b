/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign - what the tables of others do with connections to our own ports: a
 * door is open only where nobody else on the way drops what comes. They are
 * read and told, never changed. Rules of iptables-legacy are not seen.
 */
#ifndef FIREWALL_FOREIGN_H
#define FIREWALL_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "firewall/nl.h"
#include "wire/messages.h"

struct foreign {
	enum foreign_is is;
	char text[LIMIT_TEXT_SIZE]; /* which table and chain, which port */
};

/* Looks at the way in to each of these TCP ports, over IPv4 and IPv6. */
MUST_CHECK int foreign_look(
    struct foreign *ret, struct nl *ask, const uint16_t *ports, size_t n);

#endif
