/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recovery - see the header.
 */
#include "core/recovery.h"

#include <string.h>

#include "base/secret.h"

static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

_Static_assert(sizeof(symbols) - 1 == 32, "five bits each");
_Static_assert(RECOVERY_BYTES * 8 == RECOVERY_CHARS * 5, "no bit is left over");

void
recovery_text(
    char ret[static RECOVERY_TEXT_SIZE], const uint8_t p[static RECOVERY_BYTES])
{
	unsigned bits = 0, nbits = 0;
	char *out = ret;

	for (unsigned i = 0, at = 0; i < RECOVERY_CHARS; i++) {
		if (nbits < 5) {
			bits = bits << 8 | p[at++];
			nbits += 8;
		}
		nbits -= 5;
		if (i > 0 && i % 4 == 0)
			*out++ = '-';
		*out++ = symbols[bits >> nbits & 31];
	}
	*out = '\0';
}

static char
symbol(char ch)
{
	if (ch >= 'a' && ch <= 'z')
		ch = (char)(ch - 'a' + 'A');
	if (ch == 'O')
		return '0';
	return ch == 'I' || ch == 'L' ? '1' : ch;
}

bool
recovery_read(char ret[static RECOVERY_SIZE], const char *s)
{
	unsigned n = 0;

	memset(ret, 0, RECOVERY_SIZE);
	for (; *s != '\0' && n <= RECOVERY_CHARS; s++) {
		const char ch = symbol(*s);

		if (ch == '-' || ch == ' ')
			continue;
		if (strchr(symbols, ch) == NULL || n == RECOVERY_CHARS)
			break;
		ret[n++] = ch;
	}
	if (*s == '\0' && n == RECOVERY_CHARS)
		return true;
	explicit_bzero(ret, RECOVERY_SIZE);
	return false;
}

const struct recovery_hash *
recovery_find(
    const struct recovery_set *s, const uint8_t hash[static RECOVERY_HASH_SIZE])
{
	const struct recovery_hash *found = NULL;

	for (unsigned i = 0; i < s->n; i++)
		if (secret_equal(s->hash[i].p, hash, RECOVERY_HASH_SIZE))
			found = &s->hash[i];
	return found;
}

unsigned
recovery_left(const struct recovery_set *s)
{
	unsigned left = 0;

	for (unsigned i = 0; i < s->n; i++)
		left += !s->hash[i].used;
	return left;
}
