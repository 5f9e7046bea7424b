/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_selector - what is asked of a target's labels: how it is written, and
 * when it holds.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/selector.h"

static void
test_text(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: as it is */
	} rows[] = {
	    {"env", NULL},
	    {"!env", NULL},
	    {"env=prod", NULL},
	    {"env!=prod", NULL},
	    {"env in (prod, test)", NULL},
	    {"env notin (prod, test)", NULL},
	    {" env = prod ", "env=prod"},
	    {"! env", "!env"},
	    {"env  !=prod", "env!=prod"},
	    {"env in(test,prod,test)", "env in (prod, test)"},
	    {"env in (prod)", "env=prod"},
	    {"env notin ( prod )", "env!=prod"},
	    {"in in (in, notin)", NULL},
	    {"1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct selector_list l = {0};
		char text[SELECTOR_TEXT_SIZE];

		CHECK_ROW(selector_add(&l, rows[i].in) == 0, rows[i].in);
		selector_text(text, &l.selector[0]);
		CHECK_ROW(strcmp(text, rows[i].out != NULL ? rows[i].out
							   : rows[i].in) == 0,
		    rows[i].in);
		CHECK_ROW(selector_add(&l, text) == GW_EEXIST, rows[i].in);
	}
}

static void
test_no_text(void **state)
{
	static const char *const rows[] = {"", "!", "=prod",
	    "env=", "env==prod", "env!", "env in", "env in ()", "env in (prod",
	    "env in prod", "env in (prod,)", "env in (prod) x",
	    "env isin (prod)", "a b", "!env=prod", "!env in (prod)", "env=a,b",
	    "env=prod test", "-env", "env=-x", "env>1", "env notin",
	    "env=\x1b"};
	struct selector_list l = {0};
	char text[2048] = "env in (a", name[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(selector_add(&l, rows[i]) == GW_EINVAL, rows[i]);
	/* more values than there is room for */
	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), ",b%02u", i);
		strcat(text, name);
	}
	strcat(text, ")");
	assert_int_equal(selector_add(&l, text), GW_EINVAL);
	assert_int_equal(l.n, 0);
}

/* As many values as there can be: their text has room. */
static void
test_longest(void **state)
{
	struct selector_list l = {0}, again = {0};
	char text[1024] = "env notin (", got[SELECTOR_TEXT_SIZE];

	(void)state;
	for (char c = '0'; c <= 'z'; c++)
		if (c <= '9' || c >= 'a' || (c >= 'A' && c <= 'Z'))
			(void)snprintf(text + strlen(text),
			    sizeof(text) - strlen(text), "%s%c",
			    c > '0' ? "," : "", c);
	for (char c = 'a'; c <= 'z'; c++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    ",_%c", c);
	strcat(text, ")");
	assert_int_equal(selector_add(&l, text), 0);
	selector_text(got, &l.selector[0]);
	assert_int_equal(selector_add(&again, got), 0);
	assert_true(selector_equal(&l, &again));
}

static const struct {
	const char *text;
	bool prod, test, none; /* of a target with env=prod, test, without */
} rows[] = {
    {"env=prod", true, false, false},
    {"env!=prod", false, true, true},
    {"env in (prod, test)", true, true, false},
    {"env in (prod, stage)", true, false, false},
    {"env notin (prod, stage)", false, true, true},
    {"env", true, true, false},
    {"!env", false, false, true},
    {"other", false, false, false},
    {"!other", true, true, true},
    {"app=shop", true, true, true},
    {"ENV=prod", false, false, false},
    {"env=pro", false, false, false},
};

static void
labels(struct label_list *ret, const char *env)
{
	memset(ret, 0, sizeof(*ret));
	assert_int_equal(label_list_add(ret, "app", "shop"), 0);
	if (env != NULL)
		assert_int_equal(label_list_add(ret, "env", env), 0);
}

static void
test_holds(void **state)
{
	struct label_list prod, test, none;

	(void)state;
	labels(&prod, "prod");
	labels(&test, "test");
	labels(&none, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct selector_list l = {0};

		CHECK_ROW(selector_add(&l, rows[i].text) == 0, rows[i].text);
		CHECK_ROW(selector_list_holds(&l, &prod) == rows[i].prod,
		    rows[i].text);
		CHECK_ROW(selector_list_holds(&l, &test) == rows[i].test,
		    rows[i].text);
		CHECK_ROW(selector_list_holds(&l, &none) == rows[i].none,
		    rows[i].text);
	}
}

/* All of them; of none, nothing. */
static void
test_lists(void **state)
{
	struct selector_list l = {0}, other = {0};
	struct label_list prod;

	(void)state;
	labels(&prod, "prod");
	assert_false(selector_list_holds(&l, &prod));
	assert_int_equal(selector_add(&l, "env=prod"), 0);
	assert_int_equal(selector_add(&l, "app!=blog"), 0);
	assert_true(selector_list_holds(&l, &prod));
	assert_int_equal(selector_add(&other, "app!=blog"), 0);
	assert_false(selector_equal(&l, &other));
	assert_int_equal(selector_add(&other, "env in (prod)"), 0);
	assert_true(selector_equal(&l, &other));
	assert_int_equal(selector_add(&l, "zone"), 0);
	assert_false(selector_list_holds(&l, &prod));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_no_text),
	    cmocka_unit_test(test_longest),
	    cmocka_unit_test(test_holds),
	    cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests_name("selector", tests, NULL, NULL);
}
