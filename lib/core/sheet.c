/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet - see the header. The bytes: number and need, four bits each; the set;
 * the share; the check of all before it.
 */
#include "core/sheet.h"

#include <string.h>

_Static_assert(LIMIT_SHEETS <= 15, "four bits");
_Static_assert(SHEET_BYTES * 8 % 20 == 0, "whole groups");

enum { CHECK_AT = SHEET_BYTES - 2, POLYNOMIAL = 0x1021 };

static uint16_t
check_of(const uint8_t *p)
{
	unsigned crc = 0xffff;

	for (unsigned i = 0; i < CHECK_AT * 8; i++) {
		const unsigned bit = (crc >> 15 ^ p[i / 8] >> (7 - i % 8)) & 1U;

		crc = (crc << 1 ^ ((0U - bit) & POLYNOMIAL)) & 0xffffU;
	}
	return (uint16_t)crc;
}

void
sheet_text(char ret[static SHEET_TEXT_SIZE], const struct sheet *s)
{
	uint8_t p[SHEET_BYTES] = {
	    (uint8_t)(s->share.at << 4 | s->need), s->set};
	uint16_t check = 0;

	memcpy(p + 2, s->share.b, SHARES_SIZE);
	check = check_of(p);
	p[CHECK_AT] = (uint8_t)(check >> 8);
	p[CHECK_AT + 1] = (uint8_t)check;
	typed_text(ret, p, sizeof(p));
	explicit_bzero(p, sizeof(p));
}

enum sheet_is
sheet_read(struct sheet *ret, const char *s)
{
	char symbols[TYPED_CHARS(SHEET_BYTES) + 1];
	uint8_t p[SHEET_BYTES] = {0};
	enum sheet_is is = SHEET_NONE;

	memset(ret, 0, sizeof(*ret));
	if (!typed_read(symbols, TYPED_CHARS(SHEET_BYTES), s))
		return SHEET_NONE;
	typed_bytes(p, sizeof(p), symbols);
	is = check_of(p) == (p[CHECK_AT] << 8 | p[CHECK_AT + 1]) ? SHEET_GOOD
								 : SHEET_SLIP;
	/* what we have never written is no sheet, whatever its check */
	if (p[0] >> 4 == 0 || (p[0] & 15) < 2)
		is = is == SHEET_GOOD ? SHEET_NONE : is;
	if (is == SHEET_GOOD) {
		ret->share.at = p[0] >> 4;
		ret->need = p[0] & 15;
		ret->set = p[1];
		memcpy(ret->share.b, p + 2, SHARES_SIZE);
	}
	explicit_bzero(symbols, sizeof(symbols));
	explicit_bzero(p, sizeof(p));
	return is;
}
