/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/poke.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/secret.h"

enum { HOPS = 64, WINDOW = 1024 };

int
poke_open(struct poke *ret)
{
	struct poke p = {-1, -1};
	int flags = SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK;

	p.fd4 = socket(AF_INET, flags, IPPROTO_RAW);
	if (p.fd4 < 0)
		return errno == EPERM ? GW_EDENIED : GW_ESYS;
	p.fd6 = socket(AF_INET6, flags, IPPROTO_RAW);
	*ret = p;
	return 0;
}

void
poke_close(struct poke *p)
{
	if (p->fd4 > 0)
		(void)close(p->fd4);
	if (p->fd6 > 0)
		(void)close(p->fd6);
	p->fd4 = -1;
	p->fd6 = -1;
}

static uint32_t
sum(uint32_t s, const void *p, size_t n)
{
	const uint8_t *c = p;
	size_t i = 0;

	for (i = 0; i + 1 < n; i += 2)
		s += (uint32_t)(c[i] << 8 | c[i + 1]);
	return s;
}

static void
put_tcp(struct tcphdr *t, uint32_t seq, uint32_t ack, const struct addr *from,
    uint16_t sport, const struct addr *to, uint16_t port)
{
	size_t n = from->family == 4 ? 4 : 16;
	uint32_t s = 0;

	memset(t, 0, sizeof(*t));
	t->source = htons(sport);
	t->dest = htons(port);
	t->seq = htonl(seq);
	t->ack_seq = htonl(ack);
	t->doff = sizeof(*t) / 4;
	t->ack = 1;
	t->window = htons(WINDOW);
	s = sum(s, from->b, n);
	s = sum(s, to->b, n);
	s += IPPROTO_TCP + sizeof(*t);
	s = sum(s, t, sizeof(*t));
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	t->check = htons((uint16_t)~s);
}

static void
send4(const struct poke *p, uint32_t seq, uint32_t ack, const struct addr *from,
    uint16_t sport, const struct addr *to, uint16_t port)
{
	struct {
		struct iphdr ip;
		struct tcphdr tcp;
	} m;
	struct sockaddr_in sa;

	memset(&m, 0, sizeof(m));
	m.ip.version = 4;
	m.ip.ihl = sizeof(m.ip) / 4;
	m.ip.tot_len = htons(sizeof(m));
	m.ip.ttl = HOPS;
	m.ip.protocol = IPPROTO_TCP;
	memcpy(&m.ip.saddr, from->b, sizeof(m.ip.saddr));
	memcpy(&m.ip.daddr, to->b, sizeof(m.ip.daddr));
	put_tcp(&m.tcp, seq, ack, from, sport, to, port);
	memset(&sa, 0, sizeof(sa));
	sa.sin_family = AF_INET;
	memcpy(&sa.sin_addr, to->b, sizeof(sa.sin_addr));
	(void)sendto(p->fd4, &m, sizeof(m), MSG_DONTWAIT,
	    (const struct sockaddr *)&sa, sizeof(sa));
}

static void
send6(const struct poke *p, uint32_t seq, uint32_t ack, const struct addr *from,
    uint16_t sport, const struct addr *to, uint16_t port)
{
	struct {
		struct ip6_hdr ip;
		struct tcphdr tcp;
	} m;
	struct sockaddr_in6 sa;

	memset(&m, 0, sizeof(m));
	m.ip.ip6_flow = htonl(6U << 28);
	m.ip.ip6_plen = htons(sizeof(m.tcp));
	m.ip.ip6_nxt = IPPROTO_TCP;
	m.ip.ip6_hlim = HOPS;
	memcpy(&m.ip.ip6_src, from->b, sizeof(m.ip.ip6_src));
	memcpy(&m.ip.ip6_dst, to->b, sizeof(m.ip.ip6_dst));
	put_tcp(&m.tcp, seq, ack, from, sport, to, port);
	memset(&sa, 0, sizeof(sa));
	sa.sin6_family = AF_INET6;
	memcpy(&sa.sin6_addr, to->b, sizeof(sa.sin6_addr));
	(void)sendto(p->fd6, &m, sizeof(m), MSG_DONTWAIT,
	    (const struct sockaddr *)&sa, sizeof(sa));
}

void
poke_send(const struct poke *p, const struct addr *from, uint16_t sport,
    const struct addr *to, uint16_t port)
{
	uint32_t r[2];
	int i = 0;

	secret_fill(r, sizeof(r));
	/* Half the number space apart: at most one of the two is in a window,
	 * and then its empty ACK changes nothing. */
	for (i = 0; i < 2; i++) {
		if (from->family == 4)
			send4(p, r[0], r[1], from, sport, to, port);
		else if (p->fd6 >= 0)
			send6(p, r[0], r[1], from, sport, to, port);
		r[0] += 0x80000000U;
		r[1] += 0x80000000U;
	}
}
