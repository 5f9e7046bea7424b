/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shares - a secret split so that any `need` of its shares give it back and
 * fewer say nothing of it (Shamir, How to share a secret, 1979): each byte is
 * where a polynomial over GF(256), with the reduction of AES, meets 0, and a
 * share is its value elsewhere. Pure; no table is looked up by a secret.
 */
#ifndef CORE_SHARES_H
#define CORE_SHARES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

enum { SHARES_SIZE = 16 }; /* bytes of the secret: 128 bits */

struct share {
	uint8_t at; /* where it is the value: 1.. */
	uint8_t b[SHARES_SIZE];
};

/* Share number at of a secret. rest is the polynomial's other coefficients:
 * need - 1 times SHARES_SIZE random bytes, the same for all of its shares. */
void shares_make(struct share *ret, const uint8_t secret[static SHARES_SIZE],
    const uint8_t *rest, unsigned need, uint8_t at);
/* Of exactly as many as are needed; of fewer, or of others, it is noise. False:
 * none, or two are the same one. */
bool shares_join(
    uint8_t ret[static SHARES_SIZE], const struct share *list, unsigned n);

#endif
