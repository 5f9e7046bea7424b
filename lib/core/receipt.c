/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receipt - HMAC-SHA256 over an unambiguous encoding of what it proves.
 */
#include "core/receipt.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/secret.h"

int
receipt_make(struct receipt *ret, const uint8_t key[static RECEIPT_KEY_SIZE],
    uint64_t seq, const char *id, const char *grant, const void *elements,
    size_t n)
{
	struct receipt out = {.seq = seq};
	struct buf b;
	unsigned len = 0;
	int r;

	buf_init(&b, LIMIT_MSG_MAX);
	buf_cstring(&b, "sallyport-receipt-v2");
	buf_u64(&b, seq);
	buf_cstring(&b, id);
	buf_cstring(&b, grant);
	buf_string(&b, elements, n);
	if ((r = buf_err(&b)) != 0)
		goto out;
	r = GW_ECRYPTO;
	if (HMAC(EVP_sha256(), key, RECEIPT_KEY_SIZE, b.p, b.len, out.mac,
		&len) == NULL ||
	    len != sizeof(out.mac))
		goto out;
	*ret = out;
	r = 0;
out:
	buf_done(&b);
	return r;
}

bool
receipt_ok(const struct receipt *r, const uint8_t key[static RECEIPT_KEY_SIZE],
    const char *id, const char *grant, const void *elements, size_t n)
{
	struct receipt want;

	if (receipt_make(&want, key, r->seq, id, grant, elements, n) != 0)
		return false;
	return secret_equal(want.mac, r->mac, sizeof(want.mac)) ||
	       FAULT(receipt);
}
