/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shutport - see the header.
 */
#include "core/shutport.h"

#include <netinet/in.h>
#include <string.h>

#include "base/err.h"

void
shutport_put(struct buf *b, const struct shutport *p)
{
	buf_u8(b, p->addr.family);
	buf_put(b, p->addr.b, sizeof(p->addr.b));
	buf_u8(b, p->proto);
	buf_u16(b, p->port);
	buf_cstring(b, p->target);
	buf_cstring(b, p->target_id);
}

int
shutport_get(struct rd *r, struct shutport *ret)
{
	const uint8_t *p = NULL;

	memset(ret, 0, sizeof(*ret));
	ret->addr.family = rd_u8(r);
	if ((p = rd_bytes(r, sizeof(ret->addr.b))) != NULL)
		memcpy(ret->addr.b, p, sizeof(ret->addr.b));
	ret->proto = rd_u8(r);
	ret->port = rd_u16(r);
	rd_cstring(r, ret->target, sizeof(ret->target));
	rd_cstring(r, ret->target_id, sizeof(ret->target_id));
	if (r->bad || !addr_valid(&ret->addr) || ret->port == 0 ||
	    (ret->proto != IPPROTO_TCP && ret->proto != IPPROTO_UDP))
		return GW_EPROTO;
	return 0;
}
