/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poke - an empty TCP ACK with numbers outside every window, in another's
 * name, to make an idle end answer (RFC 9293 section 3.10.7.4). It carries no
 * data and can start nothing. Losing one is harmless.
 */
#ifndef FIREWALL_POKE_H
#define FIREWALL_POKE_H

#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"

struct poke {
	int fd4, fd6;
};

/* GW_EDENIED without CAP_NET_RAW. Without IPv6 in the kernel fd6 is -1. */
MUST_CHECK int poke_open(struct poke *ret);
void poke_close(struct poke *p);
void poke_send(const struct poke *p, const struct addr *from, uint16_t sport,
    const struct addr *to, uint16_t port);

#endif
