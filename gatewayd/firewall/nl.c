/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/nl.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/err.h"

enum {
	/* One size always: the kernel sizes dump chunks to the largest receive
	 * buffer a socket ever used. */
	RECV_SIZE = 64 * 1024,
	BATCH_MAX = 32 * 1024 * 1024, /* internal: one transaction */
	ERRNO_MAX = 4095,             /* internal: of the kernel */
	ANSWER_S = 10, /* an unanswered request is a failure, not a hang */
};

/* libmnl's own macros are signed. */
static const size_t head_size = sizeof(struct nlmsghdr);
static const size_t attr_size = sizeof(struct nlattr);

static size_t
aligned(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

struct nl {
	struct mnl_socket *s;
	uint32_t seq;
	uint32_t commits;
	uint8_t *buf;
};

void
nlb_init(struct nlb *b)
{
	memset(b, 0, sizeof(*b));
}

void
nlb_done(struct nlb *b)
{
	free(b->p);
	nlb_init(b);
}

void
nlb_reset(struct nlb *b)
{
	b->len = 0;
	b->msg = 0;
	b->last = 0;
	b->seq = 0;
	b->err = 0;
}

/* Appends n zero bytes; NULL when the builder has failed. */
static uint8_t *
extend(struct nlb *b, size_t n)
{
	uint8_t *p = NULL;
	size_t cap = b->cap == 0 ? 4096 : b->cap;

	if (b->err != 0)
		return NULL;
	if (n > BATCH_MAX || b->len > BATCH_MAX - n) {
		b->err = GW_ELIMIT;
		return NULL;
	}
	while (cap < b->len + n)
		cap *= 2;
	if (cap != b->cap) {
		if ((p = realloc(b->p, cap)) == NULL) {
			b->err = GW_ENOMEM;
			return NULL;
		}
		b->p = p;
		b->cap = cap;
	}
	p = b->p + b->len;
	memset(p, 0, n);
	b->len += n;
	return p;
}

static struct nlmsghdr *
header(const struct nlb *b)
{
	return (struct nlmsghdr *)(void *)(b->p + b->msg);
}

static void
message(struct nlb *b, uint16_t type, uint16_t flags, uint8_t family,
    uint16_t res_id)
{
	struct nlmsghdr *h = NULL;
	struct nfgenmsg *g = NULL;
	size_t at = b->len;

	if (extend(b, head_size + aligned(sizeof(*g))) == NULL)
		return;
	b->msg = at;
	h = header(b);
	h->nlmsg_len = (uint32_t)(b->len - at);
	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = b->seq++;
	g = mnl_nlmsg_get_payload(h);
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	g->res_id = htons(res_id);
}

void
nlb_batch(struct nlb *b)
{
	nlb_reset(b);
	message(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

uint32_t
nlb_msg(struct nlb *b, uint16_t type, uint16_t flags, uint8_t family)
{
	message(b, type, flags, family, 0);
	b->last = b->msg;
	return b->seq - 1;
}

static struct nlattr *
attribute(struct nlb *b, uint16_t type, size_t n)
{
	size_t at = b->len;
	struct nlattr *a = NULL;

	if (n > UINT16_MAX - sizeof(*a)) {
		b->err = b->err != 0 ? b->err : GW_ELIMIT;
		return NULL;
	}
	if (extend(b, attr_size + aligned(n)) == NULL)
		return NULL;
	a = (struct nlattr *)(void *)(b->p + at);
	a->nla_type = type;
	a->nla_len = (uint16_t)(attr_size + n);
	header(b)->nlmsg_len = (uint32_t)(b->len - b->msg);
	return a;
}

void
nlb_bytes(struct nlb *b, uint16_t attr, const void *p, size_t n)
{
	struct nlattr *a = attribute(b, attr, n);

	if (a != NULL && n > 0)
		memcpy((uint8_t *)a + attr_size, p, n);
}

void
nlb_str(struct nlb *b, uint16_t attr, const char *s)
{
	nlb_bytes(b, attr, s, strlen(s) + 1);
}

void
nlb_u8(struct nlb *b, uint16_t attr, uint8_t v)
{
	nlb_bytes(b, attr, &v, sizeof(v));
}

void
nlb_u16(struct nlb *b, uint16_t attr, uint16_t v)
{
	v = htobe16(v);
	nlb_bytes(b, attr, &v, sizeof(v));
}

void
nlb_u32(struct nlb *b, uint16_t attr, uint32_t v)
{
	v = htobe32(v);
	nlb_bytes(b, attr, &v, sizeof(v));
}

void
nlb_u64(struct nlb *b, uint16_t attr, uint64_t v)
{
	v = htobe64(v);
	nlb_bytes(b, attr, &v, sizeof(v));
}

size_t
nlb_nest(struct nlb *b, uint16_t attr)
{
	size_t at = b->len;

	(void)attribute(b, (uint16_t)(attr | NLA_F_NESTED), 0);
	return at;
}

void
nlb_end(struct nlb *b, size_t nest)
{
	struct nlattr *a = NULL;

	if (b->err != 0)
		return;
	if (b->len - nest > UINT16_MAX) {
		b->err = GW_ELIMIT;
		return;
	}
	a = (struct nlattr *)(void *)(b->p + nest);
	a->nla_len = (uint16_t)(b->len - nest);
}

bool
nl_next(struct nl_attr *list, uint16_t *rettype, struct nl_attr *ret)
{
	const struct nlattr *a = (const void *)list->p;
	size_t step = 0;

	if (list->p == NULL || list->n > INT32_MAX ||
	    !mnl_attr_ok(a, (int)list->n))
		return false;
	*rettype = mnl_attr_get_type(a);
	ret->p = mnl_attr_get_payload(a);
	ret->n = mnl_attr_get_payload_len(a);
	step = aligned(a->nla_len);
	if (step > list->n)
		step = list->n;
	list->p += step;
	list->n -= step;
	return true;
}

void
nl_parse(struct nl_attr *tb, size_t count, const void *p, size_t n)
{
	struct nl_attr list = {p, n}, one = {NULL, 0};
	uint16_t type = 0;

	memset(tb, 0, count * sizeof(*tb));
	while (nl_next(&list, &type, &one))
		if (type < count)
			tb[type] = one;
}

uint8_t
nl_u8(const struct nl_attr *a)
{
	return a->p != NULL && a->n == 1 ? a->p[0] : 0;
}

uint16_t
nl_u16(const struct nl_attr *a)
{
	uint16_t v = 0;

	if (a->p == NULL || a->n != sizeof(v))
		return 0;
	memcpy(&v, a->p, sizeof(v));
	return be16toh(v);
}

uint32_t
nl_u32(const struct nl_attr *a)
{
	uint32_t v = 0;

	if (a->p == NULL || a->n != sizeof(v))
		return 0;
	memcpy(&v, a->p, sizeof(v));
	return be32toh(v);
}

uint64_t
nl_u64(const struct nl_attr *a)
{
	uint64_t v = 0;

	if (a->p == NULL || a->n != sizeof(v))
		return 0;
	memcpy(&v, a->p, sizeof(v));
	return be64toh(v);
}

bool
nl_is(const struct nl_attr *a, const char *s)
{
	size_t n = strlen(s);

	return a->p != NULL && a->n == n + 1 && memcmp(a->p, s, n + 1) == 0;
}

/* errno to our list; sets errno for GW_ESYS. */
static int
code_of(int err)
{
	switch (err) {
	case 0:
		return 0;
	case ENOENT:
		return GW_ENOENT;
	case EEXIST:
		return GW_EEXIST;
	case ENFILE:
		return GW_ELIMIT;
	case EPERM:
		return GW_EDENIED;
	case EOPNOTSUPP:
		return GW_EUNSUPPORTED;
	default:
		errno = err;
		return GW_ESYS;
	}
}

int
nl_open(struct nl **ret, bool events)
{
	struct timeval tv = {.tv_sec = ANSWER_S};
	struct nl *s = NULL;
	int big = BATCH_MAX, groups = events ? 1 << (NFNLGRP_NFTABLES - 1) : 0;
	int fd = -1, r = GW_ENOMEM;

	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (s->buf = malloc(RECV_SIZE)) == NULL)
		goto out;
	r = GW_ESYS;
	s->s = mnl_socket_open2(
	    NETLINK_NETFILTER, SOCK_CLOEXEC | (events ? SOCK_NONBLOCK : 0));
	if (s->s == NULL)
		goto out;
	if (mnl_socket_bind(s->s, (unsigned)groups, MNL_SOCKET_AUTOPID) < 0)
		goto out;
	fd = mnl_socket_get_fd(s->s);
	/* Best effort: without them only very large batches fail, loudly. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	if (!events &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) < 0)
		goto out;
	s->seq = 1;

	*ret = s;
	s = NULL;
	r = 0;
out:
	nl_close(s);
	return r;
}

void
nl_close(struct nl *s)
{
	int err = errno;

	if (s == NULL)
		return;
	if (s->s != NULL)
		(void)mnl_socket_close(s->s);
	free(s->buf);
	free(s);
	errno = err;
}

int
nl_fd(const struct nl *s)
{
	return mnl_socket_get_fd(s->s);
}

uint32_t
nl_portid(const struct nl *s)
{
	return mnl_socket_get_portid(s->s);
}

uint32_t
nl_commits(const struct nl *s)
{
	return s->commits;
}

/* Numbers the messages from the socket's counter and sends them as one. */
static int
send_all(struct nl *s, struct nlb *b)
{
	struct nlmsghdr *h = NULL;
	size_t at = 0;

	if (b->err != 0)
		return b->err;
	b->first = s->seq;
	for (at = 0; at + sizeof(*h) <= b->len;) {
		h = (struct nlmsghdr *)(void *)(b->p + at);
		h->nlmsg_seq = s->seq++;
		at += aligned(h->nlmsg_len);
	}
	if (mnl_socket_sendto(s->s, b->p, b->len) < 0)
		return GW_ESYS;
	return 0;
}

static int
receive(struct nl *s, int flags, size_t *retn)
{
	ssize_t n = 0;

	do
		n = recv(nl_fd(s), s->buf, RECV_SIZE, flags | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? GW_EAGAIN : GW_ESYS;
	if (n > RECV_SIZE)
		return GW_EPROTO;
	*retn = (size_t)n;
	return 0;
}

static int
error_of(const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_len < mnl_nlmsg_size(sizeof(*e)) || e->error > 0 ||
	    e->error < -ERRNO_MAX)
		return EBADMSG;
	return -e->error;
}

/* libmnl takes the length for a signed number: a very large one is "short". */
static bool
whole(const struct nlmsghdr *h, int left)
{
	return mnl_nlmsg_ok(h, left) && h->nlmsg_len <= (uint32_t)left;
}

/* The kernel has answered everything before send returned, so reading ends
 * when the queue is empty. */
static int
read_acks(struct nl *s, const struct nlb *b, struct nl_fail *fail)
{
	const struct nlmsghdr *h = (const void *)(b->p + b->last);
	uint32_t last = h->nlmsg_seq;
	bool acked = false;
	int left = 0, r = 0;
	size_t n = 0;

	while ((r = receive(s, MSG_DONTWAIT, &n)) == 0) {
		left = (int)n;
		h = (const void *)s->buf;
		for (; whole(h, left); h = mnl_nlmsg_next(h, &left)) {
			if (h->nlmsg_type != NLMSG_ERROR ||
			    h->nlmsg_seq - b->first > last - b->first + 1)
				continue;
			if (error_of(h) == 0) {
				acked = acked || h->nlmsg_seq == last;
			} else if (fail->err == 0) {
				fail->err = error_of(h);
				fail->index = h->nlmsg_seq - b->first;
			}
		}
	}
	if (r != GW_EAGAIN)
		return r;
	if (fail->err != 0)
		return code_of(fail->err);
	return acked ? 0 : GW_EPROTO;
}

int
nl_commit(struct nl *s, struct nlb *b, struct nl_fail *fail)
{
	struct nl_fail mine = {0, 0};
	int r = 0;

	if (b->err != 0)
		return b->err;
	if (b->last == 0)
		return GW_EINVAL; /* an empty transaction is a bug above */
	((struct nlmsghdr *)(void *)(b->p + b->last))->nlmsg_flags |= NLM_F_ACK;
	message(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	if ((r = send_all(s, b)) == 0)
		r = read_acks(s, b, &mine);
	if (r == 0)
		s->commits++;
	if (fail != NULL)
		*fail = mine;
	return r;
}

static void
unpack(struct nl_msg *ret, const struct nlmsghdr *h)
{
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);
	size_t head = head_size + aligned(sizeof(*g));

	memset(ret, 0, sizeof(*ret));
	ret->type = h->nlmsg_type;
	ret->portid = h->nlmsg_pid;
	if (h->nlmsg_len < head)
		return;
	ret->family = g->nfgen_family;
	ret->p = (const uint8_t *)h + head;
	ret->n = h->nlmsg_len - head;
}

int
nl_ask(struct nl *s, struct nlb *b,
    int (*cb)(void *arg, const struct nl_msg *m), void *arg)
{
	const struct nlmsghdr *h = NULL;
	struct nl_msg m;
	int left = 0, r = 0, stop = 0;
	bool dump = false;
	size_t n = 0;

	if (b->err != 0)
		return b->err;
	dump = (header(b)->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	if (!dump)
		header(b)->nlmsg_flags |= NLM_F_ACK;
	if ((r = send_all(s, b)) != 0)
		return r;
	for (;;) {
		if ((r = receive(s, 0, &n)) != 0)
			return r;
		left = (int)n;
		h = (const void *)s->buf;
		for (; whole(h, left); h = mnl_nlmsg_next(h, &left)) {
			if (h->nlmsg_seq != b->first)
				continue; /* late answer to an older one */
			if (h->nlmsg_type == NLMSG_ERROR)
				return stop != 0 ? stop : code_of(error_of(h));
			if (h->nlmsg_type == NLMSG_DONE)
				return stop;
			if (cb == NULL || stop != 0)
				continue;
			unpack(&m, h);
			stop = cb(arg, &m);
		}
	}
}

int
nl_events(struct nl *s, int (*cb)(void *arg, const struct nl_msg *m), void *arg)
{
	const struct nlmsghdr *h = NULL;
	struct nl_msg m;
	bool lost = false;
	int left = 0, r = 0, stop = 0;
	size_t n = 0;

	for (;;) {
		r = receive(s, MSG_DONTWAIT, &n);
		if (r == GW_ESYS && errno == ENOBUFS) {
			lost = true;
			continue;
		}
		if (r != 0)
			break;
		left = (int)n;
		h = (const void *)s->buf;
		for (; whole(h, left); h = mnl_nlmsg_next(h, &left)) {
			unpack(&m, h);
			if (stop == 0)
				stop = cb(arg, &m);
		}
	}
	if (r != GW_EAGAIN)
		return r;
	if (stop != 0)
		return stop;
	return lost ? GW_ELIMIT : 0;
}
