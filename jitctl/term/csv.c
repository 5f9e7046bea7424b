/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv - see the header.
 */
#include "jitctl/term/csv.h"

#include <string.h>

#include "base/fault.h"

/* =, +, - and @ begin formulas, and a spreadsheet runs them. */
static bool
is_formula(const char *s)
{
	return s[0] != '\0' && strchr("=+-@", s[0]) != NULL &&
	       !FAULT(csv_formula);
}

static void
put(FILE *f, const char *s, bool text)
{
	const bool formula = text && is_formula(s);

	if (!formula && strpbrk(s, "\",\r\n") == NULL) {
		(void)fputs(s, f);
		return;
	}
	(void)fputc('"', f);
	if (formula)
		(void)fputc('\'', f);
	for (; *s != '\0'; s++) {
		if (*s == '"')
			(void)fputc('"', f);
		(void)fputc(*s, f);
	}
	(void)fputc('"', f);
}

void
csv_head(FILE *f, const struct col *cols, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			(void)fputc(',', f);
		put(f, cols[i].key, false);
	}
	(void)fputs("\r\n", f);
}

void
csv_row(FILE *f, const json_t *item, const struct col *cols, size_t n)
{
	char text[CELL_SIZE];

	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_object_get(item, cols[i].key);
		enum col_kind k = cols[i].kind;

		/* as it is, not as people read it */
		if (k == COL_TIME || k == COL_SECONDS || k == COL_SAID)
			k = COL_TEXT;
		cell_text(text, v, k);
		if (i > 0)
			(void)fputc(',', f);
		put(f, text, !json_is_integer(v));
	}
	(void)fputs("\r\n", f);
}
