/* SPDX-License-Identifier: Apache-2.0 */
/* yaml: the tree and its positions, what is refused and where, getters, and
 * the text a person sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/limits.h"
#include "sys/yaml.h"
#include "tests/unit/support/test.h"

static struct yaml *
load(const char *s)
{
	struct yaml *y = NULL;

	assert_int_equal(yaml_open(&y, "t.yaml", s, strlen(s)), 0);
	assert_non_null(y);
	return y;
}

static void
test_tree(void **state)
{
	struct yaml *y =
	    load("\xef\xbb\xbf# comment, behind a byte order mark\n"
		 "name: gw\n"
		 "list:\n"
		 "  - 3h\n"
		 "  - \"quoted \\u00e4\"\n"
		 "map: {a: 022, b: [], c: ~}\n");
	const struct yaml_item *root = yaml_root(y);

	(void)state;
	assert_int_equal(yaml_errors(y), 0);
	assert_int_equal(yaml_kind(root), YAML_KIND_MAP);
	assert_int_equal(yaml_count(root), 3);
	assert_string_equal(yaml_text(yaml_key_at(root, 1)), "list");
	assert_string_equal(yaml_text(yaml_find(root, "name")), "gw");
	assert_string_equal(
	    yaml_text(yaml_at(yaml_find(root, "list"), 0)), "3h");
	assert_string_equal(
	    yaml_text(yaml_at(yaml_find(root, "list"), 1)), "quoted \xc3\xa4");
	assert_null(yaml_at(yaml_find(root, "list"), 2));
	/* Nothing is turned into numbers or null. */
	assert_string_equal(
	    yaml_text(yaml_find(yaml_find(root, "map"), "a")), "022");
	assert_string_equal(
	    yaml_text(yaml_find(yaml_find(root, "map"), "c")), "~");
	assert_null(yaml_find(root, "none"));
	assert_int_equal(yaml_kind(NULL), YAML_KIND_NONE);
	yaml_close(y);
}

static void
test_refuses(void **state)
{
	static const struct {
		const char *text;
		unsigned line, column;
		const char *part;
	} cases[] = {
	    {"", 1, 1, "empty"},
	    {"# only this\n", 1, 1, "empty"},
	    {"a: 1\nb: &x 2\n", 2, 4, "anchor"},
	    {"a: *x\n", 1, 4, "alias"},
	    {"a: !!int 5\n", 1, 4, "tag"},
	    {"a: !x {}\n", 1, 4, "tag"},
	    {"%YAML 1.1\n---\na: 1\n", 1, 1, "directive"},
	    {"a: 1\nb: 2\na: 3\n", 3, 1, "duplicate key \"a\""},
	    {"a: 1\n---\nb: 2\n", 2, 1, "second document"},
	    {"{a: 1}: 2\n", 1, 1, "key"},
	    {"a: [1, 2\n", 2, 1, "not valid YAML"},
	    {"a: \"x\\0y\"\n", 1, 4, "NUL"},
	    {"a: 1\nb: \x01\n", 2, 1, "control"},
	    {"a: 1\nb: \xff\n", 2, 1, "UTF-8"},
	    {"a: \xe2\x80\xae\n", 1, 1, "direction"},
	    {"a: \"\\u202e\"\n", 1, 4, "direction"},
	    {"\ta: 1\n", 1, 1, "a tab"},
	    {"a:\n  \tb: 1\n", 2, 3, "a tab"},
	    {"a: b: c\n", 1, 5, "not valid YAML"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct yaml *y = load(cases[i].text);
		const struct diag *d = yaml_diag(y, 0);

		if (d == NULL)
			fail_msg("accepted: %s", cases[i].text);
		if (strstr(d->text, cases[i].part) == NULL ||
		    d->line != cases[i].line || d->column != cases[i].column)
			fail_msg("%s -> %u:%u %s", cases[i].text, d->line,
			    d->column, d->text);
		yaml_close(y);
	}
}

static void
test_nul_byte(void **state)
{
	struct yaml *y = NULL;

	(void)state;
	assert_int_equal(yaml_open(&y, "t", "a: 1\0b: 2\n", 10), 0);
	assert_int_equal(yaml_errors(y), 1);
	assert_null(yaml_root(y));
	yaml_close(y);
}

static void
test_depth_and_size(void **state)
{
	char text[256] = "";
	char *big = NULL;
	struct yaml *y = NULL;

	(void)state;
	for (int depth = LIMIT_YAML_DEPTH; depth <= LIMIT_YAML_DEPTH + 1;
	     depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		text[2 * depth] = '\0';
		y = load(text);
		assert_int_equal(
		    yaml_errors(y), depth == LIMIT_YAML_DEPTH ? 0 : 1);
		yaml_close(y);
	}
	big = malloc(LIMIT_YAML_MAX + 1);
	assert_non_null(big);
	memset(big, '#', LIMIT_YAML_MAX + 1);
	memcpy(big, "a: 1\n", 5);
	assert_int_equal(yaml_open(&y, "t", big, LIMIT_YAML_MAX + 1), 0);
	assert_int_equal(yaml_errors(y), 1);
	assert_non_null(strstr(yaml_diag(y, 0)->text, "larger"));
	yaml_close(y);
	assert_int_equal(yaml_open(&y, "t", big, LIMIT_YAML_MAX), 0);
	assert_int_equal(yaml_errors(y), 0);
	yaml_close(y);
	free(big);
	assert_int_equal(yaml_open_file(&y, "/nonexistent/x.yaml"), 0);
	assert_int_equal(yaml_errors(y), 1);
	yaml_close(y);
	assert_int_equal(yaml_open_file(&y, "/"), 0);
	assert_int_equal(yaml_errors(y), 1);
	yaml_close(y);
}

static void
test_getters(void **state)
{
	struct yaml *y = load("s: text\nn: 5\nt: true\nd: 1h30m\n"
			      "w: optional\nl: [a, b]\nm: {x: 1}\n"
			      "name: web-01\nq: \"5\"\n");
	const struct yaml_item *root = yaml_root(y);
	static const char *const words[] = {"required", "optional", NULL};
	const char *s = NULL;
	uint64_t n = 0;
	uint32_t d = 0;
	size_t w = 0;
	bool b = false;

	(void)state;
	assert_true(yaml_get_str(y, root, "s", true, 4, &s));
	assert_string_equal(s, "text");
	assert_true(yaml_get_name(y, root, "name", true, &s));
	assert_true(yaml_get_int(y, root, "n", true, 1, 5, &n));
	assert_int_equal(n, 5);
	assert_true(yaml_get_bool(y, root, "t", true, &b));
	assert_true(b);
	assert_true(yaml_get_duration(y, root, "d", true, 5, 86400, &d));
	assert_int_equal(d, 5400);
	assert_true(yaml_get_word(y, root, "w", true, words, &w));
	assert_int_equal(w, 1);
	assert_int_equal(yaml_count(yaml_get_list(y, root, "l", true, 2)), 2);
	assert_int_equal(yaml_count(yaml_get_map(y, root, "m", true)), 1);
	/* Absent and allowed to be. */
	assert_false(yaml_get_int(y, root, "none", false, 0, 9, &n));
	assert_int_equal(n, 5);
	assert_int_equal(yaml_errors(y), 0);

	assert_false(yaml_get_str(y, root, "none", true, 4, &s));
	assert_false(yaml_get_str(y, root, "s", true, 3, &s));
	assert_false(yaml_get_str(y, root, "l", true, 99, &s));
	assert_false(yaml_get_int(y, root, "n", true, 6, 9, &n));
	assert_false(yaml_get_int(y, root, "d", true, 0, 9, &n));
	assert_false(yaml_get_int(y, root, "q", true, 0, 9, &n));
	assert_false(yaml_get_bool(y, root, "n", true, &b));
	assert_false(yaml_get_duration(y, root, "n", true, 5, 86400, &d));
	assert_false(yaml_get_duration(y, root, "d", true, 5, 60, &d));
	assert_false(yaml_get_word(y, root, "s", true, words, &w));
	assert_null(yaml_get_list(y, root, "s", true, 9));
	assert_null(yaml_get_list(y, root, "l", true, 1));
	assert_null(yaml_get_map(y, root, "s", true));
	assert_int_equal(yaml_errors(y), 13);
	yaml_close(y);
}

static void
test_booleans(void **state)
{
	static const char *const bad[] = {"yes", "no", "True", "TRUE", "on",
	    "flase", "1", "\"true\"", "", "~"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct yaml *y = NULL;
		bool b = false;

		(void)snprintf(text, sizeof(text), "a: %s\n", bad[i]);
		y = load(text);
		assert_false(yaml_get_bool(y, yaml_root(y), "a", true, &b));
		assert_int_equal(yaml_errors(y), 1);
		yaml_close(y);
	}
}

static void
printed(const struct yaml *y, char *ret, size_t size)
{
	FILE *f = fmemopen(ret, size, "w");

	assert_non_null(f);
	yaml_print_errors(f, y);
	assert_int_equal(fclose(f), 0);
}

static void
test_print(void **state)
{
	static const char *const top[] = {"session", "max_grant", NULL};
	static const char *const session[] = {"recording", "idle", NULL};
	struct yaml *y =
	    load("session:\n  recordng: true\nmax_grant: 3hours\n");
	const struct yaml_item *root = yaml_root(y);
	char out[1024] = "";
	uint32_t d = 0;

	(void)state;
	assert_true(yaml_only(y, root, NULL, top));
	assert_false(
	    yaml_get_duration(y, root, "max_grant", true, 5, 86400, &d));
	assert_false(
	    yaml_only(y, yaml_find(root, "session"), "session", session));
	printed(y, out, sizeof(out));
	/* In the order of the file, not of the search. */
	assert_string_equal(out,
	    "t.yaml:2:3: unknown key \"recordng\" under \"session\" (did you "
	    "mean \"recording\"?)\n"
	    "    2 |   recordng: true\n"
	    "      |   ^~~~~~~~\n"
	    "t.yaml:3:12: max_grant: not a duration: \"3hours\" (write 3h, 90m "
	    "or 1h30m; at most 1d)\n"
	    "    3 | max_grant: 3hours\n"
	    "      |            ^~~~~~\n");
	yaml_close(y);
}

static void
test_many_errors(void **state)
{
	static const char *const none[] = {NULL};
	char text[1024] = "";
	char out[8192] = "";
	struct yaml *y = NULL;

	(void)state;
	for (int i = 0; i < 25; i++)
		(void)snprintf(text + strlen(text), 16, "key%d: 1\n", i);
	y = load(text);
	assert_false(yaml_only(y, yaml_root(y), NULL, none));
	assert_int_equal(yaml_errors(y), 25);
	assert_non_null(yaml_diag(y, LIMIT_YAML_ERRORS - 1));
	assert_null(yaml_diag(y, LIMIT_YAML_ERRORS));
	printed(y, out, sizeof(out));
	assert_non_null(strstr(out, "t.yaml: and 5 more\n"));
	yaml_close(y);
}

static void
test_hostile_text_is_escaped(void **state)
{
	static const char *const keys[] = {"a", NULL};
	struct yaml *y = load("\"\\e[31m\": 1\n");
	char out[1024] = "";

	(void)state;
	(void)yaml_only(y, yaml_root(y), NULL, keys);
	assert_int_not_equal(yaml_errors(y), 0);
	printed(y, out, sizeof(out));
	assert_null(strchr(out, '\x1b'));
	yaml_close(y);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tree),
	    cmocka_unit_test(test_refuses),
	    cmocka_unit_test(test_nul_byte),
	    cmocka_unit_test(test_depth_and_size),
	    cmocka_unit_test(test_getters),
	    cmocka_unit_test(test_booleans),
	    cmocka_unit_test(test_print),
	    cmocka_unit_test(test_many_errors),
	    cmocka_unit_test(test_hostile_text_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
