/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_scope - when a role is for less than it was: a table over each field
 * that says whom and what it is for.
 */
#include "tests/unit/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/scope.h"

struct row {
	const char *field;
	const char *was, *now; /* values with "|" between; a label's with "=" */
	bool lost;
};

static const struct row rows[] = {
    {"users", "a|b", "a", true},
    {"users", "a", "b", true},
    {"users", "a", "a|b", false},
    {"users", "a|b", "b|a", false},
    {"users", "a", "a=2030-01-01T00:00:00Z", true},
    {"groups", "a|b", "b", true},
    {"groups", "a", "a|b", false},
    {"targets", "x", "", true},
    {"targets", "", "x", false},
    {"labels", "env=prod", "env=lab", true},
    {"labels", "env=prod", "env=prod|app=shop", true},
    {"labels", "env=prod|app=shop", "env=prod", false},
    {"labels", "env=prod", "", true},
    {"select", "env=prod", "env=prod|!old", true},
    {"select", "env=prod|!old", "env=prod", false},
    {"logins", "deploy|root", "deploy", true},
    {"logins", "deploy", "deploy|root", false},
    {"ports", "22|2222", "22", true},
    {"sources", "", "10.0.0.0/8", true},
    {"sources", "10.0.0.0/8", "", false},
    {"sources", "10.0.0.0/8", "10.0.0.0/8|192.0.2.0/24", false},
    {"sources", "10.0.0.0/8|192.0.2.0/24", "10.0.0.0/8", true},
    {"hours", "", "mon-fri 08:00-18:00 UTC", true},
    {"hours", "mon-fri 08:00-18:00 UTC", "", false},
    {"or", "", "group=oncall", false},
    {"deny", "false", "true", true},
    {"report_only", "false", "true", true},
    {"report_only", "true", "false", true},
    {"machine", "false", "true", true},
    /* how much it gives is no matter of whom it is for */
    {"max", "3600", "60", false},
    {"record", "true", "false", false},
    {"approvals", "2 of a", "1 of a", false},
};

static void
put(struct policy_role *r, const struct rolefield *f, const char *values)
{
	char copy[256];
	char *save = NULL;

	assert_true(strlen(values) < sizeof(copy));
	(void)strcpy(copy, values);
	memset(r, 0, sizeof(*r));
	for (char *s = strtok_r(copy, "|", &save); s != NULL;
	     s = strtok_r(NULL, "|", &save)) {
		char *more = f->kind == ROLE_LABELS || f->kind == ROLE_MEMBERS
				 ? strchr(s, '=')
				 : NULL;

		if (more != NULL)
			*more++ = '\0';
		assert_int_equal(
		    rolefield_add(f, r, s, more != NULL ? more : ""), 0);
	}
}

static void
test_fields(void **state)
{
	struct policy_role *was = calloc(2, sizeof(*was)), *now = was + 1;

	(void)state;
	assert_non_null(was);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct rolefield *f = rolefield_find(rows[i].field);
		const struct rolefield *lost = NULL;

		assert_non_null(f);
		put(was, f, rows[i].was);
		put(now, f, rows[i].now);
		lost = scope_lost(was, now);
		if (lost != (rows[i].lost ? f : NULL))
			fail_msg("%s: %s -> %s: %s", f->name, rows[i].was,
			    rows[i].now, lost != NULL ? "lost" : "not lost");
		put(now, f, rows[i].was);
		assert_null(scope_lost(was, now)); /* the same is no less */
	}
	free(was);
}

/* Each field of that kind has a row, so that a new one is thought of. */
static void
test_all(void **state)
{
	const struct rolefield *f = rolefields();

	(void)state;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		bool hit = f[i].merge != ROLE_SELECTS || f[i].kind == ROLE_NAME;

		for (size_t k = 0; k < ARRAY_LEN(rows) && !hit; k++)
			hit = strcmp(rows[k].field, f[i].name) == 0;
		if (!hit)
			fail_msg("no row for %s", f[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
