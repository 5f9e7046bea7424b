/* SPDX-License-Identifier: Apache-2.0 */
/*
 * addr - addresses as values. IPv6 zone ids are refused in text and dropped
 * from socket addresses: a link-local peer cannot hold a grant.
 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

enum { MAPPED_BITS = 96 };

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static struct addr
addr_v4(const void *be)
{
	struct addr a = {.family = 4};

	memcpy(a.b, be, 4);
	return a;
}

static struct addr
addr_v6(const uint8_t b[static 16])
{
	struct addr a = {.family = 6};

	/* One host must not have two spellings: rules would miss one. */
	if (memcmp(b, mapped, sizeof(mapped)) == 0)
		return addr_v4(b + sizeof(mapped));
	memcpy(a.b, b, 16);
	return a;
}

int
addr_parse(struct addr *ret, const char *s)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, s, b) == 1)
		*ret = addr_v4(b);
	else if (inet_pton(AF_INET6, s, b) == 1)
		*ret = addr_v6(b);
	else
		return GW_EINVAL;
	return 0;
}

/* Decimal, octal or hexadecimal, as inet_aton() reads them. */
static bool
is_number(const char *s, size_t n)
{
	if (n >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		return strspn(s + 2, "0123456789abcdefABCDEF") >= n - 2;
	return strspn(s, "0123456789") >= n;
}

bool
addr_is_name(const char *s)
{
	size_t n = strlen(s);
	size_t last = 0;

	if (n > 0 && s[n - 1] == '.') /* the root, said */
		n--;
	if (n == 0 || n > 253 || s[0] == '-' || s[0] == '.' ||
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		      "0123456789._-") < n ||
	    strstr(s, "..") != NULL)
		return false;
	last = n;
	while (last > 0 && s[last - 1] != '.')
		last--;
	return !is_number(s + last, n - last) || FAULT(odd_address);
}

void
addr_format(char ret[static ADDR_TEXT_SIZE], const struct addr *a)
{
	const int af = a->family == 4 ? AF_INET : AF_INET6;

	if ((a->family != 4 && a->family != 6) ||
	    inet_ntop(af, a->b, ret, ADDR_TEXT_SIZE) == NULL)
		memcpy(ret, "none", sizeof("none"));
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && (a->family == 4 || a->family == 6) &&
	       memcmp(a->b, b->b, a->family == 4 ? 4 : 16) == 0;
}

bool
addr_valid(const struct addr *a)
{
	struct addr again = {0};

	if (a->family == 4)
		again = addr_v4(a->b);
	else if (a->family == 6)
		again = addr_v6(a->b);
	return again.family != 0 && memcmp(&again, a, sizeof(again)) == 0;
}

struct addr
addr_masked(const struct addr *a, unsigned bits)
{
	struct addr n = *a;

	for (unsigned i = bits / 8; i < sizeof(n.b); i++)
		n.b[i] &= i > bits / 8 ? 0 : (uint8_t)(0xff00U >> (bits % 8));
	return n;
}

struct addr
addr_network(const struct addr *a)
{
	return addr_masked(a, a->family == 6 ? 64 : 32);
}

bool
addr_same_source(const struct addr *a, const struct addr *b)
{
	const struct addr na = addr_network(a), nb = addr_network(b);

	return addr_equal(&na, &nb);
}

bool
addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = {[15] = 1};

	if (a->family == 4)
		return a->b[0] == 127;
	return a->family == 6 && memcmp(a->b, one, sizeof(one)) == 0;
}

/* Are the first bits of both the same? */
static bool
bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	const unsigned whole = bits / 8;
	const unsigned mask = 0xff00U >> (bits % 8) & 0xff;

	if (memcmp(a, b, whole) != 0)
		return false;
	return bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask) == 0;
}

enum { V4_COMPATIBLE_AT = 12, SIX_TO_FOUR_AT = 2 };

/* Addresses that are not one host's. The first row that fits says why. */
static const struct no_host {
	uint8_t family, bits;
	uint8_t ipv4_at; /* where it holds an address of IPv4; 0 = nowhere */
	bool is_host;    /* a host may have it, but not under this name only */
	uint8_t b[16];
	const char *what;
} no_hosts[] = {
    {4, 8, 0, false, {0}, "is of 0.0.0.0/8, which means this network"},
    {4, 8, 0, false, {127},
	"is a loopback address: every host has it for itself"},
    {4, 16, 0, false, {169, 254},
	"is link-local: it means another host on each interface"},
    {4, 4, 0, false, {224}, "is a multicast address: many hosts may have it"},
    {4, 32, 0, false, {255, 255, 255, 255}, "is the broadcast address"},
    {4, 4, 0, false, {240}, "is reserved: no host has it"},
    {6, 128, 0, false, {0}, "stands for any address"},
    {6, 128, 0, false, {[15] = 1},
	"is the loopback address: every host has it for itself"},
    {6, 96, V4_COMPATIBLE_AT, true, {0}, "is an old writing of IPv4"},
    {6, 96, V4_COMPATIBLE_AT, true, {[8] = 0xff, 0xff},
	"is a writing of IPv4 for translators"},
    {6, 96, V4_COMPATIBLE_AT, true, {0, 0x64, 0xff, 0x9b},
	"leads through a translator (NAT64) to IPv4"},
    {6, 48, 0, true, {0, 0x64, 0xff, 0x9b, 0, 1},
	"leads through a translator (NAT64) to IPv4"},
    {6, 16, SIX_TO_FOUR_AT, true, {0x20, 0x02},
	"leads through a tunnel (6to4) to IPv4"},
    {6, 32, 0, true, {0x20, 0x01}, "leads through a tunnel (Teredo) to IPv4"},
    {6, 10, 0, false, {0xfe, 0x80},
	"is link-local: it means another host on each interface"},
    {6, 8, 0, false, {0xff}, "is a multicast address: many hosts may have it"},
};

static const struct no_host *
find_no_host(const struct addr *a)
{
	for (size_t i = 0; i < sizeof(no_hosts) / sizeof(no_hosts[0]); i++)
		if (no_hosts[i].family == a->family &&
		    bits_equal(no_hosts[i].b, a->b, no_hosts[i].bits))
			return &no_hosts[i];
	return NULL;
}

bool
addr_is_host(const struct addr *a)
{
	const struct no_host *no = find_no_host(a);

	return (a->family == 4 || a->family == 6) &&
	       (no == NULL || no->is_host);
}

bool
addr_names_host(char retwhy[static ADDR_WHY_SIZE], const struct addr *a)
{
	const struct no_host *no = find_no_host(a);
	char inner[ADDR_TEXT_SIZE] = "";
	struct addr four;

	retwhy[0] = '\0';
	if (a->family != 4 && a->family != 6) {
		(void)snprintf(retwhy, ADDR_WHY_SIZE, "is no address");
		return false;
	}
	if (no == NULL || (no->is_host && FAULT(hidden_address)))
		return true;
	if (no->ipv4_at != 0) {
		four = addr_v4(a->b + no->ipv4_at);
		addr_format(inner, &four);
	}
	(void)snprintf(retwhy, ADDR_WHY_SIZE, "%s%s%s%s", no->what,
	    inner[0] != '\0' ? ": name " : "", inner,
	    inner[0] != '\0' ? " itself, and the host's own of IPv6" : "");
	return false;
}

static bool
host_bits_zero(const struct addr *a, unsigned bits)
{
	const unsigned len = a->family == 4 ? 4 : 16;
	unsigned at = bits / 8;

	if (bits % 8 != 0 && (a->b[at++] & (0xffU >> (bits % 8))) != 0)
		return false;
	for (; at < len; at++)
		if (a->b[at] != 0)
			return false;
	return true;
}

int
prefix_parse(struct prefix *ret, const char *s)
{
	const char *slash = strchr(s, '/');
	const size_t n = slash != NULL ? (size_t)(slash - s) : strlen(s);
	char text[ADDR_TEXT_SIZE] = "";
	struct prefix p = {0};
	uint64_t bits = 0;
	unsigned max = 0;

	if (n >= sizeof(text))
		return GW_EINVAL;
	memcpy(text, s, n);
	if (addr_parse(&p.addr, text) != 0)
		return GW_EINVAL;
	/* ::ffff:192.0.2.0/120 counts its bits from the IPv6 start. */
	max = strchr(text, ':') != NULL ? 128 : 32;
	bits = max;
	if (slash != NULL && str_u64(slash + 1, 0, max, &bits) != 0)
		return GW_EINVAL;
	if (p.addr.family == 4 && max == 128) {
		if (bits < MAPPED_BITS)
			return GW_EINVAL;
		bits -= MAPPED_BITS;
	}
	p.bits = (uint8_t)bits;
	if (!host_bits_zero(&p.addr, p.bits))
		return GW_EINVAL;
	*ret = p;
	return 0;
}

bool
prefix_has(const struct prefix *p, const struct addr *a)
{
	unsigned max = 0;

	if (p->addr.family == 4)
		max = 32;
	else if (p->addr.family == 6)
		max = 128;
	return max > 0 && p->bits <= max && p->addr.family == a->family &&
	       bits_equal(p->addr.b, a->b, p->bits);
}

int
addr_from_sockaddr(
    struct addr *ret, uint16_t *retport, const struct sockaddr *sa)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	/* Copied, because a byte buffer from the kernel may be unaligned. */
	if (sa->sa_family == AF_INET) {
		memcpy(&in4, sa, sizeof(in4));
		*ret = addr_v4(&in4.sin_addr);
		*retport = ntohs(in4.sin_port);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		*ret = addr_v6(in6.sin6_addr.s6_addr);
		*retport = ntohs(in6.sin6_port);
	} else {
		return GW_EINVAL;
	}
	return 0;
}

socklen_t
addr_to_sockaddr(
    struct sockaddr_storage *ret, const struct addr *a, uint16_t port)
{
	struct sockaddr_in in4 = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	memset(ret, 0, sizeof(*ret));
	if (a->family == 4) {
		in4.sin_port = htons(port);
		memcpy(&in4.sin_addr, a->b, 4);
		memcpy(ret, &in4, sizeof(in4));
		return sizeof(in4);
	}
	if (a->family == 6) {
		in6.sin6_port = htons(port);
		memcpy(&in6.sin6_addr, a->b, 16);
		memcpy(ret, &in6, sizeof(in6));
		return sizeof(in6);
	}
	return 0; /* bind and connect refuse it with EINVAL */
}
