/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words - see words.h.
 */
#include "session/words.h"

#include <string.h>

#include "base/fault.h"
#include "base/str.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void
words_add(struct words *w, const void *p, size_t n)
{
	const size_t left = sizeof(w->said) - w->n;

	/* what was said before ends here */
	if (w->n > 0 && w->said[w->n - 1] != '\n' && left > 0)
		w->said[w->n++] = '\n';
	if (n > sizeof(w->said) - w->n) {
		n = sizeof(w->said) - w->n;
		w->cut = true;
	}
	memcpy(w->said + w->n, p, n);
	w->n += n;
}

/* The next line that is not empty from *at on, without white space around it;
 * NULL when there is none. */
static const char *
next_line(const struct words *w, size_t *at, size_t *retn)
{
	const char *const end = w->said + w->n;
	const char *p = w->said + *at;
	const char *q;

	while (p < end && is_space(*p))
		p++;
	if (p == end)
		return NULL;
	if ((q = memchr(p, '\n', (size_t)(end - p))) == NULL)
		q = end;
	*at = (size_t)(q - w->said);
	while (is_space(q[-1])) /* p is none */
		q--;
	*retn = (size_t)(q - p);
	return p;
}

static void
harmless(char *ret, size_t size, const char *p, size_t n)
{
	if (!FAULT(words_raw)) {
		str_escape(ret, size, p, n);
		return;
	}
	n = n < size ? n : size - 1;
	memcpy(ret, p, n);
	ret[n] = '\0';
}

void
words_line(char *ret, size_t size, const struct words *w)
{
	char joined[2 * WORDS_MAX];
	size_t at = 0;
	size_t out = 0;
	size_t n;
	const char *p;

	/* " / " for at least one "\n": at most three times as long is more than
	 * fits anywhere, so the rest may be left out */
	while ((p = next_line(w, &at, &n)) != NULL &&
	       out + n + 3 <= sizeof(joined)) {
		if (out > 0) {
			memcpy(joined + out, " / ", 3);
			out += 3;
		}
		memcpy(joined + out, p, n);
		out += n;
	}
	harmless(ret, size, joined, out);
}

void
words_each(
    const struct words *w, void (*fn)(void *arg, const char *line), void *arg)
{
	char line[WORDS_LINE_SIZE];
	size_t at = 0;
	size_t n;
	const char *p;
	bool more = w->cut;

	for (unsigned i = 0; (p = next_line(w, &at, &n)) != NULL; i++) {
		if (i == WORDS_LINES) {
			more = true;
			break;
		}
		harmless(line, sizeof(line), p, n);
		fn(arg, line);
	}
	if (more)
		fn(arg, "...");
}
