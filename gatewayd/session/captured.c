/* SPDX-License-Identifier: Apache-2.0 */
/*
 * captured - see captured.h.
 */
#include "session/captured.h"

#include "base/buf.h"
#include "base/err.h"

/* Session id, byte 50, user, service, "publickey", TRUE, algorithm, key blob;
 * the algorithm's names are those of RFC 4252 and 8332. */
int
captured_alg(const struct captured *c, char *ret, size_t size)
{
	struct rd r;
	size_t n;

	rd_init(&r, c->tbs, c->ntbs);
	(void)rd_string(&r, &n);
	(void)rd_u8(&r);
	(void)rd_string(&r, &n);
	(void)rd_string(&r, &n);
	(void)rd_string(&r, &n);
	(void)rd_u8(&r);
	rd_cstring(&r, ret, size);
	return r.bad ? GW_EPROTO : 0;
}

/* What an sk key signs: SHA-256 of the application, flags, counter, SHA-256
 * of the data. */
int
captured_sk(const struct captured *c, uint8_t *retflags, uint32_t *retcounter)
{
	struct rd r;

	rd_init(&r, c->tbs, c->ntbs);
	(void)rd_bytes(&r, 32);
	*retflags = rd_u8(&r);
	*retcounter = rd_u32(&r);
	(void)rd_bytes(&r, 32);
	return rd_done(&r);
}
