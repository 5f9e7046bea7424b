/* SPDX-License-Identifier: Apache-2.0 */
/* What jitctl reads from its words and shows on a terminal: arguments, tables,
 * YAML, recordings. */
#include "tests/unit/support/test.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jitctl/term/cast.h"
#include "jitctl/term/grid.h"
#include "jitctl/term/json.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"
#include "jitctl/term/yaml.h"
#include "sys/yaml.h"

static void
test_words(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"web-01", "web-01"},
	    {"a/b:c@d", "a/b:c@d"},
	    {"", "''"},
	    {"two words", "'two words'"},
	    {"$(reboot)", "'$(reboot)'"},
	    {"it's", "'it'\\''s'"},
	    {"a;b", "'a;b'"},
	    {"\x1b[31m", "'\\x1b[31m'"},
	};
	struct ctx c = {0};
	json_t *o = NULL;
	uint64_t port = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[64] = "";
		FILE *f = fmemopen(out, sizeof(out), "w");

		assert_non_null(f);
		put_shell_word(f, cases[i].in);
		(void)fclose(f);
		assert_string_equal(out, cases[i].out);
	}
	assert_true(port_arg("65535", &port));
	assert_int_equal(port, 65535);
	assert_false(port_arg("0", &port));
	assert_false(port_arg("65536", &port));
	assert_false(port_arg("ssh", &port));
	c.opt.n[F_LABEL] = 2;
	c.opt.value[F_LABEL][0] = "env=prod";
	c.opt.value[F_LABEL][1] = "os=debian";
	o = labels_object(&c);
	assert_int_equal(json_object_size(o), 2);
	json_decref(o);
	c.opt.value[F_LABEL][1] = "os";
	assert_null(labels_object(&c));
	c.opt.value[F_LABEL][1] = "os=a b";
	assert_null(labels_object(&c));
}

static void
test_table(void **state)
{
	static const char *const cells[] = {"ID", "TEXT", "g-1",
	    "a rather long text that has to be cut", "g-22",
	    "\xe6\xbc\xa2\xe5\xad\x97"};
	struct table t = {.rows = 3, .cols = 2};
	char out[1024] = "";
	FILE *f = fmemopen(out, sizeof(out), "w");

	(void)state;
	t.cell = calloc(6, sizeof(*t.cell));
	assert_non_null(t.cell);
	for (size_t i = 0; i < 6; i++)
		strcpy(t.cell[i], cells[i]);
	assert_int_equal(table_print(f, &t, 0), 0);
	assert_int_equal(table_print(f, &t, 20), 0);
	t.whole = 2; /* what must stay whole does */
	assert_int_equal(table_print(f, &t, 20), 0);
	(void)fclose(f);
	assert_string_equal(out,
	    "ID    TEXT\n"
	    "g-1   a rather long text that has to be cut\n"
	    "g-22  \xe6\xbc\xa2\xe5\xad\x97\n"
	    "ID    TEXT\n"
	    "g-1   a rather long\xe2\x80\xa6\n"
	    "g-22  \xe6\xbc\xa2\xe5\xad\x97\n"
	    "g-1\n"
	    "  TEXT  a rather long text that has to be cut\n"
	    "g-22\n"
	    "  TEXT  \xe6\xbc\xa2\xe5\xad\x97\n");
	free(t.cell);
}

/* As wide as a terminal, and some of it may go: the last of that first, no more
 * than must; where all of it is not enough, nothing of it goes. */
static void
test_left_out(void **state)
{
	static const char *const cells[] = {"ID", "LOGIN", "START", "REC",
	    "s-22222222", "deploy", "12:31:00 UTC", "yes"};
	static const struct {
		unsigned width;
		uint32_t out;
		const char *text;
	} rows[] = {
	    {37, 0,
		"ID          LOGIN   START         REC\n"
		"s-22222222  deploy  12:31:00 UTC  yes\n"},
	    {36, 8,
		"ID          LOGIN   START\n"
		"s-22222222  deploy  12:31:00 UTC\n"},
	    {31, 8 | 2,
		"ID          START\n"
		"s-22222222  12:31:00 UTC\n"},
	    {20, 0,
		"s-22222222\n"
		"  LOGIN  deploy\n"
		"  START  12:31:00 UTC\n"
		"  REC    yes\n"},
	};
	struct table t = {.rows = 2, .cols = 4, .whole = 1 | 4, .less = 2 | 8};

	(void)state;
	t.cell = calloc(8, sizeof(*t.cell));
	assert_non_null(t.cell);
	for (size_t i = 0; i < 8; i++)
		strcpy(t.cell[i], cells[i]);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char out[256] = "";
		FILE *f = fmemopen(out, sizeof(out), "w");

		assert_non_null(f);
		assert_int_equal(
		    table_print(f, &t, rows[i].width), rows[i].out);
		(void)fclose(f);
		assert_string_equal(out, rows[i].text);
	}
	free(t.cell);
}

/* A terminal without UTF-8: what others wrote is ASCII there, dots too. */
static void
test_c_locale(void **state)
{
	static const char text[] = "n\xc3\xa9\xe6\xbc\xa2 \xc2\x9b";
	static const char *const cells[] = {
	    "ID", "TEXT", "g-1", "a rather long text"};
	struct table t = {.rows = 2, .cols = 2};
	char out[256] = "";
	char got[64];
	FILE *f = fmemopen(out, sizeof(out), "w");

	(void)state;
	say_text(got, sizeof(got), text, strlen(text));
	assert_string_equal(got, "n\xc3\xa9\xe6\xbc\xa2 \\u{9b}");
	(void)setlocale(LC_CTYPE, "C");
	say_text(got, sizeof(got), text, strlen(text));
	assert_string_equal(got, "n\\u{e9}\\u{6f22} \\u{9b}");
	say_text(got, 8, text, strlen(text));
	assert_true(strlen(got) < 8);
	t.cell = calloc(4, sizeof(*t.cell));
	assert_non_null(f);
	assert_non_null(t.cell);
	for (size_t i = 0; i < 4; i++)
		strcpy(t.cell[i], cells[i]);
	assert_int_equal(table_print(f, &t, 20), 0);
	(void)fclose(f);
	assert_string_equal(out, "ID   TEXT\n"
				 "g-1  a rather lon...\n");
	free(t.cell);
	(void)setlocale(LC_CTYPE, "C.UTF-8");
}

static void
test_cells(void **state)
{
	json_t *o = json_loads("{\"s\":\"a\\u001b[31m\",\"n\":5,\"b\":true,"
			       "\"l\":[\"x\",22],\"m\":{\"env\":\"prod\"},"
			       "\"d\":5400,\"t\":\"2026-11-22T01:02:03Z\","
			       "\"z\":null}",
	    0, NULL);
	static const struct {
		const char *key;
		enum col_kind kind;
		const char *want;
	} cases[] = {
	    {"s", COL_TEXT, "a\\x1b[31m"},
	    {"n", COL_TEXT, "5"},
	    {"b", COL_BOOL, "yes"},
	    {"l", COL_LIST, "x,22"},
	    {"m", COL_MAP, "env=prod"},
	    {"d", COL_SECONDS, "1h30m"},
	    {"t", COL_TIME, "2026-11-22 01:02:03 UTC"},
	    {"z", COL_TIME, ""},
	    {"none", COL_TEXT, ""},
	};
	char text[CELL_SIZE];

	(void)state;
	assert_non_null(o);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cell_text(
		    text, json_object_get(o, cases[i].key), cases[i].kind);
		assert_string_equal(text, cases[i].want);
	}
	json_decref(o);
}

static void
test_yaml_output(void **state)
{
	json_t *o = json_loads(
	    "{\"a\":\"no\",\"l\":[{\"x\":1,\"y\":[]},\"s\",[2]],\"m\":{\"k\":"
	    "null}}",
	    0, NULL);
	char out[512] = "";
	FILE *f = fmemopen(out, sizeof(out), "w");
	struct yaml *y = NULL;

	(void)state;
	out_yaml(f, o);
	(void)fclose(f);
	assert_string_equal(out, "a: \"no\"\n"
				 "l:\n"
				 "  - x: 1\n"
				 "    y: []\n"
				 "  - \"s\"\n"
				 "  -\n"
				 "    - 2\n"
				 "m:\n"
				 "  k: null\n");
	assert_int_equal(yaml_open(&y, "o", out, strlen(out)), 0);
	assert_int_equal(yaml_errors(y), 0);
	yaml_close(y);
	json_decref(o);
}

static void
test_cast(void **state)
{
	static const char head[] =
	    "{\"version\": 2, \"width\": 80, \"height\": "
	    "24, \"timestamp\": 1}";
	static const char line[] = "[1.5, \"o\", \"a\\r\\n\"]";
	struct cast_event e = {0};
	unsigned w = 0;
	unsigned h = 0;

	(void)state;
	assert_true(cast_header(head, strlen(head), &w, &h));
	assert_int_equal(w, 80);
	assert_int_equal(h, 24);
	assert_false(cast_header("{\"version\":1}", 13, &w, &h));
	assert_false(cast_header("x", 1, &w, &h));
	assert_true(cast_event(&e, line, strlen(line)));
	assert_int_equal(e.kind, 'o');
	assert_string_equal(e.data, "a\r\n");
	cast_event_done(&e);
	assert_false(cast_event(&e, "[1]", 3));
	assert_false(cast_event(&e, "{}", 2));
	cast_event_done(&e);
}

static void
test_cast_filter(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"plain\r\n", "plain\r\n"},
	    {"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"},
	    {"\x1b[?1049h\x1b[2J", "\x1b[?1049h\x1b[2J"},
	    {"a\x1b]0;title\x07z", "az"},
	    {"a\x1b]52;c;aGk=\x1b\\z", "az"},
	    {"a\x1bPq#0\x1b\\z", "az"},
	    {"a\x1b[6nz", "az"},
	    {"a\x1b[>cz", "az"},
	    {"a\x1b[21tz", "az"},
	    {"a\x1b[?2$pz", "az"}, /* is this mode set? */
	    {"a\x1b[?4mz", "az"},
	    {"a\x1b[?1;1;0Sz", "az"},
	    {"a\x1b[?uz", "az"},
	    {"a\x1b[5iz", "az"}, /* to the printer */
	    {"\x1b[?25;1hz\x1b[3S", "\x1b[?25;1hz\x1b[3S"},
	    {"\x1b[s\x1b[u\x1b[4m\x1b[!p", "\x1b[s\x1b[u\x1b[4m\x1b[!p"},
	    /* What would be typed into the shell afterwards. */
	    {"a\x1b[?1000hz", "az"},
	    {"a\x1b[?25;1003hz", "az"},
	    {"a\x1b[?2004hz\x1b[?2004l", "az"},
	    {"a\x1b[>4;2mz", "az"},
	    {"a\x1b[>1uz", "az"},
	    {"a\x05z", "az"},
	    {"a\x1bZz", "az"},
	    {"\x1b(B", "\x1b(B"},
	    /* What a sequence is broken off by must not hide the next. */
	    {"a\x1b\x1b]0;t\x07z", "az"},
	    {"a\x1b(\x1b]0;t\x07z", "az"},
	    {"a\x1b[1\x1b]0;t\x07z", "az"},
	    {"a\x1b\x1b[6nz", "az"},
	    {"a\xc2\x9d"
	     "52;x\x07z",
		"az"},
	    {"\xc3\xa4", "\xc3\xa4"},
	    /* What hides text, or turns it around, is seen. */
	    {"rm \xe2\x80\xaetxt.sh", "rm \xef\xbf\xbdtxt.sh"},
	    {"a\xe2\x81\xa6\xe2\x80\x8bz", "a\xef\xbf\xbd\xef\xbf\xbdz"},
	    {"\x1b[\xe2\x80\xaez", "\xef\xbf\xbdz"},
	    {"a\xffz", "a\xef\xbf\xbdz"},
	    /* Another coding, in which U+06DB begins a sequence. */
	    {"a\x1b%@\xdb\x9b"
	     "z",
		"a\xdb\x9bz"},
	    {"a\x1b Gz", "a"
			 "z"},
	    {"a\x1b[62;1\"pz", "az"},
	    /* Nothing that was seen is taken for part of a string. */
	    {"a\x1b]0;t\x1b[1mseen", "a\x1b[1mseen"},
	    {"a\x1b]0;t\x18seen", "aseen"},
	    {"a\x1b]0;t\x1b]52;c;aGk=\x07z", "az"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const size_t n = strlen(cases[i].in);

		/* Cut at every place: the state must carry over. */
		for (size_t cut = 0; cut <= n; cut++) {
			struct cast_filter f = {0};
			struct buf b;

			/* The cut never falls inside of a character. */
			if (((unsigned char)cases[i].in[cut] & 0xc0) == 0x80)
				continue;
			buf_init(&b, 4096);
			cast_filter(&f, &b, cases[i].in, cut);
			cast_filter(&f, &b, cases[i].in + cut, n - cut);
			buf_u8(&b, 0);
			assert_int_equal(buf_err(&b), 0);
			assert_string_equal((const char *)b.p, cases[i].out);
			buf_done(&b);
		}
	}
}

/* A terminal without UTF-8 would read commands in it. */
static void
test_cast_ascii(void **state)
{
	static const char in[] = "n\xc3\xa9 \xdb\x9b"
				 "31m\xc2\x9b"
				 "1mz";
	struct cast_filter f = {.ascii = true};
	json_t *o = json_pack("{s:s}", "k", "\xdb\x9b");
	char text[64] = "";
	FILE *to = fmemopen(text, sizeof(text), "w");
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	cast_filter(&f, &b, in, strlen(in));
	buf_u8(&b, 0);
	assert_string_equal((const char *)b.p, "n? ?31m\x1b[1mz");
	buf_done(&b);
	(void)setlocale(LC_CTYPE, "C");
	out_json(to, o, JSON_COMPACT);
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)fclose(to);
	assert_string_equal(text, "{\"k\":\"\\u06DB\"}");
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_left_out),
	    cmocka_unit_test(test_c_locale),
	    cmocka_unit_test(test_cells),
	    cmocka_unit_test(test_yaml_output),
	    cmocka_unit_test(test_cast),
	    cmocka_unit_test(test_cast_filter),
	    cmocka_unit_test(test_cast_ascii),
	};

	(void)setenv("TZ", "UTC", 1);
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
