/* SPDX-License-Identifier: Apache-2.0 */
/*
 * typed - see the header.
 */
#include "core/typed.h"

#include <string.h>

static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

_Static_assert(sizeof(symbols) - 1 == 32, "five bits each");

void
typed_text(char *ret, const uint8_t *p, size_t n)
{
	unsigned bits = 0, nbits = 0;
	char *out = ret;

	for (size_t i = 0, at = 0; i < TYPED_CHARS(n); i++) {
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

/* The one that was meant; '\0': none. */
static char
symbol(char ch)
{
	if (ch >= 'a' && ch <= 'z')
		ch = (char)(ch - 'a' + 'A');
	if (ch == 'O')
		return '0';
	if (ch == 'I' || ch == 'L')
		return '1';
	return ch != '\0' && strchr(symbols, ch) != NULL ? ch : '\0';
}

bool
typed_read(char *ret, size_t chars, const char *s)
{
	size_t n = 0;

	memset(ret, 0, chars + 1);
	for (; *s != '\0'; s++) {
		const char ch = symbol(*s);

		if (*s == '-' || *s == ' ')
			continue;
		if (ch == '\0' || n == chars)
			break;
		ret[n++] = ch;
	}
	if (*s == '\0' && n == chars)
		return true;
	explicit_bzero(ret, chars + 1);
	return false;
}

void
typed_bytes(uint8_t *ret, size_t n, const char *s)
{
	unsigned bits = 0, nbits = 0;
	size_t at = 0;

	for (; *s != '\0' && at < n; s++) {
		bits = bits << 5 | (unsigned)(strchr(symbols, *s) - symbols);
		nbits += 5;
		if (nbits < 8)
			continue;
		nbits -= 8;
		ret[at++] = (uint8_t)(bits >> nbits);
	}
}
