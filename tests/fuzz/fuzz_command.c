/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_command: a template in the first line, in the rest what somebody wants
 * to run. What matches has the template's words, one for one, no more spaces
 * than it, no byte that a shell acts on, and no way up in a path; and a list of
 * that template alone says the same.
 */
#include <stdbool.h>

#include "base/err.h"
#include "core/command.h"
#include "tests/fuzz/fuzz.h"

static size_t
spaces(const char *s, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += s[i] == ' ';
	return k;
}

/* What nothing that matches has in it, whatever the template. */
static bool
is_clean(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] < ' ' || s[i] > '~' ||
		    strchr("\"'\\$`;&|<>(){}*?[]~!#", s[i]) != NULL)
			return false;
		if (s[i] == ' ' && (i == 0 || i + 1 == n || s[i + 1] == ' '))
			return false;
	}
	return n > 0;
}

/* Of a template without a literal "..", what stands in a hole has none as a
 * component either. */
static bool
climbs(const char *s, size_t n)
{
	return memmem(s, n, "/../", 4) != NULL ||
	       (n >= 3 && memcmp(s + n - 3, "/..", 3) == 0) ||
	       memmem(s, n, "/.. ", 4) != NULL;
}

static void
check(const char *template, const char *text, size_t n)
{
	struct command_list l = {0};
	const bool hit = command_matches(template, text, n);
	const int r = command_add(&l, template);

	must((r == 0) == command_template_ok(template));
	must(r == 0 || (r == GW_EINVAL && l.n == 0 && !hit));
	if (r == 0)
		must(command_allowed(&l, text, n) == hit);
	if (!hit)
		return;
	must(is_clean(text, n));
	must(spaces(text, n) == spaces(template, strlen(template)));
	if (strstr(template, "..") == NULL)
		must(!climbs(text, n));
	if (strchr(template, '{') == NULL)
		must(n == strlen(template) && memcmp(text, template, n) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	const size_t first = end != NULL ? (size_t)(end - data) : size;
	char *template = fuzz_text(data, first);
	const size_t at = end != NULL ? first + 1 : size;
	char *text = fuzz_text(data + at, size - at);

	check(template, text, size - at);
	free(template);
	free(text);
	return 0;
}
