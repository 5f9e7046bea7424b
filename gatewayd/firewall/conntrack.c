/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/conntrack.h"

#include <fcntl.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "firewall/sets.h"

enum { MSG_NEW = 0, MSG_GET = 1, MSG_DELETE = 2 }; /* IPCTNL_MSG_CT_* */

static uint8_t
nl_family(const struct addr *a)
{
	return a->family == 4 ? AF_INET : AF_INET6;
}

static void
read_addr(struct addr *ret, const struct nl_attr *v4, const struct nl_attr *v6)
{
	memset(ret, 0, sizeof(*ret));
	if (v4->n == 4) {
		ret->family = 4;
		memcpy(ret->b, v4->p, 4);
	} else if (v6->n == 16) {
		ret->family = 6;
		memcpy(ret->b, v6->p, 16);
	}
}

static void
read_tuple(struct ct_end *ret, uint8_t *retproto, const struct nl_attr *a)
{
	struct nl_attr tb[CTA_TUPLE_PROTO + 1], ip[CTA_IP_V6_DST + 1];
	struct nl_attr pr[CTA_PROTO_DST_PORT + 1];

	nl_parse(tb, ARRAY_LEN(tb), a->p, a->n);
	nl_parse(ip, ARRAY_LEN(ip), tb[CTA_TUPLE_IP].p, tb[CTA_TUPLE_IP].n);
	nl_parse(
	    pr, ARRAY_LEN(pr), tb[CTA_TUPLE_PROTO].p, tb[CTA_TUPLE_PROTO].n);
	read_addr(&ret->source, &ip[CTA_IP_V4_SRC], &ip[CTA_IP_V6_SRC]);
	read_addr(&ret->target, &ip[CTA_IP_V4_DST], &ip[CTA_IP_V6_DST]);
	ret->sport = nl_u16(&pr[CTA_PROTO_SRC_PORT]);
	ret->port = nl_u16(&pr[CTA_PROTO_DST_PORT]);
	*retproto = nl_u8(&pr[CTA_PROTO_NUM]);
}

static void
read_counters(uint64_t *packets, uint64_t *bytes, const struct nl_attr *a)
{
	struct nl_attr tb[CTA_COUNTERS_BYTES + 1];

	nl_parse(tb, ARRAY_LEN(tb), a->p, a->n);
	*packets = nl_u64(&tb[CTA_COUNTERS_PACKETS]);
	*bytes = nl_u64(&tb[CTA_COUNTERS_BYTES]);
}

static void
read_flow(struct ct_flow *ret, const struct nl_msg *m)
{
	struct nl_attr tb[CTA_MAX + 1], ts[CTA_TIMESTAMP_START + 1];
	uint8_t proto = 0;

	memset(ret, 0, sizeof(*ret));
	nl_parse(tb, ARRAY_LEN(tb), m->p, m->n);
	read_tuple(&ret->original, &ret->proto, &tb[CTA_TUPLE_ORIG]);
	read_tuple(&ret->reply, &proto, &tb[CTA_TUPLE_REPLY]);
	ret->id = nl_u32(&tb[CTA_ID]);
	read_counters(&ret->packets_in, &ret->bytes_in, &tb[CTA_COUNTERS_ORIG]);
	read_counters(
	    &ret->packets_out, &ret->bytes_out, &tb[CTA_COUNTERS_REPLY]);
	nl_parse(ts, ARRAY_LEN(ts), tb[CTA_TIMESTAMP].p, tb[CTA_TIMESTAMP].n);
	ret->start_ns = nl_u64(&ts[CTA_TIMESTAMP_START]);
}

static void
put_tuple(struct nlb *b, const struct ct_end *t, uint8_t proto)
{
	bool v4 = t->source.family == 4;
	size_t tuple = nlb_nest(b, CTA_TUPLE_ORIG), part = 0;
	size_t n = v4 ? 4 : 16;

	part = nlb_nest(b, CTA_TUPLE_IP);
	nlb_bytes(b, v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, t->source.b, n);
	nlb_bytes(b, v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, t->target.b, n);
	nlb_end(b, part);
	part = nlb_nest(b, CTA_TUPLE_PROTO);
	nlb_u8(b, CTA_PROTO_NUM, proto);
	nlb_u16(b, CTA_PROTO_SRC_PORT, t->sport);
	nlb_u16(b, CTA_PROTO_DST_PORT, t->port);
	nlb_end(b, part);
	nlb_end(b, tuple);
}

static int
keep_flow(void *arg, const struct nl_msg *m)
{
	read_flow(arg, m);
	return 0;
}

static int
get_tuple(
    struct nl *nl, struct ct_flow *ret, const struct ct_end *t, uint8_t proto)
{
	struct ct_flow f;
	struct nlb b;
	int r = 0;

	memset(&f, 0, sizeof(f));
	nlb_init(&b);
	(void)nlb_msg(&b, NL_CT(MSG_GET), 0, nl_family(&t->source));
	put_tuple(&b, t, proto);
	r = nl_ask(nl, &b, keep_flow, &f);
	nlb_done(&b);
	if (r == 0 && f.proto != proto)
		r = GW_ENOENT;
	if (r == 0)
		*ret = f;
	return r;
}

int
conntrack_get(struct nl *nl, struct ct_flow *f)
{
	struct ct_flow now;
	int r = get_tuple(nl, &now, &f->original, f->proto);

	if (r == 0 && now.id != f->id)
		r = GW_ENOENT;
	if (r == 0)
		*f = now;
	return r;
}

int
conntrack_delete(struct nl *nl, const struct ct_flow *f)
{
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	(void)nlb_msg(&b, NL_CT(MSG_DELETE), 0, nl_family(&f->original.source));
	put_tuple(&b, &f->original, f->proto);
	nlb_u32(&b, CTA_ID, f->id);
	r = nl_ask(nl, &b, NULL, NULL);
	nlb_done(&b);
	return r == GW_ENOENT ? 0 : r;
}

/* What a walk looks for, sorted by key. */
struct wanted {
	struct set_key key;
	size_t index;
};

struct search {
	struct wanted *w;
	size_t n;
	uint32_t kinds; /* bits: which kinds of element are among them */
	int (*cb)(void *arg, size_t index, const struct ct_flow *f);
	void *arg;
};

static int
compare(const void *a, const void *b)
{
	const struct set_key *x = &((const struct wanted *)a)->key;
	const struct set_key *y = &((const struct wanted *)b)->key;

	if (x->set != y->set)
		return x->set < y->set ? -1 : 1;
	return memcmp(x->b, y->b, sizeof(x->b));
}

/* The flow as the element of that kind that would have let it through. */
static const struct wanted *
explain(const struct search *s, const struct ct_flow *f, uint8_t kind)
{
	struct element e;
	struct wanted like;

	memset(&e, 0, sizeof(e));
	memset(&like, 0, sizeof(like));
	e.kind = kind;
	e.proto = f->proto;
	e.source = f->original.source;
	e.port = f->reply.sport;
	if (kind != ELEMENT_ENTRY)
		e.target = f->reply.source;
	if ((kind != ELEMENT_PATH && f->proto != IPPROTO_TCP) ||
	    set_key_of(&like.key, &e) != 0)
		return NULL;
	return bsearch(&like, s->w, s->n, sizeof(*s->w), compare);
}

static int
match(void *arg, const struct nl_msg *m)
{
	const struct search *s = arg;
	const struct wanted *w = NULL;
	struct ct_flow f;
	uint8_t kind = 0;

	read_flow(&f, m);
	for (kind = ELEMENT_ENTRY; kind <= ELEMENT_PATH && w == NULL; kind++)
		if ((s->kinds & 1U << kind) != 0)
			w = explain(s, &f, kind);
	return w == NULL ? 0 : s->cb(s->arg, w->index, &f);
}

static int
walk(struct nl *nl, struct search *s, uint8_t family)
{
	struct nlb b;
	int r = 0;

	nlb_init(&b);
	(void)nlb_msg(&b, NL_CT(MSG_GET), NLM_F_DUMP, family);
	r = nl_ask(nl, &b, match, s);
	nlb_done(&b);
	return r;
}

static int
leg(struct nl *nl, const struct search *s, const struct element *e, size_t i)
{
	const struct ct_end t = {e->source, e->target, e->sport, e->port};
	struct ct_flow f;
	int r = get_tuple(nl, &f, &t, e->proto);

	if (r == GW_ENOENT)
		return 0;
	return r != 0 ? r : s->cb(s->arg, i, &f);
}

int
conntrack_of(struct nl *nl, const struct element *const *list, size_t n,
    int (*cb)(void *arg, size_t index, const struct ct_flow *f), void *arg)
{
	struct search s = {NULL, 0, 0, cb, arg};
	struct element e;
	bool four = false, six = false;
	size_t i = 0;
	int r = 0;

	if ((s.w = calloc(n > 0 ? n : 1, sizeof(*s.w))) == NULL)
		return GW_ENOMEM;
	for (i = 0; i < n && r == 0; i++) {
		e = *list[i];
		if (e.kind == ELEMENT_LEG) {
			r = leg(nl, &s, &e, i);
			continue;
		}
		if ((r = set_key_of(&s.w[s.n].key, &e)) != 0)
			break;
		s.w[s.n++].index = i;
		s.kinds |= 1U << e.kind;
		four = four || e.source.family == 4;
		six = six || e.source.family == 6;
	}
	qsort(s.w, s.n, sizeof(*s.w), compare);
	if (r == 0 && four)
		r = walk(nl, &s, AF_INET);
	if (r == 0 && six)
		r = walk(nl, &s, AF_INET6);
	free(s.w);
	return r;
}

static int
enable(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return GW_ESYS;
	if (write(fd, "1\n", 2) != 2)
		r = GW_ESYS;
	(void)close(fd);
	return r;
}

int
conntrack_accounting(void)
{
	int r = enable("/proc/sys/net/netfilter/nf_conntrack_acct");
	int r2 = enable("/proc/sys/net/netfilter/nf_conntrack_timestamp");

	return r != 0 ? r : r2;
}
