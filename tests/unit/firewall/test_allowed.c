/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_allowed - what root opened while no gateway ran, as lines of a file:
 * what is written is read, nothing else is, and it is written into no file but
 * one of our own.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "firewall/allowed.h"

#define LINE "b-7Q2MXK4P 198.51.100.7 10.20.0.11 22 1000 2000 "

static int
parse(struct allowed *ret, const char *line)
{
	char copy[512];

	(void)snprintf(copy, sizeof(copy), "%s", line);
	return allowed_parse(ret, copy);
}

static void
test_line(void **state)
{
	static const char *const good[] = {
	    LINE "0 INC-4711 all down",
	    LINE "- x",
	    LINE "4294967294 x",
	    "b-7Q2MXK4P fd00::7 fd00:20::11 65535 1 2 1000 a  b ",
	};
	struct allowed a;
	struct buf b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		CHECK_ROW(parse(&a, good[i]) == 0, good[i]);
		buf_init(&b, ALLOWED_FILE_MAX);
		allowed_format(&b, &a);
		assert_int_equal(buf_err(&b), 0);
		CHECK_ROW(b.len == strlen(good[i]) + 1 &&
			      memcmp(b.p, good[i], b.len - 1) == 0 &&
			      b.p[b.len - 1] == '\n',
		    good[i]);
		buf_done(&b);
	}
}

static void
test_no_line(void **state)
{
	static const char *const bad[] = {
	    "",
	    "b-7Q2MXK4P",
	    LINE "-",
	    LINE "- ",
	    LINE "-1 x",
	    LINE "4294967295 x",
	    LINE "0 x\x1b[2J",
	    "g-7Q2MXK4P 198.51.100.7 10.20.0.11 22 1000 2000 - x",
	    "b-7Q2MXK4P 198.51.100.7 fd00::1 22 1000 2000 - x",
	    "b-7Q2MXK4P web-01 10.20.0.11 22 1000 2000 - x",
	    "b-7Q2MXK4P 198.51.100.7 10.20.0.11 0 1000 2000 - x",
	    "b-7Q2MXK4P 198.51.100.7 10.20.0.11 65536 1000 2000 - x",
	    "b-7Q2MXK4P 198.51.100.7 10.20.0.11 22 2000 2000 - x",
	    "b-7Q2MXK4P 198.51.100.7 10.20.0.11 22 1000 9007199254740992 - x",
	};
	struct allowed a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(parse(&a, bad[i]) == GW_EINVAL, bad[i]);
}

static long
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

static void
test_file(void **state)
{
	char dir[] = "/tmp/test_allowed.XXXXXX";
	char path[64], other[64];
	struct allowed a;
	size_t size = 9;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/root.allowed", dir);
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	assert_int_equal(parse(&a, LINE "- x"), 0);
	assert_int_equal(allowed_append(path, &a, &size), 0);
	assert_int_equal(size, 0);
	assert_int_equal(size_of(path), sizeof(LINE "- x"));
	assert_int_equal(allowed_append(path, &a, &size), 0);
	assert_int_equal(size, sizeof(LINE "- x"));
	allowed_undo(path, size);
	assert_int_equal(size_of(path), sizeof(LINE "- x"));

	/* whose folder it is may put something else in its place */
	assert_int_equal(link(path, other), 0);
	assert_int_equal(allowed_append(path, &a, &size), GW_EDENIED);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(allowed_append(path, &a, &size), GW_ESYS);
	assert_int_equal(size_of(other), sizeof(LINE "- x"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(allowed_append(path, &a, &size) < 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(allowed_append(path, &a, &size), GW_EDENIED);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_line),
	    cmocka_unit_test(test_no_line),
	    cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
