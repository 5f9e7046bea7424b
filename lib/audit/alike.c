/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alike - see the header. It looks for names with a value, wherever they stand:
 * a parser would have to know where a document begins.
 */
#include "audit/alike.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/fault.h"
#include "core/event.h"

enum {
	LEVELS = 32, /* internal: no reader undoes more */
	SHAPE = 5,   /* names that no line of another program has together */
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t
skip(const char *p, size_t n, size_t at)
{
	while (at < n && is_space(p[at]))
		at++;
	return at;
}

/* The value behind "name", which begins at its quote; 0: it is not that name's.
 */
static size_t
value_of(const char *p, size_t n, size_t at, const char *name)
{
	const size_t len = strlen(name);

	if (n - at < len + 2 || strncasecmp(p + at + 1, name, len) != 0 ||
	    p[at + 1 + len] != p[at])
		return 0;
	at = skip(p, n, at + len + 2);
	return at < n && p[at] == ':' ? skip(p, n, at + 1) : 0;
}

static bool
is_letter(char c)
{
	return c != '\0' &&
	       strchr("abcdefghijklmnopqrstuvwxyz0123456789", c | 0x20) != NULL;
}

/* What parts the words of a name is written in more than one way. */
static bool
is_text(const char *p, size_t n, const char *text)
{
	size_t at = 1;

	if (n < 2 || (p[0] != '"' && p[0] != '\''))
		return false;
	for (const char *t = text; *t != '\0'; t++) {
		if (!is_letter(*t))
			continue;
		while (at < n && p[at] != p[0] && !is_letter(p[at]))
			at++;
		if (at == n || (p[at] | 0x20) != (*t | 0x20))
			return false;
		at++;
	}
	while (at < n && p[at] != p[0] && !is_letter(p[at]))
		at++;
	return at < n && p[at] == p[0];
}

static bool
is_event(const char *p, size_t n)
{
	for (unsigned e = EV_NONE + 1; e < EV_COUNT; e++)
		if (is_text(p, n, event_spec(e)->name) ||
		    is_text(p, n, event_spec(e)->code))
			return true;
	return false;
}

static void
look(struct alike *a, const char *p, size_t n)
{
	static const char *const envelope[] = {
	    "seq", "v", "boot", "origin", NULL};
	static const char *const shape[] = {"v", "seq", "id", "time", "boot",
	    "code", "event", "sev", "origin", "node"};

	for (size_t at = 0; at < n; at++) {
		size_t v = 0;

		if (p[at] != '"' && p[at] != '\'')
			continue;
		for (size_t i = 0; !a->envelope && envelope[i] != NULL; i++)
			a->envelope = value_of(p, n, at, envelope[i]) != 0;
		for (size_t i = 0; i < ARRAY_LEN(shape); i++)
			if (value_of(p, n, at, shape[i]) != 0)
				a->names |= 1U << i;
		if (a->event || ((v = value_of(p, n, at, "event")) == 0 &&
				    (v = value_of(p, n, at, "code")) == 0))
			continue;
		a->event = is_event(p + v, n - v);
	}
}

/* ---- other spellings */

/* 0 where it is none of a character that is in a name of ours. */
static char
hex4(const char *p)
{
	unsigned c = 0;

	for (int i = 0; i < 4; i++) {
		const char *const digits = "0123456789abcdefABCDEF";
		const char *d = p[i] != '\0' ? strchr(digits, p[i]) : NULL;
		unsigned x = 0;

		if (d == NULL)
			return '\0';
		x = (unsigned)(d - digits);
		c = c * 16 + (x < 16 ? x : x - 6);
	}
	return c < 0x80 ? (char)c : '\0';
}

/* One level of escapes less; only_u: those by number alone. The new length. */
static size_t
unescape(char *p, size_t n, bool only_u)
{
	size_t to = 0;

	for (size_t at = 0; at < n; at++) {
		char c = '\0';

		if (p[at] != '\\' || at + 1 == n) {
			p[to++] = p[at];
		} else if (p[at + 1] == 'u' && at + 5 < n &&
			   (c = hex4(p + at + 2)) != '\0') {
			p[to++] = c;
			at += 5;
		} else if (only_u) {
			p[to++] = p[at++];
			p[to++] = p[at];
		} else {
			c = p[++at];
			p[to++] = c;
			if (strchr("bfnrt", c) != NULL && c != '\0')
				p[to - 1] = ' ';
		}
	}
	return to;
}

/* Wider characters are those of a name with zeros between. */
static size_t
narrow(char *p, size_t n)
{
	size_t to = 0;

	for (size_t at = 0; at < n; at++)
		if (p[at] != '\0')
			p[to++] = p[at];
	return to;
}

void
alike_look(struct alike *a, const void *part, size_t n, bool frame)
{
	size_t before = 0;
	char *p = malloc(n + 1);

	if (p == NULL) { /* it cannot be told */
		a->envelope = a->event = true;
		return;
	}
	memcpy(p, part, n);
	n = narrow(p, n);
	for (int i = 0; i < (frame ? 2 : LEVELS) && n != before; i++) {
		look(a, p, n);
		before = n;
		n = unescape(p, n, frame);
	}
	free(p);
}

bool
alike_is(const struct alike *a)
{
	const bool shape = __builtin_popcount(a->names) >= SHAPE;

	return ((a->envelope && a->event) || (shape && !FAULT(verify_shape))) &&
	       !FAULT(verify_alike);
}
