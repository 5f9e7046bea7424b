/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shares - see the header.
 */
#include "core/shares.h"

#include <string.h>

#include "base/fault.h"

/* FIPS 197, section 4.2. In the same time for all values. */
static uint8_t
mul(uint8_t a, uint8_t b)
{
	unsigned x = a, r = 0;

	for (unsigned i = 0; i < 8; i++) {
		r ^= (0U - (b >> i & 1U)) & x;
		x = x << 1 ^ ((0U - (x >> 7 & 1U)) & 0x11bU);
	}
	return (uint8_t)r;
}

/* a^254, which is 1/a. */
static uint8_t
inverse(uint8_t a)
{
	uint8_t r = a;

	for (unsigned i = 0; i < 6; i++)
		r = mul(mul(r, r), a);
	return mul(r, r);
}

void
shares_make(struct share *ret, const uint8_t secret[static SHARES_SIZE],
    const uint8_t *rest, unsigned need, uint8_t at)
{
	ret->at = at;
	for (unsigned i = 0; i < SHARES_SIZE; i++) {
		uint8_t v = 0;

		for (unsigned k = need - 1; k > 0; k--)
			v = mul(v, at) ^ rest[(k - 1) * SHARES_SIZE + i];
		ret->b[i] = mul(v, at) ^ secret[i];
	}
}

/* What share number i counts for at 0. */
static uint8_t
weight(const struct share *list, unsigned n, unsigned i)
{
	uint8_t over = 1, under = 1;

	for (unsigned k = 0; k < n; k++) {
		if (k == i)
			continue;
		over = mul(over, list[k].at);
		under = mul(under, list[k].at ^ list[i].at);
	}
	return mul(over, inverse(under));
}

bool
shares_join(
    uint8_t ret[static SHARES_SIZE], const struct share *list, unsigned n)
{
	bool ok = n > 0;

	memset(ret, 0, SHARES_SIZE);
	for (unsigned i = 0; i < n && ok; i++) {
		ok = list[i].at != 0;
		for (unsigned k = 0; k < i; k++)
			ok = ok &&
			     (list[k].at != list[i].at || FAULT(share_twice));
	}
	for (unsigned i = 0; i < n && ok; i++) {
		const uint8_t w = weight(list, n, i);

		for (unsigned k = 0; k < SHARES_SIZE; k++)
			ret[k] ^= mul(w, list[i].b[k]);
	}
	return ok;
}
