/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi: contrib/openapi.json and the route table say the same, both ways,
 * and every schema the description refers to is there and used.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/unit/support/test.h"
#include "wire/json.h"
#include "wire/verbs.h"

static json_t *doc;

static int
setup(void **state)
{
	const char *dir = getenv("top_srcdir");
	char path[512];
	json_error_t e;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/contrib/openapi.json",
	    dir != NULL ? dir : ".");
	doc = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
	if (doc == NULL)
		print_error("%s:%d:%d: %s\n", path, e.line, e.column, e.text);
	return doc != NULL ? 0 : 1;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(doc);
	return 0;
}

static const char *
text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static json_t *
operation(const struct verb *v)
{
	char method[16];
	size_t n = strlen(v->method);

	assert_true(n < sizeof(method));
	for (size_t i = 0; i <= n; i++)
		method[i] = (char)(v->method[i] >= 'A' && v->method[i] <= 'Z'
				       ? v->method[i] + 32
				       : v->method[i]);
	return json_object_get(
	    json_object_get(json_object_get(doc, "paths"), v->path), method);
}

static void
test_every_route(void **state)
{
	static const char *const auth[] = {"", "open", "token", "signed"};
	static const char *const who[] = {"", "anyone", "stranger", "invited",
	    "user", "person", "any-right", "auditor", "policy", "responder",
	    "responder, user-admin", "user-admin", "policy, user-admin",
	    "admin"};
	static const char *const code[] = {
	    "", "never", "mfa-age", "mfa-age", "always"};

	(void)state;
	assert_string_equal(text(doc, "openapi"), "3.1.0");
	for (unsigned i = 1; i < VERB_COUNT; i++) {
		const struct verb *v = verb_get(i);
		const json_t *op = operation(v);
		const json_t *security;

		if (op == NULL)
			fail_msg("%s %s is not described", v->method, v->path);
		assert_string_equal(text(op, "operationId"), v->name);
		assert_string_equal(
		    text(op, "x-sallyport-auth"), auth[v->auth]);
		assert_string_equal(text(op, "x-sallyport-who"), who[v->who]);
		assert_string_equal(
		    text(op, "x-sallyport-code"), code[v->code]);
		security = json_object_get(op, "security");
		assert_true(json_is_array(security));
		assert_int_equal(
		    json_array_size(security), v->auth == AUTH_TOKEN ? 1 : 0);
		assert_int_equal(json_object_get(op, "requestBody") != NULL,
		    strcmp(v->method, "POST") == 0);
		assert_int_equal(
		    json_object_get(op, "x-sallyport-body") != NULL,
		    v->auth == AUTH_SIGNED);
		assert_int_equal(json_object_get(op, "parameters") != NULL &&
				     strchr(v->path, '{') != NULL,
		    strchr(v->path, '{') != NULL);
		assert_non_null(json_object_get(
		    json_object_get(op, "responses"), "default"));
	}
}

static void
test_nothing_else(void **state)
{
	const char *path, *method;
	json_t *methods, *op;
	size_t n = 0;

	(void)state;
	json_object_foreach(json_object_get(doc, "paths"), path, methods)
	{
		json_object_foreach(methods, method, op)
		{
			unsigned i;

			for (i = 1; i < VERB_COUNT; i++)
				if (strcmp(verb_get(i)->path, path) == 0 &&
				    strcasecmp(verb_get(i)->method, method) ==
					0)
					break;
			if (i == VERB_COUNT)
				fail_msg("%s %s has no route", method, path);
			n++;
		}
	}
	assert_int_equal(n, VERB_COUNT - 1);
}

/* Counts how often each schema is referred to; fails for one that is not. */
static void
walk(const json_t *v, json_t *used)
{
	static const char prefix[] = "#/components/";
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_array(v)) {
		json_array_foreach(v, i, item) walk(item, used);
		return;
	}
	if (!json_is_object(v))
		return;
	json_object_foreach((json_t *)(uintptr_t)v, key, item)
	{
		const char *ref = json_string_value(item);
		char kind[32], name[64];

		if (strcmp(key, "$ref") != 0 || ref == NULL) {
			walk(item, used);
			continue;
		}
		assert_int_equal(strncmp(ref, prefix, sizeof(prefix) - 1), 0);
		assert_int_equal(sscanf(ref + sizeof(prefix) - 1,
				     "%31[^/]/%63s", kind, name),
		    2);
		if (json_object_get(
			json_object_get(
			    json_object_get(doc, "components"), kind),
			name) == NULL)
			fail_msg("%s is not there", ref);
		assert_int_equal(
		    json_object_set_new(used, name, json_true()), 0);
	}
}

static void
test_references(void **state)
{
	json_t *used = json_object();
	const char *name;
	json_t *schema;

	(void)state;
	walk(doc, used);
	json_object_foreach(
	    json_object_get(json_object_get(doc, "components"), "schemas"),
	    name, schema)
	{
		/* Payload is inside a string, so nothing refers to it */
		if (strcmp(name, "Payload") != 0 &&
		    json_object_get(used, name) == NULL)
			fail_msg("schema %s is not used", name);
	}
	json_decref(used);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_route),
	    cmocka_unit_test(test_nothing_else),
	    cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
