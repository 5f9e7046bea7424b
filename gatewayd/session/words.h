/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words - what a target says to a person in its own words: banners, and what
 * stands before its SSH version. Bytes of a stranger: they are shown as the
 * target's, line by line, and none of them acts on a terminal. No libssh here.
 */
#ifndef SESSION_WORDS_H
#define SESSION_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	WORDS_MAX = 4096,       /* internal: bytes kept; the rest is left out */
	WORDS_LINES = 40,       /* and lines told */
	WORDS_LINE_SIZE = 1024, /* of one line told, escaped, with its NUL */
};

struct words {
	char said[WORDS_MAX];
	size_t n;
	bool cut; /* there was more */
};

void words_add(struct words *w, const void *p, size_t n);
/* All of it in one printable line, lines parted by " / "; "" if there is
 * nothing but white space. Cut with "..." where it does not fit. */
void words_line(char *ret, size_t size, const struct words *w);
/* Calls fn with one printable line after the other, without an end of line. */
void words_each(
    const struct words *w, void (*fn)(void *arg, const char *line), void *arg);

#endif
