/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_words - what a target says is told line by line, all of it up to a
 * bound, and nothing of it acts on a terminal.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/attr.h"
#include "session/words.h"

static char told[64 * 1024];

static void
tell(void *arg, const char *line)
{
	unsigned *n = arg;

	(*n)++;
	(void)strcat(strcat(told, line), "\n");
}

static unsigned
all(const struct words *w)
{
	unsigned n = 0;

	told[0] = '\0';
	words_each(w, tell, &n);
	return n;
}

static void
add(struct words *w, const char *s)
{
	words_add(w, s, strlen(s));
}

static void
test_lines(void **state)
{
	struct words w = {.n = 0};
	char line[64];

	(void)state;
	assert_int_equal(all(&w), 0);
	words_line(line, sizeof(line), &w);
	assert_string_equal(line, "");
	add(&w, " \r\n\n  ");
	assert_int_equal(all(&w), 0);
	words_line(line, sizeof(line), &w);
	assert_string_equal(line, "");
	add(&w, "  No logins until noon.\r\n\r\n Ask ops. \n");
	add(&w, "Your account has expired"); /* another banner */
	add(&w, "please ask");
	assert_int_equal(all(&w), 4);
	assert_string_equal(told, "No logins until noon.\nAsk ops.\n"
				  "Your account has expired\nplease ask\n");
	words_line(line, sizeof(line), &w);
	assert_string_equal(line, "No logins until noon. / Ask ops. / Your "
				  "account has expired ...");
}

static void
test_harmless(void **state)
{
	static const char evil[] = "a\x1b[2Jb\rc\x07\n\xc2\x9b"
				   "31m\n\xe2\x80\xae"
				   "gpj.sh\n\xff\xfe";
	struct words w = {.n = 0};
	char line[256];

	(void)state;
	words_add(&w, evil, sizeof(evil)); /* with its NUL */
	assert_int_equal(all(&w), 4);
	words_line(line, sizeof(line), &w);
	for (const char *p = told; *p != '\0'; p++)
		assert_true((*p >= ' ' && *p < 0x7f) || *p == '\n');
	for (const char *p = line; *p != '\0'; p++)
		assert_true(*p >= ' ' && *p < 0x7f);
}

static void
test_much(void **state)
{
	struct words w = {.n = 0};
	char line[8192];

	(void)state;
	for (int i = 0; i < 50; i++)
		add(&w, "x\n");
	assert_int_equal(all(&w), WORDS_LINES + 1);
	for (int i = 0; i < 20000; i++)
		add(&w, "y\n\n");
	assert_true(w.cut && w.n <= sizeof(w.said));
	assert_int_equal(all(&w), WORDS_LINES + 1);
	words_line(line, sizeof(line), &w);
	memset(line, 'z', sizeof(line));
	w = (struct words){.n = 0};
	words_add(&w, line, sizeof(line));
	words_add(&w, line, sizeof(line));
	assert_true(w.cut);
	assert_int_equal(all(&w), 2);
	assert_int_equal(strlen(told), WORDS_LINE_SIZE - 1 + 1 + 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_harmless),
	    cmocka_unit_test(test_much),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
