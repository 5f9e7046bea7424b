/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cast: asciicast lines, byte by byte; and the names of their files.
 */
#include "tests/unit/support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "recorder/cast.h"
#include "recorder/file.h"
#include "recorder/position.h"

static void
expect(struct buf *b, const char *want)
{
	assert_int_equal(buf_err(b), 0);
	buf_u8(b, '\0');
	assert_string_equal((const char *)b->p, want);
	buf_reset(b);
}

static void
test_header(void **state)
{
	struct cast_head h = {.cols = 132,
	    .rows = 43,
	    .time_s = 1795000000,
	    .title = "deploy@web-01",
	    .term = "xterm",
	    .command = (const uint8_t *)"sh -c \"x\"",
	    .ncommand = 9};
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	cast_header(&b, &h);
	expect(&b, "{\"version\": 2, \"width\": 132, \"height\": 43, "
		   "\"timestamp\": 1795000000, \"title\": \"deploy@web-01\", "
		   "\"command\": \"sh -c \\\"x\\\"\", "
		   "\"env\": {\"TERM\": \"xterm\"}}\n");
	h.command = (const uint8_t *)"a\xff"
				     "b";
	h.ncommand = 3;
	h.term = "";
	cast_header(&b, &h);
	expect(&b, "{\"version\": 2, \"width\": 132, \"height\": 43, "
		   "\"timestamp\": 1795000000, \"title\": \"deploy@web-01\", "
		   "\"command\": \"a\xef\xbf\xbd"
		   "b\", \"command_b64\": \"Yf9i\"}\n");
	h.ncommand = 0;
	h.cols = 0;
	h.rows = 4000000000U;
	cast_header(&b, &h);
	expect(&b, "{\"version\": 2, \"width\": 80, \"height\": 10000, "
		   "\"timestamp\": 1795000000, \"title\": "
		   "\"deploy@web-01\"}\n");
	buf_done(&b);
}

static void
test_output(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
		const char *raw; /* base64 or NULL */
	} cases[] = {
	    {"hi\r\n", 4, "[1.000002, \"o\", \"hi\\r\\n\"]\n", NULL},
	    {"\x1b[0m\"\\\t\x7f\0z", 9,
		"[1.000002, \"o\", "
		"\"\\u001b[0m\\\"\\\\\\t\\u007f\\u0000\"]\n",
		NULL},
	    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9,
		"[1.000002, \"o\", \"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"]\n",
		NULL},
	    {"a\xff"
	     "b",
		3,
		"[1.000002, \"o\", \"a\xef\xbf\xbd"
		"b\"]\n",
		"Yf9i"},
	    /* overlong, a surrogate, past the end of Unicode, C0 */
	    {"\xc0\x80", 2, "[1.000002, \"o\", \"\xef\xbf\xbd\xef\xbf\xbd\"]\n",
		"wIA="},
	    {"\xed\xa0\x80", 3,
		"[1.000002, \"o\", "
		"\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"]\n",
		"7aCA"},
	    {"\xf4\x90\x80\x80", 4,
		"[1.000002, \"o\", "
		"\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"]\n",
		"9JCAgA=="},
	};
	struct buf b, raw;
	char want[128];

	(void)state;
	buf_init(&b, 4096);
	buf_init(&raw, 4096);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cast c = {.ntail = 0};

		cast_output(&c, &b, &raw, 1000002, cases[i].in, cases[i].n);
		expect(&b, cases[i].out);
		want[0] = '\0';
		if (cases[i].raw != NULL)
			(void)snprintf(want, sizeof(want),
			    "[1.000002, \"o\", \"%s\"]\n", cases[i].raw);
		expect(&raw, want);
	}
	buf_done(&b);
	buf_done(&raw);
}

/* Every cut of a text gives the same text; nothing is replaced. */
static void
test_tails(void **state)
{
	static const char text[] = "x\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80y";
	struct buf b, raw;

	(void)state;
	buf_init(&b, 4096);
	buf_init(&raw, 4096);
	for (size_t cut = 0; cut <= sizeof(text) - 1; cut++) {
		struct cast c = {.ntail = 0};
		char got[64] = "";
		char part[64];

		cast_output(&c, &b, &raw, 0, text, cut);
		cast_output(
		    &c, &b, &raw, 0, text + cut, sizeof(text) - 1 - cut);
		assert_int_equal(c.ntail, 0);
		buf_u8(&b, '\0');
		for (char *line = strtok((char *)b.p, "\n"); line != NULL;
		     line = strtok(NULL, "\n")) {
			assert_int_equal(
			    sscanf(line, "[0.000000, \"o\", \"%63[^\"]", part),
			    1);
			(void)strcat(got, part);
		}
		assert_string_equal(got, text);
		assert_int_equal(raw.len, 0);
		buf_reset(&b);
	}
	/* one byte at a time, then an end in the middle */
	{
		struct cast c = {.ntail = 0};

		cast_output(&c, &b, &raw, 0, "\xf0", 1);
		cast_output(&c, &b, &raw, 0, "\x9f", 1);
		assert_int_equal(b.len, 0);
		assert_int_equal(c.ntail, 2);
		cast_end(&c, &b, &raw, 5);
		expect(&b, "[0.000005, \"o\", \"\xef\xbf\xbd\xef\xbf\xbd\"]\n");
		expect(&raw, "[0.000005, \"o\", \"8J8=\"]\n");
		cast_end(&c, &b, &raw, 6);
		assert_int_equal(b.len, 0);
	}
	buf_done(&b);
	buf_done(&raw);
}

static void
test_resize(void **state)
{
	static const char *const bad[] = {"", "x", "80x", "x24", "80x24 ",
	    " 80x24", "0x24", "80x0", "80X24", "-1x24", "80x24x1", "10001x1",
	    "999999x1"};
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_int_equal(cast_resize(&b, 1500000, "100x30", 6), 0);
	expect(&b, "[1.500000, \"r\", \"100x30\"]\n");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    cast_resize(&b, 0, bad[i], strlen(bad[i])), GW_EPROTO);
	assert_int_equal(b.len, 0);
	cast_marker(&b, 2000000, "exec: \"ls\"", 10);
	expect(&b, "[2.000000, \"m\", \"exec: \\\"ls\\\"\"]\n");
	buf_done(&b);
}

static void
test_names(void **state)
{
	char name[FILE_NAME_SIZE];

	(void)state;
	assert_int_equal(file_name(name, "s-7Q2MXK4P", 3, 0), 0);
	assert_string_equal(name, "s-7Q2MXK4P.3.cast");
	assert_int_equal(file_name(name, "s-7Q2MXK4P", 3, 2), 0);
	assert_string_equal(name, "s-7Q2MXK4P.3.2.cast");
	assert_int_equal(file_name(name, "../../etc", 3, 0), GW_EINVAL);
	assert_int_equal(file_name(name, "g-7Q2MXK4P", 3, 0), GW_EINVAL);
	assert_int_equal(file_name(name, "", 3, 0), GW_EINVAL);
}

/* What a recorder wrote until it was killed, after any byte. */
struct killed {
	struct buf text, raw;
	size_t line_end[64];     /* where each line of text ends */
	uint64_t line_bytes[64]; /* and the terminal bytes up to there */
	size_t nlines;
};

static void
write_some(struct killed *k)
{
	static const char *const bits[] = {"plain text", "\xff\xfe",
	    "\xe2\x82\xac", "\xef\xbf\xbd", "\xe2", "\x82", "\xac",
	    "\x1b[0m\"\\\r\n", "\xf0\x9f", "\x98\x80"};
	struct cast c = {0};
	uint64_t given = 0;

	cast_header(&k->text, &(struct cast_head){.title = "t", .term = ""});
	for (int64_t t = 1; t < 40; t++) {
		const char *s =
		    bits[(size_t)random() % (sizeof(bits) / sizeof(bits[0]))];
		const size_t before = k->text.len;

		if (random() % 8 == 0)
			assert_int_equal(
			    cast_resize(&k->text, t, "80x24", 5), 0);
		cast_output(&c, &k->text, &k->raw, t, s, strlen(s));
		given += strlen(s);
		if (k->text.len == before)
			continue;
		k->line_end[k->nlines] = k->text.len;
		k->line_bytes[k->nlines++] = given - c.ntail;
	}
}

static void
put_file(int dir, const char *name, const struct buf *b, size_t n)
{
	int fd =
	    openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	if (n > 0)
		assert_int_equal(write(fd, b->p, n), n);
	assert_int_equal(close(fd), 0);
}

static void
test_position(void **state)
{
	char path[] = "/tmp/sallyport-position.XXXXXX";
	int dir;

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_true((dir = open(path, O_RDONLY | O_DIRECTORY)) >= 0);
	srandom(4711);
	for (unsigned i = 0; i < 300; i++) {
		struct killed k = {0};
		uint64_t want = 0, got = 0;
		size_t cut;

		buf_init(&k.text, 65536);
		buf_init(&k.raw, 65536);
		write_some(&k);
		cut = (size_t)random() % (k.text.len + 1);
		for (size_t l = 0; l < k.nlines; l++)
			if (k.line_end[l] <= cut)
				want = k.line_bytes[l];
		/* what lies beside it is written first */
		put_file(dir, "s-7Q2MXK4P.3.cast.raw", &k.raw, k.raw.len);
		put_file(dir, "s-7Q2MXK4P.3.cast", &k.text, cut);
		assert_int_equal(position_of(dir, "s-7Q2MXK4P", 3, 1, &got), 0);
		assert_int_equal(got, want);
		/* in two parts, the first of them torn */
		put_file(dir, "s-7Q2MXK4P.3.1.cast.raw", &k.raw, k.raw.len);
		put_file(dir, "s-7Q2MXK4P.3.1.cast", &k.text, k.text.len);
		want += k.line_bytes[k.nlines - 1];
		assert_int_equal(position_of(dir, "s-7Q2MXK4P", 3, 2, &got), 0);
		assert_int_equal(got, want);
		buf_done(&k.text);
		buf_done(&k.raw);
	}
	assert_int_equal(unlinkat(dir, "s-7Q2MXK4P.3.cast", 0), 0);
	assert_int_equal(unlinkat(dir, "s-7Q2MXK4P.3.cast.raw", 0), 0);
	assert_int_equal(unlinkat(dir, "s-7Q2MXK4P.3.1.cast", 0), 0);
	assert_int_equal(unlinkat(dir, "s-7Q2MXK4P.3.1.cast.raw", 0), 0);
	(void)close(dir);
	assert_int_equal(rmdir(path), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_header),
	    cmocka_unit_test(test_output),
	    cmocka_unit_test(test_tails),
	    cmocka_unit_test(test_resize),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_position),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
