/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_netlink: what the kernel answers, and what its conntrack table and other
 * people's rules hold. An input is a question (one byte, see below) and what
 * comes back, datagram by datagram: two bytes of length, little-endian, and the
 * bytes. With BUILT a datagram is a list of messages (two bytes type, two bytes
 * length, attributes) that gets right headers and an acknowledgement behind it.
 *
 * What is handed on is what was asked for; a change that nobody acknowledged
 * has not happened.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "firewall/ability.h"
#include "firewall/conntrack.h"
#include "firewall/elem.h"
#include "firewall/nl.h"
#include "firewall/ruleset.h"
#include "tests/fuzz/fuzz.h"

enum question {
	Q_FLOWS = 0,
	Q_FLOW,
	Q_ELEMENT,
	Q_ELEMENTS, /* and a byte: of which set */
	Q_CHANGE,
	Q_RULES,
	Q_EVENTS,
	Q_ABILITY,
	Q_COUNT,
	BUILT = 0x80
};

enum { DATAGRAM_MAX = 16 * 1024 };

/* The kernel of this run: what it will say, and what it said. */
static struct {
	const uint8_t *p;
	size_t n;
	bool built;
	uint32_t seq; /* of the message that wants an answer */
	bool spoke;   /* it was told anything since */
	bool acked;   /* it was told that a change is made */
	uint8_t out[DATAGRAM_MAX];
	size_t nout;
} kernel;

/* ---- the socket */

struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags);
int __wrap_mnl_socket_bind(
    struct mnl_socket *s, unsigned int groups, pid_t pid);
int __wrap_mnl_socket_get_fd(const struct mnl_socket *s);
unsigned int __wrap_mnl_socket_get_portid(const struct mnl_socket *s);
int __wrap_mnl_socket_close(struct mnl_socket *s);
ssize_t __wrap_mnl_socket_sendto(
    const struct mnl_socket *s, const void *p, size_t n);
int __wrap_setsockopt(
    int fd, int level, int name, const void *value, socklen_t n);
ssize_t __wrap_recv(int fd, void *p, size_t n, int flags);

struct mnl_socket *
__wrap_mnl_socket_open2(int bus, int flags)
{
	static int one; /* nobody looks into it */

	(void)bus;
	(void)flags;
	return (struct mnl_socket *)(void *)&one;
}

int
__wrap_mnl_socket_bind(struct mnl_socket *s, unsigned int groups, pid_t pid)
{
	(void)s;
	(void)groups;
	(void)pid;
	return 0;
}

int
__wrap_mnl_socket_get_fd(const struct mnl_socket *s)
{
	(void)s;
	return -1;
}

unsigned int
__wrap_mnl_socket_get_portid(const struct mnl_socket *s)
{
	(void)s;
	return 4711;
}

int
__wrap_mnl_socket_close(struct mnl_socket *s)
{
	(void)s;
	return 0;
}

int
__wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t n)
{
	(void)fd;
	(void)level;
	(void)name;
	(void)value;
	(void)n;
	return 0;
}

/* Whole messages only, and remembers which one wants an answer. */
ssize_t
__wrap_mnl_socket_sendto(const struct mnl_socket *s, const void *p, size_t n)
{
	struct nlmsghdr h;
	size_t at = 0;

	(void)s;
	kernel.seq = 0;
	kernel.spoke = kernel.acked = false;
	while (at < n) {
		must(n - at >= sizeof(h));
		memcpy(&h, (const uint8_t *)p + at, sizeof(h));
		must(h.nlmsg_len >= sizeof(h) && h.nlmsg_len <= n - at);
		if (kernel.seq == 0 || (h.nlmsg_flags & NLM_F_ACK) != 0)
			kernel.seq = h.nlmsg_seq;
		at += (h.nlmsg_len + 3U) & ~3U;
	}
	return (ssize_t)n;
}

/* ---- what it says */

static void
put(const void *p, size_t n)
{
	if (n > sizeof(kernel.out) - kernel.nout)
		n = sizeof(kernel.out) - kernel.nout;
	if (n > 0)
		memcpy(kernel.out + kernel.nout, p, n);
	kernel.nout += n;
}

static void
put_message(uint16_t type, const uint8_t *p, size_t n)
{
	static const uint8_t zero[4];
	struct nfgenmsg g = {.nfgen_family = AF_INET};
	struct nlmsghdr h = {.nlmsg_len = (uint32_t)(sizeof(h) + sizeof(g) + n),
	    .nlmsg_type = type,
	    .nlmsg_flags = NLM_F_MULTI,
	    .nlmsg_seq = kernel.seq};

	if (sizeof(kernel.out) - kernel.nout < h.nlmsg_len + 64)
		return;
	put(&h, sizeof(h));
	put(&g, sizeof(g));
	put(p, n);
	put(zero, (4 - n % 4) % 4);
}

static void
put_ack(void)
{
	struct nlmsgerr e = {.error = 0};
	struct nlmsghdr h = {.nlmsg_len = sizeof(h) + sizeof(e),
	    .nlmsg_type = NLMSG_ERROR,
	    .nlmsg_seq = kernel.seq};

	put(&h, sizeof(h));
	put(&e, sizeof(e));
}

/* Numbers that are 0 become those of the question. */
static void
put_raw(const uint8_t *p, size_t n)
{
	struct nlmsghdr h;
	size_t at = 0;

	put(p, n);
	while (kernel.nout - at >= sizeof(h)) {
		memcpy(&h, kernel.out + at, sizeof(h));
		if (h.nlmsg_seq == 0)
			h.nlmsg_seq = kernel.seq;
		memcpy(kernel.out + at, &h, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > kernel.nout - at)
			return;
		at += (h.nlmsg_len + 3U) & ~3U;
		if (at > kernel.nout)
			return;
	}
}

static void
put_built(const uint8_t *p, size_t n)
{
	while (n >= 4) {
		size_t len = p[2] | (size_t)p[3] << 8;

		if (len > n - 4)
			len = n - 4;
		put_message((uint16_t)(p[0] | p[1] << 8), p + 4, len);
		p += 4 + len;
		n -= 4 + len;
	}
	put_ack();
}

/* Did it say yes to a change? Read on our own. */
static void
note_acks(void)
{
	struct nlmsghdr h;
	struct nlmsgerr e;
	size_t at = 0;

	while (at < kernel.nout && kernel.nout - at >= sizeof(h)) {
		memcpy(&h, kernel.out + at, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > kernel.nout - at)
			return;
		if (h.nlmsg_type == NLMSG_ERROR &&
		    h.nlmsg_len >= sizeof(h) + sizeof(e)) {
			memcpy(&e, kernel.out + at + sizeof(h), sizeof(e));
			kernel.acked = kernel.acked || e.error == 0;
		}
		at += (h.nlmsg_len + 3U) & ~3U;
	}
}

ssize_t
__wrap_recv(int fd, void *p, size_t n, int flags)
{
	size_t len;

	(void)fd;
	(void)flags;
	if (kernel.n < 2) {
		errno = EAGAIN;
		return -1;
	}
	len = kernel.p[0] | (size_t)kernel.p[1] << 8;
	if (len == 0xffff) { /* what happens when it has too much to say */
		kernel.p += 2;
		kernel.n -= 2;
		errno = ENOBUFS;
		return -1;
	}
	if (len > kernel.n - 2)
		len = kernel.n - 2;
	kernel.nout = 0;
	(kernel.built ? put_built : put_raw)(kernel.p + 2, len);
	kernel.p += 2 + len;
	kernel.n -= 2 + len;
	kernel.spoke = kernel.spoke || kernel.nout > 0;
	note_acks();
	must(kernel.nout <= n);
	memcpy(p, kernel.out, kernel.nout);
	return (ssize_t)kernel.nout;
}

/* ---- questions */

static void
address(struct addr *ret, const char *s)
{
	must(addr_parse(ret, s) == 0);
}

static void
elements(struct element e[static 5])
{
	memset(e, 0, 5 * sizeof(e[0]));
	for (size_t i = 0; i < 5; i++) {
		e[i].proto = IPPROTO_TCP;
		e[i].port = i < 2 ? 2222 : 22;
		address(&e[i].source, i % 2 == 0 ? "192.0.2.7" : "2001:db8::7");
		if (i >= 2)
			address(&e[i].target,
			    i % 2 == 0 ? "198.51.100.1" : "2001:db8::1");
	}
	e[0].kind = e[1].kind = ELEMENT_ENTRY;
	e[2].kind = e[3].kind = ELEMENT_PATH;
	e[4].kind = ELEMENT_LEG;
	e[4].sport = 40001;
}

static int
on_flow(void *arg, size_t index, const struct ct_flow *f)
{
	const struct element *e = arg;

	must(index < 5);
	e += index;
	must(f->proto == e->proto);
	if (e->kind == ELEMENT_LEG)
		return 0;
	must(addr_equal(&f->original.source, &e->source));
	must(f->reply.sport == e->port);
	if (e->kind == ELEMENT_PATH)
		must(addr_equal(&f->reply.source, &e->target));
	return 0;
}

static void
ask_flows(struct nl *nl)
{
	const struct element *list[5];
	struct element e[5];

	elements(e);
	for (size_t i = 0; i < 5; i++)
		list[i] = &e[i];
	must(conntrack_of(nl, list, 5, on_flow, e) <= 0);
}

static void
ask_flow(struct nl *nl)
{
	struct ct_flow f = {.proto = IPPROTO_TCP, .id = 77};
	const struct ct_flow before = f;

	address(&f.original.source, "192.0.2.7");
	address(&f.original.target, "192.0.2.1");
	if (conntrack_get(nl, &f) == 0)
		must(f.id == before.id && f.proto == before.proto);
	must(conntrack_delete(nl, &f) <= 0);
}

static int
on_element(void *arg, const struct elem *e)
{
	const uint8_t *set = arg;
	struct element as;
	struct addr a;
	uint8_t proto;
	uint16_t port;

	must(e->key.set == *set && e->key.n == set_key_size(*set));
	must(e->left_ms >= 0);
	must(memchr(e->comment, '\0', sizeof(e->comment)) != NULL);
	if (set_key_element(&as, &e->key))
		must(as.source.family == 4 || as.source.family == 6);
	if (set_key_triple(&a, &proto, &port, &e->key))
		must(a.family == 4 || a.family == 6);
	return 0;
}

static void
ask_element(struct nl *nl)
{
	struct element e[5];
	struct set_key k;
	struct elem found;

	elements(e);
	for (size_t i = 0; i < 5; i++) {
		must(set_key_of(&k, &e[i]) == 0);
		if (elem_get(nl, &found, &k) != 0)
			continue;
		must(set_key_equal(&found.key, &k));
		must(on_element(&k.set, &found) == 0);
	}
}

/* Five changes; each of them only if it was said. */
static void
ask_change(struct nl *nl)
{
	const struct ability now = {true, true, true}, old = {false};
	struct triple t = {.proto = IPPROTO_TCP, .port = 22};
	struct element e[5];
	struct set_key k;

	elements(e);
	address(&t.addr, "198.51.100.1");
	must(set_key_of(&k, &e[0]) == 0);
	if (elem_set(nl, &now, &k, 60000, "g-ABCD2345") == 0)
		must(kernel.acked);
	if (elem_set(nl, &old, &k, 60000, NULL) == 0)
		must(kernel.acked);
	if (elem_remove(nl, &now, &k) == 0)
		must(kernel.spoke); /* ENOENT will do */
	if (ruleset_add(nl, &t, 1) == 0)
		must(kernel.acked);
}

static void
ask_rules(struct nl *nl)
{
	const struct ability can = {true, true, true};
	struct ruleset rs = {.own = {2222}, .nown = 1};
	enum load_result how;
	uint64_t print = 0;
	uint32_t gen = 0;
	bool hit = false;

	must(ruleset_print(nl, &print) <= 0);
	must(ruleset_generation(nl, &gen) <= 0);
	must(ruleset_bypassed(nl, &hit) <= 0);
	must(ruleset_lists_check(nl, &rs) <= 0);
	if (ruleset_load(nl, &can, &rs, &how) == 0)
		must(kernel.acked && how != LOAD_FAILED);
	else
		must(how == LOAD_FAILED);
}

static int
on_event(void *arg, const struct nl_msg *m)
{
	struct nl_attr tb[8];

	nl_parse(tb, 8, m->p, m->n);
	++*(unsigned *)arg;
	return 0;
}

static void
ask(enum question q, struct nl *nl)
{
	struct ability can = {false, false, false};
	unsigned n = 0;
	uint8_t set;

	switch (q) {
	case Q_FLOWS:
		ask_flows(nl);
		break;
	case Q_FLOW:
		ask_flow(nl);
		break;
	case Q_ELEMENT:
		ask_element(nl);
		break;
	case Q_ELEMENTS:
		if (kernel.n == 0)
			break;
		set = (uint8_t)(SET_ENTRY4 + kernel.p[0] % SET_OWN_PORTS);
		kernel.p++;
		kernel.n--;
		must(elem_dump(nl, set, on_element, &set) <= 0);
		break;
	case Q_CHANGE:
		ask_change(nl);
		break;
	case Q_RULES:
		ask_rules(nl);
		break;
	case Q_EVENTS:
		must(nl_events(nl, on_event, &n) <= 0);
		break;
	case Q_ABILITY:
		must(ability_probe(&can) <= 0);
		break;
	default:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nl *nl = NULL;

	if (size == 0)
		return 0;
	memset(&kernel, 0, sizeof(kernel));
	kernel.p = data + 1;
	kernel.n = size - 1;
	kernel.built = (data[0] & BUILT) != 0;
	must(nl_open(&nl, data[0] % BUILT % Q_COUNT == Q_EVENTS) == 0);
	ask((enum question)(data[0] % BUILT % Q_COUNT), nl);
	nl_close(nl);
	return 0;
}
