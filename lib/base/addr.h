/* SPDX-License-Identifier: Apache-2.0 */
/*
 * addr - IPv4 and IPv6 addresses and prefixes as values. IPv4-mapped IPv6
 * addresses are stored as IPv4. Names are never resolved here.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/attr.h"

enum { ADDR_TEXT_SIZE = 48 };

struct addr {
	uint8_t family; /* 0 = none, 4 or 6 */
	uint8_t b[16];  /* network order; IPv4 in the first 4, rest 0 */
};

struct prefix {
	struct addr addr; /* host bits are 0 */
	uint8_t bits;
};

/* IPv4 as four decimal numbers without leading zeros, IPv6 without a zone; no
 * other writing. GW_EINVAL. */
MUST_CHECK int addr_parse(struct addr *ret, const char *s);
/* A host's name, which may be asked for in the DNS: [A-Za-z0-9_-] and dots, and
 * its last label is no number. Where one was expected, a resolver would take
 * 010.20.0.13, 169148429, 0x0a.20.0.13 and 10.20.13 for addresses, and for
 * others than people mean. */
bool addr_is_name(const char *s);
void addr_format(char ret[static ADDR_TEXT_SIZE], const struct addr *a);
/* An address, in the one encoding it has here. */
bool addr_valid(const struct addr *a);
bool addr_equal(const struct addr *a, const struct addr *b);
/* What one host may have: of IPv6 the network of 64 bits, for whoever has one
 * address of it has them all; of IPv4 the address itself. */
struct addr addr_network(const struct addr *a);
/* The network of so many bits that a is in; more bits than it has: itself. */
struct addr addr_masked(const struct addr *a, unsigned bits);
/* As far as counting goes: in the same such network. */
bool addr_same_source(const struct addr *a, const struct addr *b);
bool addr_is_loopback(const struct addr *a);
/* Of one host that others reach: not "any", multicast, broadcast; nor
 * link-local, which needs an interface, nor loopback, where programs of one
 * host talk to each other. */
bool addr_is_host(const struct addr *a);
enum { ADDR_WHY_SIZE = 192 };
/* False with why it is not what a target is called, to follow the address; ""
 * otherwise. One host has one address of IPv4 here: what only leads to one, or
 * is another writing of one, is refused as well, and the words name it. */
MUST_CHECK bool addr_names_host(
    char retwhy[static ADDR_WHY_SIZE], const struct addr *a);
/* "a.b.c.d", "a.b.c.d/n", v6 likewise; host bits set = GW_EINVAL. */
MUST_CHECK int prefix_parse(struct prefix *ret, const char *s);
bool prefix_has(const struct prefix *p, const struct addr *a);
/* Both ways; port in host order. GW_EINVAL for another family. */
MUST_CHECK int addr_from_sockaddr(
    struct addr *ret, uint16_t *retport, const struct sockaddr *sa);
socklen_t addr_to_sockaddr(
    struct sockaddr_storage *ret, const struct addr *a, uint16_t port);

#endif
