/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet - a share as it stands on paper: which of the sheets it is, how many
 * are needed, of which set it is, and a check (CRC-16/CCITT) that tells a slip
 * of whoever types it from a sheet of something else. Pure.
 */
#ifndef CORE_SHEET_H
#define CORE_SHEET_H

#include "core/shares.h"
#include "core/typed.h"

enum {
	SHEET_BYTES = 2 + SHARES_SIZE + 2,
	SHEET_TEXT_SIZE = TYPED_SIZE(SHEET_BYTES), /* 8 groups of 4 */
};

struct sheet {
	struct share share; /* at is the sheet's number, to LIMIT_SHEETS */
	uint8_t need;       /* of them */
	uint8_t set;        /* the same on all of them */
};

/* What a text is. */
enum sheet_is {
	SHEET_NONE = 0, /* no sheet: too short, too long, another sign */
	SHEET_SLIP,     /* one with a slip in it: its check is wrong */
	SHEET_GOOD,
};

void sheet_text(char ret[static SHEET_TEXT_SIZE], const struct sheet *s);
enum sheet_is sheet_read(struct sheet *ret, const char *s);

#endif
