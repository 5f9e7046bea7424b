/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml - see the header.
 */
#include "jitctl/term/yaml.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"
#include "jitctl/term/json.h"

/* JSON's two halves of one character, which YAML writes as one. */
static unsigned long
surrogates(const char *s)
{
	unsigned high = 0, low = 0;
	int n = 0;

	if (sscanf(s, "\\u%4x\\u%4x%n", &high, &low, &n) != 2 || n != 12 ||
	    high < 0xd800 || high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return 0;
	return 0x10000UL + ((high - 0xd800UL) << 10) + (low - 0xdc00UL);
}

/* A JSON string is a YAML string, but for those; nothing else has one meaning.
 */
static void
yaml_scalar(FILE *f, const json_t *v)
{
	char *text = out_json_text(v, JSON_ENCODE_ANY | JSON_COMPACT);

	for (const char *s = text; s != NULL && *s != '\0'; s++) {
		const unsigned long c = *s == '\\' ? surrogates(s) : 0;

		if (c != 0) {
			(void)fprintf(f, "\\U%08lX", c);
			s += 11;
		} else if (*s == '\\') {
			(void)fputc(*s++, f);
			(void)fputc(*s, f);
		} else if (*s == 0x7f) {
			(void)fputs("\\u007f", f);
		} else {
			(void)fputc(*s, f);
		}
	}
	free(text);
}

static void
yaml_key(FILE *f, const char *key)
{
	json_t *k = json_string(key);

	if (str_name_ok(key))
		(void)fputs(key, f);
	else
		yaml_scalar(f, k);
	json_decref(k);
	(void)fputc(':', f);
}

static void
yaml_value(FILE *f, const json_t *v, unsigned indent, bool in_list)
{
	const char *key = NULL;
	const json_t *value = NULL;
	bool first = in_list;

	if ((json_is_array(v) && json_array_size(v) == 0) ||
	    (json_is_object(v) && json_object_size(v) == 0) ||
	    (!json_is_array(v) && !json_is_object(v))) {
		(void)fputc(' ', f);
		yaml_scalar(f, v);
		(void)fputc('\n', f);
		return;
	}
	if (!in_list)
		(void)fputc('\n', f);
	if (json_is_array(v)) {
		if (in_list)
			(void)fputc('\n', f);
		for (size_t i = 0; i < json_array_size(v); i++) {
			(void)fprintf(f, "%*s-", (int)indent, "");
			yaml_value(f, json_array_get(v, i), indent + 2, true);
		}
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)v, key, value)
	{
		(void)fprintf(f, "%*s", first ? 1 : (int)indent, "");
		first = false;
		yaml_key(f, key);
		yaml_value(f, value, indent + 2, false);
	}
}

void
out_yaml(FILE *f, const json_t *o)
{
	const char *key = NULL;
	const json_t *value = NULL;

	json_object_foreach((json_t *)(uintptr_t)o, key, value)
	{
		yaml_key(f, key);
		yaml_value(f, value, 2, false);
	}
}

void
out_yaml_more(FILE *f, const json_t *items)
{
	for (size_t i = 0; i < json_array_size(items); i++) {
		(void)fputs("  -", f);
		yaml_value(f, json_array_get(items, i), 4, true);
	}
}
