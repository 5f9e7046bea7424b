/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look - see the header.
 */
#include "core/look.h"

#include <stdbool.h>
#include <string.h>

static bool
is_separator(char c)
{
	return c == '.' || c == '_' || c == '-';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Read aloud, Ops1 is ops1. */
static char
read_as(char c)
{
	return c == '_' ? '-' : lower(c);
}

/* In most typefaces I, l and 1 are one shape, and so are O and 0. */
static char
seen_as(char c)
{
	if (c == 'I' || c == '1')
		return 'l';
	if (c == '0')
		return 'o';
	return read_as(c);
}

static void
fill(char ret[static LOOK_SIZE], char kind, char (*as)(char), const char *name)
{
	size_t n = 0;

	ret[n++] = kind;
	for (; *name != '\0' && n < LOOK_SIZE - 1; name++) {
		if (is_separator(*name) && (n == 1 || is_separator(ret[n - 1])))
			continue;
		ret[n++] = as(*name);
	}
	while (n > 1 && is_separator(ret[n - 1]))
		n--;
	ret[n] = '\0';
}

/* rn is seen as m, vv as w. */
static void
join(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		if (s[0] == 'r' && s[1] == 'n') {
			*to++ = 'm';
			s++;
		} else if (s[0] == 'v' && s[1] == 'v') {
			*to++ = 'w';
			s++;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

void
look_of(char ret[LOOKS][LOOK_SIZE], const char *name)
{
	fill(ret[0], 'r', read_as, name);
	fill(ret[1], 's', seen_as, name);
	join(ret[1] + 1);
}
