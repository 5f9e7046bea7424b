/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern - see the header.
 */
#include "core/pattern.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

/* A library that unrolls repetitions needs memory for as many states. */
enum { COPIES_MAX = 1024 }; /* internal: what a pattern may be */

/* The larger number of an interval, or 0: it is none of ours. */
static unsigned
interval(const char *p)
{
	unsigned low = 0, high = 0;
	int n = 0;

	if (sscanf(p, "{%u}%n", &low, &n) == 1 && n > 0)
		return low;
	n = 0;
	if (sscanf(p, "{%u,%u}%n", &low, &high, &n) == 2 && n > 0)
		return high;
	n = 0;
	if (sscanf(p, "{%u,}%n", &low, &n) == 1 && n > 0)
		return low + 1;
	return 0;
}

/* How often the whole might be copied, as if all intervals stood in each other;
 * and nothing that POSIX leaves to the library. */
static bool
is_bounded(const char *pattern)
{
	unsigned copies = 1;

	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p == '\\') {
			/* an escape of a special character, and no more */
			if (p[1] == '\0' ||
			    strchr(".[]{}()*+?|^$\\/-", p[1]) == NULL)
				return false;
			p++;
		} else if (*p == '{') {
			const unsigned n = interval(p);

			if (n == 0 || n > COPIES_MAX / copies)
				return false;
			copies *= n;
		}
	}
	return true;
}

static int
compile(regex_t *ret, const char *pattern)
{
	char whole[LIMIT_PATTERN_MAX + 8];

	if (pattern[0] == '\0' || strlen(pattern) > LIMIT_PATTERN_MAX ||
	    !str_text_ok(pattern, strlen(pattern)) || !is_bounded(pattern))
		return GW_EINVAL;
	(void)snprintf(whole, sizeof(whole), "^(%s)$", pattern);
	return regcomp(ret, whole, REG_EXTENDED | REG_NOSUB) == 0 ? 0
								  : GW_EINVAL;
}

bool
pattern_ok(const char *pattern)
{
	regex_t alone, re;

	/* by itself as well: "a)(b" is one only within ours */
	if (pattern[0] == '\0' || strlen(pattern) > LIMIT_PATTERN_MAX ||
	    !is_bounded(pattern) ||
	    regcomp(&alone, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	regfree(&alone);
	if (compile(&re, pattern) != 0)
		return false;
	regfree(&re);
	return true;
}

bool
pattern_matches(const char *pattern, const char *text)
{
	regex_t re;
	bool hit;

	if (compile(&re, pattern) != 0)
		return false;
	hit = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return hit;
}

static bool
has(const struct pattern_list *l, const char *pattern)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->text[i], pattern) == 0)
			return true;
	return false;
}

int
pattern_add(struct pattern_list *l, const char *pattern)
{
	if (!pattern_ok(pattern))
		return GW_EINVAL;
	if (has(l, pattern))
		return GW_EEXIST;
	if (l->n == LIMIT_PATTERNS)
		return GW_ELIMIT;
	return str_copy(l->text[l->n++], LIMIT_PATTERN_MAX + 1, pattern);
}

int
pattern_merge(struct pattern_list *all, const struct pattern_list *l)
{
	int r = 0;

	for (unsigned i = 0; i < l->n && r == 0; i++)
		if ((r = pattern_add(all, l->text[i])) == GW_EEXIST)
			r = 0;
	return r;
}

bool
pattern_equal(const struct pattern_list *a, const struct pattern_list *b)
{
	for (unsigned i = 0; i < a->n; i++)
		if (!has(b, a->text[i]))
			return false;
	return a->n == b->n;
}

const char *
pattern_missed(const struct pattern_list *l, const char *text)
{
	for (unsigned i = 0; i < l->n; i++)
		if (!pattern_matches(l->text[i], text))
			return l->text[i];
	return NULL;
}
