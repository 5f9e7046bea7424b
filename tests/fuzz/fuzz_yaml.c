/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_yaml: configuration and policy files. Either there is a tree that can be
 * walked, or errors that point into the file; never neither.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "sys/yaml.h"
#include "tests/fuzz/fuzz.h"

static void
walk(struct yaml *y, const struct yaml_item *i, int depth)
{
	static const char *const keys[] = {"server", "ssh", "users", NULL};
	const char *s = NULL;
	uint64_t n = 0;

	must(depth <= LIMIT_YAML_DEPTH + 1);
	(void)yaml_only(y, i, depth == 0 ? NULL : "here", keys);
	(void)yaml_as_str(y, i, "it", 64, &s);
	(void)yaml_as_name(y, i, "it", &s);
	(void)yaml_as_int(y, i, "it", 1, 65535, &n);
	must(yaml_text(i) != NULL);
	for (size_t k = 0; k < yaml_count(i); k++) {
		if (yaml_kind(i) == YAML_KIND_MAP) {
			const char *key = yaml_text(yaml_key_at(i, k));
			uint32_t secs = 0;

			must(yaml_find(i, key) != NULL);
			/* readers ask for keys of their own: clean ones */
			if (str_text_ok(key, strlen(key)))
				(void)yaml_get_duration(
				    y, i, key, true, 1, 86400, &secs);
		}
		walk(y, yaml_at(i, k), depth + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml *y = NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *f;

	if (yaml_open(&y, "fuzz.yaml", data, size) != 0 && y == NULL)
		return 0;
	must(yaml_root(y) != NULL || yaml_errors(y) > 0);
	if (yaml_root(y) != NULL)
		walk(y, yaml_root(y), 0);
	if (yaml_errors(y) > 0) {
		f = open_memstream(&text, &len);
		must(f != NULL);
		yaml_print_errors(f, y);
		must(fclose(f) == 0 && len > 0);
		for (size_t i = 0; i < len; i++) /* nothing for a terminal */
			must(text[i] == '\n' || text[i] == '\t' ||
			     (unsigned char)text[i] >= 0x20);
		free(text);
	}
	yaml_close(y);
	return 0;
}
