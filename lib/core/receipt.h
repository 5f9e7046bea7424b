/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receipt - the notary's word that an intent is durable: HMAC-SHA256 over
 * "sallyport-receipt-v2", sequence number (of its opening, also when its end
 * moves later: that is what a closing voids), id (grant or session), its grant,
 * the exact element encoding. Only notary and firewall hold the key.
 */
#ifndef CORE_RECEIPT_H
#define CORE_RECEIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"

enum { RECEIPT_KEY_SIZE = 32, RECEIPT_MAC_SIZE = 32 };

struct receipt {
	uint64_t seq; /* of the durable intent record */
	uint8_t mac[RECEIPT_MAC_SIZE];
};

MUST_CHECK int receipt_make(struct receipt *ret,
    const uint8_t key[static RECEIPT_KEY_SIZE], uint64_t seq, const char *id,
    const char *grant, const void *elements, size_t n);
/* Constant time; false for every doubt. */
bool receipt_ok(const struct receipt *r,
    const uint8_t key[static RECEIPT_KEY_SIZE], const char *id,
    const char *grant, const void *elements, size_t n);

#endif
