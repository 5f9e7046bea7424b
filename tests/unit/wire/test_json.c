/* SPDX-License-Identifier: Apache-2.0 */
/* json: what is refused, with which code and field, and what passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "tests/unit/support/test.h"
#include "wire/json.h"

static json_t *
parse(const char *s, struct problem *p)
{
	return json_parse_object(s, strlen(s), p);
}

static void
test_parse_refuses(void **state)
{
	static const char *const bad[] = {"", "[]", "1", "{", "{} x",
	    "{\"a\":1,\"a\":2}", "{\"a\":\"\\u0000\"}", "{\"a\":'x'}",
	    "{\"a\":\"\xff\"}", "{\"a\":1,}", "nul"};
	struct problem p = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		p = (struct problem){0};
		assert_null(parse(bad[i], &p));
		assert_int_equal(p.status, 400);
		assert_string_equal(p.code, "bad-json");
		assert_true(p.text[0] != '\0');
	}
	assert_null(json_parse_object("{\"a\":1}\0", 8, &p));
	assert_non_null(strstr(p.text, "NUL"));
}

static void
nested(char *ret, size_t depth)
{
	strcpy(ret, "{\"a\":");
	for (size_t i = 1; i < depth; i++)
		strcat(ret, "[");
	for (size_t i = 1; i < depth; i++)
		strcat(ret, "]");
	strcat(ret, "}");
}

static void
test_parse_depth(void **state)
{
	char text[256] = "";
	struct problem p = {0};
	json_t *o = NULL;

	(void)state;
	nested(text, 32);
	o = parse(text, &p);
	assert_non_null(o);
	json_decref(o);
	nested(text, 33);
	assert_null(parse(text, &p));
	/* Brackets inside of strings are not depth. */
	o = parse(
	    "{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[\"}", &p);
	assert_non_null(o);
	json_decref(o);
}

static void
test_only(void **state)
{
	static const char *const keys[] = {"target", "login", "for", NULL};
	struct problem p = {0};
	json_t *o = parse("{\"target\":\"x\",\"logn\":\"y\"}", &p);

	(void)state;
	assert_non_null(o);
	assert_int_not_equal(json_only(o, keys, &p), 0);
	assert_string_equal(p.code, "unknown-key-name");
	assert_string_equal(p.field, "logn");
	assert_non_null(strstr(p.text, "did you mean \"login\"?"));
	assert_int_equal(json_object_del(o, "logn"), 0);
	assert_int_equal(json_only(o, keys, &p), 0);
	json_decref(o);
}

static void
test_getters(void **state)
{
	struct problem p = {0};
	json_t *o = parse("{\"s\":\"text\",\"n\":5,\"big\":99,\"b\":true,"
			  "\"ctl\":\"a\\u001bb\",\"bidi\":\"a\\u202eb\","
			  "\"name\":\"-x\",\"list\":[\"a\",\"b\"],"
			  "\"mixed\":[\"a\",1],\"real\":5.0,\"null\":null}",
	    &p);
	const char *s = "x";
	const json_t *a = NULL;
	int64_t n = 7;
	bool b = false;

	(void)state;
	assert_non_null(o);
	assert_int_equal(json_get_str(o, "s", true, 4, &s, &p), 0);
	assert_string_equal(s, "text");
	assert_int_not_equal(json_get_str(o, "s", true, 3, &s, &p), 0);
	assert_null(s);
	assert_int_not_equal(json_get_str(o, "n", true, 9, &s, &p), 0);
	assert_int_not_equal(json_get_str(o, "null", false, 9, &s, &p), 0);
	assert_int_not_equal(json_get_str(o, "ctl", true, 9, &s, &p), 0);
	assert_int_not_equal(json_get_str(o, "bidi", true, 9, &s, &p), 0);
	assert_int_not_equal(json_get_name(o, "name", true, &s, &p), 0);
	assert_string_equal(p.code, "bad-field");
	assert_string_equal(p.field, "name");
	assert_int_equal(json_get_str(o, "none", false, 9, &s, &p), 0);
	assert_null(s);
	assert_int_not_equal(json_get_str(o, "none", true, 9, &s, &p), 0);
	assert_string_equal(p.code, "missing");

	assert_int_equal(json_get_int(o, "none", false, 0, 9, &n, &p), 0);
	assert_int_equal(n, 7); /* the default stays */
	assert_int_equal(json_get_int(o, "n", true, 0, 9, &n, &p), 0);
	assert_int_equal(n, 5);
	assert_int_not_equal(json_get_int(o, "big", true, 0, 9, &n, &p), 0);
	assert_int_not_equal(json_get_int(o, "real", true, 0, 9, &n, &p), 0);
	assert_int_not_equal(json_get_int(o, "s", true, 0, 9, &n, &p), 0);

	assert_int_equal(json_get_bool(o, "b", true, &b, &p), 0);
	assert_true(b);
	assert_int_not_equal(json_get_bool(o, "n", true, &b, &p), 0);

	assert_int_equal(json_get_array(o, "list", true, 2, &a, &p), 0);
	assert_int_equal(json_array_size(a), 2);
	assert_int_not_equal(json_get_array(o, "list", true, 1, &a, &p), 0);
	assert_null(a);
	assert_int_not_equal(json_get_array(o, "mixed", true, 9, &a, &p), 0);
	assert_int_equal(json_get_array(o, "none", false, 9, &a, &p), 0);
	assert_null(a);
	json_decref(o);
}

static void
test_problem(void **state)
{
	struct problem p = {0};
	json_t *o = NULL;
	char *text = NULL;

	(void)state;
	problem_set(&p, 403, "denied", "a\x1b[31m", "no: %s", "because");
	o = problem_json(&p);
	assert_non_null(o);
	text = json_text(o);
	assert_string_equal(text,
	    "{\"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403,"
	    "\"detail\":\"no: because\",\"code\":\"denied\","
	    "\"field\":\"a\\\\x1b[31m\"}");
	free(text);
	json_decref(o);
	/* A text cut in the middle of a character still gives JSON. */
	problem_set(&p, 400, "x", NULL, "%0511d\xc3\xa4", 0);
	o = problem_json(&p);
	assert_non_null(o);
	assert_null(json_object_get(o, "field"));
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse_refuses),
	    cmocka_unit_test(test_parse_depth),
	    cmocka_unit_test(test_only),
	    cmocka_unit_test(test_getters),
	    cmocka_unit_test(test_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
