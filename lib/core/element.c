/* SPDX-License-Identifier: Apache-2.0 */
/*
 * element - the one encoding of kernel openings; what receipts sign.
 */
#include "core/element.h"

#include <netinet/in.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"

static void
put_addr(struct buf *b, const struct addr *a)
{
	buf_u8(b, a->family);
	buf_put(b, a->b, sizeof(a->b));
}

void
element_encode(struct buf *b, const struct element_list *l)
{
	buf_u32(b, l->n);
	for (uint32_t i = 0; i < l->n && i < ELEMENT_MAX; i++) {
		const struct element *e = &l->e[i];

		buf_u8(b, e->kind);
		buf_u8(b, e->proto);
		buf_u16(b, e->sport);
		buf_u16(b, e->port);
		put_addr(b, &e->source);
		put_addr(b, &e->target);
		buf_u64(b, (uint64_t)e->end_boot_ms);
	}
}

static void
get_addr(struct rd *r, struct addr *ret)
{
	const uint8_t *p;

	ret->family = rd_u8(r);
	if ((p = rd_bytes(r, sizeof(ret->b))) != NULL)
		memcpy(ret->b, p, sizeof(ret->b));
}

static int
element_ok(const struct element *e)
{
	static const struct addr none;

	if (e->proto != IPPROTO_TCP && e->proto != IPPROTO_UDP)
		return 0;
	if (e->port == 0 || e->end_boot_ms <= 0)
		return 0;
	if (!addr_valid(&e->source))
		return 0;
	switch (e->kind) {
	case ELEMENT_ENTRY:
		return e->sport == 0 &&
		       memcmp(&e->target, &none, sizeof(none)) == 0;
	case ELEMENT_PATH:
		return e->sport == 0 && addr_valid(&e->target) &&
		       e->target.family == e->source.family;
	case ELEMENT_LEG:
		return e->sport != 0 && addr_valid(&e->target) &&
		       e->target.family == e->source.family;
	default:
		return 0;
	}
}

int
element_decode(struct element_list *ret, const void *p, size_t n)
{
	struct element_list l = {0};
	struct rd r;
	int e;

	rd_init(&r, p, n);
	l.n = rd_u32(&r);
	if (r.bad || l.n > ELEMENT_MAX)
		return GW_EPROTO;
	for (uint32_t i = 0; i < l.n; i++) {
		l.e[i].kind = rd_u8(&r);
		l.e[i].proto = rd_u8(&r);
		l.e[i].sport = rd_u16(&r);
		l.e[i].port = rd_u16(&r);
		get_addr(&r, &l.e[i].source);
		get_addr(&r, &l.e[i].target);
		l.e[i].end_boot_ms = (int64_t)rd_u64(&r);
		if (r.bad || (!element_ok(&l.e[i]) && !FAULT(element_ok)))
			return GW_EPROTO;
	}
	if ((e = rd_done(&r)) != 0)
		return e;
	*ret = l;
	return 0;
}
