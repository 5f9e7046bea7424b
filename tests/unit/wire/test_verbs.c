/* SPDX-License-Identifier: Apache-2.0 */
/* verbs: the route table is complete, unambiguous and found by its paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/verbs.h"

static void
test_table(void **state)
{
	(void)state;
	assert_null(verb_get(VERB_NONE));
	assert_null(verb_get(VERB_COUNT));
	assert_null(verb_get(100000));
	for (unsigned i = 1; i < VERB_COUNT; i++) {
		const struct verb *v = verb_get(i);

		assert_non_null(v);
		assert_int_equal(v->id, i);
		assert_int_not_equal(v->auth, AUTH_NOBODY);
		assert_int_not_equal(v->who, WHO_NOBODY);
		assert_int_equal(strncmp(v->path, "/v1/", 4), 0);
		/* Who is only provable by a token or a signature. */
		if (v->auth == AUTH_OPEN)
			assert_int_equal(v->who, WHO_ANYONE);
		/* A code needs an envelope to come in. */
		if (v->code != CODE_NEVER)
			assert_int_equal(v->auth, AUTH_SIGNED);
		if (v->auth == AUTH_SIGNED)
			assert_string_equal(v->method, "POST");
		for (unsigned j = 1; j < i; j++) {
			const struct verb *w = verb_get(j);

			assert_string_not_equal(v->name, w->name);
			assert_false(strcmp(v->path, w->path) == 0 &&
				     strcmp(v->method, w->method) == 0);
		}
	}
}

static void
test_route(void **state)
{
	const char *arg = "x";
	char methods[32] = "x";
	const struct verb *v = NULL;

	(void)state;
	for (unsigned i = 1; i < VERB_COUNT; i++) {
		v = verb_get(i);
		if (strchr(v->path, '{') != NULL)
			continue;
		assert_ptr_equal(
		    verb_route(v->method, v->path, &arg, NULL, 0), v);
		assert_null(arg);
	}
	v = verb_route("GET", "/v1/recordings/s-9D3F", &arg, NULL, 0);
	assert_ptr_equal(v, verb_get(VERB_RECORDING));
	assert_string_equal(arg, "s-9D3F");
	assert_null(verb_route("GET", "/v1/recordings/", &arg, NULL, 0));
	assert_null(verb_route("GET", "/v1/recordings/a/b", &arg, NULL, 0));
	assert_null(verb_route("GET", "/v1/grants/", &arg, NULL, 0));
	assert_null(verb_route("GET", "/v1/none", &arg, methods, 32));
	assert_string_equal(methods, "");
	assert_null(verb_route(
	    "DELETE", "/v1/targets", &arg, methods, sizeof(methods)));
	assert_string_equal(methods, "GET, POST");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
