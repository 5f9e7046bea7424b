/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receipt - what the firewall opens, in its encoding, with the proof that the
 * record of it is durable. Only for records that are: the caller sees to it.
 */
#include <string.h>

#include "base/buf.h"
#include "notary/notary.h"

int
elements_receipt(const struct notary *n, const struct element_list *list,
    const char *id, const char *grant, uint64_t seq, struct buf *enc,
    uint8_t mac[static RECEIPT_MAC_SIZE], struct bytes *elements)
{
	struct receipt receipt = {0};
	int r;

	buf_reset(enc);
	element_encode(enc, list);
	if ((r = buf_err(enc)) < 0 ||
	    (r = receipt_make(&receipt, n->receipt_key, seq, id, grant, enc->p,
		 enc->len)) < 0)
		return r;
	memcpy(mac, receipt.mac, RECEIPT_MAC_SIZE);
	elements->p = enc->p;
	elements->len = (uint32_t)enc->len;
	return 0;
}
