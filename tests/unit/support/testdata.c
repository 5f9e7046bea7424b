/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testdata - loads vectors. jansson's integers are signed 64-bit, the vectors
 * hold 2^64-1, so long numbers are put in quotes before parsing.
 */
#include "tests/unit/support/testdata.h"

#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

enum { FILE_MAX = 1024 * 1024, LONG_NUMBER = 19 };

static void
read_file(struct buf *b, const char *path)
{
	char chunk[4096];
	size_t n = 0;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		fail_msg("cannot open %s: set SALLYPORT_TEST_DATA to the "
			 "folder tests/unit/data",
		    path);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_put(b, chunk, n);
	assert_int_equal(ferror(f), 0);
	(void)fclose(f);
	assert_int_equal(buf_err(b), 0);
}

static void
quote_long_numbers(struct buf *out, const struct buf *in)
{
	const char *p = (const char *)in->p;
	size_t run = 0;

	for (size_t i = 0; i<in->len; i += run> 0 ? run : 1) {
		run = 0;
		if (i >= 2 && memcmp(p + i - 2, ": ", 2) == 0)
			while (i + run < in->len && p[i + run] >= '0' &&
			       p[i + run] <= '9')
				run++;
		if (run >= LONG_NUMBER)
			buf_printf(out, "\"%.*s\"", (int)run, p + i);
		else
			buf_put(out, p + i, run > 0 ? run : 1);
	}
	assert_int_equal(buf_err(out), 0);
}

json_t *
testdata_json(const char *file)
{
	const char *dir = getenv("SALLYPORT_TEST_DATA");
	char path[1024] = "";
	struct buf in;
	struct buf out;
	json_error_t e;
	json_t *j = NULL;

	assert_int_equal(str_fmt(path, sizeof(path), "%s/%s",
			     dir != NULL ? dir : "tests/unit/data", file),
	    0);
	buf_init(&in, FILE_MAX);
	buf_init(&out, FILE_MAX);
	read_file(&in, path);
	quote_long_numbers(&out, &in);
	j = json_loadb(
	    (const char *)out.p, out.len, JSON_REJECT_DUPLICATES, &e);
	if (j == NULL)
		fail_msg("%s:%d: %s", path, e.line, e.text);
	buf_done(&in);
	buf_done(&out);
	return j;
}

uint64_t
testdata_u64(const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);
	uint64_t n = 0;

	if (json_is_integer(v)) {
		assert_true(json_integer_value(v) >= 0);
		return (uint64_t)json_integer_value(v);
	}
	assert_true(json_is_string(v));
	assert_int_equal(str_u64(json_string_value(v), 0, UINT64_MAX, &n), 0);
	return n;
}

size_t
testdata_b64(uint8_t *ret, size_t size, const json_t *value)
{
	size_t n = 0;

	if (value == NULL || json_is_null(value))
		return 0;
	assert_true(json_is_string(value));
	assert_int_equal(str_unb64(ret, size, json_string_value(value),
			     json_string_length(value), &n),
	    0);
	return n;
}
