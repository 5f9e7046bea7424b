/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids - random names for things. They are not secrets and prove nothing: who
 * knows an id has no more rights than who does not. Uniqueness is checked by
 * whoever stores them.
 */
#include "base/ids.h"

#include <string.h>

#include "base/secret.h"
#include "base/str.h"

static const char id_alphabet[] = "23456789ABCDEFGHJKMNPQRSTVWXYZ";

enum {
	ID_SYMBOLS = sizeof(id_alphabet) - 1,
	ID_CHARS = 8,
	/* Bytes from here up would favour the first symbols. */
	ID_FAIR = 256 - 256 % ID_SYMBOLS,
};

_Static_assert(ID_SYMBOLS == 30, "36 less 0 O 1 I L U");
_Static_assert(2 + ID_CHARS + 1 <= LIMIT_ID_SIZE, "an id fits");

void
id_new(char ret[static LIMIT_ID_SIZE], char kind)
{
	uint8_t random = 0;
	unsigned n = 0;

	memset(ret, 0, LIMIT_ID_SIZE);
	ret[0] = kind;
	ret[1] = '-';
	while (n < ID_CHARS) {
		secret_fill(&random, 1);
		if (random < ID_FAIR)
			ret[2 + n++] = id_alphabet[random % ID_SYMBOLS];
	}
}

bool
id_ok(const char *s, char kind)
{
	return s != NULL && strnlen(s, LIMIT_ID_SIZE) == 2 + ID_CHARS &&
	       s[0] == kind && s[1] == '-' &&
	       strspn(s + 2, id_alphabet) == ID_CHARS;
}

void
id_uuid7(char ret[static ID_UUID_SIZE], int64_t utc_ms)
{
	/* Groups of 4, 2, 2, 2 and 6 bytes. */
	static const unsigned ends[] = {4, 6, 8, 10, 16};
	const uint64_t ms = utc_ms > 0 ? (uint64_t)utc_ms : 0;
	uint8_t u[16];
	unsigned at = 0;
	char *out = ret;

	for (unsigned i = 0; i < 6; i++)
		u[i] = (uint8_t)(ms >> (8 * (5 - i)) & 0xff);
	secret_fill(u + 6, 10);
	u[6] = (uint8_t)(0x70 | (u[6] & 0x0f));
	u[8] = (uint8_t)(0x80 | (u[8] & 0x3f));
	for (unsigned g = 0; g < 5; g++) {
		if (g > 0)
			*out++ = '-';
		str_hex(out, u + at, ends[g] - at);
		out += 2 * (ends[g] - at);
		at = ends[g];
	}
}
