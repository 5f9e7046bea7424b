/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json - see the header.
 */
#include "jitctl/term/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "jitctl/term/say.h"

static bool
lines_ok(const char *s)
{
	for (size_t n = 0; *s != '\0'; s += n + (s[n] == '\n' ? 1 : 0)) {
		n = strcspn(s, "\n");
		if (!str_text_ok(s, n))
			return false;
	}
	return true;
}

/* Where the terminal reads no UTF-8, its bytes may be commands. */
static bool
charset_ok(const char *s)
{
	if (say_utf8() || FAULT(raw_locale))
		return true;
	while (*s != '\0' && (unsigned char)*s < 0x80)
		s++;
	return *s == '\0';
}

char *
out_json_text(const json_t *v, size_t flags)
{
	char *text = json_dumps(v, flags);

	if (text != NULL && (!lines_ok(text) || !charset_ok(text))) {
		free(text);
		text = json_dumps(v, flags | JSON_ENSURE_ASCII);
	}
	return text;
}

void
out_json(FILE *f, const json_t *v, size_t flags)
{
	char *text = out_json_text(v, flags);

	for (const char *s = text; s != NULL && *s != '\0'; s++)
		if (*s == 0x7f)
			(void)fputs("\\u007f", f);
		else
			(void)fputc(*s, f);
	free(text);
}
